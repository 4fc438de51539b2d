"""What made a score, as `git exp why` shows it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from itertools import groupby

from gitexp.cli.render.values import count_text, cut, value_text
from gitexp.cli.safe_text import safe
from gitexp.formats.inputs import NONE
from gitexp.formats.making import PARAMS
from gitexp.model.record import Pin
from gitexp.model.roles import SEEDS
from gitexp.model.values import Value
from gitexp.ops.why.sources import Source, Sources

_MOST, _MOST_ROWS = 8, 60
_ROLE, _NAME, _VALUE = 20, 50, 60
_SHORT = 10


def source_rows(found: Sources) -> list[list[str]]:
    """Role, name, how firmly it is pinned, hash, and what else there is to know."""
    rows: list[list[str]] = []
    for role, ones in groupby(found.inputs, key=lambda one: one.role):
        each = list(ones)
        rows += [_input(one) for one in each[:_MOST]]
        if len(each) > _MOST:
            rows.append([cut(safe(role), _ROLE), f"and {len(each) - _MOST} more", "", "", ""])
    if len(rows) > _MOST_ROWS:
        rows = [*rows[:_MOST_ROWS], ["", f"and {len(rows) - _MOST_ROWS} more", "", "", ""]]
    if found.code is not None:
        rows.append(
            [found.code.role, safe(found.code.name), "content", f"tree {found.code.identity[:_SHORT]}", ""]
        )
    if found.env is not None:
        rows.append(_env(found.env, found.packages))
    return rows


def value_rows(found: Sources) -> list[list[str]]:
    """Seeds and params."""
    rows = ((SEEDS, found.seeds), (PARAMS, found.params))
    return [[role, _several(values)] for role, values in rows if values]


def _input(one: Source) -> list[str]:
    role, name = cut(safe(one.role), _ROLE), cut(safe(one.path or one.name), _NAME)
    if one.pin is None:
        return [role, NONE, "", "", ""]
    hashed = f"sha256 {one.identity.removeprefix('sha256:')[:_SHORT]}" if one.pin is Pin.CONTENT else ""
    return [role, name, one.pin.value, hashed, cut(", ".join(_details(one)), _VALUE)]


def _details(one: Source) -> Iterator[str]:
    if one.path is not None and one.name != posixpath.basename(one.path) and one.name != one.path:
        yield safe(one.name)
    if one.value is not None and not _is_named_by(one):
        yield _brief(one.value)
    if one.seen:
        yield f"answered by {_brief(one.seen)}"
    if one.how not in (None, "declared"):
        yield str(one.how)


def _is_named_by(one: Source) -> bool:
    """Whether the value is text that the name is, or begins with."""
    return isinstance(one.value, str) and " ".join(one.value.split()).startswith(one.name.rstrip("…"))


def _env(one: Source, packages: int) -> list[str]:
    name = ", ".join(
        part for part in (safe(one.name), count_text(packages, "package") if packages else "") if part
    )
    return [one.role, name, one.pin.value if one.pin else "", "", ""]


def _several(values: Mapping[str, Value]) -> str:
    shown = [f"{safe(key)} {cut(value_text(value), 24)}" for key, value in list(values.items())[:_MOST]]
    more = f" and {len(values) - _MOST} more" if len(values) > _MOST else ""
    return ", ".join(shown) + more


def _brief(value: Value) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{safe(str(key))} {cut(value_text(one), 24)}" for key, one in list(value.items())[:_MOST]
        )
    return cut(value_text(value), _VALUE)
