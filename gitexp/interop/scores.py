"""Scores as other tools write them, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from gitexp.model.evaluation import Score, is_score

LETTERS: Mapping[str, Score] = {"C": 1, "I": 0, "P": 0.5, "N": 0}
"""Inspect's: correct, incorrect, partly, no answer. Anywhere else a C may be a grade that is worse than B."""
_WORDS: Mapping[str, Score] = {"true": 1, "false": 0, "yes": 1, "no": 0, "pass": 1, "fail": 0}
_NO_LETTERS: Mapping[str, Score] = {}
_MAX_DEPTH = 4


class NoScore(Exception):
    """What stands there is no number."""


class NotANumber(NoScore):
    """NaN or an infinity: the tool says that it could not score."""


def number(value: object, letters: Mapping[str, Score] = _NO_LETTERS) -> Score:
    """`value` as a score; `letters` are those that stand for one. Raises NoScore."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return _of_text(value, letters)
    if isinstance(value, float) and not isfinite(value):
        raise NotANumber(f"{value} is no score")
    if not isinstance(value, (int, float)) or not is_score(value):
        raise NoScore(f"{_shown(value)} is no score")
    # 1.0 and 1 are one score, and are written as one.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def says_nothing(scores: Mapping[str, object]) -> bool:
    """Whether nothing in `scores` is a number, nor says that there is none."""
    for name, value in scores.items():
        for _, one in flattened(name, value):
            try:
                number(one)
            except NotANumber:
                return False
            except NoScore:
                continue
            return False
    return True


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


def _of_text(text: str, letters: Mapping[str, Score]) -> Score:
    found = letters.get(text, _WORDS.get(text.lower()))
    if found is not None:
        return found
    try:
        return number(float(text))
    except ValueError:
        raise NoScore(f"{_shown(text)} is no score") from None


def _shown(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 40 else told[:39] + "…"
