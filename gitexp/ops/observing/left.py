"""What was seen of a run whose recorder died before it could note that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from gitexp.capture.journal import Writer
from gitexp.capture.live import Live
from gitexp.capture.tracing import FOLDER, INOTIFY, LEFT, MODES
from gitexp.errors import GitExpError
from gitexp.ops.observing.tracing import Tracing
from gitexp.ops.recording import Recording
from gitexp.repo import Repository


def note_left(repo: Repository, live: Live, rows: Sequence[Sequence[Any]]) -> list[str]:
    """Note in the journal, whose rows are `rows`, what a dead run was seen to read, unless that was done.

    No more is hashed than where a program is being killed. What a person should know of it comes back.
    """
    if any(row[0] == "e" and "trace" in row[2]["env"] for row in rows):
        return []
    tracing = _left(repo, live)
    if tracing is None:
        return []
    notices: list[str] = []
    try:
        # Without a pid: whoever seals a run is none of those that it may be waiting for.
        with closing(Writer(live.journal, {"pid": None}, on_problem=notices.append)) as writer:
            tracing.finish(Recording(repo, live, None, writer, notices), killed=True)
    except (GitExpError, OSError, RuntimeError, ValueError) as error:
        notices.append(f"what the run read cannot all be noted: {error}")
    return notices


def _left(repo: Repository, live: Live) -> Tracing | None:
    """What watched the run; None where nothing did, or it cannot be told any more."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        value: Any = json.loads((live.path / LEFT).read_bytes())
        mode, began = value["mode"], float(value["began"])
        trees = tuple(Path(str(one)) for one in value["trees"])
        files = tuple(str(one) for one in value["param_files"])
        if mode in MODES and trees:
            lost = ["what was seen of watched folders"] if mode == INOTIFY else []
            return Tracing(repo, mode, live.path / FOLDER, trees, files, began, _problems=lost)
    return None
