"""The forms that `git exp gate` can answer in, each a module with the same function."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from gitexp.cli.render.paint import Paint
    from gitexp.errors import GitExpError
    from gitexp.model.gate import Outcome
    from gitexp.ops.gating.gating import Gated


class How(NamedTuple):
    """What a form may depend on besides the verdict."""

    paint: Paint
    code: int
    """The exit code that it comes to."""
    inconclusive: Outcome
    """What an inconclusive check counts as."""


class Refused(NamedTuple):
    """Why there is no verdict."""

    error: GitExpError
    told: str
    """What it amounts to: `not comparable`, or `no verdict`."""
    code: int
    """The exit code that it comes to."""


class Report(Protocol):
    def report(self, found: Gated, how: How) -> str:
        """The whole text for stdout, with its last line break."""

    def refusal(self, refused: Refused) -> str:
        """The same where there is no verdict: who reads the file is told why, too."""


REPORTS = {
    "text": "gitexp.cli.gate_reports.text",
    "md": "gitexp.cli.gate_reports.markdown",
    "json": "gitexp.cli.gate_reports.json_document",
    "junit": "gitexp.cli.gate_reports.junit",
    "github": "gitexp.cli.gate_reports.github",
}
"""Value of --format -> the module that does it, imported when it is used."""


def report_in(name: str) -> Report:
    return import_module(REPORTS[name])
