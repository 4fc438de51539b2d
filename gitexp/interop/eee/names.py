"""Names that have to be different, made of some that need not be."""

from __future__ import annotations

from dataclasses import dataclass, field

_ROOM = 10
"""Characters for a number."""


@dataclass(slots=True)
class Names:
    """Those that are taken: a name that is gets a number."""

    sign: str
    """Before the number."""
    longest: int
    _taken: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)
    """The last number by what stands before it: many equal names are not to be counted from the start."""

    def free(self, name: str) -> str:
        """`name`, or one like it that was not given before."""
        found, stem = name, name[: self.longest - _ROOM]
        while found in self._taken:
            count = self._counts[stem] = self._counts.get(stem, 1) + 1
            found = f"{stem}{self.sign}{count}"
        self._taken.add(found)
        return found
