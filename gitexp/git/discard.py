"""Taking objects out of a repository: these and no others, with every other object in place at every moment.

What stays of the packs concerned is written into a new pack, and what goes into another one; then the old
packs and loose files are removed, and with the index of that last pack all that goes disappears at once. So
wherever a kill falls, no object that is left points to one that is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from gitexp.errors import GitError
from gitexp.git.layout import Layout
from gitexp.git.packs import Pack, hash_size, read_index, remove_pack
from gitexp.git.process import Git
from gitexp.git.write import sync_folder
from gitexp.model.values import Oid

_TICK = 0.02
"""Seconds that the times of files may lag behind the clock."""


def discard(
    git: Git,
    layout: Layout,
    doomed: Collection[Oid],
    packs: Sequence[Pack],
    since: float,
    still: Callable[[], bool],
) -> bool:
    """Whether the `doomed` objects were removed.

    Not where `still()`, asked at the last moment, says that something needs one of them by now, or where
    somebody wrote one of them again `since` then: then all of them are still there. None of them may be in a
    pack that is not among `packs`. Raises GitError or StorageFull; then too all are there.
    """
    gone = frozenset(doomed)
    old = [pack for pack in packs if not gone.isdisjoint(pack.oids)]
    loose = _loose(layout, gone)
    _renew_graph(git, layout)
    left = frozenset(oid for pack in old for oid in pack.oids) - gone
    written = _written(git, layout, left)
    last = _last(git, layout, gone, old) if len(old) + bool(loose) > 1 else []
    sync_folder(layout.packs)
    fresh = [name for name in last if name not in {pack.name for pack in old}]
    if not _untouched(layout, old, loose, since) or not still():
        for name in fresh:
            remove_pack(layout, name)
        return False
    _forget_midx(layout)
    for pack in old:
        if pack.name not in (*written, *last):
            remove_pack(layout, pack.name)
    for path in loose:
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()
    for name in last:
        remove_pack(layout, name)
    sync_folder(layout.packs)
    return True


def _last(git: Git, layout: Layout, gone: frozenset[Oid], old: Iterable[Pack]) -> list[str]:
    """The packs that hold what goes until the end: one pack alone would disappear at once anyway.

    What a killed gc left serves again: written anew it would look as if somebody had asked for it.
    """
    before = [pack.name for pack in old if pack.oids == gone]
    return before[:1] or _written(git, layout, gone)


def _written(git: Git, layout: Layout, oids: Collection[Oid]) -> list[str]:
    """The names of new packs with just these objects, verified. Raises GitError, StorageFull."""
    if not oids:
        return []
    result = git.run(
        *("-c", "pack.packSizeLimit=0", "pack-objects", "-q", "--delta-base-offset"),
        str(layout.packs / "pack"),
        input="".join(f"{oid}\n" for oid in sorted(oids)).encode(),
        env={"GIT_NO_REPLACE_OBJECTS": "1"},
    )
    names = result.text.split()
    indexes = [layout.packs / f"pack-{name}.idx" for name in names]
    found = {oid for path in indexes for oid in read_index(path, hash_size(layout))}
    if found != set(oids):
        raise GitError("a pack that git wrote does not hold what it was to", hint="git fsck")
    git.run("verify-pack", *map(str, indexes))
    return names


def _loose(layout: Layout, oids: Iterable[Oid]) -> list[Path]:
    root = layout.common_dir / "objects"
    here = set(os.listdir(root))
    paths = (root / oid[:2] / oid[2:] for oid in oids if oid[:2] in here)
    return [path for path in paths if path.exists()]


def _untouched(layout: Layout, packs: Iterable[Pack], loose: Iterable[Path], since: float) -> bool:
    """Whether no git wrote one of the objects again: where it is there already, its file's time tells."""
    try:
        return all(
            (layout.packs / f"pack-{pack.name}.pack").stat().st_mtime_ns == pack.modified for pack in packs
        ) and all(path.stat().st_mtime < since - _TICK for path in loose)
    except FileNotFoundError:
        return False  # git's own maintenance is at work


def _renew_graph(git: Git, layout: Layout) -> None:
    """The commit graph must not speak of commits that will be gone: git would believe it."""
    info = layout.common_dir / "objects" / "info"
    if (info / "commit-graphs").exists():
        git.run("commit-graph", "write", "--reachable", "--no-progress", "--split=replace")
    elif (info / "commit-graph").exists():
        git.run("commit-graph", "write", "--reachable", "--no-progress")


def _forget_midx(layout: Layout) -> None:
    """An index of many packs names those that go; git writes another when it next maintains."""
    for path in layout.packs.glob("multi-pack-index*"):
        if path.is_file():
            path.unlink()
