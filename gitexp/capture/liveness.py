"""Whether the process that owns a live run is still there.

The owner holds a flock for as long as it lives; the kernel lets go of it at any death, and the git
programs that it starts inherit it. Process ids only speak for children that outlive their owner, and
a heartbeat only for machines that do not share locks.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from gitexp.sharing import share

HEARTBEAT_SECONDS = 30.0
SILENT_SECONDS = 300.0
"""An owner on another machine that gave no sign of life for so long is taken for dead."""

_held: set[Lock] = set()


def this_machine() -> dict[str, str]:
    """What tells this kernel and this pid namespace from others; stays in the live folder."""
    return {"host": os.uname().nodename, "boot": _boot_id(), "pids": _pid_namespace()}


def this_process(pid: int | None = None) -> dict[str, int | None]:
    """A process's id together with its start time, which together are never used twice."""
    pid = os.getpid() if pid is None else pid
    return {"pid": pid, "began": _began(pid)}


class Lock:
    """An exclusive flock on a file; forked children let go of it, lest they keep a dead run alive."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        _held.add(self)

    @classmethod
    def take(cls, path: Path, *, wait: bool = False) -> Lock | None:
        """The lock, or None while somebody else holds it (with `wait`: where there are no locks).

        Raises FileNotFoundError where the folder is gone.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        share(path, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def sign(self) -> None:
        """Note down whose lock this is."""
        note = {**this_machine(), **this_process()}
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(note).encode(), 0)

    def beat(self) -> None:
        """Give a sign of life, for those who cannot see the lock."""
        if self not in _held:
            return
        try:
            os.utime(self.descriptor)
        except OSError:
            pass

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        # Once let go of, the descriptor's number may be that of another file.
        if self in _held:
            _held.discard(self)
            os.close(self.descriptor)


def alive(owner: Path, others: Iterable[Mapping[str, object]]) -> bool:
    """Whether the owner, or one of the other processes that wrote into the run, still lives."""
    probe = Lock.take(owner)
    if probe is None:
        return True
    probe.release()
    return others_alive(owner, others)


def others_alive(owner: Path, others: Iterable[Mapping[str, object]]) -> bool:
    """Whether one of the processes other than the owner still lives, as far as this machine can tell."""
    note = read_note(owner)
    here = this_machine()
    if note.get("boot") == here["boot"]:
        # The owner itself lives on after the run has ended.
        return note.get("pids") == here["pids"] and any(
            _lives(one) for one in others if one.get("pid") != note.get("pid")
        )
    # A note that a power cut took says nothing; what the lock says stands.
    return note.get("host", here["host"]) != here["host"] and _silence(owner) < SILENT_SECONDS


def read_note(path: Path) -> Mapping[str, object]:
    """What a process noted down of itself; empty where a crash left nothing that can be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _silence(owner: Path) -> float:
    """Seconds since the last sign of life."""
    try:
        return time.time() - owner.stat().st_mtime
    except OSError:
        return SILENT_SECONDS


def _lives(process: Mapping[str, object]) -> bool:
    pid, began = process.get("pid"), process.get("began")
    return isinstance(pid, int) and began is not None and _began(pid) == began


def _began(pid: int) -> int | None:
    """Clock ticks from boot to the start of the process; None for the dead and where /proc is not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in brackets, and may hold anything.
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _let_go() -> None:
    for lock in _held:
        os.close(lock.descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
