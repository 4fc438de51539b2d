"""Files that a command was asked to write."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gitexp.errors import UsageError


def write_file(target: str, data: bytes) -> None:
    """Write `data` to the file `target`, whole or not at all; to stdout where it is `-`.

    What a link leads to is written, and a device or pipe as it is. Raises UsageError where that cannot be.
    """
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        _write(Path(target).resolve(), data)
    except OSError as error:
        raise UsageError(f"cannot write {target!r}: {error.strerror}") from None


def write_below(folder: str, path: str, data: bytes) -> None:
    """Write `data` to `path` below `folder`, as `write_file` does; folders that are missing are made."""
    place = Path(folder, path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {str(place)!r}: {error.strerror}") from None
    write_file(str(place), data)


def _write(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    work = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(work, "xb") as file:
            file.write(data)
        os.replace(work, path)
    except BaseException:
        work.unlink(missing_ok=True)
        raise
