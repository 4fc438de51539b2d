"""How completely it is known what a run came from."""

from __future__ import annotations

from dataclasses import replace

from gitexp.model.completeness import Completeness, Level, assess
from gitexp.model.record import Record
from gitexp.ops.audit.fields import Facts, fields_of
from gitexp.ops.audit.mends import Case, mend
from gitexp.ops.audit.repeats import agrees, was_reproduced
from gitexp.ops.audit.whereabouts import Whereabouts
from gitexp.ops.evaluations.reading import all_suite_names
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.supplies import has_remotes
from gitexp.ops.staleness import is_stale
from gitexp.repo import Repository


def of(repo: Repository, run: StoredRun, *, remote: bool = False, among_all: bool = True) -> Completeness:
    """The completeness of a run, with a mend for each gap where there is one.

    `remote` has others asked for bytes that are not in this clone; without it nobody is. `among_all` looks
    for repetitions among all runs, and not only for what git exp repro made of this one.
    Raises BrokenRecord, NotFound; RemoteError or UsageError where others cannot be asked.
    """
    record = run.whole
    place = Whereabouts(repo, run.commit)
    facts = _facts(repo, run, place)
    fields = fields_of(facts)
    if remote and place.lacking:
        place.ask()
        fields = fields_of(replace(facts, lost=place.lost(run)))
    found = assess(fields)
    if found.level is Level.E3 and (was_reproduced(run, record) or (among_all and agrees(run, record))):
        found = assess(fields, repeated=True)
    return with_mends(repo, found, record, asked=remote)


def with_mends(repo: Repository, found: Completeness, record: Record, *, asked: bool = False) -> Completeness:
    """Each gap with what mends it."""
    case = Case(record, repo.max_blob, has_remotes(repo), asked)
    return replace(found, gaps=tuple(replace(gap, mend=mend(gap, case)) for gap in found.gaps))


def _facts(repo: Repository, run: StoredRun, place: Whereabouts) -> Facts:
    return Facts(
        run.whole,
        place.kept,
        place.lost(run),
        all_suite_names(run),
        is_stale(run),
        repo.settings.audit.require,
    )
