"""What a gate asks of a run, and what it answers: values that settings, options and reports share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from gitexp.model.completeness import Least
from gitexp.model.evaluation import USAGE
from gitexp.model.noise import Noise, noise_of

DEFAULT = "default"
"""The gate that is used where none is named."""
_PERCENTILE = re.compile(r"latency(?:_p([1-9][0-9]?))?", re.ASCII)
TOKENS = "tokens"
_ENDS = ("in", "out")


class Mode(str, Enum):
    """What is to be shown of the new run."""

    REGRESSION = "regression"
    """It fails where it is surely worse."""
    NONINFERIOR = "noninferior"
    """It passes where it is surely not worse by more than a margin."""
    IMPROVE = "improve"
    """It passes where it is surely better."""


class OnErrors(str, Enum):
    """What becomes of answers that are in no good state."""

    ZERO = "zero"
    EXCLUDE = "exclude"
    FAIL = "fail"
    """None may be."""


class Correct(str, Enum):
    """How the number of metrics is allowed for."""

    HOLM = "holm"
    NONE = "none"


class Outcome(str, Enum):
    """What came of one check, or of all."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """Too little to tell by."""
    INCOMPARABLE = "not comparable"
    POLICY = "policy"
    """What is demanded of any run, whatever its scores: few errors, a complete record."""


_GRAVEST_FIRST = (
    Outcome.FAIL,
    Outcome.INCOMPARABLE,
    Outcome.POLICY,
    Outcome.INCONCLUSIVE,
    Outcome.PASS,
)
"""What was shown to be worse stays so, whatever else could not be compared."""


def gravest(outcomes: list[Outcome]) -> Outcome:
    """What all of them amount to; of none nothing can be told."""
    return min(outcomes, key=_GRAVEST_FIRST.index, default=Outcome.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class MustPass:
    """Examples of which none may get worse."""

    tag: str
    value: str | None = None
    """Only where the tag has this value."""
    share: float | None = None
    """How many of its answers have to be right, instead of as many as were."""

    def __str__(self) -> str:
        value = "" if self.value is None else f"={self.value}"
        return f"tag:{self.tag}{value}" + ("" if self.share is None else f":{self.share:g}")


@dataclass(frozen=True, slots=True)
class Limit:
    """By how much a cost may grow."""

    cost: str
    """One of USAGE, `tokens`, `latency`, or a percentile of it such as `latency_p95`."""
    share: float

    @property
    def percentile(self) -> int | None:
        found = _PERCENTILE.fullmatch(self.cost)
        return int(found[1]) if found and found[1] else None

    @property
    def counted(self) -> tuple[str, ...]:
        """The kinds of usage that add up to it."""
        if self.cost == TOKENS:
            return _ENDS
        return ("sec",) if _PERCENTILE.fullmatch(self.cost) else (self.cost,)

    def __str__(self) -> str:
        return f"{self.cost}={self.share * 100:.6g}%"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a gate decides."""

    metrics: tuple[str, ...] = ()
    """`SUITE/METRIC`, or metrics of the run; without any all that can be compared."""
    mode: Mode = Mode.REGRESSION
    max_drop: Noise | None = None
    """By how much a metric may get worse; None is 0, and does not decide by itself."""
    min_delta: float = 0.0
    """By how much it has to get better, where it has to."""
    confidence: float = 0.95
    """One-sided."""
    detect: float | None = None
    """The drop that has to be seen with `power`."""
    power: float = 0.8
    cluster: str | None = None
    errors: OnErrors | None = None
    """None for what the suite of the baseline says."""
    max_error_rate: float = 0.02
    min_n: int = 30
    """Examples below which nothing passes."""
    min_overlap: float = 0.95
    min_completeness: Least | None = None
    must_pass: tuple[MustPass, ...] = ()
    max_increase: tuple[Limit, ...] = ()
    allow_dataset_change: bool = False
    allow_grader_change: bool = False
    correct: Correct = Correct.HOLM

    def margin(self, old: float) -> float:
        """The tolerated drop at a value of the baseline."""
        return self.max_drop.around(old) if self.max_drop is not None else 0.0


@dataclass(frozen=True, slots=True)
class GateSettings:
    """A gate as `.gitexp.yaml` has it: only what is said there."""

    name: str
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Field of Rules -> value."""


def must_pass_of(text: str) -> MustPass:
    """What `tag:critical`, `tag:topic=safety` or `tag:critical:0.8` says. Raises ValueError."""
    kind, _, rest = text.partition(":")
    name, colon, number = rest.rpartition(":")
    share = _share(number) if colon else None
    tag, equals, value = (name if share is not None else rest).partition("=")
    if kind != "tag" or not tag:
        raise ValueError(text)
    return MustPass(tag, value if equals else None, share)


def limit_of(text: str) -> Limit:
    """What `cost=10%` says. Raises ValueError."""
    cost, _, amount = text.partition("=")
    if cost not in (*USAGE, TOKENS) and not _PERCENTILE.fullmatch(cost):
        raise ValueError(text)
    found = noise_of(amount)
    if not found.relative:
        raise ValueError(text)
    return Limit(cost, found.amount)


def _share(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found <= 1 else None
