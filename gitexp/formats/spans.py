"""Spans as lines of JSON, and back: what they have in common in the first line, each message once.

docs/data-model.md, section 21, specifies them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.formats import record_fields as fields
from gitexp.formats.canonical_json import to_json
from gitexp.formats.depth import count
from gitexp.formats.message_pool import Pool, Unpool
from gitexp.formats.record_fields import FAULTS
from gitexp.model.calls import KIND, Content
from gitexp.model.trace import FORMAT, Event, Link, Message, Outcome, Span
from gitexp.model.values import Value

NAME = "spans.jsonl"
FOLDER = "traces"
MAX_SPANS = 1_000_000
MAX_LISTED, MAX_VALUES = 5_000_000, 300_000
"""Messages in all lists of a file together, for short lines can repeat long lists very often, and values in
all its lines; of a larger file as many as `_EACH` for each of its bytes."""
_EACH = 16
_MAX_NUMBER = 1 << 64
_MAX_DEPTH = 100
_order = attrgetter("start", "trace", "span")


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of a run, by the time of their start."""

    spans: tuple[Span, ...]
    content: Content = Content.ARTIFACT
    left_out: int = 0
    """Spans that could not be kept."""


def encode(trace: Trace) -> Iterator[str]:
    """The lines of a span file. The same spans in another order give the same lines."""
    ordered = sorted(trace.spans, key=_order)
    resources, scopes = _Numbers(), _Numbers()
    numbered = [(one, resources.number(one.resource), scopes.number(one.scope)) for one in ordered]
    head = {
        "kind": KIND,
        "format": FORMAT,
        "content": trace.content.value,
        "left_out": trace.left_out,
        "resources": resources.values,
        "scopes": scopes.values,
    }
    # How many there are is said of none as well.
    yield to_json({**_set(head), "spans": len(ordered)}) + "\n"
    fresh: list[Message] = []
    pool = Pool(fresh.append)
    for one, resource, scope in numbered:
        line = _line({**_span_value(one, pool), "resource": resource, "scope": scope})
        # An empty message is one, too.
        yield from (f"{to_json({'id': message.key, 'message': message.value})}\n" for message in fresh)
        fresh.clear()
        yield line


def decode(lines: Iterable[bytes], *, what: str, size: int = 0) -> Trace:
    """The spans in the lines of a file that is packed into `size` bytes.

    Raises BrokenRecord that names `what` and the line, or NewerFormat.
    """
    reader = _Reader(size)
    spans = tuple(reader.read(lines, what))
    return Trace(spans, reader.content, reader.left_out)


def check(lines: Iterable[bytes], *, what: str, size: int) -> None:
    """Raises as `decode` does; no span is kept."""
    for _ in _Reader(size).read(lines, what):
        pass


def about(one: Span) -> dict[str, Any]:
    """Which span it is, of what, and when; keys as they are written."""
    return {
        "trace": one.trace,
        "span": one.span,
        "parent": one.parent,
        "name": one.name,
        "kind": one.kind,
        "start": one.start,
        "end": one.end,
    }


class _Numbers:
    """Equal mappings under one number, from 0 on."""

    def __init__(self) -> None:
        self.values: list[Mapping[str, Value]] = []
        self._known: dict[str, int] = {}

    def number(self, value: Mapping[str, Value]) -> int:
        number = self._known.setdefault(to_json(value), len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


def _span_value(one: Span, pool: Pool) -> dict[str, Any]:
    return {
        **about(one),
        "attributes": one.attributes,
        "lists": pool.put_all(one.lists),
        "events": [_event_value(event, pool) for event in one.events],
        "links": [_set({"trace": x.trace, "span": x.span, "attributes": x.attributes}) for x in one.links],
        "outcome": int(one.outcome),
        "message": one.message,
    }


def _event_value(one: Event, pool: Pool) -> dict[str, Any]:
    lists = pool.put_all(one.lists)
    return {"name": one.name, **_set({"at": one.at, "attributes": one.attributes, "lists": lists})}


def _set(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing: no key stands for an empty text, so a name may be one."""
    return {key: item for key, item in value.items() if item or (key == "name" and item is not None)}


def _line(value: Mapping[str, Any]) -> str:
    return to_json(_set(value)) + "\n"


class _Reader:
    def __init__(self, size: int) -> None:
        self.content = Content.ARTIFACT
        self.left_out = 0
        self._resources: list[Any] = []
        self._scopes: list[Any] = []
        self._unpool = Unpool()
        self._lists_left = max(MAX_LISTED, _EACH * size)
        self._values_left = max(MAX_VALUES, _EACH * size)

    def read(self, lines: Iterable[bytes], what: str) -> Iterator[Span]:
        rows = enumerate(lines, 1)
        head = self._object(next(rows, (1, b""))[1], f"{what}, line 1")
        self.content, self._resources, self._scopes = fields.checked(f"{what}, line 1", _head_from, head)
        found = 0
        for number, line in rows:
            where = f"{what}, line {number}"
            row = self._object(line, where)
            if "id" in row:
                fields.checked(where, self._tell, row)
                continue
            if found == MAX_SPANS:
                raise BrokenRecord(f"{where}: more than {MAX_SPANS} spans")
            found += 1
            yield fields.checked(where, self._span, row)
        expected = head.get("spans", found)
        if expected != found:
            raise BrokenRecord(f"{what}: line 1 says {expected!r:.20} spans, and there are {found}")
        left_out = head.get("left_out", 0)
        self.left_out = left_out if type(left_out) is int else 0

    def _tell(self, row: Mapping[str, Any]) -> None:
        self._unpool.tell(Message(fields.text(row["id"]), row.get("message")))

    def _object(self, line: bytes, where: str) -> dict[str, Any]:
        value = _object(line, where)
        values = count(value, _MAX_DEPTH)
        if values is None:
            raise BrokenRecord(f"{where}: nested too deep")
        self._values_left -= values
        if self._values_left < 0:
            raise BrokenRecord(f"{where}: too many values for so small a file")
        return value

    def _span(self, row: Mapping[str, Any]) -> Span:
        # In the order in which they were written: lists are known by their numbers.
        lists = self._lists(row)
        events = tuple(self._event(fields.mapping(one)) for one in fields.listed(row.get("events")))
        return Span(
            trace=fields.text(row["trace"]),
            span=fields.text(row["span"]),
            name=fields.text(row["name"]),
            parent=fields.text_or_none(row.get("parent")),
            kind=_number(row, "kind"),
            start=_number(row, "start"),
            end=_number(row, "end"),
            attributes=fields.mapping(row.get("attributes")),
            lists=lists,
            events=events,
            links=tuple(_link_from(fields.mapping(one)) for one in fields.listed(row.get("links"))),
            outcome=Outcome(_number(row, "outcome")),
            message=fields.text_or_none(row.get("message")),
            resource=fields.mapping(self._resources[_number(row, "resource")]),
            scope=fields.mapping(self._scopes[_number(row, "scope")]),
        )

    def _event(self, row: Mapping[str, Any]) -> Event:
        attributes = fields.mapping(row.get("attributes"))
        return Event(fields.text(row["name"]), _number(row, "at"), attributes, self._lists(row))

    def _lists(self, row: Mapping[str, Any]) -> dict[str, tuple[Message, ...]]:
        found = self._unpool.take_all(fields.mapping(row.get("lists")))
        self._lists_left -= sum(map(len, found.values()))
        if self._lists_left < 0:
            raise BrokenRecord("too many messages for so small a file")
        return found


def _link_from(row: Mapping[str, Any]) -> Link:
    return Link(fields.text(row["trace"]), fields.text(row["span"]), fields.mapping(row.get("attributes")))


def _head_from(head: Mapping[str, Any]) -> tuple[Content, list[Any], list[Any]]:
    if head.get("kind") != KIND:
        raise BrokenRecord("not a file of spans")
    fields.check_version(head.get("format"), FORMAT)
    none: list[Any] = [{}]
    return (
        Content(head.get("content", Content.ARTIFACT.value)),
        fields.listed(head.get("resources")) or none,
        fields.listed(head.get("scopes")) or none,
    )


def _number(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key, 0)
    if type(value) is not int or not 0 <= value < _MAX_NUMBER:
        raise BrokenRecord(f"{key!r} is not a number from 0 on")
    return value


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line, parse_constant=_no_number)
    except FAULTS as error:
        raise BrokenRecord(f"{where}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BrokenRecord(f"{where}: not a JSON object")
    return value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")
