"""Whether a run was done again, and came out the same within noise."""

from __future__ import annotations

from gitexp.model.record import Record
from gitexp.model.reproduction import Verdict
from gitexp.ops.alike import repeated
from gitexp.ops.read import Listing, StoredRun
from gitexp.ops.repro.found import reproductions_of
from gitexp.ops.repro.verdict import Known, judge

_SAME = (Verdict.IDENTICAL, Verdict.NOISE)


def was_reproduced(run: StoredRun, record: Record) -> bool:
    """Whether git exp repro did it again with its own code, or made the run itself as such a repetition."""
    own = record.info.reproduction
    if own is not None and own.on is None and own.verdict in _SAME:
        return True
    found = reproductions_of(run.repo, run.name)
    return any(one.on is None and one.verdict in _SAME for one in found)


def agrees(run: StoredRun, record: Record, listing: Listing | None = None) -> bool:
    """Whether its metrics are those of another run that did the same, or within the noise of several.

    Seeds may be others. All runs are looked at, or those in `listing`.
    """
    others = [one for one in repeated(run.repo, record, listing) if one.name != run.name]
    known = Known(run.repo.settings.noise, [one.record.metrics for one in others])
    return any(judge(one.name, one.commit, one.record, record, known).verdict in _SAME for one in others)
