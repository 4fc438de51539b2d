"""Spans as a tree: what was done, what for, and what it cost. Nothing in it that a terminal would act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from gitexp.cli.render.paint import Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe
from gitexp.formats.span_content import is_hash
from gitexp.interop import gen_ai
from gitexp.interop.gen_ai import Family
from gitexp.model.trace import Message, Span

_DEEPEST = 24
"""Steps that are indented; what is deeper stands below the others."""
_NAME, _ERROR = 60, 80
"""Columns of a name, and of what is said of an error."""


def tree_lines(spans: Sequence[Span], paint: Paint, *, texts: bool) -> list[str]:
    """A line for each span, those that were done for another below it; with what was said where `texts`."""
    family = Family(spans)
    rows = list(_in_tree(family))
    if not rows:
        return []
    lines = table([one for one in _columns(family, rows) if any(one.texts)], paint)
    if not texts:
        return lines
    shown: set[str] = set()
    found = [lines[0]]
    for (one, depth), line in zip(rows, lines[1:], strict=True):
        found += [line, *(f"{_indent(depth + 2)}{text}" for text in _said(one, shown, paint))]
    return found


def _in_tree(family: Family) -> Iterator[tuple[Span, int]]:
    """Each span and how deep it stands; each once, also where spans stand above themselves."""
    below: dict[tuple[str, str] | None, list[Span]] = {}
    for one in family.spans:
        above = family.parent(one)
        below.setdefault(None if above is None else above.key, []).append(one)
    seen: set[tuple[str, str]] = set()
    for start in (*below.get(None, ()), *family.spans):
        waiting = [(start, 0)]
        while waiting:
            one, depth = waiting.pop()
            if one.key not in seen:
                seen.add(one.key)
                yield one, depth
                waiting += [(child, depth + 1) for child in reversed(below.get(one.key, ()))]


def _columns(family: Family, rows: Sequence[tuple[Span, int]]) -> list[Column]:
    spans = [one for one, _ in rows]
    names = [f"{_indent(depth)}{safe(cut(_word(one.name), _NAME))}" for one, depth in rows]
    errors = [safe(_error(one)) for one in spans]
    return [
        Column("SPAN", list(map(Cell, names, ("red" if error else None for error in errors)))),
        Column("MODEL", [safe(_word(_model(one))) for one in spans]),
        Column("TOOL", [safe(_word(gen_ai.text_of(one, "tool") or "")) for one in spans]),
        Column("IN", [_count(one, "in") for one in spans], right=True),
        Column("OUT", [_count(one, "out") for one in spans], right=True),
        Column("SECONDS", [f"{one.seconds:.3f}" for one in spans], right=True),
        Column("EXAMPLE", [safe(_example(family, one)) for one in spans]),
        Column("ERROR", errors, style="red"),
    ]


def _indent(depth: int) -> str:
    return "  " * min(depth, _DEEPEST)


def _word(text: str) -> str:
    return " ".join(text.split())


def _model(one: Span) -> str:
    return (gen_ai.text_of(one, "model") or "") if gen_ai.is_call(one) else ""


def _count(one: Span, what: str) -> str:
    found = gen_ai.count_of(one, what)
    return "" if found is None else f"{found:g}" if isinstance(found, float) else str(found)


def _example(family: Family, one: Span) -> str:
    """Only at the topmost span of an example: what is below is of it as well."""
    place, above = family.place(one), family.parent(one)
    if place.example is None or (above is not None and family.place(above).example == place.example):
        return ""
    return place.example if place.epoch == 1 else f"{place.example} ({place.epoch})"


def _error(one: Span) -> str:
    if not gen_ai.failed(one):
        return ""
    raised = [event.attributes.get("exception.type") for event in one.events]
    kinds = [kind for kind in (one.attributes.get("error.type"), *raised) if isinstance(kind, str)]
    message = None if one.message is None or is_hash(one.message) else one.message
    told = filter(None, (kinds[0] if kinds else "", message))
    return cut(_word(": ".join(told)), _ERROR) or "error"


def _said(one: Span, shown: set[str], paint: Paint) -> Iterator[str]:
    """Its messages that no span before it had, and what a tool was given and gave."""
    for name in one.lists:
        for message in one.lists[name]:
            if message.key not in shown:
                shown.add(message.key)
                yield from _lines(*_message(name, message), paint)
    for name in ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "input.value", "output.value"):
        if name in one.attributes:
            value = one.attributes[name]
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield from _lines(name.rpartition("call.")[2], text, paint)


def _message(name: str, message: Message) -> tuple[str, str]:
    """Who said it, and what."""
    value = message.value
    if not isinstance(value, dict):
        return name, json.dumps(value, ensure_ascii=False)
    parts = value.get("parts", value.get("content"))
    role, hashed = value.get("role"), value.get("sha256")
    if isinstance(role, str) and isinstance(hashed, str):
        return role, f"sha256:{hashed}"
    texts = [_part(one) for one in parts] if isinstance(parts, list) else [_part(parts)]
    if not any(texts) or not isinstance(role, str):
        return name, json.dumps(value, ensure_ascii=False)
    return role, "\n".join(texts)


def _part(part: object) -> str:
    """What a part of a message says; of what is no text, all of it."""
    if isinstance(part, dict):
        text = part.get("content", part.get("text"))
        return text if isinstance(text, str) else json.dumps(part, ensure_ascii=False)
    return part if isinstance(part, str) else "" if part is None else json.dumps(part, ensure_ascii=False)


def _lines(who: str, text: str, paint: Paint) -> Iterator[str]:
    first, *more = safe(text, lines=True).split("\n")
    yield f"{paint('cyan', safe(who))}: {first}"
    yield from (f"  {line}" for line in more)
