"""How far a number may be off and still count as the same, and what tells that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Basis(str, Enum):
    """What tells how sure a difference is."""

    EXAMPLES = "examples"
    """The differences of examples, each answered by both."""
    REPEATED = "repeated runs"
    NOISE = "noise"
    """What `.gitexp.yaml` says of the metric."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a metric may be off and still count as the same."""

    amount: float
    relative: bool = False
    """Whether it is a share of the old value."""

    def around(self, value: float) -> float:
        """The tolerance at a value."""
        return abs(value) * self.amount if self.relative else self.amount

    def __str__(self) -> str:
        return f"{self.amount * 100:.6g}%" if self.relative else f"{self.amount:.6g}"


def noise_of(found: object) -> Noise:
    """What a number such as 0.002, or a text such as `1%`, says. Raises ValueError for anything else."""
    text = found.strip() if isinstance(found, str) else ""
    share = text[:-1] if text.endswith("%") else None
    if isinstance(found, bool) or (share is None and not isinstance(found, (int, float))):
        raise ValueError(found)
    try:
        amount = float(found if share is None else share)  # type: ignore[arg-type]
    except OverflowError:
        raise ValueError(found) from None
    if not 0 <= amount < math.inf:
        raise ValueError(found)
    return Noise(amount) if share is None else Noise(amount / 100, relative=True)
