"""`git exp push --auto`: what is pushed by itself, by whom, how often, and what of that is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import gitexp
from gitexp.capture.liveness import Lock
from tests.cli.program import ARGV, program_environ
from tests.cli.sharing import Person, World

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
GITEXP = "import gitexp\nwith gitexp.start() as run:\n    run.log({'a': 1})\n"


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("ada")


def _folder(person: Person) -> Path:
    return person.repo.path / ".git" / "exp" / "auto-push"


def _settled(person: Person) -> str:
    """The log, once nobody is pushing any more."""
    lock = Lock.take(_folder(person) / "lock", wait=True)
    assert lock is not None
    lock.release()
    return (_folder(person) / "log").read_text()


def _pushers(person: Person) -> list[int]:
    """The processes that push for a clone, dead ones that nobody has looked after aside."""
    where = f"gitexp.cli.auto_push\0{person.repo.path}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # one that has gone meanwhile
            if where in path.read_bytes() and b"sh\0-c" not in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def _eventually(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail("a process goes on that should have ended")


def _count_pushes(world: World, tmp_path: Path) -> Path:
    world.hook("pre-receive", f"#!/bin/sh\nwc -l >> '{tmp_path}/pushes'\n")
    return tmp_path / "pushes"


def _python(person: Person, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=person.repo.path,
        env=program_environ(person.repo.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_never_is_the_rule(world: World, ada: Person) -> None:
    assert ada("push", "--auto").out == "never\n"
    ada.record("one")
    assert not _folder(ada).exists()
    assert not world.runs


def test_the_policy_is_set_and_explained_and_nothing_is_pushed(world: World, ada: Person) -> None:
    ada.record("one")
    said = ada("push", "--auto", "batch")
    assert (said.code, said.out) == (0, "")
    assert said.err == (
        "exp.autoPush is batch: runs that end within 60 s (exp.autoPushWait) are pushed together, in the "
        "background\n"
    )
    assert ada.repo.git("config", "exp.autoPush") == "batch"
    assert ada("push", "--auto").out == "batch\n"
    assert "a run that ends is pushed in the background" in ada("push", "--auto", "finish").err
    assert "by git exp push alone" in ada("push", "--auto", "never").err
    assert not world.runs


def test_a_policy_beside_runs_that_are_named(world: World, ada: Person) -> None:
    one = ada.record("one")
    ada.record("two")
    assert ada("push", "origin", one, "--auto", "finish").code == 0
    assert set(world.runs) == {one}
    assert ada("push", "--auto").out == "finish\n"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--auto", "always"], "--auto is never, finish or batch, not 'always'", "git exp push --auto batch"),
        (
            ["origin", "--auto", "batch"],
            "go to the remote that git would take",
            "git config exp.remote origin",
        ),
    ],
)
def test_bad_policies(ada: Person, arguments: list[str], message: str, hint: str) -> None:
    said = ada("push", *arguments)
    assert said.code == 2
    assert message in said.err
    assert f"hint: {hint}" in said.err
    assert ada("push", "--auto").out == "never\n"


def test_a_run_of_a_command_is_pushed_when_it_ends(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    name = ada.record("one")
    assert "origin: 1 pushed" in _settled(ada)
    assert world.runs == ada.runs
    assert set(world.runs) == {name}
    assert ada("ls").err == ""
    world.fsck(ada)


def test_so_are_what_failed_and_what_is_saved(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    said = ada("run", "--", sys.executable, "-c", "raise SystemExit(7)")
    assert said.code == 7
    _settled(ada)
    assert ada("save").code == 0
    _settled(ada)
    assert len(world.runs) == 2
    assert world.runs == ada.runs


def test_a_run_in_python_is_pushed_when_it_ends(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    done = _python(ada, GITEXP)
    assert (done.returncode, done.stderr) == (0, "")
    _settled(ada)
    assert len(world.runs) == 1
    assert world.runs == ada.runs


def test_many_that_end_at_once_make_few_pushes(world: World, ada: Person, tmp_path: Path) -> None:
    pushes = _count_pushes(world, tmp_path)
    ada("push", "--auto", "batch")
    ada.repo.git("config", "exp.autoPushWait", "3")
    code = "from concurrent.futures import ThreadPoolExecutor\nimport gitexp\n"
    code += "def one(n):\n    run = gitexp.start(join=False)\n    run.log({'a': n})\n    run.finish()\n"
    code += "with ThreadPoolExecutor(8) as pool:\n    list(pool.map(one, range(32)))\n"
    done = _python(ada, code)
    assert (done.returncode, done.stderr) == (0, "")
    _settled(ada)
    assert world.runs == ada.runs
    assert len(world.runs) == 32
    assert len(pushes.read_text().split()) <= 10
    world.fsck(ada)


def test_who_comes_while_others_push_is_taken_along(world: World, ada: Person, tmp_path: Path) -> None:
    pushes = _count_pushes(world, tmp_path)
    ada("push", "--auto", "finish")
    for number in range(6):
        ada.record(f"run-{number}")
    _settled(ada)
    assert world.runs == ada.runs
    assert sum(map(int, pushes.read_text().split())) == 6


def test_nothing_is_left_afterwards(world: World, ada: Person) -> None:
    ada("push", "--auto", "batch")
    ada.repo.git("config", "exp.autoPushWait", "1")
    for number in range(3):
        ada.record(f"run-{number}")
    _settled(ada)
    assert world.runs == ada.runs
    assert not (_folder(ada) / "wanted").exists()
    _eventually(lambda: not _pushers(ada))


def test_no_network_is_no_error_and_the_next_push_takes_all(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    ada.repo.git("remote", "set-url", "origin", "http://127.0.0.1:9/nobody.git")
    ada.record("one")
    assert "remote 'origin' cannot be reached" in _settled(ada)
    assert ada("ls").err == ""
    ada.repo.git("remote", "set-url", "origin", world.url)
    ada.record("two")
    _settled(ada)
    assert len(world.runs) == 2
    assert world.runs == ada.runs


def test_a_failure_is_told_once(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    world.hook("pre-receive", "#!/bin/sh\nexit 1\n")
    one = ada.record("one")
    _settled(ada)
    told = f"warning: an automatic push failed: origin: refused {one} (pre-receive hook declined)\n"
    assert ada("ls").err == f"{told}hint: git exp push\n"
    assert ada("ls").err == ""
    world.hook("pre-receive", "#!/bin/sh\nexit 0\n")
    ada.record("two")
    _settled(ada)
    assert world.runs == ada.runs
    world.hook("pre-receive", "#!/bin/sh\nexit 1\n")
    ada.record("three")
    _settled(ada)
    assert "an automatic push failed" in ada("ls").err


def test_a_run_with_a_secret_stays_and_the_others_go(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    ada.repo.write("settings.py", f"token = '{TOKEN}'\n")
    name = ada.record("leaky")
    log = _settled(ada)
    assert f"run {name}: settings.py, line 1 looks like a GitHub token" in log
    assert TOKEN not in log
    assert not world.runs
    again = ada.record("again")  # it has the very same file
    (ada.repo.path / "settings.py").unlink()
    _settled(ada)
    clean = ada.record("clean")
    _settled(ada)
    assert set(world.runs) == {clean}
    ada("ls")
    ada.record("clean-too")
    _settled(ada)
    assert len(world.runs) == 2
    assert again not in world.runs
    assert ada("ls").err == ""
    assert ada("push").code == 1
    assert ada("push", "--allow").code == 0
    assert world.runs == ada.runs


def test_each_run_that_is_held_back_is_told_once(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    ada.repo.write("settings.py", f"token = '{TOKEN}'\n")
    for slug in ("one", "two"):
        name = ada.record(slug)
        _settled(ada)
        said = ada("ls").err
        assert f"origin: held back {name} (settings.py, line 1 looks like a GitHub token)\n" in said
        assert ada("ls").err == ""


def test_a_policy_without_a_remote_is_set_and_warned_of(ada: Person) -> None:
    ada.repo.git("remote", "remove", "origin")
    said = ada("push", "--auto", "finish")
    assert said.code == 0
    assert "warning: there is no remote to push to yet\nhint: git remote add origin URL\n" in said.err
    assert ada("push", "--auto").out == "finish\n"
    assert "warning" not in ada("push", "--auto", "never").err


def test_a_remote_that_wants_a_password_is_not_asked(world: World, ada: Person, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    asking = tmp_path / "askpass"
    asking.write_text(f"#!/bin/sh\ntouch '{asked}'\necho secret\n")
    asking.chmod(0o755)
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(
        f'#!/bin/sh\necho "$@" "[$GIT_ASKPASS$SSH_ASKPASS$GIT_TERMINAL_PROMPT]" >> "{asked}-ssh"\nexit 255\n'
    )
    ssh.chmod(0o755)
    ada("push", "--auto", "finish")
    ada.repo.git("remote", "set-url", "origin", "ssh://host/path.git")
    os.environ["PATH"], before = f"{ssh.parent}{os.pathsep}{os.environ['PATH']}", os.environ["PATH"]
    os.environ["SSH_ASKPASS"] = os.environ["GIT_ASKPASS"] = str(asking)
    try:
        ada.record("one")
        _settled(ada)
    finally:
        os.environ["PATH"] = before
        del os.environ["SSH_ASKPASS"], os.environ["GIT_ASKPASS"]
    called = Path(f"{asked}-ssh").read_text()
    assert "BatchMode=yes" in called
    assert "[0]" in called
    assert not asked.exists()


def test_a_push_that_hangs_is_ended(world: World, ada: Person, tmp_path: Path) -> None:
    ada("push", "--auto", "finish")
    ada.repo.git("config", "exp.autoPushLimit", "2")
    world.hook("pre-receive", f"#!/bin/sh\necho $$ > '{tmp_path}/pid'\nexec sleep 600\n")
    ada.record("one")
    assert "it took too long (exp.autoPushLimit)" in _settled(ada)
    stat = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    _eventually(lambda: not stat.exists() or " Z " in stat.read_text())
    assert "an automatic push failed: it took too long" in ada("ls").err


def test_there_is_one_and_when_it_is_killed_it_is_in_nobodys_way(world: World, ada: Person) -> None:
    ada("push", "--auto", "batch")
    ada.repo.git("config", "exp.autoPushWait", "600")
    ada.record("zero")
    ada.record("one")
    (pid,) = _pushers(ada)
    os.kill(pid, signal.SIGKILL)
    _settled(ada)
    assert not world.runs
    ada("push", "--auto", "finish")
    ada.record("two")
    _settled(ada)
    assert len(world.runs) == 3
    assert world.runs == ada.runs
    world.fsck(ada)


def test_a_repository_without_a_remote(ada: Person) -> None:
    ada("push", "--auto", "finish")
    ada.repo.git("remote", "remove", "origin")
    ada.record("one")
    assert not _folder(ada).exists()
    assert ada("ls").err == ""


def test_a_policy_that_is_none(world: World, ada: Person) -> None:
    ada.repo.git("config", "exp.autoPush", "sometimes")
    ada.record("one")
    _settled(ada)
    assert "bad config value 'sometimes' for 'exp.autoPush'" in ada("ls").err
    assert not world.runs


def test_git_c_holds_for_one_run(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    environ = program_environ(ada.repo.environ)
    command = ["git", "-c", "exp.autoPush=never", "exp", "run", "--", "true"]
    subprocess.run(command, cwd=ada.repo.path, env=environ, check=True, capture_output=True)
    assert not _folder(ada).exists()


def test_where_the_policy_is_never_nothing_of_it_is_imported(ada: Person) -> None:
    code = GITEXP + "import sys\nprint([name for name in sys.modules if name.startswith('gitexp.ops.share')])"
    assert _python(ada, code).stdout == "[]\n"


def test_from_a_linked_worktree_to_a_remote_with_a_relative_address(world: World, ada: Person) -> None:
    ada("push", "--auto", "finish")
    ada.repo.git("remote", "set-url", "origin", os.path.relpath(world.remote.path, ada.repo.path))
    ada.record("one")
    _settled(ada)
    tree = ada.repo.path.parent / "linked"
    ada.repo.git("worktree", "add", "-q", "-b", "side", str(tree))
    subprocess.run(
        [*ARGV, "run", "--", "true"],
        cwd=tree,
        env=program_environ(ada.repo.environ),
        check=True,
        capture_output=True,
    )
    _settled(ada)
    assert world.runs == ada.runs
    assert len(world.runs) == 2


def test_a_module_of_the_users_is_not_taken_for_ours(world: World, ada: Person) -> None:
    ada.repo.write("signal.py", "raise SystemExit('not this one')\n")
    ada.repo.write("gitexp.py", "raise SystemExit('nor this one')\n")
    ada("push", "--auto", "finish")
    ada("run", "--", "true")
    assert "1 pushed" in _settled(ada)
    assert world.runs == ada.runs
    assert gitexp.__file__
