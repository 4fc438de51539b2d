"""Spans of OpenTelemetry as JSON: OTLP documents, their spans alone, and what its Python SDK prints of one.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import base64
import binascii
import re
from calendar import timegm
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cache
from itertools import groupby
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.interop.problems import Problems
from gitexp.interop.source import listed, mapping, text
from gitexp.model.trace import Event, Link, Lists, Outcome, Span
from gitexp.model.values import Value

_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_OUTCOMES = {"OK": Outcome.OK, "ERROR": Outcome.ERROR, 1: Outcome.OK, 2: Outcome.ERROR}
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]+)")
_MAX_TIME = 1 << 63
_WRONG = (BrokenFile, TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Loose:
    """An event that was logged on its own, and the span that it belongs to."""

    trace: str
    span: str
    event: Event


def read(value: Mapping[str, Any], where: str, problems: Problems) -> Iterator[Span | Loose]:
    """Every span, and every event of a span, in one document or line; what is none is told."""
    for one, resource, scope, made in _below(value):
        try:
            yield made(one, resource, scope)
        except _WRONG as error:
            told = error.message if isinstance(error, BrokenFile) else "not a span"
            problems.error(where, told)


def document(spans: Iterable[Span]) -> dict[str, Any]:
    """`spans` as one OTLP document."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _key_values(ones[0].resource)},
                "scopeSpans": [
                    {"scope": dict(some[0].scope), "spans": [_written(one) for one in some]}
                    for some in _runs(ones, "scope")
                ],
            }
            for ones in _runs(spans, "resource")
        ]
    }


def values_of(lists: Lists) -> dict[str, Value]:
    """Lists of messages as attributes are."""
    return {key: [one.value for one in messages] for key, messages in lists.items()}


def _below(value: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any, Any]]:
    """What is to be read, its resource and scope, and how."""
    if _has(value, "resourceSpans"):
        return _spans(value)
    if _has(value, "resourceLogs"):
        return _logs(value)
    return iter([(value, mapping(value.get("resource")), mapping(value.get("scope")), _span)])


def _has(value: Mapping[str, Any], key: str) -> bool:
    return isinstance(_get(value, key), list)


def _get(value: Mapping[str, Any], *keys: str) -> Any:
    """What stands under a name, in the spelling of JSON or in that of the protocol."""
    for key in keys:
        for spelled in _spellings(key):
            if value.get(spelled) is not None:
                return value[spelled]
    return None


@cache
def _spellings(key: str) -> tuple[str, str]:
    return key, re.sub(r"([A-Z])", r"_\1", key).lower()


def _spans(value: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any, Any]]:
    for group, resource in _groups(value, "resourceSpans"):
        for part in (*listed(_get(group, "scopeSpans")), *listed(group.get("instrumentationLibrarySpans"))):
            scope = mapping(mapping(part).get("scope"))
            yield from ((one, resource, scope, _span) for one in listed(mapping(part).get("spans")))


def _logs(value: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any, Any]]:
    for group, resource in _groups(value, "resourceLogs"):
        for part in listed(_get(group, "scopeLogs")):
            yield from ((one, resource, {}, _loose) for one in listed(_get(mapping(part), "logRecords")))


def _groups(value: Mapping[str, Any], key: str) -> Iterator[tuple[dict[str, Any], Any]]:
    for group in listed(_get(value, key)):
        yield mapping(group), mapping(mapping(group).get("resource"))


def _span(one: Any, resource: Mapping[str, Any], scope: Mapping[str, Any]) -> Span:
    if not isinstance(one, dict):
        raise BrokenFile("not a span")
    status = mapping(one.get("status"))
    trace, span = _ids(one)
    return Span(
        trace=trace,
        span=span,
        parent=_parent(_get(one, "parentSpanId", "parentId")),
        name=text(one.get("name")) or "",
        kind=_kind(one.get("kind")),
        start=_nanoseconds(_get(one, "startTimeUnixNano", "startTime")),
        end=_nanoseconds(_get(one, "endTimeUnixNano", "endTime")),
        attributes=_attributes(one.get("attributes")),
        events=tuple(_event(event) for event in listed(one.get("events"))),
        links=tuple(_link(link) for link in listed(one.get("links"))),
        outcome=_outcome(_get(status, "code", "statusCode")),
        message=text(_get(status, "message", "description")),
        resource=_attributes(resource.get("attributes")),
        scope={key: told for key in ("name", "version") if (told := text(scope.get(key)))},
    )


def _event(one: Any) -> Event:
    told = mapping(one)
    at = _nanoseconds(_get(told, "timeUnixNano", "timestamp"))
    return Event(text(told.get("name")) or "", at, _attributes(told.get("attributes")))


def _link(one: Any) -> Link:
    told = mapping(one)
    return Link(*_ids(told), _attributes(told.get("attributes")))


def _loose(one: Any, resource: Mapping[str, Any], scope: Mapping[str, Any]) -> Loose:
    told = mapping(one)
    attributes = _attributes(told.get("attributes"))
    name = text(_get(told, "eventName")) or text(attributes.get("event.name")) or "log"
    body = _any(told.get("body"))
    found = {**attributes, **(body if isinstance(body, dict) else {} if body is None else {"body": body})}
    at = _nanoseconds(_get(told, "timeUnixNano", "observedTimeUnixNano"))
    return Loose(*_ids(told), Event(name, at, found))


def _ids(told: Mapping[str, Any]) -> tuple[str, str]:
    """Of a trace and a span in it."""
    context = mapping(told.get("context"))
    trace, span = _get(told, "traceId"), _get(told, "spanId")
    return _id(trace or context.get("trace_id"), 32), _id(span or context.get("span_id"), 16)


def _id(value: Any, digits: int) -> str:
    """A number in hexadecimal digits, or in the base64 that protobuf has for bytes."""
    written = value if isinstance(value, str) else ""
    match = _HEX.fullmatch(written)
    if match and len(match[1]) <= digits:
        found = match[1].lower().zfill(digits)
    else:
        try:
            found = base64.b64decode(written, validate=True).hex()
        except (binascii.Error, ValueError):
            found = ""
    if len(found) != digits or not found.strip("0"):
        raise BrokenFile("not a span: it has no id of a trace and of its own")
    return found


def _parent(value: Any) -> str | None:
    try:
        return _id(value, 16)
    except BrokenFile:
        return None


def _kind(value: Any) -> int:
    if isinstance(value, str):
        word = value.rpartition(".")[2].removeprefix("SPAN_KIND_").upper()
        return _KINDS.index(word) if word in _KINDS else 0
    return value if type(value) is int and 0 <= value < len(_KINDS) else 0


def _outcome(value: Any) -> Outcome:
    if isinstance(value, str):
        value = value.removeprefix("STATUS_CODE_").upper()
    return _OUTCOMES.get(value, Outcome.UNSET) if type(value) in (str, int) else Outcome.UNSET


def _nanoseconds(value: Any) -> int:
    """Since 1970; 0 for what is no time."""
    if isinstance(value, str) and not value.isdecimal():
        try:
            found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return 0
        found = found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
        return max(0, timegm(found.timetuple()) * 1_000_000_000 + found.microsecond * 1000)
    if isinstance(value, str):
        value = int(value) if len(value) < 20 else 0
    return value if type(value) is int and 0 <= value < _MAX_TIME else 0


def _attributes(found: Any) -> dict[str, Value]:
    """Attributes as a mapping, or as the list of keys and typed values that OTLP has."""
    if isinstance(found, dict):
        return found
    each = (one for one in listed(found) if isinstance(one, dict) and "key" in one)
    return {str(one["key"]): _any(one.get("value")) for one in each}


def _any(value: Any) -> Value:
    """A value of OTLP, which says what type it is of."""
    if not isinstance(value, dict) or len(value) != 1:
        return value if isinstance(value, (str, int, float)) else None
    ((kind, found),) = value.items()
    kind = kind.replace("_", "").lower()
    if kind == "arrayvalue":
        return [_any(one) for one in listed(mapping(found).get("values"))]
    if kind == "kvlistvalue":
        return _attributes(mapping(found).get("values"))
    if kind == "intvalue":
        return int(found)
    if kind == "doublevalue":
        return float(found)
    return found if isinstance(found, (str, bool)) else None


def _runs(spans: Iterable[Span], name: str) -> list[list[Span]]:
    """Spans that stand together and have the same `name`."""
    return [list(group) for _, group in groupby(spans, key=lambda one: getattr(one, name))]


def _written(one: Span) -> dict[str, Any]:
    value = {
        "traceId": one.trace,
        "spanId": one.span,
        "parentSpanId": one.parent,
        "name": one.name,
        "kind": one.kind,
        "startTimeUnixNano": str(one.start),
        "endTimeUnixNano": str(one.end),
        "attributes": _key_values({**one.attributes, **values_of(one.lists)}),
        "events": [
            {
                "name": event.name,
                "timeUnixNano": str(event.at),
                "attributes": _key_values({**event.attributes, **values_of(event.lists)}),
            }
            for event in one.events
        ],
        "links": [
            {"traceId": link.trace, "spanId": link.span, "attributes": _key_values(link.attributes)}
            for link in one.links
        ],
        "status": {"code": int(one.outcome), "message": one.message} if one.outcome or one.message else None,
    }
    return {key: item for key, item in value.items() if item not in (None, [])}


def _key_values(attributes: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _typed(value)} for key, value in attributes.items()]


def _typed(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": _key_values(value)}}
    return {} if value is None else {"arrayValue": {"values": [_typed(one) for one in value]}}


def with_events(span: Span, loose: Iterable[Event]) -> Span:
    """`span` with events that were logged on their own, by their times."""
    return replace(span, events=(*span.events, *sorted(loose, key=lambda one: one.at)))
