"""Files that hold results: no merge makes one, so where both sides changed them, neither's is taken."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gitexp.errors import BrokenFile
from gitexp.formats.settings import FILE, Settings, parse
from gitexp.git.merging import Bench, MergedTree, Stage
from gitexp.model.files import METRICS_FILES
from gitexp.model.values import Oid

_PLAIN_FILE = 0o100000


def left_as_before(
    bench: Bench, found: MergedTree, bases: Sequence[Oid], ours: Oid, theirs: Oid
) -> dict[str, Stage | None]:
    """The result files that both sides changed, and not alike, as the base has them: None for not at all.

    So the order of the sides does not matter either. All are trees. What the draft runs writes them anew.
    """
    settings = [_settings(bench, tree) for tree in (ours, theirs)]
    paths = dict.fromkeys(
        (*(one.path for one in found.conflicts), *_both_changed(bench, bases, ours, theirs))
    )
    before: dict[str, Stage | None] = {}
    for path in paths:
        if any(_is_result(one, path) for one in settings):
            old = [_stage(bench, base, path) for base in bases]
            before[path] = old[0] if old and len(set(old)) == 1 else None
    return before


def _both_changed(bench: Bench, bases: Sequence[Oid], ours: Oid, theirs: Oid) -> list[str]:
    """Without a base, all that both have and not alike is a conflict."""
    if not bases:
        return []
    mine, other, apart = (
        bench.differing(*pair) for pair in ((bases[0], ours), (bases[0], theirs), (ours, theirs))
    )
    return [path for path in mine if path in other and path in apart]


def _is_result(settings: Settings, path: str) -> bool:
    outputs = map(os.path.normpath, settings.outputs)
    if any(path == one or path.startswith(f"{one}/") for one in outputs):
        return True
    if settings.metrics:
        return path in map(os.path.normpath, settings.metrics)
    return path.rpartition("/")[2] in METRICS_FILES


def _settings(bench: Bench, tree: Oid) -> Settings:
    (data,) = bench.reader.blobs([(tree, FILE)])
    try:
        return Settings() if data is None else parse(data)
    except BrokenFile:
        return Settings()


def _stage(bench: Bench, tree: Oid, path: str) -> Stage | None:
    entry = bench.reader.resolve(tree, path)
    if entry is None or entry.mode & 0o170000 != _PLAIN_FILE:
        return None
    return Stage(entry.mode, entry.oid)
