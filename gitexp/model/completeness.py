"""How completely it is known what a score came from: a level, which is hard to game, and a weighted share."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from gitexp.errors import UsageError
from gitexp.model.record import Pin
from gitexp.model.roles import DATASET, GRADER, MODEL, PROMPT, RETRIEVER, SEEDS, SETTINGS, TOOLS

CODE, COMMAND, ENV, PARAMS, HARDWARE, PARENT = "code", "command", "env", "params", "hardware", "parent"
EVALUATION = "evaluation"
"""What is known of the tables: how many examples and epochs, which way is better, what errors count."""
ARTIFACTS = "artifacts"
RUN = "run"
"""The field that a re-run is of."""
REPETITIONS = "repetitions"
"""The same, where nobody has looked for one."""

WEIGHTS: Mapping[str, float] = {
    **dict.fromkeys((MODEL, DATASET, PROMPT, GRADER, CODE, RETRIEVER), 3.0),
    **dict.fromkeys((SETTINGS, TOOLS, ENV, EVALUATION, PARAMS), 2.0),
    **{SEEDS: 1.5, HARDWARE: 0.5, PARENT: 0.5, ARTIFACTS: 0.0},
}
"""What each field counts; any other counts 1. Artifacts came out of the run: they say nothing of how."""
STRENGTHS: Mapping[Pin | None, float] = {
    Pin.CONTENT: 1.0,
    Pin.REVISION: 0.7,
    Pin.NAMED: 0.4,
    Pin.INFERRED: 0.2,
    None: 0.0,
}
_FROM_STRONGEST = (*Pin, None)
_ROUNDING = 1e-9
"""What sums of fractions may be off."""
_PINNED = (Pin.CONTENT, Pin.REVISION)


class Level(IntEnum):
    """How much of a run can be relied on; each asks for all that the ones before ask for."""

    E0 = 0
    """There is a number, and something that it rests on is not known at all."""
    E1 = 1
    """Everything that it rests on has a name."""
    E2 = 2
    """Everything is pinned: by its content, or by a revision that never changes."""
    E3 = 3
    """The bytes of everything can be had."""
    E4 = 4
    """It was done again, and came out the same within noise."""

    def __str__(self) -> str:
        return self.name


class Fault(str, Enum):
    """What is wrong with a field."""

    MISSING = "missing"
    INFERRED = "only inferred"
    NAMED = "only named"
    UNKEPT = "not kept"
    """Its bytes cannot be had from here."""
    UNREPEATED = "not repeated"
    UNSOUGHT = "not looked for"


_HELD_UP = {
    Fault.MISSING: Level.E1,
    Fault.INFERRED: Level.E2,
    Fault.NAMED: Level.E2,
    Fault.UNKEPT: Level.E3,
    Fault.UNREPEATED: Level.E4,
    Fault.UNSOUGHT: Level.E4,
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One input, or anything else that a field is about."""

    name: str
    pin: Pin
    kept: bool = True
    """Whether its bytes can be had, or it has none besides what the record says."""


@dataclass(frozen=True, slots=True)
class Field:
    """One question of what the run came from, and how well it is answered."""

    name: str
    """A role, or one of the words above."""
    things: tuple[Thing, ...] = ()
    """The answer; empty where there is none."""
    needed: bool = True
    """Whether levels wait for it; the score counts it anyway."""
    required: bool = False
    """Whether the project says that no run may be without it."""
    none: bool = False
    """The statement that there is none of it."""

    @property
    def pin(self) -> Pin | None:
        """That of the weakest of its things; None where there is none."""
        return max((one.pin for one in self.things), key=_FROM_STRONGEST.index, default=None)

    @property
    def kept(self) -> bool:
        return all(one.kept for one in self.things)

    @property
    def counts(self) -> bool:
        """Whether it is part of the sum: what is stated not to be there is not."""
        return bool(self.things) or not self.none

    @property
    def weight(self) -> float:
        return WEIGHTS.get(self.name, 1.0)

    @property
    def is_waited_for(self) -> bool:
        return self.needed or self.required

    @property
    def weakest(self) -> tuple[str, ...]:
        """The names of the things that are no better known than the field as a whole."""
        return tuple(sorted({one.name for one in self.things if one.pin is self.pin}))

    @property
    def unkept(self) -> tuple[str, ...]:
        return tuple(sorted({one.name for one in self.things if not one.kept}))


@dataclass(frozen=True, slots=True)
class Gap:
    """What keeps a run from being more complete."""

    field: str
    fault: Fault
    things: tuple[str, ...] = ()
    """The names of what it is about, sorted."""
    level: Level | None = None
    """The lowest that cannot be reached with it; None where it costs score alone."""
    required: bool = False
    """Whether the project forbids it."""
    mend: str = ""
    """What to type or write; empty where nothing helps."""

    @property
    def told(self) -> str:
        return _told([self.field], self.fault)


@dataclass(frozen=True, slots=True)
class Least:
    """How complete a run has to be: a level or a share, as was asked."""

    level: Level | None = None
    score: float | None = None

    def __str__(self) -> str:
        return percent(self.score) if self.score is not None else str(self.level)


@dataclass(frozen=True, slots=True)
class Completeness:
    """How completely it is known what a run came from."""

    level: Level
    score: float
    """Between 0 and 1: the weighted share of what applies to the run."""
    fields: tuple[Field, ...]
    """Everything that applies to it, and what is stated not to be there; the heaviest first."""
    gaps: tuple[Gap, ...] = ()
    """What the project forbids first, then by the level that it holds up, then the heaviest."""

    @property
    def forbidden(self) -> tuple[Gap, ...]:
        """Required fields that are missing."""
        return tuple(one for one in self.gaps if one.required)

    def meets(self, least: Least | None) -> bool:
        """Whether it is as complete as that, and has what the project requires."""
        return not self.forbidden and (
            least is None
            or (
                (least.level is None or self.level >= least.level)
                and (least.score is None or self.score >= least.score - _ROUNDING)
            )
        )

    @property
    def in_short(self) -> str:
        """`model is only named; seeds, hardware missing`."""
        return "; ".join(_grouped(self.gaps))

    def __str__(self) -> str:
        """`E2 (83 %): model is only named; seeds, hardware missing`."""
        return f"{self.level!s} ({percent(self.score)})" + (f": {self.in_short}" if self.gaps else "")


def assess(fields: Iterable[Field], *, repeated: bool | None = False) -> Completeness:
    """The level, the score and the gaps of a run with these fields, in whatever order they come.

    `repeated` says whether it was done again with the same outcome within noise; None where not all runs were
    looked at for that.
    """
    found = tuple(sorted((one for one in fields), key=lambda one: (-one.weight, one.name)))
    counted = [one for one in found if one.counts]
    gaps = [gap for one in counted if (gap := _gap(one)) is not None]
    level = min((gap.level - 1 for gap in gaps if gap.level is not None), default=Level.E3)
    if level == Level.E3:
        level = Level.E4 if repeated else level
        lacks = (REPETITIONS, Fault.UNSOUGHT) if repeated is None else (RUN, Fault.UNREPEATED)
        gaps += [] if repeated else [Gap(*lacks, level=Level.E4)]
    return Completeness(Level(level), _score(counted), found, tuple(sorted(gaps, key=_importance)))


def least_of(value: object) -> Least:
    """`E2`, 0.8, `0.8` or `80%`. Raises UsageError."""
    text = str(value).strip()
    if re.fullmatch(r"[eE][0-4]", text):
        return Least(level=Level[text.upper()])
    share = text[:-1].strip() if text.endswith("%") else text
    try:
        score = float("nan" if isinstance(value, bool) else share) / (100 if share != text else 1)
    except ValueError:
        score = math.nan
    if not 0 <= score <= 1:
        raise UsageError(f"invalid completeness {text[:40]!r}", hint="use E0 to E4, or a share such as 0.8")
    return Least(score=score)


def percent(share: float) -> str:
    """Rounded down: 100 % is said of nothing less."""
    return f"{math.floor(share * 100 + _ROUNDING)} %"


def _score(fields: Iterable[Field]) -> float:
    pairs = [(one.weight, STRENGTHS[one.pin]) for one in fields]
    whole = math.fsum(weight for weight, _ in pairs)
    return math.fsum(weight * strength for weight, strength in pairs) / whole if whole else 0.0


def _gap(one: Field) -> Gap | None:
    """The worst that is to be said of a field."""
    if one.pin is None:
        level = _HELD_UP[Fault.MISSING] if one.is_waited_for else None
        return Gap(one.name, Fault.MISSING, level=level, required=one.required)
    if one.pin not in _PINNED:
        fault, things = Fault.NAMED if one.pin is Pin.NAMED else Fault.INFERRED, one.weakest
    elif not one.kept:
        fault, things = Fault.UNKEPT, one.unkept
    else:
        return None
    return Gap(one.name, fault, things, _HELD_UP[fault] if one.is_waited_for else None)


def _importance(gap: Gap) -> tuple[bool, int, float, str]:
    return not gap.required, gap.level or len(Level), -WEIGHTS.get(gap.field, 1.0), gap.field


def _grouped(gaps: Iterable[Gap]) -> list[str]:
    """A sentence for each fault, in the order in which the first of each comes."""
    fields: dict[Fault, list[str]] = {}
    for gap in gaps:
        fields.setdefault(gap.fault, []).append(gap.field)
    return [_told(names, fault) for fault, names in fields.items()]


def _told(fields: list[str], fault: Fault) -> str:
    listed = ", ".join(fields)
    if fault is Fault.MISSING:
        return f"{listed} missing"
    several = len(fields) > 1 or listed in (SEEDS, SETTINGS, TOOLS, ARTIFACTS, PARAMS, REPETITIONS)
    return f"{listed} {'are' if several else 'is'} {fault.value}"
