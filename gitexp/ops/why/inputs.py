"""How the inputs of one role differ between two runs: texts by line, values by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.diff import differences
from gitexp.formats.identity import identity
from gitexp.formats.inputs import NONE
from gitexp.formats.line_diff import line_diff
from gitexp.model.missing import MISSING
from gitexp.model.record import Input
from gitexp.model.roles import FILE
from gitexp.ops.compare import Found, Line, path_text
from gitexp.ops.read import StoredRun
from gitexp.ops.why.contents import text_of
from gitexp.ops.why.functions import Place, place_of

_LONG = 60
"""Characters from which on a text is told by lines."""


@dataclass(slots=True)
class Told:
    """What there is to say, put together piece by piece."""

    changes: tuple[Line, ...] = ()
    lines: tuple[str, ...] = ()
    more: int = 0
    note: str | None = None
    paths: tuple[str, ...] = ()
    """The files that are others, of those that stand at one path in both runs."""

    def add_text(self, old: str, new: str, most: int) -> None:
        found = line_diff(old, new, most - len(self.lines))
        self.lines += found.lines
        self.more += found.more

    def add_line(self, key: str, old: Found, new: Found) -> None:
        self.changes += (Line(key, (old, new)),)


def inputs_explained(
    old: StoredRun,
    olds: Sequence[Input],
    new: StoredRun,
    news: Sequence[Input],
    most: int,
    code: Sequence[str] = (),
) -> Told:
    """What of `olds` is not among `news`, and the other way round; at most `most` lines of text.

    Functions are looked for in the files of `code`, which differ.
    """
    told, pairs = Told(), _paired(olds, news)
    for one, other in pairs:
        if one is None or other is None:
            told.add_line(_named(one or other), _brief(one), _brief(other))
        elif one.oid and other.oid:
            if (len(pairs) > 1 or one.role == FILE) and one.path and len(told.lines) < most:
                told.lines += (f" {one.path}",)
            _explain_files(told, old, one, new, other, most)
        elif one.oid or other.oid or one.none or other.none:
            told.add_line(other.name, _brief(one), _brief(other))
        else:
            places = place_of(old, one, code), place_of(new, other, code)
            if places[0] is not None and places[1] is not None:
                _explain_functions(told, places[0], places[1], len(pairs) > 1, most)
                one, other = _shapeless(one), _shapeless(other)
            _explain_values(told, one, other, most)
    return told


def _paired(olds: Sequence[Input], news: Sequence[Input]) -> list[tuple[Input | None, Input | None]]:
    """The inputs that are not in both, those next to each other that have a name or path in common."""
    before, after = ({identity(one) for one in each} for each in (olds, news))
    gone = [one for one in olds if identity(one) not in after]
    come = [one for one in news if identity(one) not in before]
    pairs: list[tuple[Input | None, Input | None]] = []
    for one in gone:
        alike = [
            *(other for other in come if one.path is not None and other.path == one.path),
            *(other for other in come if other.name == one.name),
            *(come if len(gone) == len(come) == 1 else ()),
        ]
        found = alike[0] if alike else None
        if found is not None:
            come.remove(found)
        pairs.append((one, found))
    return [*pairs, *((None, other) for other in come)]


def _explain_files(told: Told, old: StoredRun, one: Input, new: StoredRun, other: Input, most: int) -> None:
    texts = text_of(old, one), text_of(new, other)
    if one.path != other.path or one.path is None:
        told.add_line("path", one.path or one.name, other.path or other.name)
    else:
        told.paths += (one.path,)
    if texts[0] is not None and texts[1] is not None:
        told.add_text(texts[0], texts[1], most)
        return
    if one.size != other.size:
        told.add_line("bytes", one.size, other.size)
    told.add_line("sha256", str(one.oid)[:12], str(other.oid)[:12])
    told.note = "what is in it is not here, too large, or no text"


def _explain_functions(told: Told, one: Place, other: Place, is_named: bool, most: int) -> None:
    if one.path == other.path:
        told.paths += (one.path,)
    if is_named and len(told.lines) < most:
        told.lines += (f" {other.path}",)
    told.add_text(one.text, other.text, most)


def _shapeless(one: Input) -> Input:
    """An input without the hash that its lines say more of."""
    value = one.value if isinstance(one.value, Mapping) else {}
    return replace(one, value={key: item for key, item in value.items() if key != "ast"})


def _explain_values(told: Told, one: Input, other: Input, most: int) -> None:
    if isinstance(one.value, Mapping) and isinstance(other.value, Mapping):
        for found in differences(one.value, other.value):
            _explain_leaf(told, path_text(found.path), found.old, found.new, most)
    elif one.value is not None and other.value is not None:
        _explain_leaf(told, other.role, one.value, other.value, most)
    if not told.changes and not told.lines:
        told.add_line("name", one.name, other.name)


def _explain_leaf(told: Told, key: str, old: Found, new: Found, most: int) -> None:
    if isinstance(old, str) and isinstance(new, str) and (len(old + new) > 2 * _LONG or "\n" in old + new):
        told.add_text(old, new, most)
    else:
        told.add_line(key, old, new)


def _named(one: Input | None) -> str:
    return "" if one is None else one.path or one.name


def _brief(one: Input | None) -> Found:
    """An input in a word; MISSING for none."""
    if one is None:
        return MISSING
    if one.none:
        return NONE
    return f"sha256:{one.oid}"[:19] if one.oid else one.name
