"""exp-push: a `git push` takes along the runs that its commits mention, and is never kept from going."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.sharing import Person, World, refs
from tests.gitrepo import wrapped_git
from tests.hooks.commits import CONFIG, framework, install

SECRET = f"print({'hf_' + 'abcdEFGH12345678' * 3!r})"


@pytest.fixture
def ada(world: World) -> Person:
    person = world.person("ada")
    install(person.repo)
    # Only what a test writes into a message stands there.
    person.repo.git("config", "exp.hook.capture", "false")
    return person


def mention(person: Person, *names: str) -> None:
    """A commit that says which runs it is made of."""
    trailers = "\n\n".join(f"Exp-Run: {name}" for name in names)
    person.repo.git("commit", "-q", "--allow-empty", "-m", f"better\n\n{trailers}")


def push(person: Person, *arguments: str, **environ: str) -> str:
    """What `git push` says. Raises AssertionError where it fails."""
    result = subprocess.run(
        ["git", "push", *(arguments or ("origin", "main"))],
        cwd=person.repo.path,
        env={**person.repo.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


def is_pushed(world: World, person: Person) -> bool:
    return world.remote.git("rev-parse", "main") == person.repo.git("rev-parse", "HEAD")


def test_the_runs_that_are_mentioned_go_along(world: World, ada: Person) -> None:
    first, second, third = ada.record("first"), ada.record("second"), ada.record("third")
    other = ada.record("other")
    mention(ada, first)
    # As it looks after commits were squashed.
    mention(ada, second, "gone-aaaaaa", "no run/at all")
    # And after `git merge --squash`.
    ada.repo.git("commit", "-q", "--allow-empty", "-m", f"squashed\n\n    better\n\n    Exp-Run: {third}")
    said = push(ada)
    assert sorted(world.runs) == sorted([first, second, third])
    assert other not in said
    assert "origin: 3 new\n" in said
    assert is_pushed(world, ada)
    world.fsck(ada)


def test_only_new_commits_are_looked_at(world: World, ada: Person) -> None:
    mention(ada, ada.record("first"))
    push(ada)
    for ref in refs(world.remote):
        world.remote.git("update-ref", "-d", f"refs/exp/{ref}")
    ada.repo.commit("another")
    push(ada)
    assert world.runs == {}
    assert is_pushed(world, ada)


def test_a_new_branch_of_what_is_there(world: World, ada: Person) -> None:
    mention(ada, ada.record("first"))
    push(ada, GITEXP_SKIP="1")
    ada.repo.git("checkout", "-q", "-b", "idea")
    second = ada.record("second")
    mention(ada, second)
    push(ada, "origin", "idea")
    assert list(world.runs) == [second]


def test_a_new_branch_and_tags(world: World, ada: Person) -> None:
    ada.repo.git("checkout", "-q", "-b", "idea")
    name = ada.record("first")
    mention(ada, name)
    ada.repo.git("tag", "-a", "-m", "v1", "v1")
    push(ada, "origin", "v1")
    assert list(world.runs) == [name]
    push(ada, "origin", ":refs/tags/v1")
    assert list(world.runs) == [name]


def test_what_is_pushed_by_its_address_goes_alone(world: World, ada: Person) -> None:
    mention(ada, ada.record("first"))
    push(ada, world.url, "main")
    assert world.runs == {}
    assert is_pushed(world, ada)


def test_a_secret_stays(world: World, ada: Person) -> None:
    ada.repo.write("secret.py", SECRET)
    held, fine = ada.record("held"), ada.record("fine", "pass", "--isolated")
    (ada.repo.path / "secret.py").unlink()
    mention(ada, held)
    said = push(ada)
    assert f"held back  {held}: secret.py, line 1 looks like" in said
    assert "abcdEFGH" not in said
    assert world.runs == {}
    assert is_pushed(world, ada)
    mention(ada, fine)
    push(ada)
    assert held not in world.runs


def test_a_run_that_goes_on_stays(world: World, ada: Person) -> None:
    code = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1]).returncode)"
    script = ada.repo.path.parent / "inside"
    script.write_text(
        f"#!/bin/sh\ncd '{ada.repo.path}' && git commit -q --allow-empty "
        '-m "now\n\nExp-Run: ${GITEXP_RUN##*/}" && git push -q origin main\n'
    )
    script.chmod(0o755)
    os.chdir(ada.repo.path)
    said = ada("run", "--name", "on", "--", sys.executable, "-c", code, str(script))
    assert said.code == 0
    assert is_pushed(world, ada)
    assert ada.repo.git("log", "-1", "--format=%B").strip().endswith(said.name)
    assert world.runs == {}


def test_the_users_hook_runs_once(world: World, ada: Person) -> None:
    hook = ada.repo.path / ".git" / "hooks" / "pre-push.before-gitexp"
    hook.write_text('#!/bin/sh\necho "$@" $GITEXP_SKIP >>called.txt\ncat >>called.txt\n')
    hook.chmod(0o755)
    name = ada.record("first")
    mention(ada, name)
    push(ada)
    assert list(world.runs) == [name]
    called = (ada.repo.path / "called.txt").read_text().splitlines()
    assert len(called) == 2
    assert called[0] == f"origin {world.url}"
    # A push of ours calls theirs, but not our hook again.
    second = ada.record("second")
    assert ada("push", "origin", second).code == 0
    called = (ada.repo.path / "called.txt").read_text().splitlines()
    assert len(called) == 4
    assert called[2] == f"origin {world.url} 1"
    # So does one of plain git, which mentions the runs that it sends.
    third = ada.record("third")
    push(ada, "origin", f"refs/exp/{third}:refs/exp/{third}")
    assert sorted(world.runs) == sorted([name, second, third])


def test_a_hook_of_the_remote_that_declines(world: World, ada: Person) -> None:
    world.hook("update", '#!/bin/sh\ncase $1 in refs/exp/*) echo "no runs here" >&2; exit 1 ;; esac\n')
    name = ada.record("first")
    mention(ada, name)
    said = push(ada)
    assert f"refused  {name}: hook declined: no runs here" in said
    assert is_pushed(world, ada)


def _reached_by(ada: Person, world: World, folder: Path, body: str) -> str:
    """A program that git takes for ssh, to the remote: the shell lines `body` come first."""
    ssh = folder / "ssh"
    ssh.write_text(f'#!/bin/sh\nfor last; do :; done\n{body}\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    ada.repo.git("remote", "set-url", "origin", f"ssh://host{world.remote.path}")
    return str(ssh)


def test_a_remote_that_does_not_answer(world: World, ada: Person, tmp_path: Path) -> None:
    began, ours = tmp_path / "began", tmp_path / "ours"
    # The first connection is git's own; the others, which are ours, hang.
    hangs = f'if [ -e "{began}" ]; then echo $$ >>"{ours}"; sleep 60; fi; touch "{began}"'
    ssh = _reached_by(ada, world, tmp_path, hangs)
    hook = ada.repo.path / ".git" / "hooks" / "pre-push"
    hook.write_text(hook.read_text().replace('hook "$gitexp_hook"', 'hook --timeout 2 "$gitexp_hook"'))
    mention(ada, ada.record("first"))
    said = push(ada, GIT_SSH=ssh)
    assert "warning: the runs of these commits were not all sent: it took longer than 2 s" in said
    assert "hint: git exp push origin" in said
    assert is_pushed(world, ada)
    assert world.runs == {}
    for process in ours.read_text().split() if ours.exists() else ():
        # It is gone, and what it had started with it: git's push has seen the end of what they say.
        assert not Path(f"/proc/{process}").exists() or "Z" in Path(f"/proc/{process}/stat").read_text()


def test_a_history_that_takes_long_to_search(world: World, ada: Person, tmp_path: Path) -> None:
    mention(ada, ada.record("first"))
    # git is told to search, and does not come to an end. It would not call such a git in a hook.
    slow = wrapped_git(tmp_path / "slow", ada.repo.environ, 'case "$*" in *--grep*) exec sleep 60 ;; esac')
    head = ada.repo.git("rev-parse", "HEAD")
    done = subprocess.run(
        ["git-exp", "hook", "--timeout", "1", "pre-push", "origin", world.url],
        cwd=ada.repo.path,
        env=slow,
        input=f"refs/heads/main {head} refs/heads/main {'0' * len(head)}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, world.runs) == (0, {})
    assert done.stderr == (
        "warning: the runs of these commits were not sent: to look for them took longer than 1 s\n"
        "hint: git exp push origin\n"
    )


def test_nobody_is_asked(world: World, ada: Person, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    ssh = _reached_by(ada, world, tmp_path, f'echo "[$GIT_TERMINAL_PROMPT$GIT_ASKPASS]" >>"{asked}"')
    name = ada.record("first")
    mention(ada, name)
    push(ada, GIT_SSH=ssh, GIT_ASKPASS="/bin/false", GIT_TERMINAL_PROMPT="1")
    assert list(world.runs) == [name]
    git, *ours = asked.read_text().splitlines()
    assert git == "[1/bin/false]"
    assert set(ours) == {"[0]"}


@pytest.mark.parametrize("program", [pytest.param("pre-commit", marks=pytest.mark.long), "prek"])
def test_a_framework_calls_it(world: World, program: str) -> None:
    ada = world.person("ada")
    ada.repo.commit("a framework", {".pre-commit-config.yaml": CONFIG})
    framework(program)(ada.repo)
    name = ada.record("first")
    mention(ada, name)
    push(ada)
    assert list(world.runs) == [name]
    assert is_pushed(world, ada)
    ada.repo.git("checkout", "-q", "-b", "idea")
    second = ada.record("second")
    mention(ada, second)
    push(ada, "origin", "idea")
    assert sorted(world.runs) == sorted([name, second])


def test_what_was_removed_there_stays_so(world: World, ada: Person) -> None:
    name = ada.record("first")
    assert ada("push").code == 0
    world.remote.git("update-ref", "-d", f"refs/exp/{name}")
    mention(ada, name)
    push(ada)
    assert world.runs == {}
    assert is_pushed(world, ada)
