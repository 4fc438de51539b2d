"""One file merged, as git asks its merge driver to."""

from __future__ import annotations

from pathlib import Path

from gitexp.git.process import Git
from gitexp.ops.drivers import params, record, tables
from gitexp.ops.drivers.lines import Texts, merge_lines


def merge_files(git: Git, base: Path, ours: Path, theirs: Path, path: str) -> bool:
    """Whether `ours` now holds what is to stand at `path`.

    Where it does not, the three files are to be merged by line: sides changed keys of a params file, or rows
    of a table, differently, and the files were made to differ in these alone. Raises GitExpError or OSError,
    and has changed none of them then.
    """
    texts = Texts(base.read_bytes(), ours.read_bytes(), theirs.read_bytes())
    by_key = tables.merge if tables.is_table(path) else params.merge
    if record.is_record(path) and not tables.is_table(path):
        ours.write_bytes(record.merge(path, texts))
        return True
    merged = by_key(path, texts, lambda those: merge_lines(git, those))
    if isinstance(merged, bytes):
        ours.write_bytes(merged)
        return True
    for place, text in zip((base, ours, theirs), merged, strict=True):
        place.write_bytes(text)
    return False
