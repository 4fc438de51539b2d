"""The comments of a params file merged as its values are: each goes with its key, three-way.

What only one side changed is taken; where both changed one comment, ours stays, and theirs is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from gitexp.errors import BrokenFile
from gitexp.formats import params_file
from gitexp.formats.assignment import Key, join_key
from gitexp.formats.key_lines import KeyLines, Piece
from gitexp.merge.mappings import Conflict
from gitexp.model.values import same
from gitexp.ops.drivers.lines import Texts

_NOTHING = Piece("", "", 0)
_MOST_TEXTS = 100
"""Comments of several lines that are merged by line, each by a process of git: of more, ours stay."""


def merged(
    path: str,
    text: bytes,
    texts: Texts,
    by_lines: Callable[[Texts], bytes | None],
    conflicts: Sequence[Conflict] = (),
) -> bytes:
    """`text`, which is ours with the merged values, with the merged comments.

    The lines of keys in conflict stay as they are. Where the comments cannot be had by key, all stay as ours.
    """
    try:
        sides = [params_file.lines_of(path, one) for one in (*texts, text)]
        base, ours, theirs, now = sides
        if base is None or ours is None or theirs is None or now is None:
            return text
        by_lines = _at_most(_MOST_TEXTS, by_lines)
        pieces = {
            key: _piece(
                one,
                (base.pieces.get(key), ours.pieces.get(key), theirs.pieces.get(key)),
                by_lines,
                held=is_below(key, conflicts),
            )
            for key, one in now.pieces.items()
        }
        below = _text_of((base.below, ours.below, theirs.below), by_lines)
        found = params_file.put_together(KeyLines(pieces, below), text)
        return found if _is_same(path, found, text) else text
    except BrokenFile:
        return text


def with_lines_of(
    path: str, text: bytes, side: bytes, conflicts: Sequence[Conflict], *, unless_as: bytes = b""
) -> bytes:
    """`text`, which has the values of `side` at keys in conflict, with the very lines of `side` there.

    Lines with the comments that the text `unless_as` has there stay.
    """
    if not conflicts:
        return text
    try:
        now, other = params_file.lines_of(path, text), params_file.lines_of(path, side)
        old = params_file.lines_of(path, unless_as) if unless_as else None
        if now is None or other is None:
            return text
        pieces = dict(now.pieces)
        for key, there in other.pieces.items():
            before = old.pieces.get(key) if old else None
            changed = before is None or before.comments != there.comments
            if changed and key in pieces and is_below(key, conflicts):
                one = pieces[key]
                pieces[key] = replace(one, own=there.own) if one.column == there.column else one
        found = params_file.put_together(replace(now, pieces=pieces), text)
        return found if _is_same(path, found, text) else text
    except BrokenFile:
        return text


def left_out(
    path: str, texts: Texts, *results: bytes, names: tuple[str, str] = ("ours", "theirs")
) -> list[str]:
    """What is to be told of comments that a side wrote, and that none of the merged texts has."""
    try:
        base, *sides = (_comments(path, one) for one in texts)
        found = [_comments(path, data) for data in results]
    except BrokenFile:
        return []
    before, there = set(base), Counter[str]()
    for one in found:
        there |= Counter(comment for _, comment in one)
    places = {pair for one in found for pair in one}
    told = []
    for name, side in zip(names, sides, strict=True):
        count = Counter(comment for _, comment in side)
        for key, comment in side:
            # One that merely stands with another key now is not lost.
            is_new = (key, comment) not in before and (key, comment) not in places
            if is_new and there[comment] < count[comment]:
                place = f"on {join_key(key)!r} " if key else ""
                told.append(f"{path!r}: a comment {place}is left out, of {name}: {comment}")
    return told


def is_below(key: Key, conflicts: Sequence[Conflict]) -> bool:
    """Whether a key is one of those in conflict, or inside of one."""
    return any(key[: len(one.key)] == one.key for one in conflicts)


def _piece(
    now: Piece,
    sides: tuple[Piece | None, Piece | None, Piece | None],
    by_lines: Callable[[Texts], bytes | None],
    *,
    held: bool,
) -> Piece:
    base, ours, theirs = sides
    if ours is None and theirs is None:
        return now
    # A side that lacks the key says nothing of its comments.
    old = base or _NOTHING
    mine, other = ours or old, theirs or old
    found = replace(now, above=_text_of((old.above, mine.above, other.above), by_lines))
    if held:
        return found
    wanted = (
        other if other.comments != old.comments and mine.comments in (old.comments, other.comments) else mine
    )
    if wanted.comments == found.comments:
        return found
    return found.commented(wanted) or _whole(found, old, mine, other)


def _whole(now: Piece, old: Piece, mine: Piece, other: Piece) -> Piece:
    """All lines of a value, comments between them included, where ours have not changed."""
    return replace(now, own=other.own) if mine.own == old.own and now.column == other.column else now


def _text_of(texts: tuple[str, str, str], by_lines: Callable[[Texts], bytes | None]) -> str:
    """Comments and blank lines merged; ours where both changed the same of them."""
    newline = "\r\n" if "\r\n" in (texts[1] or texts[2]) else "\n"
    base, ours, theirs = (text.replace("\r\n", "\n") for text in texts)
    if theirs in (base, ours):
        return texts[1]
    found = theirs
    if ours != base:
        each = Texts(*(text.encode("utf-8", "surrogatepass") for text in (base, ours, theirs)))
        lines = by_lines(each)
        found = ours if lines is None else lines.decode("utf-8", "surrogatepass")
    return found.replace("\n", newline)


def _at_most(count: int, by_lines: Callable[[Texts], bytes | None]) -> Callable[[Texts], bytes | None]:
    left = iter(range(count))
    return lambda texts: None if next(left, None) is None else by_lines(texts)


def _is_same(path: str, one: bytes, other: bytes) -> bool:
    return same(params_file.parse(path, one), params_file.parse(path, other))


def _comments(path: str, data: bytes) -> list[tuple[Key, str]]:
    lines = params_file.lines_of(path, data)
    return [] if lines is None else lines.comments()
