"""Scores as other tools write them, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from gitexp.model.evaluation import Score, is_score

_LETTERS: Mapping[str, Score] = {
    **{"C": 1, "I": 0, "P": 0.5, "N": 0},
    **{"true": 1, "false": 0, "yes": 1, "no": 0, "pass": 1, "fail": 0},
}
"""Inspect's letters, and the words for true and false."""
_MAX_DEPTH = 4


class NoScore(Exception):
    """What stands there is no number."""


class NotANumber(NoScore):
    """NaN or an infinity: the tool says that it could not score."""


def number(value: object) -> Score:
    """`value` as a score. Raises NoScore."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, float) and not isfinite(value):
        raise NotANumber(f"{value} is no score")
    if not isinstance(value, (int, float)) or not is_score(value):
        raise NoScore(f"{_shown(value)} is no score")
    # 1.0 and 1 are one score, and are written as one.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def flattened(name: str, value: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """The single scores in `value`: of a mapping `name.key`, of a list `name.index`."""
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        for key, item in value.items():
            yield from flattened(f"{name}.{key}", item, depth + 1)
    elif isinstance(value, list) and depth < _MAX_DEPTH:
        for index, item in enumerate(value):
            yield from flattened(f"{name}.{index}", item, depth + 1)
    else:
        yield name, value


def _of_text(text: str) -> Score:
    found = _LETTERS.get(text, _LETTERS.get(text.lower()))
    if found is not None:
        return found
    try:
        return number(float(text))
    except ValueError:
        raise NoScore(f"{_shown(text)} is no score") from None


def _shown(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 40 else told[:39] + "…"
