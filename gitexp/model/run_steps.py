"""Steps of a run: parts of its execution with inputs and outputs of their own.

Not to be taken for the step of a metric, which is its x.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.model.record import Input

MAX_STEPS = 1000
"""How many a record has at most."""
MAX_FILES = 1000
"""How many inputs a step has at most, and how many outputs."""
MAX_NAME, MAX_ERROR = 200, 1000
"""Characters."""
FILE_ROLE = "file"
"""The role of a file of which none was told."""


class StepStatus(str, Enum):
    """How a step stands."""

    FINISHED = "finished"
    FAILED = "failed"
    """It raised."""
    UNFINISHED = "unfinished"
    """The run ended before it did; of a run that still goes on, it goes on too."""


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of a run."""

    name: str
    started: str
    """RFC 3339, as in `run.yaml`."""
    status: StepStatus = StepStatus.UNFINISHED
    seconds: float | None = None
    """How long it took; None where it did not come to its end."""
    within: int | None = None
    """The number of the step that it is part of; they are counted from 1, in the order of the record."""
    error: str | None = None
    """What it raised: `ValueError: no rows`."""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Input, ...] = ()
    """What it made, told of as inputs are."""
