"""What differs between runs; values in, values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final, TypeAlias, TypeGuard

from gitexp.diff import Path, aligned, differences, same
from gitexp.errors import UnknownKey
from gitexp.formats.assignment import flatten, join_key
from gitexp.formats.inputs import NONE
from gitexp.model.history import MISSING, Missing
from gitexp.model.record import Input, Record, Status
from gitexp.model.values import Oid, Scalar, Value
from gitexp.ops.goals import goal_of
from gitexp.ops.headline import leading_first


class Unknown(Enum):
    """Stands for a side of which the whole part was not recorded; a MISSING one lacks just that key."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

Found: TypeAlias = Value | Missing | Unknown

_NOISE = re.compile(
    r"seeds\..*\bstate|variables\.(?:LSB|PBS|SLURM)_(?:ARRAY_)?"
    r"(?:JOB_?ID|JOB_?INDEX|TASK_ID|INDEX|NODEID|NODELIST|PROCID|LOCALID)"
)


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared of one run; None for a part that was not recorded."""

    code: Oid
    """The code tree."""
    params: Mapping[str, Value]
    metrics: Mapping[str, Scalar] | None = None
    inputs: tuple[Input, ...] | None = None
    env: Mapping[str, Value] | None = None
    requirements: str | None = None


def side_of(record: Record, code: Oid | None = None) -> Side:
    """A whole record as a side; `code` where the code beside it is not the recorded one."""
    # On what a draft will run is not known yet.
    runs_yet = record.info.status is not Status.DRAFT
    return Side(
        code or record.info.code.tree,
        record.params,
        record.metrics,
        record.inputs,
        record.env if runs_yet else None,
        record.requirements if runs_yet else None,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that runs have, and what it is in each; the others are held against the first."""

    key: str
    """A dotted key, with `[0]` for a position in a list."""
    values: tuple[Found, ...]

    @property
    def differs(self) -> bool:
        known = [value for value in self.values if not isinstance(value, Unknown)]
        return any(not same(known[0], value) for value in known[1:])


@dataclass(frozen=True, slots=True)
class Measure(Line):
    """A metric in each run."""

    goal: str | None = None
    """`min` or `max`; None where nothing tells which way it is better."""
    guessed: bool = False
    """Whether the goal was read off the metric's name."""

    @property
    def best(self) -> tuple[int, ...]:
        """The sides with the best value; none where it is the same in all, or only one has a number."""
        numbers: dict[int, int | float] = {i: v for i, v in enumerate(self.values) if _is_number(v)}
        if self.goal is None or len(set(numbers.values())) < 2:
            return ()
        best = min(numbers.values()) if self.goal == "min" else max(numbers.values())
        return tuple(index for index, value in numbers.items() if value == best)

    def verdict(self, index: int) -> str | None:
        """`better` or `worse` than the first side; None where that cannot be said, or it is the same."""
        old, new = self.values[0], self.values[index]
        if self.goal is None or not _is_number(old) or not _is_number(new) or old == new:
            return None
        return "better" if (new < old) is (self.goal == "min") else "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sides next to each other, part by part; keys are sorted, metrics those that tell most first."""

    params: tuple[Line, ...]
    metrics: tuple[Measure, ...]
    inputs: tuple[Line, ...]
    """`role name` -> the hash, or the value where the input is no file."""
    packages: tuple[Line, ...]
    """Package -> version."""
    env: tuple[Line, ...]
    code: tuple[bool, ...]
    """Of each side whether its code tree differs from the first one's."""

    @property
    def differs(self) -> bool:
        """Whether there is a difference that is not noise."""
        parts = (self.params, self.metrics, self.inputs, self.packages, self.env)
        lines = (line for part in parts for line in part)
        return any(self.code) or any(line.differs for line in lines if not is_noise(line.key))

    @property
    def guessed(self) -> tuple[str, ...]:
        """The metrics whose goal was read off their names, where it told anything."""
        return tuple(one.key for one in self.metrics if one.guessed and one.best)


def is_noise(key: str) -> bool:
    """Whether a key of the environment is another one in each run and tells nothing of it."""
    return bool(_NOISE.fullmatch(key))


def compare(
    sides: Sequence[Side], *, goals: Mapping[str, str] | None = None, everything: bool = False
) -> Comparison:
    """What differs between two or more sides; with `everything` also what does not, and noise."""
    env = _lines([side.env for side in sides], _nested, everything)
    return Comparison(
        params=_lines([side.params for side in sides], _nested, everything),
        metrics=_measures(_lines([side.metrics for side in sides], _named, everything), goals or {}),
        inputs=_lines([_inputs(side.inputs) for side in sides], _named, everything),
        packages=_package_lines([_packages(side.requirements) for side in sides], everything),
        env=tuple(line for line in env if everything or not is_noise(line.key)),
        code=tuple(side.code != sides[0].code for side in sides),
    )


def only_metrics(found: Comparison, names: Sequence[str], sides: Sequence[Side]) -> Comparison:
    """The comparison with these metrics alone. Raises UnknownKey for one that no side has."""
    known = sorted({name for side in sides for name in side.metrics or ()})
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            raise UnknownKey(
                f"no run has a metric {name!r}", hint=f"-m {near[0]}" if near else "git exp show RUN"
            )
    return replace(found, metrics=tuple(one for one in found.metrics if one.key in names))


def differing(each: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys whose values are not the same in all of `each`, sorted; of a single mapping all its keys."""
    keys = sorted({key for one in each for key in one})
    if len(each) == 1:
        return keys
    return [key for key in keys if len({_mark(one, key) for one in each}) > 1]


def path_text(path: Path) -> str:
    """`model.layers[0].width`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{join_key([part])}"
    return text


_Part: TypeAlias = Mapping[str, Value]
_Align: TypeAlias = Callable[[Sequence[_Part], bool], list[Line]]


def _lines(parts: Sequence[_Part | None], align: _Align, everything: bool) -> tuple[Line, ...]:
    """The lines of one part, of those sides that have it."""
    known = [part for part in parts if part is not None]
    if len(known) < 2:
        return ()
    lines = sorted(align(known, everything), key=lambda line: line.key)
    spread = [Line(line.key, _spread(line.values, parts)) for line in lines]
    return tuple(line for line in spread if everything or line.differs)


def _spread(values: Sequence[Found], parts: Sequence[_Part | None]) -> tuple[Found, ...]:
    rest = iter(values)
    return tuple(UNKNOWN if part is None else next(rest) for part in parts)


def _nested(parts: Sequence[_Part], everything: bool) -> list[Line]:
    if len(parts) > 2:
        return [Line(path_text(path), values) for path, values in aligned(parts)]
    # Of two, items of lists are matched by their names.
    old, new = parts
    lines = [Line(path_text(one.path), (one.old, one.new)) for one in differences(old, new)]
    if everything:
        there = flatten(new)
        lines += [
            Line(key, (value, there[key]))
            for key, value in flatten(old).items()
            if same(value, there.get(key, MISSING))
        ]
    return lines


def _named(parts: Sequence[_Part], _everything: bool) -> list[Line]:
    """Of values whose keys are names, in which a dot has no meaning."""
    keys = {key for part in parts for key in part}
    return [Line(key, tuple(part.get(key, MISSING) for part in parts)) for key in keys]


def _package_lines(parts: Sequence[_Part | None], everything: bool) -> tuple[Line, ...]:
    listed = [part or None for part in parts]
    if len([part for part in listed if part]) == 1 and len([part for part in parts if part is not None]) > 1:
        # Of the others they are not known: a list of all of this one's would say no more.
        counts = tuple(UNKNOWN if part is None else len(part) or MISSING for part in parts)
        return (Line("packages", counts),)
    return _lines(listed, _named, everything)


def _measures(lines: Sequence[Line], goals: Mapping[str, str]) -> tuple[Measure, ...]:
    by_name = {line.key: line for line in lines}
    return tuple(
        Measure(name, by_name[name].values, goal_of(name, goals), name not in goals)
        for name in leading_first(by_name)
    )


def _inputs(inputs: Sequence[Input] | None) -> dict[str, Value] | None:
    return None if inputs is None else input_identities(inputs)


def input_identities(inputs: Sequence[Input]) -> dict[str, Value]:
    """`role path` -> the hash, or the value where the input is no file."""
    return {f"{one.role} {one.path or one.name}": _identity(one) for one in inputs}


def _identity(one: Input) -> Value:
    if one.none:
        return NONE
    return f"sha256:{one.oid}" if one.oid else one.value


def _packages(requirements: str | None) -> dict[str, Value] | None:
    if requirements is None:
        return None
    pairs = (re.split("==| @ ", line, maxsplit=1) for line in requirements.splitlines())
    return {name: rest[0] if rest else "" for name, *rest in pairs if name}


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _mark(one: Mapping[str, Any], key: str) -> str:
    # By its type as well: 1, 1.0 and True are three values. NaN is equal to itself.
    return f"{type(one[key]).__name__} {one[key]!r}" if key in one else ""
