"""How far a run has come that is being recorded here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gitexp.model.values import Value
    from gitexp.ops.read import StoredRun

_TOTALS = (
    *("epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs"),
    *("steps", "num_steps", "n_steps", "max_steps", "total_steps", "train_steps"),
    *("iterations", "num_iterations", "n_iterations", "max_iterations", "max_iters", "iters"),
)


class Progress(NamedTuple):
    step: int | float | None
    """The last one that was logged; None where none was."""
    total: int | None
    """How many there will be, if a param tells it."""
    elapsed: float
    """Seconds since the run started."""


def progress_of(run: StoredRun, now: float) -> Progress | None:
    """None for a run that is not being recorded here."""
    if run.head.status != "running" or not run.live:
        return None
    step = _last_step(run)
    return Progress(step, _total(run.record.params, step), now - run.head.started)


def _last_step(run: StoredRun) -> int | float | None:
    from gitexp.capture import journal
    from gitexp.formats.fold import fold

    rows = fold(run.record, journal.read(run.repo.live(run.name).journal).rows).rows
    return next((row.step for row in reversed(rows) if row.step is not None), None)


def _total(params: Mapping[str, Value], step: int | float | None) -> int | None:
    """The first total that the last step does not exceed: of epochs and steps only one can be counted."""
    found = dict(_numbers(params))
    for name in _TOTALS:
        total = found.get(name, 0)
        if total > 0 and (step is None or step <= total):
            return total
    return None


def _numbers(params: Mapping[str, Value]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for key, value in params.items():
        if isinstance(value, Mapping):
            found += _numbers(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            found.append((key.rpartition(".")[2].lower(), value))
    return found
