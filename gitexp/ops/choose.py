"""Many runs at once, as they are named on a command line or asked for by a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import Ambiguous, NotFound, UsageError
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.names import all_runs
from gitexp.ops.read import list_all
from gitexp.ops.resolve import (
    RECENT,
    ambiguous,
    baseline_in,
    begun,
    is_revision,
    metric_in,
    only,
    resolve,
    short_of,
)
from gitexp.ops.select import Selection
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run by its ref alone: its record may be of any kind, or damaged."""

    name: RunName
    commit: Oid


def choose(repo: Repository, texts: Sequence[str], query: str | None = None) -> list[Chosen]:
    """The runs that `texts` name, or that `query` asks for, each once, in that order.

    A constant number of git processes for names and prefixes. Raises UsageError where nothing is asked for,
    NotFound or Ambiguous for the first text that no run is found for, QueryError.
    """
    if query is not None:
        if texts:
            raise UsageError("runs are given by name and by --where", hint="use one of them")
        return [Chosen(run.name, run.commit) for run in Selection(query).of(list_all(repo).runs)]
    if not texts:
        raise UsageError("no run given", hint="git exp ls")
    here = all_runs(repo)
    found = {one.name: one for text in texts for one in [_one(repo, here, text)]}
    return list(found.values())


def is_run(repo: Repository, text: str) -> bool:
    """Whether `text` could be meant for a run: by name, the beginning of one, `@`, `best` or a baseline."""
    if _is_special(text):
        return True
    return bool(begun(repo, short_of(text)))


def match(names: Sequence[RunName], text: str) -> RunName | None:
    """The one of `names` that `text` is, or is the beginning of. Raises Ambiguous."""
    short = short_of(text)
    if short in names:
        return RunName(short)
    found = [name for name in names if short and name.startswith(short)]
    name = only(found, short)
    if name is None and found:
        raise ambiguous(text, found)
    return name


def _one(repo: Repository, here: Mapping[RunName, Oid], text: str) -> Chosen:
    if not text or text.startswith("-") or "\0" in text or "\n" in text:
        raise UsageError(f"invalid run {text!r}", hint="git exp ls")
    name = None if _is_special(text) else match(list(here), text)
    if name not in (None, short_of(text)) and is_revision(repo, text):
        raise Ambiguous(f"{text!r} is a branch or tag, and the beginning of run {name!r}", hint=str(name))
    if name is None:
        name = resolve(repo, text).name
    if name not in here:
        # A commit into which a run was merged still carries the record of one that is gone.
        raise NotFound(f"run {name!r} is not here any more", hint=f"git exp restore {name}")
    return Chosen(name, here[name])


def _is_special(text: str) -> bool:
    """Whether `text` means a run otherwise than by its name."""
    return bool(RECENT.fullmatch(text)) or metric_in(text) is not None or baseline_in(text) is not None
