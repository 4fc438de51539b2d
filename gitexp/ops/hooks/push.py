"""exp-push: the runs that pushed commits mention go to the same remote, before the commits do.

A process in a session of its own sends them, so that it can be ended together with all it started; git waits
for it no longer than the limit says. Nobody is asked for anything, and the user's own hook, which has run
for this push, does not run again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gitexp.errors import GitError
from gitexp.formats.trailers import named
from gitexp.git.process import NO_HOOKS, Result, error
from gitexp.git.refs import ARCHIVE, ARCHIVE_BRANCHES, BASELINE, BASELINE_BRANCHES, BRANCHES, EXP
from gitexp.git.remotes import remote_names
from gitexp.ops.commit import RUN_TRAILER
from gitexp.ops.hooks.table import Answer, Call
from gitexp.ops.share.auto import silent
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_OURS = (EXP, BRANCHES, ARCHIVE, ARCHIVE_BRANCHES, BASELINE, BASELINE_BRANCHES)
_MOST_COMMITS = 10_000
_GRACE = 5.0
"""Seconds beyond its limit until a process that does not end by itself is killed."""


@dataclass(frozen=True, slots=True)
class _Pushed:
    """What git is about to push."""

    remote: str
    new: tuple[str, ...]
    old: tuple[str, ...]
    """What the remote has."""


def run(repo: Repository, call: Call) -> Answer:
    """Never refuses. Raises GitError, OSError."""
    pushed = _pushed(repo.environ, call)
    if pushed is None or not pushed.new or pushed.remote not in remote_names(repo.config):
        return Answer()
    began = time.monotonic()
    if names := _mentioned(repo, pushed, call.timeout):
        left = call.timeout - int(time.monotonic() - began)
        _send(repo, pushed.remote, names, max(left, 1))
    return Answer()


def _pushed(environ: Mapping[str, str], call: Call) -> _Pushed | None:
    """From what git sends to its hook or, where a framework has read that, from its variables."""
    if call.arguments and call.git_hook is not None:
        lines = (line.split(" ") for line in call.stdin.decode("utf-8", "surrogateescape").split("\n"))
        refs = [words for words in lines if len(words) == 4 and not words[2].startswith(_OURS)]
        return _Pushed(call.arguments[0], _real(one[1] for one in refs), _real(one[3] for one in refs))
    remote, new = environ.get("PRE_COMMIT_REMOTE_NAME"), environ.get("PRE_COMMIT_TO_REF")
    if not remote or not new or environ.get("PRE_COMMIT_REMOTE_BRANCH", "").startswith(_OURS):
        return None
    return _Pushed(remote, _real([new]), _real([environ.get("PRE_COMMIT_FROM_REF", "")]))


def _real(oids: Iterable[str]) -> tuple[str, ...]:
    """Without those that stand for nothing."""
    return tuple(oid for oid in oids if oid.strip("0"))


def _mentioned(repo: Repository, pushed: _Pushed, seconds: int) -> Sequence[str]:
    """The runs that commits name which the remote has not; a squashed one names several.

    Raises GitError, also where there are so many commits that it takes longer.
    """
    arguments = (
        *(
            "log",
            "--format=%B",
            f"--grep=^[ \t]*{RUN_TRAILER}:",
            f"--max-count={_MOST_COMMITS}",
            "--ignore-missing",
        ),
        *("--basic-regexp", "--no-show-signature", "--stdin", "--not", f"--remotes={pushed.remote}"),
    )
    asked = "".join(f"{line}\n" for line in (*pushed.new, *(f"^{oid}" for oid in pushed.old)))
    with repo.git.start(*arguments, stderr=subprocess.PIPE) as process:
        try:
            stdout, stderr = process.communicate(asked.encode(), seconds)
        except subprocess.TimeoutExpired:
            raise GitError(
                f"the runs of these commits were not sent: to look for them took longer than {seconds} s",
                hint=f"git exp push {pushed.remote}",
            ) from None
        finally:
            process.kill()
    if process.returncode != 0:
        raise error(Result(process.returncode, stdout, stderr), arguments)
    return named(stdout)


def _send(repo: Repository, remote: str, names: Sequence[str], seconds: int) -> None:
    """Wait until they are sent, or the time is up."""
    place = repo.layout.top or repo.layout.git_dir
    make_folder(repo.home)
    program = [sys.executable, "-m", "gitexp.cli.mentioned_push", str(place), str(seconds), remote, *names]
    process = subprocess.Popen(
        program,
        cwd=repo.home,  # where nothing lies that Python would import
        env=_without_hooks(silent(repo.git.environ, repo.config)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds + _GRACE)
    finally:
        # It has not ended by itself, or we are interrupted.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _without_hooks(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` in which git runs no hooks, whatever else is set there for it."""
    key, _, value = NO_HOOKS.partition("=")
    count = int(environ.get("GIT_CONFIG_COUNT", "0") or "0")
    return {
        **environ,
        "GIT_CONFIG_COUNT": str(count + 1),
        f"GIT_CONFIG_KEY_{count}": key,
        f"GIT_CONFIG_VALUE_{count}": value,
    }
