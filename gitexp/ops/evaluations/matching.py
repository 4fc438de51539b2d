"""Which examples of two suites are the same question, whatever they are called."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gitexp.model.evaluation import Example, Suite

_Key: TypeAlias = Callable[[Example], Hashable]


@dataclass(frozen=True, slots=True)
class Pair:
    old: Example
    new: Example

    @property
    def renamed(self) -> bool:
        return self.old.id != self.new.id


@dataclass(frozen=True, slots=True)
class Matched:
    """The examples of two suites next to each other, in the order of the old one's ids."""

    common: tuple[Pair, ...] = ()
    """The same question and the same label: only they can be compared."""
    relabelled: tuple[Pair, ...] = ()
    """The same question with another label."""
    edited: tuple[Pair, ...] = ()
    """The same id for another question."""
    added: tuple[Example, ...] = ()
    removed: tuple[Example, ...] = ()

    @property
    def same_data(self) -> bool:
        return not (self.relabelled or self.edited or self.added or self.removed)

    @property
    def overlap(self) -> float:
        """The share of all examples of either side that can be compared; 1 where there are none."""
        apart = len(self.relabelled) + len(self.edited) + len(self.added) + len(self.removed)
        return len(self.common) / (len(self.common) + apart) if apart else 1.0


def match(old: Suite, new: Suite) -> Matched:
    """Examples are matched by the content of the question; of equal ones first those of one id, then those of
    one label, then as they come. What is left is matched by id, where ids are more than a numbering.
    """
    if old.examples == new.examples:
        return Matched(tuple(Pair(one, one) for one in old.examples))
    removed, added = list(old.examples), list(new.examples)
    pairs: list[Pair] = []
    keys: list[_Key] = [lambda one: (one.x, one.id), lambda one: (one.x, one.y), lambda one: one.x]
    for key in keys:
        found, removed, added = _joined(removed, added, key)
        pairs += found
    edited: list[Pair] = []
    if not (_is_numbering(old.examples) or _is_numbering(new.examples)):
        edited, removed, added = _joined(removed, added, lambda one: one.id)
    pairs.sort(key=lambda pair: pair.old.id)
    return Matched(
        common=tuple(pair for pair in pairs if pair.old.y == pair.new.y),
        relabelled=tuple(pair for pair in pairs if pair.old.y != pair.new.y),
        edited=tuple(edited),
        added=tuple(added),
        removed=tuple(removed),
    )


def _joined(
    olds: Sequence[Example], news: Sequence[Example], key: _Key
) -> tuple[list[Pair], list[Example], list[Example]]:
    """Pairs with the same key, and what is left of either side, in its order."""
    waiting: dict[Hashable, deque[Example]] = {}
    for new in news:
        waiting.setdefault(key(new), deque()).append(new)
    pairs, left = [], []
    for old in olds:
        candidates = waiting.get(key(old))
        if candidates:
            pairs.append(Pair(old, candidates.popleft()))
        else:
            left.append(old)
    taken = {id(pair.new) for pair in pairs}
    return pairs, left, [new for new in news if id(new) not in taken]


def _is_numbering(examples: Sequence[Example]) -> bool:
    """Whether the ids are 0, 1, 2… or 1, 2, 3…: they tell a place, and no question."""
    numbers = {one.id for one in examples}
    return any(numbers == {str(at) for at in range(first, first + len(examples))} for first in (0, 1))
