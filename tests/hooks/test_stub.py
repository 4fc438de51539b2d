"""The shell script that git calls: who is called by it, with what, and whose answer counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.cli.exit_codes import REFUSED
from gitexp.ops.hooks.stubs import BEFORE, stub
from tests.gitrepo import Repo

# A git-exp that notes how it was called, and answers what it is told to.
PROGRAM = '#!/bin/sh\n{ echo "ours $*"; cat; echo "[$SAID]"; } >>"$NOTES"\nexit ${ANSWER:-0}\n'
THEIRS = (
    '#!/bin/sh\n{ echo "theirs ${0##*/} $*"; cat; echo "[$SAID]"; } >>"$NOTES"\nexit ${THEIR_ANSWER:-0}\n'
)
SENT = "refs/heads/a 1 refs/heads/b 2\nno line break at the end"


class Hook:
    """A script of ours in a repository, and what it calls."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo, self.notes = repo, folder / "notes"
        _script(folder / "bin" / "git-exp", PROGRAM)
        path = f"{folder / 'bin'}{os.pathsep}{repo.environ['PATH']}"
        self.environ = {**repo.environ, "PATH": path, "NOTES": str(self.notes), "SAID": "a b"}
        (repo.path / ".git" / "exp").mkdir()

    def install(self, name: str, theirs: str | None = None) -> None:
        path = self.repo.path / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        _script(path, stub(name).decode())
        if theirs is not None:
            _script(path.with_name(name + BEFORE), theirs)

    def __call__(self, name: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        self.notes.unlink(missing_ok=True)
        return subprocess.run(
            [f".git/hooks/{name}", *arguments],
            cwd=self.repo.path,
            env={**self.environ, **environ},
            input=SENT,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def called(self) -> str:
        return self.notes.read_text() if self.notes.exists() else ""


def _script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def hook(repo: Repo, tmp_path: Path) -> Hook:
    return Hook(repo, tmp_path)


@pytest.mark.parametrize("name", ["pre-push", "post-rewrite"])
def test_both_are_called_with_the_same(hook: Hook, name: str) -> None:
    hook.install(name, THEIRS)
    said = hook(name, "one", "two words")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    theirs = f"theirs {name}{BEFORE} one two words\n{SENT}[a b]\n"
    assert hook.called == f"{theirs}ours hook {name} one two words\n{SENT}[a b]\n"


def test_what_is_exported_stays_as_it_is(hook: Hook) -> None:
    said = {name: f"my {name}" for name in ("hook", "before", "common", "own", "input", "code", "ours")}
    shown = " ".join(f"${name}" for name in said)
    body = f'echo "{shown} $(env | grep -c ^gitexp_)" >>"$NOTES"\n'
    hook.install("pre-push", f"#!/bin/sh\n{body}")
    _script(hook.repo.path.parent / "bin" / "git-exp", f"#!/bin/sh\n{body}")
    hook("pre-push", **said, gitexp_code="0", gitexp_hook="x")
    assert hook.called == f"{' '.join(said.values())} 0\n" * 2


def test_what_is_sent_may_be_left_unread(hook: Hook) -> None:
    hook.install("pre-push", '#!/bin/sh\necho theirs >>"$NOTES"\n')
    said = hook("pre-push")
    assert (said.returncode, said.stderr) == (0, "")
    assert hook.called.startswith("theirs\nours hook pre-push")


def test_theirs_decides_first(hook: Hook) -> None:
    hook.install("pre-commit", THEIRS)
    assert hook("pre-commit", THEIR_ANSWER="7").returncode == 7
    assert "theirs" in hook.called
    assert "ours" not in hook.called


def test_what_comes_after_is_called_in_any_case(hook: Hook) -> None:
    hook.install("post-rewrite", THEIRS)
    assert hook("post-rewrite", THEIR_ANSWER="7").returncode == 7
    assert "ours" in hook.called


@pytest.mark.parametrize(
    ("answer", "code"), [(0, 0), (REFUSED, REFUSED), (130, 130), (1, 0), (2, 0), (70, 0), (127, 0), (137, 0)]
)
def test_ours_refuses_and_never_breaks(hook: Hook, answer: int, code: int) -> None:
    hook.install("pre-commit", THEIRS)
    said = hook("pre-commit", ANSWER=str(answer))
    assert said.returncode == code
    assert ("warning: git exp hook pre-commit failed" in said.stderr) == (answer not in (0, REFUSED, 130))


def test_a_broken_installation_stops_no_commit(hook: Hook) -> None:
    """As after Python was upgraded: the program is there, and what it imports is not."""
    hook.install("pre-commit")
    _script(hook.repo.path.parent / "bin" / "git-exp", f"#!{sys.executable}\nimport gitexp.gone\n")
    done = _commit(hook)
    assert "No module named 'gitexp.gone'" in done.stderr
    assert "warning: git exp hook pre-commit failed (1)" in done.stderr
    assert (done.returncode, hook.repo.git("log", "-1", "--format=%s")) == (0, "one")


def _commit(hook: Hook) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "commit", "-q", "--allow-empty", "-m", "one"],
        cwd=hook.repo.path,
        env=hook.environ,
        capture_output=True,
        text=True,
        check=False,
    )


def _leave_out(hook: Hook, how: str) -> dict[str, str]:
    git_dir = hook.repo.path / ".git"
    if how == "nothing to do":
        (git_dir / "exp").rmdir()
    elif how == "switched off":
        hook.repo.git("config", "exp.hooks", "no")
    elif how == "not on PATH":
        where = hook.repo.path.parent / "other"
        where.mkdir()
        for program in ("git", "cat", "sh"):
            (where / program).symlink_to(str(shutil.which(program)))
        return {"PATH": str(where)}
    return {"GITEXP_SKIP": "1"} if how == "skipped" else {}


@pytest.mark.parametrize("how", ["nothing to do", "switched off", "not on PATH", "skipped"])
@pytest.mark.parametrize("answer", ["0", "7"])
def test_ours_left_out(hook: Hook, how: str, answer: str) -> None:
    hook.install("pre-push", THEIRS)
    hook("pre-push", "origin")
    assert "ours" in hook.called
    said = hook("pre-push", "origin", THEIR_ANSWER=answer, **_leave_out(hook, how))
    assert said.returncode == int(answer)
    assert hook.called == f"theirs pre-push{BEFORE} origin\n{SENT}[a b]\n"
    told = "git exp is not on PATH: its part of the pre-push hook is left out\n"
    assert said.stderr == (told if how == "not on PATH" else "")


def test_shared_settings_are_something_to_do(hook: Hook) -> None:
    (hook.repo.path / ".git" / "exp").rmdir()
    hook.install("pre-commit")
    assert (hook("pre-commit").returncode, hook.called) == (0, "")
    hook.repo.write(".gitexp.yaml", "")
    hook("pre-commit")
    assert hook.called.startswith("ours hook pre-commit")


def test_a_linked_worktree_looks_where_all_is(hook: Hook) -> None:
    hook.install("pre-commit")
    hook.repo.git("worktree", "add", "-q", "../linked")
    linked = Repo(hook.repo.path.parent / "linked", hook.environ)
    linked.commit("there")
    assert hook.called.startswith("ours hook pre-commit")


def test_what_git_does_not_call_is_not_called(hook: Hook) -> None:
    hook.install("pre-commit", THEIRS)
    (hook.repo.path / ".git" / "hooks" / f"pre-commit{BEFORE}").chmod(0o644)
    assert hook("pre-commit").returncode == 0
    assert "theirs" not in hook.called
    assert "ours" in hook.called
