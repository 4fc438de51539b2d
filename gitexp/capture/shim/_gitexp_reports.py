"""How a process reports: records that are appended to a file of its own, in the folder of each run.

Each record is a letter, its text and a NUL byte:

    b PID TIME          began; without an `e` at the end the process was killed, and its last may be missing
    f PID TIME          began as the fork of another one
    r TIME MTIME PATH   opened for reading, for the first time; and when it had been changed last
    w TIME MTIME PATH   opened for writing, before it was read
    m TIME MTIME PATH   mapped into memory at the end
    s NAME VALUE        a seed that was set, as Python spells its value
    c JSON              something about calls of a model
    o                   more was opened than is noted
    e                   told everything
"""

from __future__ import annotations

import os
from _collections import deque  # type: ignore[import-not-found]
from time import monotonic, time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would take longer to import than all of this
    from collections.abc import Callable

LARGEST = 16 << 20
"""Bytes of one report."""
_BURST, _PAUSE, _SHARE = 32, 0.001, 20
"""So many times what is new is written at once; later after so many seconds, or so many times as long as it
takes to write, for it is not to take up the program's time."""
_WAITING = 16
"""So many records do not wait for it: who is killed tells no more."""

pending: deque[tuple[str, str]] = deque()
"""The letter and text of each record that is not written yet."""
files: dict[str, str] = {}
"""Folder -> the file in it that is ours; empty where nothing was written yet."""
_written: dict[str, int] = {}
"""Folder -> bytes of that file."""
forked = False
"""Whether this process began as the fork of one that reports."""
_flushes = 0
_due = 0.0
"""When what is pending may be written."""


def add(folder: str) -> None:
    """Report into one more folder, as soon as there is something."""
    files[folder] = ""
    _written[folder] = 0


def begin(folder: str) -> None:
    """Report into a folder from now on, if only that there is nothing."""
    add(folder)
    _append(folder, b"")


def tell(kind: str, text: str) -> None:
    """Have a record written soon; never raises."""
    pending.append((kind, text))
    write_due()


def write_due() -> None:
    """Write what is pending where that is due; never raises."""
    global _flushes, _due
    try:
        now = monotonic()
        if pending and (now >= _due or _flushes < _BURST or len(pending) >= _WAITING):
            _flushes += 1
            flush()
            after = monotonic()
            _due = after + max(_PAUSE, _SHARE * (after - now))
    except Exception:  # noqa: BLE001
        pass


def flush() -> None:
    """Write what is pending; no file is kept open, for the program may close whatever it finds."""
    parts: list[str] = []
    while pending:
        try:
            kind, text = pending.popleft()
        except IndexError:  # another thread was faster
            break
        parts += (kind, text, "\0")
    data = os.fsencode("".join(parts))
    for folder in list(files):
        if data:
            _append(folder, data)


def has_end() -> bool:
    """Whether there is anybody to tell that this is the end: a fork that has told nothing never began."""
    return bool(files and (pending or not forked or any(files.values())))


def end() -> None:
    """Write that everything is told."""
    pending.append(("e", ""))
    flush()


def _append(folder: str, data: bytes) -> None:
    try:
        fresh = not files[folder]
        if fresh:
            files[folder] = f"{folder}/{os.getpid()}-{int(time() * 1e6):x}"
            data = f"{'f' if forked else 'b'}{os.getpid()} {time():.6f}\0".encode() + data
        data = _fitting(folder, data)
        if not data:
            return
        # As posix has it: the program may have put something in the place of what `os` has.
        fd = _real_open(files[folder], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            shared = os.stat(folder).st_mode & 0o066 if fresh else 0
            if shared:  # whoever shares the folder may have to end the run
                os.fchmod(fd, 0o600 | shared)
            os.write(fd, data)
        finally:
            os.close(fd)
    except OSError:
        # The run has ended, or its disk is full.
        files.pop(folder, None)


def _fitting(folder: str, data: bytes) -> bytes:
    """What there is room for in a report; in a full one it is told once that there is more, and the end."""
    before = _written.get(folder, 0)
    _written[folder] = before + len(data)
    if before + len(data) <= LARGEST:
        return data
    return (b"" if before > LARGEST else b"o\0") + (b"e\0" if (b"\0" + data).endswith(b"\0e\0") else b"")


def _after_fork() -> None:
    global forked, _flushes
    forked, _flushes = True, 0
    pending.clear()
    for folder in files:
        files[folder], _written[folder] = "", 0


_real_open: Callable[..., int] = os.open
os.register_at_fork(after_in_child=_after_fork)
