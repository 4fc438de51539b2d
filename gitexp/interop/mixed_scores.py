"""Metrics whose scores are written in ways that do not go together: one of the two may be a mistake."""

from __future__ import annotations

import json
from collections.abc import Mapping

from gitexp.interop.problems import Problems
from gitexp.model.evaluation import Score


class Mixed:
    """How the scores of each metric were written first, and where; what does not fit is a warning."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._shapes: dict[str, tuple[str, str]] = {}
        self._words: dict[str, tuple[str, str]] = {}
        self._numbers: dict[str, tuple[str, str]] = {}

    def see(self, where: str, name: str, value: object) -> None:
        """Look at what the row at `where` has for a metric: a single score, or several of them."""
        if value is None:
            return
        shape = _shape(value)
        first, place = self._shapes.setdefault(name, (shape, where))
        if shape != first:
            told = f"{name!r} is {shape}, and {first} at {place}: what is in a mapping or list is {name}.KEY"
            self._problems.warn(where, f"{told}, another metric", f"{name!r} is {shape}")

    def see_score(self, where: str, metric: str, value: object, score: Score) -> None:
        """Look at what was written for a score: yes and no do not fit numbers that are neither 1 nor 0."""
        is_word = isinstance(value, bool) or (isinstance(value, str) and value.strip()[:1].isalpha())
        if not is_word and score in (0, 1):
            return
        own, others = (self._words, self._numbers) if is_word else (self._numbers, self._words)
        text = f"{json.dumps(value)} (which counts as {score})" if is_word else json.dumps(value)
        own.setdefault(metric, (text, where))
        if metric in others:
            other, place = others[metric]
            self._problems.warn(
                where, f"{metric!r} is {text}, and {other} at {place}", f"{metric!r} is mixed"
            )


def _shape(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else "a single value"
