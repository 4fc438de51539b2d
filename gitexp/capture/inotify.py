"""Which files any program opens in watched folders: Linux tells, of every process on the machine.

See inotify(7). One watch is needed for each folder; how many a user may have is the system's to say.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from gitexp.capture.relay import all_signals_blocked
from gitexp.capture.reports import Opened

_OPEN, _CLOSE_WRITE, _CLOSE_NOWRITE = 0x20, 0x8, 0x10
_IS_FOLDER, _OVERFLOW = 0x40000000, 0x4000
_EVENT = struct.Struct("iIII")
_MOST_FOLDERS = 8192
_SKIPPED = frozenset((".git", "__pycache__", "node_modules", "site-packages", "dist-packages"))


@dataclass
class Watch:
    """Tells `read` and `written` of each path that is opened below the folders while it is entered."""

    roots: tuple[Path, ...]
    read: Callable[[str, Opened], None]
    written: Callable[[str, Opened], None]
    problems: list[str] = field(default_factory=list)
    """What it could not see, one sentence each."""
    _folders: dict[int, str] = field(default_factory=dict)
    _open: dict[str, Opened] = field(default_factory=dict)

    _until_end: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Watch:
        try:
            with ExitStack() as opened:
                self._begin(opened)
                self._until_end = opened.pop_all()
        except (OSError, RuntimeError) as error:  # too many descriptors, or threads
            self._missed(f"which files are opened could not be watched: {error}")
        return self

    def __exit__(self, *_: object) -> None:
        self._until_end.close()
        for path, opened in self._open.items():  # still open, or mapped
            self.read(path, opened)

    def _begin(self, opened: ExitStack) -> None:
        fd = _add_watches(self)
        if fd < 0:
            return
        opened.callback(os.close, fd)
        stop, stopper = os.pipe()
        opened.callback(os.close, stop)
        closing = opened.enter_context(ExitStack())
        closing.callback(os.close, stopper)
        thread = threading.Thread(target=self._follow, args=(fd, stop))
        with all_signals_blocked():
            thread.start()
        opened.callback(thread.join)
        opened.callback(closing.close)

    def _follow(self, fd: int, stop: int) -> None:
        # Of `select` a program that has many files open gets no answer.
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.register(stop, select.POLLIN)
        while True:
            ready = {one for one, _ in poll.poll()}
            if fd in ready:
                self._events(os.read(fd, 1 << 16))
            elif stop in ready:  # what had happened by then was told before
                return

    def _events(self, data: bytes) -> None:
        now, offset = time.time(), 0
        while offset < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, offset)
            offset += _EVENT.size + length
            name = data[offset - length : offset].rstrip(b"\0")
            if mask & _OVERFLOW:
                self._missed("more files were opened at once than the system tells of")
            elif name and not mask & _IS_FOLDER and watch in self._folders:
                self._event(f"{self._folders[watch]}/{os.fsdecode(name)}", mask, now)

    def _event(self, path: str, mask: int, now: float) -> None:
        if mask & _OPEN:
            if path not in self._open:
                self._open[path] = Opened(now, _modified(path))
        elif mask & _CLOSE_NOWRITE:
            self.read(path, self._open.pop(path, Opened(now, 0)))
        elif mask & _CLOSE_WRITE:
            self.written(path, self._open.pop(path, Opened(now, 0)))

    def _missed(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0


def _add_watches(watch: Watch) -> int:
    """The descriptor to read events from; -1 where there is none."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        fd: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, AttributeError):
        fd = -1
    if fd < 0:
        watch.problems.append("this system does not tell which files are opened")
        return -1
    for folder in _folders(watch.roots):
        if len(watch._folders) >= _MOST_FOLDERS:
            watch.problems.append(f"only {_MOST_FOLDERS} folders are watched")
            break
        number = libc.inotify_add_watch(fd, os.fsencode(folder), _OPEN | _CLOSE_WRITE | _CLOSE_NOWRITE)
        if number >= 0:
            watch._folders[number] = folder
        elif ctypes.get_errno() == errno.ENOSPC:
            watch.problems.append(
                f"only {len(watch._folders)} folders are watched: fs.inotify.max_user_watches is used up"
            )
            break
    return fd


def _folders(roots: Iterable[Path]) -> Iterator[str]:
    """The folders below the roots, each once however many links lead to it; no environment of a Python."""
    seen: set[tuple[int, int]] = set()
    for root in roots:
        for folder, below, files in os.walk(root, followlinks=True):
            try:
                found = os.stat(folder)
            except OSError:
                below.clear()
                continue
            if (found.st_dev, found.st_ino) in seen or "pyvenv.cfg" in files:
                below.clear()
                continue
            seen.add((found.st_dev, found.st_ino))
            below[:] = [name for name in below if name not in _SKIPPED]
            yield folder
