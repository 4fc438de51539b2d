"""Tables of evaluations merged row by row, and `meta.yaml` beside them by key.

With a base they are edits of one run, scores that people corrected, say: what either changed is in the
merged table, and a row that both changed differently is a conflict. Without one they are of two runs. Where
each has rows that the other lacks they are shards, and are joined; else both answered the same examples, and
ours stays as the rest of a record does. Either way `run.yaml` says that the record was mixed: its metrics are
of one side, and that two runs had the same code and inputs no single file can tell.
"""

from __future__ import annotations

from collections.abc import Callable

from gitexp.errors import BrokenFile, BrokenRecord
from gitexp.formats import eval_files, eval_lines
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.merge import eval_meta, tables
from gitexp.model.files import RECORD_FOLDER
from gitexp.model.values import Value
from gitexp.ops.drivers.lines import Texts

_PREFIX = f"{RECORD_FOLDER}/{eval_files.FOLDER}/"


def is_table(path: str) -> bool:
    """Whether `path`, relative to the root, is a file that is merged here."""
    suite, _, name = path.removeprefix(_PREFIX).partition("/")
    return path.startswith(_PREFIX) and bool(suite) and name in (*eval_lines.NAMES, eval_files.META)


def merge(path: str, texts: Texts, by_lines: Callable[[Texts], bytes | None]) -> bytes | Texts:
    """The merged file; or the three texts that only differ in the rows that sides changed differently.

    Raises BrokenRecord where one of them cannot be read, BrokenFile where conflicts cannot be marked.
    """
    name = path.rpartition("/")[2]
    if name == eval_files.META:
        return _merge_meta(path, texts)
    sides = [eval_lines.parse(name, text, what=path) for text in texts]
    base, ours, theirs = sides
    if not texts.base and not tables.are_shards(ours, theirs):
        return texts.ours
    merged = tables.merge(base, ours, theirs)
    if not merged.conflicts:
        return eval_lines.unparse(merged.rows)
    marked = Texts(
        *(
            eval_lines.unparse({**merged.rows, **{key: one[key] for key in merged.conflicts if key in one}})
            for one in sides
        )
    )
    if by_lines(marked) is not None:
        raise BrokenFile(f"the rows in conflict in {path!r} cannot be marked")
    return marked


def _merge_meta(path: str, texts: Texts) -> bytes:
    suite = path.split("/")[-2]
    for text in (texts.ours, texts.theirs):
        eval_files.decode_meta(suite, text, what=path)
    merged = eval_meta.merge(*(_mapping(text, path) for text in texts))
    if merged is not None:
        return dump(merged)
    if not texts.base:
        return texts.ours
    raise BrokenFile(f"{path!r} says different things of the metrics")


def _mapping(text: bytes, path: str) -> dict[str, Value]:
    value = load(text, what=path, limit=eval_files.MAX_META) if text else {}
    if not isinstance(value, dict):
        raise BrokenRecord(f"{path} is not a mapping")
    return value
