"""What every command has at hand: the environment, the repository with dead runs put right, and a voice."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.cli.safe_text import safe

if TYPE_CHECKING:
    from gitexp.errors import GitExpError
    from gitexp.ops.read import StoredRun
    from gitexp.ops.recover import Recovered
    from gitexp.repo import Repository


class Session:
    """One call of the program."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.use_pager = True
        self.home: Path | None = None
        """Our folder in the repository, once one was opened: where a report of an internal error goes."""

    @contextmanager
    def repository(self, *, sweep: bool = True) -> Iterator[Repository]:
        """The repository around the current folder, after what dead processes left was put right and told."""
        from gitexp.repo import Repository

        with Repository.open(current_folder(), self.environ) as repo:
            self.home = repo.home
            repo.remark = note
            repo.moving = _bar
            repo.progress = _overwrite if sys.stderr.isatty() else None
            repo.processes = os.cpu_count() or 1
            if sweep:
                _sweep(repo)
                _tell_unsent(repo)
            yield repo
            # Only where a command looked at them: reading them takes longer than most commands.
            if "settings" in vars(repo):
                for error in repo.settings.unknown:
                    warn(error)
            if repo.lasting:
                warn(repo.lasting)


def _bar(what: str, size: int) -> AbstractContextManager[Callable[[int], object]]:
    from gitexp.cli.progress import bar

    return bar(what, size)


def current_folder() -> Path:
    """Where we are. Raises GitError where that folder has been removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        from gitexp.errors import GitError

        raise GitError("the current folder does not exist any more", hint="cd to another one") from None


def say(text: str) -> None:
    """Talk, which goes to stderr: stdout is for data."""
    print(safe(text), file=sys.stderr)


def say_undo(repo: Repository) -> None:
    """Hint that what was done can be taken back, where that is so."""
    if repo.lasting is None:
        say("hint: git exp undo")


def note(text: str) -> None:
    say(f"note: {text}")


def _overwrite(text: str) -> None:
    """One line of the terminal, written over until it is empty."""
    print(f"\r\x1b[K{safe(text)}", end="", file=sys.stderr, flush=True)


def warn(error: GitExpError) -> None:
    print(f"warning: {safe(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {safe(error.hint)}", file=sys.stderr)


def note_stale(run: StoredRun) -> bool:
    """Whether the record of `run` does not speak for the code beside it, which is told."""
    from gitexp.ops.staleness import why_stale

    why = why_stale(run)
    if why is not None:
        note(f"run '{run.name}' is stale at {run.commit[:10]}: {why}")
    return why is not None


def tell(error: GitExpError) -> None:
    """An error in git's voice."""
    print(f"error: {safe(error.message)}", file=sys.stderr)
    if excerpt := getattr(error, "excerpt", None):
        print(safe(excerpt, lines=True), file=sys.stderr)
    if error.hint:
        print(f"hint: {safe(error.hint)}", file=sys.stderr)


def tell_recovered(repo: Repository, results: Sequence[Recovered]) -> None:
    """What was put right, one line for each run."""
    for result in results:
        if result.error is not None:
            warn(result.error)
        elif result.outcome.value == "sealed":
            note(_sealed(repo, result.name))
        elif result.left:
            note(_left(result))
        else:
            note(_SENTENCES[result.outcome.value].format(name=result.name, kept=result.kept))
        for notice in result.notices:
            note(f"run '{result.name}': {notice}")


_SENTENCES = {
    "healed": "run '{name}' had lost objects; they were written again",
    "extended": "run '{name}' had been logged to after its end; the rows were added",
    "taken back": "'{name}' had been cut short; the working tree is as it was before",
    "set aside": "what was kept of live run '{name}' cannot be read; it is in '{kept}' now",
    "discarded": "run '{name}' had never started; what was left of it is gone",
}


def _left(result: Recovered) -> str:
    more = f" and {len(result.left) - 1} more" if len(result.left) > 1 else ""
    return (
        f"'{result.name}' had been cut short; it was taken back, but '{result.left[0]}'{more} was changed "
        f"since and stays: what had been there is in '{result.kept}'"
    )


def _sealed(repo: Repository, name: str) -> str:
    from gitexp.model.record import Status
    from gitexp.ops.resolve import resolve

    status = resolve(repo, name).record.info.status
    what = "had died" if status is Status.CRASHED else "had ended without being recorded"
    return f"run '{name}' {what}; it is recorded as {status.value}"


def _tell_unsent(repo: Repository) -> None:
    """What an automatic push could not send."""
    from gitexp.ops.attention import unsent

    if unsent(repo):
        from gitexp.errors import GitExpError
        from gitexp.ops.share.unsent import take

        if message := take(repo):
            warn(GitExpError(f"an automatic push failed: {message}", hint="git exp push"))


def _sweep(repo: Repository) -> None:
    from gitexp.errors import GitExpError
    from gitexp.ops import attention

    try:
        if attention.needed(repo):
            from gitexp.ops.recover import sweep

            tell_recovered(repo, sweep(repo))
    except GitExpError as error:
        warn(error)
    except OSError as error:
        # Looking must work where nothing can be written.
        warn(GitExpError(f"cannot put dead runs right: {error.strerror}", hint="git exp recover"))
