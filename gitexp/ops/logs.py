"""What a run printed, from its record or from its live directory."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.capture import console, terminal_log
from gitexp.capture.live import Live
from gitexp.ops.read import StoredRun
from gitexp.ops.record_folder import LOG_LIMIT


def read_log(run: StoredRun) -> str:
    """The text, as it stands in the record or would stand there now; empty where nothing was printed."""
    if not run.live:
        return run.log().decode("utf-8", "replace")
    limit = run.repo.config.int("exp.maxLog", LOG_LIMIT)
    raw = console.read(run.repo.live(run.name).console)
    return run.repo.redactor.text(terminal_log.reduce(raw, limit=limit).decode("utf-8", "replace"))


def follow_log(run: StoredRun) -> Iterator[bytes]:
    """The raw output of a live run as it grows, until the run has ended."""
    live = run.repo.live(run.name)
    seen = 0
    for data in console.follow(live.console, ended=lambda: not _goes_on(live)):
        seen += len(data)
        yield data
    if not live.path.exists():
        # Another command verified it and put it aside before we had read to the end.
        yield console.read(run.repo.done_root / run.name / live.console.name)[seen:]


def _goes_on(live: Live) -> bool:
    return live.path.exists() and live.read_sealed() is None and live.alive()
