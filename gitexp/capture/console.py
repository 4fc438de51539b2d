"""What a run printed, kept raw while it is alive: the beginning and the end, never more than a limit.

`<path>` holds the first half of the limit. What comes after goes to segments `<path>.<offset>`, of which
the latest are kept.
A name says where its bytes stood in the whole output, so a reader needs nothing that a killed writer could
have left half-written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gitexp.capture.terminal_log import left_out
from gitexp.sharing import share

LIMIT = 2_000_000
_SEGMENTS = 4


class Tee:
    """A sink for `spawn.run` that keeps the first half of `limit` bytes, and the last half (never less than
    3/8 of it).

    A full disk ends the keeping, not the run: `error` then says why. Not to be used by two threads at once.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._head = limit // 2
        self._segment = max(1, limit // 2 // _SEGMENTS)
        self._names: list[Path] = []
        self._written = 0
        self._room = self._head
        self._file = _made(path)
        self.error: OSError | None = None

    def write(self, data: bytes) -> None:
        """Keep `data`; when this returned, a SIGKILL does not lose it."""
        if self.error is not None or self._file < 0:
            return
        try:
            self._write(memoryview(data))
        except OSError as error:
            self.error = error

    def _write(self, data: memoryview) -> None:
        while data:
            if self._room == 0:
                self._next_segment()
            count = os.write(self._file, data[: self._room])
            data = data[count:]
            self._room -= count
            self._written += count

    def _next_segment(self) -> None:
        if len(self._names) == _SEGMENTS:
            self._names.pop(0).unlink(missing_ok=True)
        name = _segment(self._path, self._written)
        file = _made(name)
        os.close(self._file)
        self._file = file
        self._names.append(name)
        self._room = self._segment

    def close(self) -> None:
        """Nothing is kept after this."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _made(path: Path) -> int:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    share(path, file)
    return file


def read(path: Path) -> bytes:
    """What was kept: all of it, or the beginning, a marker and the end; empty when there was none."""
    return b"".join(data for _, data in _unread(path, 0))


def follow(path: Path, *, ended: Callable[[], bool], poll: float = 0.2) -> Iterator[bytes]:
    """The output as it grows, looked at every `poll` seconds, until `ended()`, markers for gaps."""
    position = 0
    while True:
        last = ended()
        for end, data in _unread(path, position):
            position = end
            yield data
        if last:
            return
        time.sleep(poll)


def _unread(path: Path, position: int) -> Iterator[tuple[int, bytes]]:
    """(position after it, bytes) of all that is kept from `position` on, markers for gaps included."""
    for start, name in [(0, path), *_segments(path)]:
        try:
            data = _tail(name, max(0, position - start))
        except FileNotFoundError:  # not begun yet, or dropped since the folder was read
            continue
        if not data:
            continue
        if start > position:
            yield start, left_out(start - position)
            position = start
        position += len(data)
        yield position, data


def _tail(name: Path, offset: int) -> bytes:
    with open(name, "rb") as file:
        file.seek(offset)
        return file.read()


def _segment(path: Path, offset: int) -> Path:
    return path.with_name(f"{path.name}.{offset:020}")


def _segments(path: Path) -> list[tuple[int, Path]]:
    found = (entry.suffix[1:] for entry in path.parent.glob(f"{path.name}.*"))
    return [
        (offset, _segment(path, offset))
        for offset in sorted(int(s) for s in found if len(s) == 20 and s.isdigit())
    ]
