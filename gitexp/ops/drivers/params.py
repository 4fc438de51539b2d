"""Params files merged key by key, with the comments and the layout that people gave them.

Values are merged by key, and texts by line. Git's merge by line is taken where it means what the merge by key
means: it keeps what both sides wrote around the values. Where it finds a conflict that is none by key (two
keys that stand side by side, say), all three texts are given the merged values first, so that only comments
and layout are left to be merged by line; and where even these collide, ours has the merged values, and
comments that are merged by key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gitexp.errors import BrokenFile
from gitexp.formats import params_file
from gitexp.merge import mappings
from gitexp.merge.mappings import Key
from gitexp.model.missing import Missing
from gitexp.model.values import Value, same
from gitexp.ops.drivers import comments
from gitexp.ops.drivers.lines import Texts

MAX_SIZE = 1 << 20
"""Bytes of a params file: more is merged by line alone, since reading it takes a second."""
_MAX_WORK = 4 << 20
"""Bytes times keys: after each key that is changed the file is read again."""


def merge(path: str, texts: Texts, by_lines: Callable[[Texts], bytes | None]) -> bytes | Texts:
    """The merged file; or the three texts that only differ in the keys that sides changed differently.

    Raises BrokenFile where one of them is no params file, is too large, or cannot be edited.
    """
    if max(map(len, texts)) > MAX_SIZE:
        raise BrokenFile(f"params file {path!r} is too large to be merged by key")
    each = [params_file.parse(path, text) for text in texts]
    merged = mappings.merge(each[0], each[1:])
    conflicts = [one.key for one in merged.conflicts]
    lines = by_lines(texts)
    if lines is not None and _means(path, lines, merged.values, save=conflicts):
        return lines
    if conflicts:
        marked = _only_conflicts(path, texts, each[1], merged, by_lines)
        if by_lines(marked) is not None:
            raise BrokenFile(f"what is in conflict in {path!r} cannot be marked by key")
        return marked
    lines = _layouts_merged(path, texts, merged.values, by_lines)
    if lines is not None:
        return lines
    ours = _edited(path, texts.ours, _wanted(path, texts, each[1], merged.values), texts)
    return comments.merged(path, ours, texts, by_lines)


def _layouts_merged(
    path: str, texts: Texts, values: Mapping[str, Value], by_lines: Callable[[Texts], bytes | None]
) -> bytes | None:
    """The texts, each with the merged values, merged by line; None where that does not work out."""
    try:
        alike = [
            _edited(path, one, mappings.changes(params_file.parse(path, one), values), texts) for one in texts
        ]
    except BrokenFile:
        return None
    lines = by_lines(Texts(*alike))
    return lines if lines is not None and _means(path, lines, values) else None


def _only_conflicts(
    path: str,
    texts: Texts,
    ours: Mapping[str, Value],
    merged: mappings.Merged,
    by_lines: Callable[[Texts], bytes | None],
) -> Texts:
    """Our text with all that could be merged, and in the other two the lines in conflict of the other two.

    Merged by line, it has the marks of a conflict at these keys and nowhere else.
    """
    wanted = _wanted(path, texts, ours, merged.values)
    clean = {key: value for key, value in wanted.items() if not comments.is_below(key, merged.conflicts)}
    text = _edited(path, texts.ours, clean, texts)
    text = comments.merged(path, text, texts, by_lines, merged.conflicts)
    old = {one.key: one.base for one in merged.conflicts}
    other = {one.key: one.values[1] for one in merged.conflicts}
    return Texts(
        _of_side(path, text, old, texts.base, merged.conflicts, texts),
        text,
        _of_side(path, text, other, texts.theirs, merged.conflicts, texts),
    )


def _of_side(
    path: str,
    text: bytes,
    values: Mapping[Key, Value | Missing],
    side: bytes,
    conflicts: Sequence[mappings.Conflict],
    texts: Texts,
) -> bytes:
    """`text` with what one side has at the keys in conflict, as it stands there."""
    return comments.with_lines_of(path, _edited(path, text, values, texts), side, conflicts)


def _wanted(
    path: str, texts: Texts, ours: Mapping[str, Value], values: Mapping[str, Value]
) -> dict[Key, Value | Missing]:
    """What makes ours the merged file: the values, and what the other side alone spelled in another way."""
    changed = mappings.changes(ours, values)
    kept = params_file.respelled(path, texts.base, texts.ours)
    for key, value in params_file.respelled(path, texts.base, texts.theirs).items():
        if key not in kept and params_file.has(ours, key) and same(params_file.lookup(ours, key), value):
            changed.setdefault(key, value)
    return changed


def _edited(path: str, text: bytes, changes: Mapping[Key, Value | Missing], texts: Texts) -> bytes:
    if len(changes) * len(text) > _MAX_WORK:
        raise BrokenFile(f"params file {path!r} differs too much to be merged by key")
    return params_file.edit(path, text, changes, texts.as_sources)


def _means(path: str, text: bytes, values: Mapping[str, Value], save: Sequence[Key] = ()) -> bool:
    """Whether `text` reads as `values`, whatever it has at the keys `save`."""
    try:
        read = params_file.parse(path, text)
    except BrokenFile:
        return False
    if not save:
        return same(read, values)
    return all(any(key[: len(one)] == one for one in save) for key in mappings.changes(values, read))
