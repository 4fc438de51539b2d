"""git exp: experiment tracking that is git.

A run in Python:

    with gitexp.start(params={"lr": 0.1}) as run:
        for step in range(100):
            run.log({"loss": train(run.params)}, step=step)
"""

from __future__ import annotations

__version__ = "0.1.0"

# What type checkers take for true; `typing` itself takes longer to import than all the rest of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitexp.api.evaluation import Evaluation as Evaluation
    from gitexp.api.history import History as History
    from gitexp.api.history import Series as Series
    from gitexp.api.run import Run as Run
    from gitexp.api.run_step import Stepping as Stepping
    from gitexp.api.runs import Runs as Runs
    from gitexp.api.runs import runs as runs
    from gitexp.api.start import active_run as active_run
    from gitexp.api.start import checkpoint as checkpoint
    from gitexp.api.start import finish as finish
    from gitexp.api.start import log as log
    from gitexp.api.start import log_artifact as log_artifact
    from gitexp.api.start import log_params as log_params
    from gitexp.api.start import log_text as log_text
    from gitexp.api.start import note as note
    from gitexp.api.start import start as start
    from gitexp.api.start import summary as summary
    from gitexp.api.start import tag as tag
    from gitexp.api.start import use as use
    from gitexp.api.stored import RecordedRun as RecordedRun
    from gitexp.api.stored import get_run as get_run
    from gitexp.api.table import Table as Table
    from gitexp.api.warning import GitExpWarning as GitExpWarning
    from gitexp.errors import GitExpError as GitExpError

# Imported at first use, so that `import gitexp` costs next to nothing.
_HOMES = {
    "Evaluation": "gitexp.api.evaluation",
    "GitExpError": "gitexp.errors",
    "GitExpWarning": "gitexp.api.warning",
    "History": "gitexp.api.history",
    "RecordedRun": "gitexp.api.stored",
    "Run": "gitexp.api.run",
    "Runs": "gitexp.api.runs",
    "Series": "gitexp.api.history",
    "Stepping": "gitexp.api.run_step",
    "Table": "gitexp.api.table",
    "active_run": "gitexp.api.start",
    "checkpoint": "gitexp.api.start",
    "finish": "gitexp.api.start",
    "get_run": "gitexp.api.stored",
    "log": "gitexp.api.start",
    "log_artifact": "gitexp.api.start",
    "log_params": "gitexp.api.start",
    "log_text": "gitexp.api.start",
    "note": "gitexp.api.start",
    "runs": "gitexp.api.runs",
    "start": "gitexp.api.start",
    "summary": "gitexp.api.start",
    "tag": "gitexp.api.start",
    "use": "gitexp.api.start",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gitexp' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
