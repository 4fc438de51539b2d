"""Finishes prepared runs, each in a process of its own that is forked from this warm one.

stdin has one line of JSON for each, `{"path", "name", "go", "environ"}`; stdout answers with the process
id when all is ready, and once that process is gone with its wait status. It finishes when `go` is opened.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitexp.capture.liveness import Lock
from gitexp.errors import GitExpError
from gitexp.model.names import RunName
from gitexp.model.record import Status
from gitexp.ops import recover  # noqa: F401  (imported before the fork)
from gitexp.ops.recording import Recording
from gitexp.ops.seal import Ending
from gitexp.repo import Repository

REFUSED = 3
"""Exit code of a finish that failed as it should."""


def serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(finish(order))
        os.write(1, f"{os.waitpid(child, 0)[1]}\n".encode())


def finish(order: Mapping[str, Any]) -> int:
    with Repository.open(Path(order["path"]), order["environ"]) as repo:
        live = repo.live(RunName(order["name"]))
        lock = Lock.take(live.owner)
        assert lock is not None
        lock.sign()
        recording = Recording.owned(repo, live, lock, [])
        os.write(1, f"{os.getpid()}\n".encode())
        try:
            with open(order["go"]):
                pass
            recording.finish(Ending(Status.FINISHED))
        except (GitExpError, OSError):
            return REFUSED
    return 0


if __name__ == "__main__":
    serve()
