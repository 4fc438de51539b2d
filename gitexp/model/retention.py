"""Which checkpoints a run keeps of those it logs: `last:N`, `best:N`, `best:METRIC:N`, joined by commas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gitexp.errors import UsageError
from gitexp.model.record import Keep

_HINT = "keep='last:2', 'best:1' or 'best:METRIC:1', joined by commas"

Goal: TypeAlias = Callable[[str], str | None]
"""`min` or `max` for a metric; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So many of the last, or of the best."""

    count: int
    best: bool = False
    metric: str | None = None
    """The metric that says which are best; None for the one that tells most of the run."""


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules in `text`. Raises UsageError."""
    if not isinstance(text, str):
        raise UsageError(f"invalid rules of what to keep {text!r}: they are not text", hint=_HINT)
    return tuple(_rule(part.strip(), text) for part in text.split(","))


def _rule(part: str, text: str) -> Rule:
    word, _, rest = part.partition(":")
    metric, colon, count = rest.rpartition(":")
    known = (word == "last" and not colon) or (word == "best" and bool(metric) == bool(colon))
    # Not what Python takes for a number besides: 1_0, +1, digits of other scripts.
    if not known or not (count.isascii() and count.isdigit() and len(count) < 10) or int(count) == 0:
        raise UsageError(f"invalid rule {part!r} in {text!r}", hint=_HINT)
    return Rule(int(count), word == "best", metric or None)


def group_of(name: str, kind: str | None) -> tuple[str, str]:
    """What the rules look at together: what is logged into one folder; else what is of one kind."""
    folder = name.rpartition("/")[0]
    return (folder, "") if folder else ("", kind or "")


def kept(logged: Iterable[Keep], rules: Sequence[Rule], main: str | None, goal: Goal) -> set[str]:
    """The names of those that any rule keeps.

    Of equal values the newer one is better; one without a value is worse than any that has one. `main` is
    the metric where a rule names none.
    """
    newest = sorted(logged, key=lambda one: one.number, reverse=True)
    names: set[str] = set()
    for rule in rules:
        found = _best_first(newest, rule.metric or main, goal) if rule.best else newest
        names |= {one.name for one in found[: rule.count]}
    return names


def _best_first(newest: Sequence[Keep], metric: str | None, goal: Goal) -> list[Keep]:
    sign = -1 if metric is not None and goal(metric) == "max" else 1

    def badness(one: Keep) -> tuple[bool, int | float]:
        value = None if metric is None else one.values.get(metric)
        return (value is None, 0 if value is None else sign * value)

    return sorted(newest, key=badness)
