"""What stands for runs and contents where their lineage is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gitexp.cli.safe_text import safe
from gitexp.model.lineage import Made, Used
from gitexp.ops.read import StoredRun

Runs: TypeAlias = Mapping[str, StoredRun]
"""Every run that is known, by its name."""

_DIGITS = 10


def oid_text(oid: str) -> str:
    """Enough of a content's hash to name it by."""
    return f"sha256:{oid[:_DIGITS]}"


def run_text(runs: Runs, name: str) -> str:
    """A run's name, and how it stands where that is worth saying."""
    run = runs.get(name)
    if run is None:
        return f"{safe(name)} (not here)"
    title = f"  {safe(run.head.title)}" if run.head.title else ""
    return name + ("" if run.head.status == "finished" else f" ({run.head.status})") + title


def step_text(one: Made | Used) -> str:
    return f"step {safe(one.step.name)}" if one.step else ""
