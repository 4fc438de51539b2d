"""What a bisection goes between: a good and a bad end, each a run or a revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gitexp.capture.interpreter import is_interactive
from gitexp.errors import GitExpError, UsageError
from gitexp.model.record import Results
from gitexp.model.values import Oid
from gitexp.ops.read import StoredRun
from gitexp.ops.resolve import run_or_commit
from gitexp.ops.runnable import runnable_command
from gitexp.ops.trust import check_trusted
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class End:
    """One end."""

    text: str
    """As it was typed."""
    commit: Oid
    """The base of a run without uncommitted changes, else the run's own commit."""
    run: StoredRun | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How each commit is measured."""

    command: tuple[str, ...]
    cwd: str
    """Relative to the root."""
    results: Results = field(default_factory=Results, compare=False)
    """What the run was told of them whose command it is."""


def end_of(repo: Repository, text: str) -> End:
    """The end that `text` means: a run, else a revision. Raises NotFound, Ambiguous or UsageError."""
    found = run_or_commit(repo, text)
    if isinstance(found, str):
        return End(text, found)
    code = found.record.info.code
    return End(text, found.commit if code.dirty or code.base is None else code.base, found)


def way_of(repo: Repository, ends: Sequence[End], command: Sequence[str]) -> Way:
    """The command that was typed, else that of the runs at the ends. Raises UsageError."""
    if command:
        return Way(tuple(command), repo.layout.prefix.rstrip("/") or ".")
    runs = [end.run.record.info for end in ends if end.run is not None]
    infos = [info for info in runs if info.command and not is_interactive(info.command)]
    ways = list(dict.fromkeys(Way(info.command, info.cwd, info.results) for info in infos))
    texts = " ".join(end.text for end in ends)
    hint = f"git exp bisect {texts} --metric METRIC -- CMD"
    if not ways:
        raise UsageError("no command to measure commits with", hint=hint)
    if len(ways) > 1:
        raise UsageError("the two runs have different commands", hint=hint)
    return replace(ways[0], command=runnable_command(repo, infos[0], hint=hint))


def check_ends(repo: Repository, ends: Sequence[End], trust: bool, *, retry: str) -> bool:
    """Whether filters may run as well; not so where only the user's word is known of an end.

    Raises GitExpError where the code or the command of a run at an end must not be executed.
    """
    try:
        for end in ends:
            if end.run is not None:
                check_trusted(repo, end.run, False, retry=retry)
    except GitExpError:
        if not trust:
            raise
        return False
    return True
