"""How completely it is known what a run came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitexp.formats.settings import Settings
from gitexp.model.completeness import Completeness, Level, assess
from gitexp.model.noise import Noise
from gitexp.model.record import Record
from gitexp.ops.alike import Finished
from gitexp.ops.audit.fields import Facts, fields_of
from gitexp.ops.audit.mends import Case, mend
from gitexp.ops.audit.whereabouts import Whereabouts
from gitexp.ops.evaluations.reading import all_suite_names
from gitexp.ops.makers import Makers
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import is_stale
from gitexp.repo import Repository


def of(
    repo: Repository,
    run: StoredRun,
    *,
    remote: bool = False,
    stale: bool | None = None,
    among_all: bool = True,
    finished: Finished | None = None,
    makers: Makers | None = None,
    settings: Settings | None = None,
) -> Completeness:
    """The completeness of a run, with a mend for each gap where there is one.

    `remote` has others asked for bytes that are not in this clone; without it nobody is. `stale` says whether
    its record speaks for the code that was asked for, where that is known. `among_all` looks for repetitions
    among all runs, not only for what git exp repro made of this one; `finished` has looked at them already,
    and `makers` knows what all have made. `settings` say what no run may be without and what is noise: those
    of the working tree, or others.
    Raises BrokenRecord, NotFound; RemoteError or UsageError where others cannot be asked.
    """
    settings = settings or repo.settings
    record, place = run.whole, Whereabouts(repo, run.commit, makers=makers)
    suites = all_suite_names(run)
    lost = place.lost(run)
    facts = Facts(
        record,
        place.kept,
        lost=lost,
        suites=suites,
        texts=place.with_texts(record, suites, lost),
        stale=is_stale(run) if stale is None else stale,
        require=settings.audit.require,
    )
    fields = fields_of(facts)
    if remote and place.lacking:
        place.ask()
        lost = place.lost(run)
        texts = place.with_texts(record, suites, lost)
        fields = fields_of(replace(facts, lost=lost, texts=texts))
    found = assess(fields)
    if found.level is Level.E3:
        again = _is_repeated(run, settings.noise, among_all=among_all, finished=finished)
        found = assess(fields, repeated=again)
    return with_mends(repo, found, record, asked=remote)


def _is_repeated(
    run: StoredRun, noise: Mapping[str, Noise], *, among_all: bool, finished: Finished | None
) -> bool | None:
    """None where it was not reproduced, and nobody has looked further."""
    from gitexp.ops.audit import repeats  # only what is as complete as that needs it

    if repeats.was_reproduced(run, run.whole):
        return True
    return repeats.agrees(run, run.whole, noise, finished) if among_all else None


def with_mends(repo: Repository, found: Completeness, record: Record, *, asked: bool = False) -> Completeness:
    """Each gap with what mends it; `asked` says whether others were."""
    case = Case(record, repo.max_blob, repo.has_remotes, asked)
    return replace(found, gaps=tuple(replace(gap, mend=mend(gap, case)) for gap in found.gaps))
