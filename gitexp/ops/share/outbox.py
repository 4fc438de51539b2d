"""What a clone remembers of its pushes to one remote: `.git/exp/outbox/<remote>.json`.

Runs that were pushed while they were running, so that their end may replace them; where baselines were there
when last seen; and when was pushed, so that no host is asked too often. Losing the file costs no run: what it
would have let through is a conflict.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from gitexp.capture.durable import write_durably
from gitexp.capture.liveness import Lock
from gitexp.model.values import Oid
from gitexp.repo import Repository
from gitexp.sharing import make_folder

MINUTE = 60.0


@dataclass
class Outbox:
    """The memory of one remote; to be changed only while it is held."""

    path: Path
    running: dict[str, Oid] = field(default_factory=dict)
    """Ref on the remote -> the commit of a running run that we put there."""
    baselines: dict[str, Oid] = field(default_factory=dict)
    """Name -> what the remote's baseline was when both sides last agreed."""
    pushes: list[float] = field(default_factory=list)
    """When was pushed in the last minute, in seconds since 1970."""

    def due(self, rate: int, now: float) -> float:
        """Seconds until the next push may be made, at `rate` a minute; 0 for no limit."""
        self.pushes = [at for at in self.pushes if now - MINUTE < at <= now]
        if rate <= 0 or len(self.pushes) < rate:
            return 0.0
        return self.pushes[-rate] + MINUTE - now

    def note_push(self) -> None:
        """A push is made now."""
        self.pushes.append(time.time())
        self.save()

    def save(self) -> None:
        value = {"running": self.running, "baselines": self.baselines, "pushes": self.pushes}
        write_durably(self.path, json.dumps(value).encode())


@contextmanager
def outbox(repo: Repository, remote: str) -> Iterator[Outbox]:
    """The outbox of `remote`, held alone: pushes of one clone come after each other. Raises OSError."""
    path, place = (outbox_file(repo, remote, kind) for kind in ("json", "lock"))
    make_folder(path.parent)
    lock = Lock.take(place) or _waited(repo, remote, place)
    try:
        yield _read(path)
    finally:
        if lock is not None:
            lock.release()


def outbox_file(repo: Repository, key: str, kind: str) -> Path:
    """Where what is remembered of a remote stands. What some are called no file can be called."""
    name = sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return repo.home / "outbox" / f"{name}.{kind}"


def _waited(repo: Repository, remote: str, path: Path) -> Lock | None:
    repo.remark(f"waiting for another push to '{remote}'")
    return Lock.take(path, wait=True)


def _read(path: Path) -> Outbox:
    try:
        value: Any = json.loads(path.read_bytes())
        running = _oids(value["running"])
        return Outbox(path, running, _oids(value.get("baselines", {})), [float(at) for at in value["pushes"]])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return Outbox(path)


def _oids(value: Any) -> dict[str, Oid]:
    return {str(key): Oid(str(oid)) for key, oid in value.items()}
