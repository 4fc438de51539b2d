"""How a run that was made to reproduce another one compares with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from gitexp.model.names import RunName
from gitexp.model.values import Oid, Scalar, Value


class Verdict(str, Enum):
    """What became of a metric, or of a whole run: of its metrics the worst."""

    NOTHING = "nothing to compare"
    """The old run has no metrics."""
    NEW = "new"
    """Only the new run has this metric; no fault of a whole run."""
    IDENTICAL = "identical"
    """The same, bit for bit."""
    NOISE = "within noise"
    DIFFERENT = "different"
    MISSING = "missing"
    """The new run does not have this metric."""

    @property
    def reproduced(self) -> bool:
        return self not in (Verdict.DIFFERENT, Verdict.MISSING)


_FROM_BEST = tuple(Verdict)


class Fate(str, Enum):
    """What became of an input."""

    CHANGED = "changed"
    GONE = "gone"
    """The new run did not have it."""
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric in both runs."""

    verdict: Verdict
    old: Scalar = None
    new: Scalar = None
    tolerance: float | None = None
    """How far it may be from what it is measured against; None where nothing tells."""
    how: str | None = None
    """Where the tolerance is from."""


@dataclass(frozen=True, slots=True)
class InputChange:
    """An input that is not the same in both runs: its hash, or the value that it is."""

    fate: Fate
    old: Value = None
    new: Value = None


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The verdict on a run that reproduces another one."""

    name: RunName
    """The run that was reproduced."""
    commit: Oid
    """The commit of it that was."""
    verdict: Verdict
    on: Oid | None = None
    """The commit whose code ran instead of the old run's own."""
    metrics: Mapping[str, Measured] = field(default_factory=dict)
    inputs: Mapping[str, InputChange] = field(default_factory=dict)
    """`role path` -> what is another one; those that are the same are left out."""
    lacking: tuple[str, ...] = ()
    """What could not be as it was, in sentences: packages, inputs, submodules."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on the whole."""
    found = max(verdicts, key=_FROM_BEST.index, default=Verdict.NOTHING)
    return Verdict.NOTHING if found is Verdict.NEW else found
