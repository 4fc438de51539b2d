"""What `git exp hooks` does to a hooks folder: everybody's hooks stay, and come back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from gitexp.cli.exit_codes import REFUSED
from gitexp.ops.hooks.stubs import BEFORE, LEGACY, VERSION, line, sealed, stub
from gitexp.ops.hooks.table import GIT_HOOKS
from tests.cli.program import Program
from tests.gitrepo import Repo
from tests.hooks.commits import CONFIG, commit, framework, install

MINE = "#!/bin/sh\necho mine >>mine.txt\n"

Files = Mapping[str, tuple[int, bytes | str]]


def folder(repo: Repo) -> Path:
    return Path(repo.git("rev-parse", "--path-format=absolute", "--git-path", "hooks"))


def theirs(repo: Repo, name: str = "pre-commit", text: str = MINE, mode: int = 0o755) -> Path:
    path = folder(repo) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def everything(repo: Repo) -> Files:
    """All files of the hooks folder, and what else git goes by."""
    git_dir = repo.path / ".git"
    return {**scripts(repo), **_found([git_dir / "config", git_dir / "info" / "attributes"])}


def scripts(repo: Repo) -> Files:
    """All files of the hooks folder."""
    return _found(folder(repo).glob("*"))


def _found(paths: Iterable[Path]) -> Files:
    there = [path for path in paths if os.path.lexists(path)]
    return {
        str(one): (one.lstat().st_mode, os.readlink(one) if one.is_symlink() else one.read_bytes())
        for one in there
    }


def states(exp: Program) -> dict[str, str]:
    said = exp("hooks", "status", "--json")
    assert said.code == 0
    return {one["name"]: one["state"] for one in said.json["hooks"]}


def _nothing(repo: Repo) -> None:
    pass


def _a_script(repo: Repo) -> None:
    theirs(repo)
    theirs(repo, "pre-push", mode=0o700)
    theirs(repo, "commit-msg")


def _a_link(repo: Repo) -> None:
    theirs(repo, "shared")
    (folder(repo) / "pre-commit").symlink_to("shared")


def _one_that_git_ignores(repo: Repo) -> None:
    theirs(repo, mode=0o644)


def _attributes(repo: Repo) -> None:
    (repo.path / ".git" / "info").mkdir()
    (repo.path / ".git" / "info" / "attributes").write_bytes(b"*.bin binary")


@pytest.mark.parametrize("before", [_nothing, _a_script, _a_link, _one_that_git_ignores, _attributes])
def test_what_was_there_comes_back(exp: Program, before: Callable[[Repo], None]) -> None:
    before(exp.repo)
    was = everything(exp.repo)
    assert exp("hooks", "install").code == 0
    installed = everything(exp.repo)
    assert installed != was
    assert set(states(exp).values()) == {"installed"}
    assert exp("hooks", "install").code == 0
    assert everything(exp.repo) == installed
    assert exp("hooks", "uninstall").code == 0
    assert everything(exp.repo) == was
    assert exp("hooks", "uninstall").code == 0
    assert everything(exp.repo) == was


def test_what_was_there_is_called(exp: Program) -> None:
    theirs(exp.repo)
    assert exp("hooks", "install").code == 0
    assert commit(exp.repo, "--allow-empty", "-m", "one").returncode == 0
    assert (exp.repo.path / "mine.txt").read_text() == "mine\n"


def test_a_dry_run_does_nothing(exp: Program) -> None:
    theirs(exp.repo)
    was = everything(exp.repo)
    said = exp("hooks", "install", "-n")
    assert "pre-commit: would be installed" in said.err
    assert everything(exp.repo) == was
    exp("hooks", "install")
    installed = everything(exp.repo)
    assert "pre-commit: would be uninstalled" in exp("hooks", "uninstall", "-n").err
    assert everything(exp.repo) == installed


def test_an_older_version_is_replaced(exp: Program) -> None:
    theirs(exp.repo)
    install(exp.repo)
    path = folder(exp.repo) / "pre-commit"
    path.write_bytes(sealed(b"#!/bin/sh\n# gitexp hook v0 @SUM@\nexit 9\n"))
    assert states(exp)["pre-commit"] == "older version"
    assert exp("hooks", "install").code == 0
    assert path.read_bytes() == stub("pre-commit")
    assert (folder(exp.repo) / f"pre-commit{BEFORE}").read_text() == MINE


def test_a_newer_version_stays(exp: Program) -> None:
    newer = sealed(stub("pre-commit").replace(b"hook v%d" % VERSION, b"hook v%d" % (VERSION + 1)))
    path = theirs(exp.repo, text=newer.decode())
    assert exp("hooks", "install").code == 0
    assert states(exp)["pre-commit"] == "newer version"
    assert path.read_bytes() == newer
    assert exp("hooks", "uninstall").code == 0
    assert not path.exists()


@pytest.mark.parametrize("version", [VERSION, VERSION + 1, 0])
def test_one_of_ours_that_was_edited_is_the_users(exp: Program, version: int) -> None:
    theirs(exp.repo)
    install(exp.repo)
    path = folder(exp.repo) / "pre-commit"
    script = sealed(path.read_bytes().replace(b"hook v%d" % VERSION, b"hook v%d" % version))
    path.write_bytes(script)
    assert states(exp)["pre-commit"] != "edited"
    edited = script.replace(
        b"gitexp_hook=pre-commit\n", b"gitexp_hook=pre-commit\necho checked >>checked.txt || exit 1\n"
    )
    assert edited != script
    path.write_bytes(edited)
    was = scripts(exp.repo)
    assert states(exp)["pre-commit"] == "edited"
    said = exp("hooks", "install")
    assert (said.code, scripts(exp.repo)) == (1, was)
    assert f"error: '{path}' is ours, and somebody has changed it: it stays as it is\n" in said.err
    assert commit(exp.repo, "--allow-empty", "-m", "one").returncode == 0
    for name in ("mine.txt", "checked.txt"):
        assert (exp.repo.path / name).exists()
    assert exp("hooks", "uninstall").code == 1
    assert path.read_bytes() == edited
    # As the hint says.
    path.unlink()
    assert exp("hooks", "install").code == 0
    assert states(exp)["pre-commit"] == "installed"
    assert path.with_name(path.name + BEFORE).read_text() == MINE


def test_one_that_has_come_since_is_not_lost(exp: Program) -> None:
    theirs(exp.repo)
    install(exp.repo)
    another = "#!/bin/sh\nexit 0\n"
    path = theirs(exp.repo, text=another)
    said = exp("hooks", "install")
    assert said.code == 1
    assert f"hint: see which of them is wanted, and remove the other: rm '{path}{BEFORE}'" in said.err
    assert path.read_text() == another
    assert path.with_name(path.name + BEFORE).read_text() == MINE
    path.with_name(path.name + BEFORE).unlink()
    assert exp("hooks", "install").code == 0
    assert path.with_name(path.name + BEFORE).read_text() == another


def test_what_was_there_comes_back_after_ours_is_gone(exp: Program) -> None:
    theirs(exp.repo)
    was = everything(exp.repo)
    install(exp.repo)
    path = folder(exp.repo) / "pre-commit"
    # Another program writes over ours.
    theirs(exp.repo, text="#!/bin/sh\nexit 0\n")
    left = f"pre-commit          foreign, pre-commit{BEFORE} is left from before\n"
    assert left in exp("hooks", "status").out
    said = exp("hooks", "uninstall")
    assert said.code == 1
    assert f"and 'pre-commit{BEFORE}' is another hook\n" in said.err
    assert f"hint: see which of them is wanted, and remove the other: rm '{path}{BEFORE}'\n" in said.err
    assert path.with_name(path.name + BEFORE).read_text() == MINE
    path.unlink()
    assert f"not installed, pre-commit{BEFORE} is left from before\n" in exp("hooks", "status").out
    assert exp("hooks", "uninstall").code == 0
    assert everything(exp.repo) == was


def _dies_at(event: int, repo: Repo) -> bool:
    """Whether an installation ended before it touched the hooks for the time number `event`."""
    child = os.fork()
    if not child:
        left = [event]

        def audit(name: str, arguments: tuple[object, ...]) -> None:
            if name in ("open", "os.rename", "os.link", "os.mkdir", "os.remove") and "hooks" in str(
                arguments
            ):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(audit)
        install(repo)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_killed_installation_loses_nothing(exp: Program) -> None:
    theirs(exp.repo)
    was = everything(exp.repo)
    install(exp.repo)
    exp("hooks", "uninstall")
    for event in range(200):
        ended = _dies_at(event, exp.repo)
        hook = folder(exp.repo) / "pre-commit"
        kept = hook.with_name(hook.name + BEFORE)
        assert hook.read_bytes() in (MINE.encode(), stub("pre-commit"))
        assert MINE.encode() in (hook.read_bytes(), kept.read_bytes() if kept.exists() else b"")
        assert os.access(hook, os.X_OK)
        assert exp("hooks", "install").code == 0
        assert kept.read_text() == MINE
        assert exp("hooks", "uninstall").code == 0
        for leftover in folder(exp.repo).glob(".*"):
            leftover.unlink()
        assert everything(exp.repo) == was
        if ended:
            break
    assert event > 4


def test_a_folder_where_a_hook_belongs(exp: Program) -> None:
    place = folder(exp.repo) / "pre-push"
    place.mkdir(parents=True)
    said = exp("hooks", "install")
    assert said.code == 1
    assert f"error: '{place}' is a folder, and no hook can stand there\n" in said.err
    assert states(exp) == {name: "foreign" if name == "pre-push" else "installed" for name in GIT_HOOKS}
    assert exp("hooks", "status", "--json").json["drivers"] is True
    assert list(place.iterdir()) == []
    # As the hint says.
    place.rename(place.with_name("pre-push.d"))
    assert exp("hooks", "install").code == 0
    assert states(exp)["pre-push"] == "installed"


def test_a_folder_of_the_users(exp: Program, tmp_path: Path) -> None:
    exp.repo.git("config", "core.hooksPath", str(tmp_path / "my hooks"))
    said = exp("hooks", "install", "-n")
    assert said.err.count("note: ") == 1
    said = exp("hooks", "install")
    assert said.code == 0
    told = f"note: '{tmp_path}/my hooks' (core.hooksPath) is not this repository's own: git calls them in all"
    assert told in said.err
    assert "note: " not in exp("hooks", "install").err
    assert sorted(path.name for path in (tmp_path / "my hooks").iterdir()) == sorted(GIT_HOOKS)
    assert not (exp.repo.path / ".git" / "hooks").exists()
    assert exp("hooks", "status").out.startswith(f"hooks are in {tmp_path}/my hooks (core.hooksPath)\n")


def test_a_relative_folder_is_one_of_the_root(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.git("config", "core.hooksPath", "hooks here")
    (exp.repo.path / "sub").mkdir()
    monkeypatch.chdir(exp.repo.path / "sub")
    said = exp("hooks", "install")
    assert (said.code, "note: " in said.err) == (0, False)
    assert (exp.repo.path / "hooks here" / "pre-commit").read_bytes() == stub("pre-commit")


def test_what_is_in_git_is_changed_by_people(exp: Program) -> None:
    repo = exp.repo
    repo.git("config", "core.hooksPath", ".githooks")
    path = theirs(repo)
    repo.commit("hooks for all")
    was = scripts(repo)
    said = exp("hooks", "install")
    assert said.code == 1
    assert "is in git" in said.err
    assert f"hint: add the line: {line('pre-commit')}" in said.err
    assert f"hint: add the line, above all that reads stdin: {line('pre-push')}" in said.err
    assert scripts(repo) == was
    _lines_added(exp, path, "foreign")


def test_husky(exp: Program) -> None:
    repo = exp.repo
    repo.git("config", "core.hooksPath", ".husky/_")
    runner = 'h="${0##*/}"\ns=$(dirname "$(dirname "$0")")/$h\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\n'
    repo.write(".husky/_/h", runner)
    repo.write(".husky/_/.gitignore", "*\n")
    for name in GIT_HOOKS:
        theirs(repo, name, '#!/usr/bin/env sh\n. "${0%/*}/h"\n')
    path = repo.write(".husky/pre-commit", "echo mine >>mine.txt\n")
    said = exp("hooks", "install")
    assert said.code == 1
    assert ".husky/pre-commit' is in git, or called by what is" in said.err
    _lines_added(exp, path, "foreign")


@pytest.mark.parametrize(("answer", "code"), [(0, 0), (REFUSED, 1), (1, 0), (127, 0), (70, 0)])
def test_the_line_stops_git_only_where_ours_refuse(repo: Repo, answer: int, code: int) -> None:
    program = repo.path.parent / "bin" / "git-exp"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexit {answer}\n")
    program.chmod(0o755)
    # As husky calls it.
    script = ["sh", "-e", "-c", f"{line('pre-commit')}\necho went on"]
    path = f"{program.parent}{os.pathsep}{repo.environ['PATH']}"
    done = subprocess.run(script, env={**repo.environ, "PATH": path}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (code, b"" if code else b"went on\n")


@pytest.mark.parametrize("sent", ["", "refs/a 1 refs/b 2\nrefs/c 3 refs/d 4\n", "no break\n \\n $x `y`"])
@pytest.mark.parametrize("before", ["", "read -r first || :\n", "cat >/dev/null\n"])
@pytest.mark.parametrize("answer", [None, 1, REFUSED])
def test_the_line_leaves_what_git_sends(tmp_path: Path, sent: str, before: str, answer: int | None) -> None:
    """`git lfs pre-push` reads it, too; whatever is left of it by what comes before."""
    folder = tmp_path / "bin"
    folder.mkdir()
    if answer is not None:
        (folder / "git-exp").write_text(f'#!/bin/sh\necho "$*" >ours\ncat >>ours\nexit {answer}\n')
        (folder / "git-exp").chmod(0o755)
    left = {"": sent, "r": "".join(sent.splitlines(keepends=True)[1:]), "c": ""}[before[:1]]
    done = subprocess.run(
        ["sh", "-e", "-c", f"{before}{line('pre-push')}\ncat", "pre-push", "origin", "an url"],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin", "TMPDIR": str(folder)},
        input=sent,
        capture_output=True,
        text=True,
        check=False,
    )
    refused = answer == REFUSED
    assert (done.returncode, done.stdout, done.stderr) == (int(refused), "" if refused else left, "")
    if answer is not None:
        assert (folder / "ours").read_text() == f"hook pre-push origin an url\n{left}"
    assert {path.name for path in folder.iterdir()} <= {"git-exp", "ours"}


def _lines_added(exp: Program, path: Path, state: str) -> None:
    """Somebody does as they were told: it works, and is recognised."""
    assert states(exp)["pre-commit"] == state
    with path.open("a") as file:
        file.write(line("pre-commit") + "\n")
    assert states(exp)["pre-commit"] == "called"
    _guards(exp.repo)
    no_program = {"PATH": os.pathsep.join(("/usr/bin", "/bin"))}
    assert commit(exp.repo, "-m", "without git exp", **no_program).returncode == 0


def _guards(repo: Repo) -> None:
    repo.write("params.yaml", 'api_key: "abcdEFGH12345678"\n')
    repo.git("add", "params.yaml")
    refused = commit(repo, "-m", "a secret")
    assert refused.returncode == 1
    assert refused.stderr.count("looks like the value of 'api_key'") == 1
    assert set((repo.path / "mine.txt").read_text().split()) == {"mine"}


def test_a_link_to_what_is_in_git(exp: Program) -> None:
    exp.repo.write("tools/hooks/pre-commit", MINE).chmod(0o755)
    exp.repo.commit("hooks for all")
    (exp.repo.path / ".git" / "hooks").symlink_to("../tools/hooks")
    assert exp("hooks", "install").code == 1
    assert exp.repo.git("status", "--porcelain") == ""


def test_hooks_that_are_switched_off(exp: Program) -> None:
    exp.repo.git("config", "core.hooksPath", os.devnull)
    for action in ("install", "status", "uninstall"):
        said = exp("hooks", action)
        assert said.code == 1
        assert said.err.startswith("error: git looks for hooks in '/dev/null' (core.hooksPath)")


def test_a_bare_repository(
    make_repo: Callable[..., Repo], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = make_repo("bare")
    monkeypatch.chdir(bare.path)
    said = Program(bare, capfd)("hooks", "install")
    assert said.code == 128
    assert said.err.startswith("error: this repository is bare")


def _calls(repo: Repo, *, mine: bool) -> None:
    """Theirs, the framework's and ours: each is called once."""
    repo.git("commit", "-q", "--allow-empty", "-m", "one")
    if mine:
        assert (repo.path / "mine.txt").read_text() == "mine\n"
    _guards_once(repo)


def _guards_once(repo: Repo) -> None:
    repo.write("params.yaml", 'api_key: "abcdEFGH12345678"\n')
    repo.git("add", "params.yaml")
    refused = commit(repo, "-m", "a secret")
    assert refused.returncode == 1
    assert (refused.stderr + refused.stdout).count("looks like the value of 'api_key'") == 1
    assert "a hook of its own" in refused.stderr + refused.stdout
    repo.git("rm", "-qf", "--cached", "params.yaml")


OWN = """\
- repo: local
  hooks:
  - {id: own, name: a hook of its own, entry: echo, language: system, verbose: true}
"""


@pytest.mark.parametrize("program", ["pre-commit", "prek"])
@pytest.mark.parametrize("mine", [True, False])
def test_a_framework_that_was_there(exp: Program, program: str, mine: bool) -> None:
    repo = exp.repo
    repo.commit("a framework", {".pre-commit-config.yaml": f"repos:\n{OWN}"})
    if mine:
        theirs(repo)
    framework(program)(repo)
    was = everything(repo)
    said = exp("hooks", "install")
    after = ", after pre-commit.before-gitexp" if mine else ""
    assert f"pre-commit: installed, called by {program}{after}\n" in said.err
    assert "- {id: exp-guard, " in said.err
    _calls(repo, mine=mine)
    # It is installed once more, and finds all as it was.
    installed = everything(repo)
    framework(program)(repo)
    assert everything(repo) == installed
    assert states(exp)["pre-commit"] == "installed"
    assert exp("hooks", "install").code == 0
    assert exp("hooks", "uninstall").code == 0
    assert everything(repo) == was


@pytest.mark.parametrize("program", ["pre-commit", "prek"])
def test_a_framework_that_comes_later(exp: Program, program: str) -> None:
    repo = exp.repo
    repo.commit("a framework", {".pre-commit-config.yaml": f"repos:\n{OWN}"})
    theirs(repo)
    install(repo)
    framework(program)(repo)
    assert (folder(repo) / f"pre-commit{LEGACY}").read_bytes() == stub("pre-commit")
    assert states(exp)["pre-commit"] == "installed"
    _calls(repo, mine=True)
    assert exp("hooks", "uninstall").code == 0
    assert (folder(repo) / f"pre-commit{LEGACY}").read_text() == MINE
    assert states(exp)["pre-commit"] == "foreign"


def test_a_framework_that_goes(exp: Program) -> None:
    repo = exp.repo
    repo.commit("a framework", {".pre-commit-config.yaml": f"repos:\n{OWN}"})
    theirs(repo)
    framework("pre-commit")(repo)
    install(repo)
    subprocess.run(["pre-commit", "uninstall"], cwd=repo.path, env=repo.environ, check=True)
    assert (folder(repo) / "pre-commit").read_bytes() == stub("pre-commit")
    assert exp("hooks", "uninstall").code == 0
    assert (folder(repo) / "pre-commit").read_text() == MINE


def test_a_framework_that_calls_ours(exp: Program) -> None:
    exp.repo.commit("a framework", {".pre-commit-config.yaml": CONFIG})
    framework("pre-commit")(exp.repo)
    was = scripts(exp.repo)
    said = exp("hooks", "install")
    assert "pre-commit: as it was, called by pre-commit\n" in said.err
    assert scripts(exp.repo) == was
