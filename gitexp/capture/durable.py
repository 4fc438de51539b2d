"""Small files and the names in folders, made so that a power cut cannot take them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    _sync(path, os.O_DIRECTORY)


def write_durably(path: Path, data: bytes) -> None:
    """Publish `data` at `path`: whole or not at all, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    publish_durably({path: temporary})


def publish_durably(written: Mapping[Path, Path]) -> None:
    """Give files their names, path by path from where each was written: whole or not at all."""
    # All are written before the first is waited for: one wait then does for many.
    for temporary in written.values():
        _sync(temporary)
    for path, temporary in written.items():
        temporary.replace(path)
    for folder in {path.parent for path in written}:
        sync_folder(folder)


def _sync(path: Path, flags: int = 0) -> None:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
