"""Whether a run was done again, and came out the same within noise."""

from __future__ import annotations

from collections.abc import Mapping

from gitexp.model.evaluation import is_score
from gitexp.model.noise import Noise
from gitexp.model.record import Record, Status
from gitexp.model.reproduction import Measured, Verdict
from gitexp.ops.alike import Finished
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.found import reproductions_of
from gitexp.ops.repro.verdict import Known, judge

_DEVIATIONS = 1.96
"""So many standard errors around the mean of an evaluation are its 95 % interval."""
_ERROR = ".se"


def was_reproduced(run: StoredRun, record: Record) -> bool:
    """Whether git exp repro did it again with its own code, or made the run itself as such a repetition."""
    own = record.info.reproduction
    if own is not None and own.on is None and record.info.status is Status.FINISHED and same(own.metrics):
        return True
    found = reproductions_of(run.repo, run.name)
    return any(one.on is None and one.finished and same(one.metrics) for one in found)


def agrees(
    run: StoredRun, record: Record, noise: Mapping[str, Noise], finished: Finished | None = None
) -> bool:
    """Whether its metrics are those of another run that did the same, or within the noise of several.

    Seeds may be others. `noise` is what the project says of metrics.
    """
    found = (finished or Finished(run.repo)).repeating(record, run.commit)
    others = [one for one in found if one.name != run.name]
    known = Known(noise, [one.record.metrics for one in others])
    return any(same(judge(one.name, one.commit, one.record, record, known).metrics) for one in others)


def same(metrics: Mapping[str, Measured]) -> bool:
    """Whether there are metrics, and each is the same, within noise, or in the interval that it had."""
    known = {name: one for name, one in metrics.items() if one.verdict is not Verdict.NEW}
    return bool(known) and all(_is_same(name, known) for name in known)


def _is_same(name: str, metrics: Mapping[str, Measured]) -> bool:
    one = metrics[name]
    if one.verdict is not Verdict.DIFFERENT:
        return one.verdict is not Verdict.MISSING
    if name.endswith(_ERROR) and name.removesuffix(_ERROR) in metrics:
        return True  # how sure a mean is may be another: what it is counts
    error = metrics.get(name + _ERROR)
    values = (one.old, one.new, error.old if error else None)
    if not all(map(is_score, values)):
        return False
    old, new, deviation = map(float, values)  # type: ignore[arg-type]
    return abs(new - old) <= _DEVIATIONS * deviation
