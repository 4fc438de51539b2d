"""Files taken out of a store."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from gitexp.artifacts.store import ArtifactStore
from gitexp.model.values import Digest


def drop(store: ArtifactStore, objects: Iterable[Digest]) -> None:
    """Remove files of a store, and the folders that become empty. Raises OSError."""
    for oid in objects:
        path = store.path(oid)
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            with suppress(OSError):
                folder.rmdir()
