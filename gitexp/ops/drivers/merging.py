"""One file merged, as git asks its merge driver to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitexp.git.process import Git
from gitexp.ops.drivers import params, record, tables
from gitexp.ops.drivers.comments import left_out
from gitexp.ops.drivers.lines import Texts, merge_lines


@dataclass(frozen=True, slots=True)
class MergedFile:
    """What became of one file."""

    is_clean: bool
    """Whether `ours` now holds what is to stand at its path."""
    notes: tuple[str, ...] = ()
    """What either side wrote and is not there."""


def merge_files(git: Git, base: Path, ours: Path, theirs: Path, path: str) -> MergedFile:
    """The file at `path` merged, into `ours`.

    Where it is not clean, the three files are to be merged by line: sides changed keys of a params file, or
    rows of a table, differently, and the files were made to differ in these alone. Raises GitExpError or
    OSError, and has changed none of them then.
    """
    texts = Texts(base.read_bytes(), ours.read_bytes(), theirs.read_bytes())
    is_table = tables.is_table(path)
    if record.is_record(path) and not is_table:
        ours.write_bytes(record.merge(path, texts))
        return MergedFile(True)
    by_key = tables.merge if is_table else params.merge
    merged = by_key(path, texts, lambda those: merge_lines(git, those))
    results = (merged,) if isinstance(merged, bytes) else (merged.ours, merged.theirs)
    notes = () if is_table else tuple(left_out(path, texts, *results))
    if isinstance(merged, bytes):
        ours.write_bytes(merged)
        return MergedFile(True, notes)
    for place, text in zip((base, ours, theirs), merged, strict=True):
        place.write_bytes(text)
    return MergedFile(False, notes)
