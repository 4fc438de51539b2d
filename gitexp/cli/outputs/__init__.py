"""The forms that a list of runs can be printed in, each a module with the same functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from gitexp.cli.render.listing import Sheet
    from gitexp.cli.screen import Screen
    from gitexp.errors import GitExpError
    from gitexp.ops.grouping import Groups
    from gitexp.ops.read import StoredRun


class How(NamedTuple):
    """What a form may depend on beside the runs."""

    screen: Screen
    everything: Sequence[StoredRun]
    """All runs of the repository: what is no key of theirs is misspelt."""
    broken: Sequence[tuple[str, GitExpError]]
    template: str = ""
    nul: bool = False
    """Whether records end in NUL, and texts are as they are."""
    limited: bool = True
    """Whether a table for a pipe has to be kept from being too wide."""
    stale: Collection[str] = ()
    """The names of the runs that are not of the code of the commit that was asked for."""
    baselines: Mapping[str, Sequence[str]] = {}
    """Name -> the baselines that the run is."""
    elsewhere: bool = False
    """Whether there is no run, but a remote that may have some."""


class Page(NamedTuple):
    """What is to be written."""

    parts: Iterable[str]
    note: str | None = None
    """To be told beside it."""


class Output(Protocol):
    """Each may raise UsageError for what it cannot show."""

    def runs_page(self, sheet: Sheet, how: How) -> Page:
        """The runs of `sheet`."""

    def groups_page(self, found: Groups, sheet: Sheet, how: How) -> Page:
        """The groups that the runs of `sheet` were put into."""


OUTPUTS = {
    "table": "gitexp.cli.outputs.table",
    "json": "gitexp.cli.outputs.json_document",
    "ndjson": "gitexp.cli.outputs.json_lines",
    "csv": "gitexp.cli.outputs.csv_sheet",
    "md": "gitexp.cli.outputs.markdown",
    "format": "gitexp.cli.outputs.template",
    "name-only": "gitexp.cli.outputs.names",
}
"""Option -> the module that does it, imported when it is used."""


def output_of(name: str) -> Output:
    return import_module(OUTPUTS[name])
