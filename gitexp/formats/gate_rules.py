"""What may be said for each rule of a gate, in `.gitexp.yaml` as on the command line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias

from gitexp.errors import UsageError
from gitexp.model.completeness import Least, least_of
from gitexp.model.evaluation import USAGE
from gitexp.model.gate import TOKENS, Correct, Mode, OnErrors, limit_of, must_pass_of
from gitexp.model.noise import Noise, noise_of
from gitexp.model.values import Value


class Reader(NamedTuple):
    """How a rule is read."""

    read: Callable[[Value], Any]
    """Raises ValueError or TypeError."""
    hint: str


def _number(low: float, high: float, *, open_ends: bool = False) -> Callable[[Value], float]:
    def read(value: Value) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(value)
        found = float(value)
        if not (low < found < high if open_ends else low <= found <= high) or math.isinf(found):
            raise ValueError(value)
        return found

    return read


def _margin(value: Value) -> Noise:
    """As typed on the command line, too, where all are texts."""
    plain = isinstance(value, str) and not value.strip().endswith("%")
    return noise_of(_number(0, math.inf)(value) if plain else value)


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(value)
    found = int(value)
    if found < 0:
        raise ValueError(value)
    return found


def _text(value: Value) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _texts(value: Value) -> tuple[str, ...]:
    found: Sequence[Value] = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(_text(one) for one in found)


def _each(read: Callable[[str], Any]) -> Callable[[Value], tuple[Any, ...]]:
    """A list of what `read` reads; a mapping stands for `key=value` texts."""

    def reader(value: Value) -> tuple[Any, ...]:
        if isinstance(value, Mapping):
            value = [f"{key}={item}" for key, item in value.items()]
        return tuple(read(text) for text in _texts(value))

    return reader


def _least(value: Value) -> Least:
    try:
        return least_of(value)
    except UsageError:
        raise ValueError(value) from None


Words: TypeAlias = type[Enum]


def _word(words: Words) -> Reader:
    return Reader(words, f"use {' or '.join(str(one.value) for one in words)}")


READERS: Final[Mapping[str, Reader]] = {
    "metrics": Reader(_texts, "use SUITE/METRIC, or the name of a metric"),
    "mode": _word(Mode),
    "max_drop": Reader(_margin, "use a number such as 0.02, or a share of the baseline's value such as 2%"),
    "min_delta": Reader(_number(0, math.inf), "use a number such as 0.01"),
    "confidence": Reader(_number(0.5, 1, open_ends=True), "use a number between 0.5 and 1, such as 0.95"),
    "detect": Reader(_number(0, math.inf, open_ends=True), "use a number such as 0.05"),
    "power": Reader(_number(0.5, 1, open_ends=True), "use a number between 0.5 and 1, such as 0.8"),
    "cluster": Reader(_text, "use the name of a tag"),
    "errors": _word(OnErrors),
    "max_error_rate": Reader(_number(0, 1), "use a number from 0 to 1, such as 0.02"),
    "min_n": Reader(_whole, "use a number of examples, such as 30"),
    "min_overlap": Reader(_number(0, 1), "use a number from 0 to 1, such as 0.95"),
    "min_completeness": Reader(_least, "use a level such as E2, or a score such as 0.8"),
    "must_pass": Reader(_each(must_pass_of), "use tag:critical, tag:topic=safety or tag:critical:0.8"),
    "max_increase": Reader(
        _each(limit_of),
        f"use COST=10%, where COST is {TOKENS}, latency, latency_p95, {', '.join(USAGE)}",
    ),
    "allow_dataset_change": Reader(_flag, "use true or false"),
    "allow_grader_change": Reader(_flag, "use true or false"),
    "correct": _word(Correct),
}
"""Field of Rules -> how it is read."""
