"""What a query is asked of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gitexp.model.history import Missing
from gitexp.model.values import Value
from gitexp.query.tree import Field


class Subject(Protocol):
    """A run, wherever it is read from."""

    @property
    def now(self) -> float:
        """Seconds since 1970, for times that are told from now."""

    def get(self, field: Field) -> Value | Missing:
        """What stands at `field`, whose space is never empty; MISSING where nothing does.

        Times are seconds since 1970, spans seconds; tags, baselines and parents are lists. An input is the
        list of its name, path, hash and value; a mapping is itself.
        """

    def keys(self, space: str) -> Iterable[str]:
        """The keys that the run has in `space`."""
