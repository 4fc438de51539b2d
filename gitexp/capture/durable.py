"""Small files and the names in folders, made so that a power cut cannot take them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gitexp.sharing import share
from gitexp.syncing import sync, sync_all


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    sync(path)


def write_durably(path: Path, data: bytes) -> None:
    """Publish `data` at `path`: whole or not at all, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    publish_durably({path: temporary})


def publish_durably(written: Mapping[Path, Path]) -> None:
    """Give files their names, path by path from where each was written: whole or not at all."""
    for temporary in written.values():
        share(temporary)
    sync_all(list(written.values()))
    for path, temporary in written.items():
        temporary.replace(path)
    sync_all(list({path.parent for path in written}))
