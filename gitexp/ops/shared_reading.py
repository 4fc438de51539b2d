"""Many records read by several processes, for a fill of the index that would take one of them long."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Sequence
from typing import BinaryIO, NamedTuple, TypeAlias

from gitexp.git.reader import ObjectReader
from gitexp.ops.records import Place, Read, read_rows

WORTH = 500
"""Runs from which on another process is worth its start."""

Readings: TypeAlias = list[tuple[Place, Read]]


class _Worker(NamedTuple):
    pid: int
    output: BinaryIO
    places: Sequence[Place]


def read_shared(open_reader: Callable[[], ObjectReader], places: Sequence[Place], processes: int) -> Readings:
    """As `read_rows`, by up to so many processes; a share whose process dies is read here.

    They are forked: only for a process that has no threads.
    """
    count = max(1, min(processes, len(places) // WORTH))
    shares = [places[number::count] for number in range(count)]
    workers = [_start(open_reader, share) for share in shares[1:]]
    with open_reader() as reader:
        found = list(read_rows(reader, shares[0]))
        for worker in workers:
            found += _finish(worker, reader)
    return found


def _start(open_reader: Callable[[], ObjectReader], places: Sequence[Place]) -> _Worker:
    output, written = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Whatever happens, this process must not go on with what its parent was doing.
        try:
            os.close(output)
            with open_reader() as reader, open(written, "wb") as stream:
                pickle.dump(list(read_rows(reader, places)), stream, pickle.HIGHEST_PROTOCOL)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(written)
    return _Worker(pid, open(output, "rb"), places)


def _finish(worker: _Worker, reader: ObjectReader) -> Readings:
    """What the worker read."""
    with worker.output as stream:
        data = stream.read()
    if os.waitpid(worker.pid, 0)[1] != 0:
        return list(read_rows(reader, worker.places))
    readings: Readings = pickle.loads(data)
    return readings
