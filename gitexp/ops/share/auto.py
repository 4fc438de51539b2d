"""Runs that are pushed by themselves when they end: in the background, by a process that goes away again.

`exp.autoPush` says when. Whoever ends a run leaves a mark and takes the lock; who gets it hands it to a new
process, which waits for other runs to end, pushes all that the remote lacks, and goes on while marks come.
So there is at most one for a clone, and none where nothing ends. All in `.git/exp/auto-push/`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path

from gitexp.capture.liveness import Lock
from gitexp.errors import GitError, GitExpError, Unreachable
from gitexp.git.config import Config
from gitexp.git.remotes import find_remote, remote_names
from gitexp.ops.share.push import Options, Outcome, State, push
from gitexp.ops.share.unsent import FOLDER, forget, remember, told_held
from gitexp.ops.share.wanted import ended_runs
from gitexp.repo import AUTO_PUSH, RUN_VARIABLE, TRACE_VARIABLE, Repository
from gitexp.sharing import make_folder, share

WAIT = 60
"""Seconds (`exp.autoPushWait`) in which other runs may end, to go along."""
LIMIT = 600
"""Seconds (`exp.autoPushLimit`) that one push may take."""
LOG = "log"
_LOCK, _WANTED = "lock", "wanted"
_LONGEST_LOG = 1 << 18
# Nobody is there to be asked.
_SILENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
}
_BATCH_SSH = "ssh -o BatchMode=yes"


class Policy(str, Enum):
    """When runs are pushed by themselves."""

    NEVER = "never"
    FINISH = "finish"
    """As soon as one ends."""
    BATCH = "batch"
    """Those together that end within a while."""


def policy_of(config: Config) -> Policy:
    """Raises GitError for an unknown one."""
    text = config.get(AUTO_PUSH, Policy.NEVER.value)
    try:
        return Policy(text)
    except ValueError:
        raise GitError(
            f"bad config value {text!r} for '{AUTO_PUSH}'", hint="git exp push --auto never"
        ) from None


def set_policy(repo: Repository, policy: Policy) -> None:
    """Remember it in this clone's configuration. Raises GitError."""
    repo.git.run("config", AUTO_PUSH, policy.value)
    vars(repo).pop("config", None)


def wait_of(config: Config) -> int:
    """Seconds that the policy `batch` waits."""
    return max(0, config.int("exp.autoPushWait", WAIT))


def push_later(repo: Repository) -> None:
    """See that a run which has just ended is pushed. Never raises, and waits for nothing."""
    with suppress(OSError, GitExpError):
        if not remote_names(repo.config) or not sys.executable:
            return
        folder = repo.home / FOLDER
        make_folder(folder)
        (folder / _WANTED).touch()
        share(folder / _WANTED)
        # Who holds the lock looks for marks once more after it has let go of it.
        lock = Lock.take(folder / _LOCK)
        if lock is not None:
            with lock:
                _start(repo, folder, lock)


def _start(repo: Repository, folder: Path, lock: Lock) -> None:
    """A process in a session of its own, which inherits the lock; whoever starts it need not wait for it."""
    place = repo.layout.top or repo.layout.git_dir
    program = [sys.executable, "-m", "gitexp.cli.auto_push", str(place), str(lock.descriptor)]
    path = folder / LOG
    mode = "ab" if path.exists() and path.stat().st_size < _LONGEST_LOG else "wb"
    with path.open(mode) as log:
        share(path)
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *program],
            cwd=folder,  # where nothing lies that Python would import
            env=silent(repo.git.environ, repo.config),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.descriptor],
            start_new_session=True,
            check=False,
        )


def silent(environ: Mapping[str, str], config: Config) -> dict[str, str]:
    """`environ` for a process that asks nobody; the user's own way to call ssh stands."""
    quiet = {k: v for k, v in environ.items() if k not in (RUN_VARIABLE, TRACE_VARIABLE, "SSH_ASKPASS")}
    quiet |= _SILENT
    if not config.get("core.sshCommand") and "GIT_SSH" not in environ:
        quiet.setdefault("GIT_SSH_COMMAND", _BATCH_SSH)
    return quiet


def attend(
    lock: Lock,
    open_repository: Callable[[], Repository],
    limit: Callable[[int], None],
    say: Callable[[str], None],
) -> None:
    """Push until no run has ended meanwhile; `lock` is the one that was inherited.

    `limit` is told how many seconds may pass until RemoteError is raised, and 0 where it does not matter.
    """
    held: Lock | None = lock
    while held is not None:
        with open_repository() as repo:
            wanted, place = repo.home / FOLDER / _WANTED, repo.home / FOLDER / _LOCK
            policy = _policy(repo)
            if policy is Policy.BATCH:
                time.sleep(wait_of(repo.config))
            wanted.unlink(missing_ok=True)
        if policy is Policy.NEVER:
            return
        with open_repository() as repo:
            repo.remark = say
            limit(repo.config.int("exp.autoPushLimit", LIMIT))
            say(_pushed(repo))
            limit(0)
        if wanted.exists():
            continue
        held.release()
        held = Lock.take(place) if wanted.exists() else None


def _policy(repo: Repository) -> Policy:
    try:
        return policy_of(repo.config)
    except GitError as error:
        remember(repo, error.message)
        return Policy.NEVER


def _pushed(repo: Repository) -> str:
    """Push all that has ended; what came of it, for the log. What failed is remembered."""
    try:
        remote = find_remote(repo.git, repo.config, push=True)
        outcomes = push(repo, remote, ended_runs(repo), Options(hold_secrets=True))
    except Unreachable as error:
        return f"{error.message}; the next push takes along what this one could not send"
    except GitExpError as error:
        remember(repo, error.message)
        return error.message
    except OSError as error:
        remember(repo, str(error))
        return str(error)
    known = told_held(repo)
    failed = [
        one for one in outcomes if one.state.failed and not (one.state is State.HELD and one.name in known)
    ]
    went = f"{remote.name}: {sum(one.state.sent for one in outcomes)} pushed"
    if removed := [one.name for one in outcomes if one.state is State.REMOVED]:
        went += f"; removed there, or archived by somebody else, and not sent: {', '.join(removed)}"
    if not failed:
        forget(repo)
        return went
    remember(repo, f"{remote.name}: {_told(failed)}", [one.name for one in _held(failed)])
    return f"{went}, {_told(failed)}"


def _held(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.state is State.HELD]


def _told(failed: Sequence[Outcome]) -> str:
    """Each run that is held back, which is told once, and the first of the others."""
    others = [one for one in failed if one.state is not State.HELD]
    more = f", and {len(others) - 1} more" if len(others) > 1 else ""
    first = "".join(f"{one.state.value} {one.name} ({one.reason}){more}" for one in others[:1])
    held = ", ".join(f"{one.name} ({one.reason})" for one in _held(failed))
    return "; ".join(part for part in (first, f"held back {held}" if held else "") if part)
