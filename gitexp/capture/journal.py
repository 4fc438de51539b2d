"""The journal of a live run: one append-only file of rows for each process that logs.

A row is in the kernel's hands when `append` returns, so SIGKILL cannot take it; a thread syncs the file
within a second of a write, so a power cut takes no more than that. No lock is held during a sync.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
import time as clock
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Final

from gitexp.capture.liveness import HEARTBEAT_SECONDS, this_process
from gitexp.errors import NewerFormat
from gitexp.formats import rows
from gitexp.model.history import Step
from gitexp.model.values import Scalar, Value
from gitexp.sharing import make_folder, share

SUFFIX: Final = ".rows"
_SYNC_INTERVAL = 0.5
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
_sync_data = getattr(os, "fdatasync", os.fsync)
_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


class Writer:
    """Appends rows to a file of this process in `folder`, which is made if need be.

    Threads may share a writer, and it may be used after a fork: the child opens a file of its own at its
    first append. `header` begins each file. `on_problem` gets one message when a sync fails, from the
    syncing thread; such a file is not synced again, because the kernel may have dropped what it held.
    Raises OSError where the file cannot be made.
    """

    _lock: threading.RLock
    _fd: int
    """-1 where this process has no file yet, or none any more."""
    _size: int
    """Bytes of whole rows in the file."""
    _new: bool
    """Whether the file's name is not yet known to be on the disk."""
    _dirty: bool
    """Whether rows were written since the last sync began."""
    _lost: int
    """Rows that could not be written since it was last noted how many."""
    _torn: bool
    """Whether the file ends in a part of a row."""
    _failed: bool
    """Whether a sync failed."""
    _stop: threading.Event
    _thread: threading.Thread | None

    def __init__(
        self,
        folder: Path,
        header: Mapping[str, Value],
        *,
        on_problem: Callable[[str], None] = lambda message: None,
        heartbeat: Callable[[], None] | None = None,
    ) -> None:
        self._folder = folder
        self._header = dict(header)
        self._on_problem = on_problem
        self._heartbeat = heartbeat
        self._closed = False
        self._forget_file()
        if not folder.is_dir():
            make_folder(folder)
            _sync_folder(folder.parent)
        self._open()
        _writers.add(self)

    def append(self, payload: Sequence[Any]) -> None:
        """Appends `[kind, time, ...]`. Raises OSError when nothing could be kept of it."""
        self._write(rows.encode(payload))

    def metrics(self, time: float, step: Step, values: Mapping[str, Scalar]) -> None:
        """Appends the row of one `log()` call. Raises OSError when nothing could be kept of it."""
        self._write(rows.encode_metrics(time, step, values))

    def sync(self) -> bool:
        """Forces what was appended to the disk; whether all of it is there."""
        fd, new = self._fd, self._new
        if fd < 0 or self._failed:
            return not self._failed
        self._dirty = self._new = False
        try:
            _sync_data(fd)
            if new:
                _sync_folder(self._folder)
        except OSError as error:
            if fd == self._fd:
                self._failed = True
                self._on_problem(f"cannot sync the journal to the disk: {error.strerror}")
        return not self._failed

    def close(self) -> None:
        """Syncs and closes; appending afterwards raises ValueError."""
        self._stop_syncing()
        with self._lock:
            self._closed = True
            self.sync()
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _write(self, row: bytes) -> None:
        # The lock costs a fortieth of a call; it is for the rare write that is cut short and taken back.
        with self._lock:
            if self._fd < 0:
                self._open()
            if self._torn:
                row = b"\n" + row
            try:
                written = os.write(self._fd, row)
                if written != len(row):
                    self._write_rest(row, written)
            except OSError as error:
                self._lost += 1
                self._why = error.strerror
                raise
            self._torn = False
            self._size += len(row)
            self._dirty = True
            if self._lost:
                self._tell_lost()
            if self._thread is None:
                self.sync()

    def _tell_lost(self) -> None:
        """Note how many rows could not be kept, now that there is room for a row again."""
        lost, self._lost = self._lost, 0
        try:
            self._write(rows.encode(["g", clock.time(), {"rows": lost, "reason": self._why}]))
        except OSError:
            # The note itself is no row that was lost.
            self._lost = lost

    def _write_rest(self, row: bytes, written: int) -> None:
        """Goes on with a row that was cut short, or takes it back and raises what stopped it."""
        try:
            while written < len(row):
                written += os.write(self._fd, row[written:])
        except OSError:
            self._cut(written)
            raise

    def _cut(self, written: int) -> None:
        try:
            # A signal handler may have appended in between: its row must not be cut.
            if os.fstat(self._fd).st_size == self._size + written:
                os.ftruncate(self._fd, self._size)
            else:
                self._torn = True
        except OSError:
            self._torn = True

    def _open(self) -> None:
        if self._closed:
            raise ValueError("the journal is closed")
        header = {"format": rows.FORMAT, **this_process(), **self._header}
        row = rows.encode(["h", clock.time(), header])
        path = self._folder / f"{os.getpid()}-{os.urandom(4).hex()}{SUFFIX}"
        self._fd = os.open(path, _FLAGS, 0o644)
        share(path, self._fd)
        try:
            self._write_rest(row, 0)
        except OSError:
            os.close(self._fd)
            self._fd = -1
            path.unlink()
            raise
        self._size = len(row)
        self._dirty = self._new = True
        self._start_syncing()

    def _forget_file(self) -> None:
        self._lock = threading.RLock()  # Reentrant, because signal handlers log too.
        self._fd = -1
        self._size = 0
        self._new = False
        self._dirty = False
        self._torn = False
        self._lost = 0
        self._why = ""
        self._failed = False
        self._stop = threading.Event()
        self._thread = None

    def _start_syncing(self) -> None:
        self._stop = threading.Event()
        thread = threading.Thread(
            target=self._keep_synced, args=(self._stop,), name="gitexp-sync", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # None can be had (at the end of the interpreter, say): each write syncs.
            return
        self._thread = thread

    def _stop_syncing(self) -> None:
        thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _keep_synced(self, stop: threading.Event) -> None:
        # Signals are for the threads that know what to do with them.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        beaten = clock.monotonic()
        while not stop.wait(_SYNC_INTERVAL):
            if self._dirty:
                self.sync()
            if self._heartbeat and clock.monotonic() - beaten > HEARTBEAT_SECONDS:
                beaten = clock.monotonic()
                # A sign of life that cannot be given must not end the syncing.
                with suppress(OSError):
                    self._heartbeat()

    def pause_for_fork(self) -> None:
        """A process with threads cannot fork safely, and Python 3.12 warns of it."""
        self._stop_syncing()

    def resume_after_fork(self) -> None:
        if self._fd >= 0:
            self._start_syncing()

    def begin_as_child(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._forget_file()


def _each_writer(act: Callable[[Writer], None]) -> Callable[[], None]:
    def hook() -> None:
        for writer in list(_writers):
            act(writer)

    return hook


os.register_at_fork(
    before=_each_writer(Writer.pause_for_fork),
    after_in_parent=_each_writer(Writer.resume_after_fork),
    after_in_child=_each_writer(Writer.begin_as_child),
)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network file systems have nothing to sync in a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What the journal of one run holds."""

    rows: list[list[Any]]
    """All rows but the headers, `[kind, time, ...]`: each file's in the order they were written, the
    files merged by time."""
    headers: dict[str, dict[str, Any]]
    """Each file's header, by file name."""
    damage: list[str]
    """What could not be read, one sentence each. The end of a file that is being written may be among it."""
    sizes: dict[str, int]
    """Bytes read of each file, by file name."""


def headers(folder: Path) -> Iterator[dict[str, Any]]:
    """The header of each journal file, without reading the rest of it."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with path.open("rb") as file:
            first = rows.decode(file.readline(1 << 16)).rows
        if first and first[0][0] == "h" and len(first[0]) > 2 and isinstance(first[0][2], dict):
            yield first[0][2]


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of each journal file, by file name."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob(f"*{SUFFIX}"))}


def read(folder: Path) -> JournalContent:
    """Everything that can be read of the journal in `folder`. Raises NewerFormat, or OSError for a
    folder that cannot be listed; a missing one is an empty journal."""
    content = JournalContent([], {}, [], {})
    files: list[list[list[Any]]] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            data = path.read_bytes()
        except OSError as error:
            content.damage.append(f"{path.name}: {error.strerror}")
            continue
        files.append(_read_file(path.name, data, content))
    content.rows.extend(_merge(files))
    return content


def _read_file(name: str, data: bytes, content: JournalContent) -> list[list[Any]]:
    decoded = rows.decode(data)
    content.sizes[name] = len(data)
    for part in decoded.damaged:
        kind = "unfinished or damaged at the end" if part.offset == decoded.good else "damaged"
        content.damage.append(f"{name}: {part.length} bytes from byte {part.offset} are {kind}")
    others = []
    for row in decoded.rows:
        if row[0] != "h":
            others.append(row)
        elif len(row) > 2 and isinstance(row[2], dict):
            content.headers[name] = _checked_header(name, row[2])
    return others


def _checked_header(name: str, header: dict[str, Any]) -> dict[str, Any]:
    version = header.get("format")
    if isinstance(version, int) and version > rows.FORMAT:
        raise NewerFormat(f"journal {name!r} has format {version}", hint="upgrade gitexp")
    return header


def _merge(files: list[list[list[Any]]]) -> list[list[Any]]:
    """The rows of all files by time; a clock that was set back does not reorder the rows of a file."""
    if len(files) == 1:
        return files[0]
    merged = list(chain.from_iterable(files))
    times = list(chain.from_iterable(accumulate((row[1] for row in file), _later) for file in files))
    return [merged[index] for index in sorted(range(len(merged)), key=times.__getitem__)]


def _later(one: float, other: float) -> float:
    return other if other > one else one
