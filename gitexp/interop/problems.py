"""What is wrong with a log, collected so that all of it can be told at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gitexp.errors import BrokenFile

_TOLD = 10
"""Of one kind of problem."""


@dataclass(slots=True)
class Problems:
    """Errors are rows that cannot be taken; warnings are of rows that were."""

    partial: bool = False
    """Whether what is good is wanted where there are errors."""
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def error(self, where: str, what: str, kind: str | None = None) -> None:
        """Note that the row at `where` (file, member, line) is left out."""
        self._note(self.errors, where, what, kind or what)

    def warn(self, where: str, what: str, kind: str | None = None) -> None:
        """Note something odd; of one `kind` the first few are told, and how many there are."""
        self._note(self.warnings, where, what, kind or what)

    @property
    def count(self) -> int:
        """How many errors there are."""
        return sum(number for (kind, _), number in self._counts.items() if kind == "error")

    def told(self) -> list[str]:
        """Every sentence, errors first, and how many more there are of each kind."""
        more = [
            f"{count - _TOLD} times more: {kind}"
            for (_, kind), count in sorted(self._counts.items())
            if count > _TOLD
        ]
        return [*self.errors, *self.warnings, *more]

    def check(self) -> None:
        """Raises BrokenFile where there are errors and what is good is not enough."""
        if self.errors and not self.partial:
            more = f" ({self.count - 1} problems more)" if self.count > 1 else ""
            raise BrokenFile(f"{self.errors[0]}{more}", hint="import what is good: --partial")

    def _note(self, into: list[str], where: str, what: str, kind: str) -> None:
        key = ("error" if into is self.errors else "warning", kind)
        self._counts[key] += 1
        if self._counts[key] <= _TOLD:
            into.append(f"{where}: {what}")
