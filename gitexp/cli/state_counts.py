"""How many runs and archives came to what, in one line: `3 new, 1 conflict, 1 archive updated`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import Protocol, TypeVar

T = TypeVar("T")


class Told(Protocol):
    """What became of a run or an archive."""

    @property
    def state(self) -> Enum: ...

    @property
    def is_archive(self) -> bool: ...


def state_counts(results: Iterable[Told], states: Iterable[Enum]) -> str:
    """The counts, in the order of `states`; empty where there is nothing."""
    found = Counter((one.is_archive, one.state) for one in results)
    order = [(is_archive, state) for is_archive in (False, True) for state in states]
    return ", ".join(_told(found[one], *one) for one in order if found[one])


def by_kind(results: Iterable[tuple[Told, T]]) -> tuple[list[T], list[T]]:
    """What belongs to runs, and what belongs to archives."""
    pairs = list(results)
    runs = [value for one, value in pairs if not one.is_archive]
    return runs, [value for one, value in pairs if one.is_archive]


def _told(number: int, is_archive: bool, state: Enum) -> str:
    what = f" archive{'' if number == 1 else 's'}" if is_archive else ""
    return f"{number}{what} {state.value}"
