"""What changed between two runs, as `git exp why` shows it."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.comparison import side_text
from gitexp.cli.render.paint import Paint
from gitexp.cli.render.values import cut, value_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.ops.code_diff import FileChange
from gitexp.ops.evaluations.matching import Matched
from gitexp.ops.why.explaining import Explained

_INDENT = "  "
_MOST, _WIDEST, _KEY = 12, 60, 40
_STYLES = {"-": "red", "+": "green"}
_SIDE = side_text(value_text)


def change_rows(one: Explained, paint: Paint, screen: Screen) -> Iterator[str]:
    """The role, and below it what is other: keys, lines, files or examples."""
    title = paint("cyan", cut(safe(one.role), _KEY))
    note = f"  {paint('dim', safe(one.note))}" if one.note else ""
    yield f"{_INDENT}{title}{note}"
    for line in _body(one, paint, screen):
        yield f"{_INDENT * 2}{line}"
    if one.see:
        yield f"{_INDENT * 2}{paint('dim', f'all of it: {safe(one.see)}')}"


def _body(one: Explained, paint: Paint, screen: Screen) -> Iterator[str]:
    if one.examples is not None:
        yield from _examples(one.examples)
    for change in one.changes[:_MOST]:
        old, new = (cut(_SIDE(value), _WIDEST) for value in change.values)
        yield f"{cut(safe(change.key), _KEY)}  {paint('red', old)} -> {paint('green', new)}"
    if len(one.changes) > _MOST:
        yield f"and {len(one.changes) - _MOST} more"
    for line in one.lines:
        yield paint(_STYLES.get(line[:1]), cut(safe(line), screen.width and max(20, screen.width - 4)))
    if one.more:
        yield f"and {one.more} more {'line' if one.more == 1 else 'lines'}"
    for file in one.files[:_MOST]:
        yield _file(file, paint)
    if len(one.files) > _MOST:
        yield f"and {len(one.files) - _MOST} more files"


def _file(one: FileChange, paint: Paint) -> str:
    if one.added is None or one.deleted is None:
        return f"{cut(safe(one.path), _WIDEST)}  binary"
    return (
        f"{cut(safe(one.path), _WIDEST)}  {paint('green', f'+{one.added}')} {paint('red', f'-{one.deleted}')}"
    )


def _examples(found: Matched) -> Iterator[str]:
    """How many examples are others, and which, of each kind the first few."""
    for kind, ids in example_ids(found).items():
        if ids:
            more = f" and {len(ids) - _MOST} more" if len(ids) > _MOST else ""
            yield f"{len(ids)} {kind}: {', '.join(cut(safe(id), _KEY) for id in ids[:_MOST])}{more}"
    yield f"{len(found.common)} the same"


def example_ids(found: Matched) -> dict[str, list[str]]:
    """What became of examples -> the ids of those, by the old run where it has them."""
    return {
        "relabelled": [pair.old.id for pair in found.relabelled],
        "edited": [pair.old.id for pair in found.edited],
        "added": [one.id for one in found.added],
        "removed": [one.id for one in found.removed],
    }
