"""`git exp report`: the runs of a branch against the one that it started from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gitexp.formats.settings import FILE, Settings
from gitexp.ops.alike import Finished
from gitexp.ops.committed import of_metrics, settings_at
from gitexp.ops.comparand import Comparand, of_run
from gitexp.ops.evaluations.diffing import Ask, Difference, diff
from gitexp.ops.evaluations.reading import all_suite_names
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.reporting.base import Base, find_base
from gitexp.ops.reporting.branch import Candidates, runs_of_branch
from gitexp.ops.reporting.delta import Delta, Pair, Repeats, delta_of
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository

MOST_RUNS = 10
"""Runs that are held against the base; who wants others names them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a branch did."""

    base: Base
    side: Comparand
    """The base as it is compared."""
    deltas: tuple[Delta, ...]
    """The best evidence first; repetitions of one run are one."""
    notes: tuple[str, ...] = ()
    """What a reader should know of which runs these are."""


def report(
    repo: Repository, texts: Sequence[str], base: str, cluster: str | None = None, *, with_text: bool = False
) -> Report:
    """The runs `texts`, or those of the branch that is checked out, against `base`.

    Raises NotFound, Ambiguous, UsageError, UnknownKey, BrokenRecord, BrokenFile or GitError.
    """
    listing = list_all(repo)
    against = find_base(repo, base, listing)
    named = [resolve(repo, text) for text in texts]
    found = Candidates(named) if texts else runs_of_branch(repo, against, listing)
    against = against.for_runs(found.runs)
    runs, notes = list(_each(found.runs)), [*found.notes, *_notes(against, named)]
    if len(runs) > MOST_RUNS and not texts:
        notes.append(f"and {len(runs) - MOST_RUNS} more runs: git exp report RUN...")
        runs = runs[:MOST_RUNS]
    side = of_run(against.run)
    agreed = settings_at(repo, against.run.commit)
    ask = Ask(cluster=cluster, with_text=with_text, goals=agreed.goals)
    suites = _suites(against.run, runs, ask)
    had = all_suite_names(against.run)
    notes += _not_held(repo, agreed)
    repeats = Repeats(Finished(repo, listing))
    deltas: list[Delta] = []
    for run in runs:
        if any(run.name in one.repeats for one in deltas) and not suites[run.name]:
            continue  # its numbers are in the means already
        lost = () if not suites[run.name] and not had else _lost(had, run)
        pair = Pair(side, against.run, of_run(run), run, suites[run.name], lost, agreed, repeats)
        deltas.append(delta_of(repo, pair))
    return Report(against, side, tuple(deltas), tuple(notes))


def _each(runs: Sequence[StoredRun]) -> Iterable[StoredRun]:
    """Those of them that are not the same, however often they were named."""
    return {run.commit: run for run in runs}.values()


def _notes(base: Base, named: Sequence[StoredRun]) -> Iterator[str]:
    if base.note:
        yield base.note
    for run in named:
        if run.commit == base.run.commit:
            yield f"run {run.name} is the base itself"


def _not_held(repo: Repository, agreed: Settings) -> Iterator[str]:
    """What the base does not say of metrics: a branch does not tell how its own change is to be read."""
    changed = of_metrics(repo.settings, agreed)
    if changed:
        yield f"{FILE} of the working tree has other rules, which do not hold here: {', '.join(changed)}"


def _lost(had: Sequence[str], run: StoredRun) -> tuple[str, ...]:
    names = all_suite_names(run)
    return tuple(name for name in had if name not in names)


def _suites(base: StoredRun, runs: Sequence[StoredRun], ask: Ask) -> dict[str, tuple[Difference, ...]]:
    """Name -> the evaluations that the run has in common with the base.

    Runs of the same suites are compared together, so that p allows for how many there are.
    """
    had = set(all_suite_names(base))
    groups: dict[frozenset[str], list[StoredRun]] = {}
    for run in runs:
        groups.setdefault(frozenset(had.intersection(all_suite_names(run))), []).append(run)
    found: dict[str, list[Difference]] = {run.name: [] for run in runs}
    for names, members in groups.items():
        for one in diff([base, *members], ask) if names else ():
            found[one.new.name].append(one)
    return {name: tuple(rows) for name, rows in found.items()}
