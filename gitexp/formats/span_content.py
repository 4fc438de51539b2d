"""What of a span is kept: without secrets, bounded, its texts as they are, as hashes, or not at all."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from gitexp.formats.canonical_json import digest, to_json
from gitexp.formats.message_pool import message_of
from gitexp.formats.ordering import without_none
from gitexp.formats.redact import Redactor
from gitexp.model.calls import Content
from gitexp.model.trace import Event, Lists, Message, Span
from gitexp.model.values import Value

MAX_FIELD = 32 << 10
"""Bytes of a text that are kept; of a longer one the hash of the whole stands behind them."""
MAX_NAME = 500
_MAX_DEPTH = 32
_MAX_INT = 1 << 63
_MAX_WORD = 200
"""Characters of a text that tells what was done, rather than what was said."""

_TELLING = tuple("gen_ai. gitexp. langfuse.experiment. openai. mcp. server. service. telemetry.".split())
_TELLING_NAMES = frozenset(
    """error.type exception.type openinference.span.kind llm.model_name llm.provider llm.system
    gen_ai.output.type""".split()
)
_SAYING = frozenset(
    """argument arguments answer completion content description documents explanation expected input
    instructions messages output prompt query result text""".split()
)
"""Words in the name of an attribute that holds what was said."""
_MACHINE = ("host.", "process.", "service.instance.id")
"""Attributes of a resource that tell of the machine, which is nobody else's concern."""
_ITEM = re.compile(r"(gen_ai\.(?:prompt|completion)|llm\.(?:input|output)_messages)\.(\d{1,5})\.(.+)")
"""Lists of messages as attributes of their own, the way of older conventions."""
_WORDS = ("role", "type", "name")
"""Of a message that is kept as a hash these words stand beside it."""
_KNOWN = 1 << 16
"""Of how many things is remembered what became of them."""


class Cleaner:
    """Makes of spans as they were found those that are kept. Equal messages become one object."""

    def __init__(self, redactor: Redactor, content: Content) -> None:
        self._redactor = redactor
        self._content = content
        # What a program says of its calls is mostly what it has said before.
        self._messages = lru_cache(_KNOWN)(self._message)
        self._short = lru_cache(_KNOWN, typed=True)(self._masked)
        self._resources = lru_cache(_KNOWN)(self._resource)

    def clean(self, span: Span) -> Span:
        attributes, lists = self._attributes(span.attributes)
        return replace(
            span,
            name=self._text(span.name)[:MAX_NAME],
            attributes=attributes,
            lists=lists,
            events=tuple(self.clean_event(one) for one in span.events),
            links=tuple(replace(one, attributes=self._attributes(one.attributes)[0]) for one in span.links),
            message=self._said(span.message),
            resource=self._resources(to_json(_tamed(span.resource))),
            scope=self._attributes(span.scope)[0] if span.scope else {},
        )

    def clean_event(self, event: Event) -> Event:
        attributes, lists = self._attributes(event.attributes)
        return replace(event, name=self._text(event.name)[:MAX_NAME], attributes=attributes, lists=lists)

    def _resource(self, text: str) -> Mapping[str, Value]:
        found = {key: one for key, one in json.loads(text).items() if not key.startswith(_MACHINE)}
        return self._attributes(found)[0]

    def _attributes(self, found: Mapping[str, Value]) -> tuple[dict[str, Value], Lists]:
        plain: dict[str, Value] = {}
        lists: dict[str, list[Value]] = {}
        for key, value in _grouped(found).items():
            messages = _listed(value)
            if messages is None:
                plain[key] = _tamed(value)
            else:
                lists[key] = messages
        masked = dict(self._pair(key, value) for key, value in plain.items())
        return self._bounded(masked), self._lists(lists)

    def _pair(self, key: str, value: Value) -> tuple[str, Value]:
        """An attribute without what is secret; most are one of few words."""
        if is_hash(value):
            return key, value
        if isinstance(value, (list, tuple, Mapping)) or (isinstance(value, str) and len(value) > _MAX_WORD):
            return self._masked(key, value)
        return self._short(key, value)

    def _masked(self, key: str, value: Value) -> tuple[str, Value]:
        masked = self._redactor.params({key: value})
        assert isinstance(masked, dict)
        return next(iter(masked.items()))

    def _bounded(self, attributes: Mapping[str, Value]) -> dict[str, Value]:
        if self._content is Content.ARTIFACT:
            return {key: _cut(value) for key, value in attributes.items()}
        kept = {key: self._hashed(key, value) for key, value in attributes.items()}
        return without_none(kept)

    def _hashed(self, key: str, value: Value) -> Value:
        if value is None or isinstance(value, (bool, int, float)) or tells(key, value) or is_hash(value):
            return value
        return f"sha256:{digest(value)}" if self._content is Content.HASHES else None

    def _lists(self, lists: Mapping[str, list[Value]]) -> Lists:
        if self._content is Content.NONE:
            return {}
        return {key: tuple(self._messages(json.dumps(one)) for one in lists[key]) for key in lists}

    def _message(self, text: str) -> Message:
        _, value = self._masked("", _tamed(json.loads(text)))
        if self._content is Content.HASHES:
            told = value if isinstance(value, Mapping) else {}
            words = {key: told[key] for key in _WORDS if tells("gen_ai.", told.get(key))}
            return message_of({**words, "sha256": hash_of(value)})
        return message_of(_cut(value))

    def _said(self, text: str | None) -> str | None:
        if not text or self._content is Content.NONE:
            return None
        masked = self._text(text)
        if self._content is Content.ARTIFACT or is_hash(masked):
            return cut(masked)
        return f"sha256:{digest(masked)}"

    def _text(self, text: str) -> str:
        return self._redactor.text(_valid(text))


def hash_of(value: Value) -> str:
    """The sha256 of what was said, also where that is all that was kept."""
    told = value.get("sha256") if isinstance(value, Mapping) and value.keys() <= {*_WORDS, "sha256"} else None
    return told if isinstance(told, str) else digest(value)


def without_texts(span: Span) -> Span:
    """`span` with hashes in place of what was said."""
    whole = {key: [one.value for one in span.lists[key]] for key in span.lists}
    return _HASHING.clean(replace(span, attributes={**span.attributes, **whole}, lists={}))


def tells(key: str, value: object) -> bool:
    """Whether it is a word that tells what was done: the name of a model, but not what was asked of it."""
    if isinstance(value, list):
        return bool(value) and all(tells(key, one) for one in value)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_WORD:
        return False
    if key in _TELLING_NAMES:
        return True
    return key.startswith(_TELLING) and _SAYING.isdisjoint(re.split(r"[._]", key))


def cut(text: str) -> str:
    """At most `MAX_FIELD` bytes of `text`, and of a longer one how long it was and its hash."""
    if len(text) * 4 <= MAX_FIELD:
        return text
    data = text.encode()
    if len(data) <= MAX_FIELD:
        return text
    start = data[:MAX_FIELD].decode("utf-8", "ignore")
    return f"{start}… [cut: {len(data)} bytes, sha256:{sha256(data).hexdigest()}]"


def _cut(value: Value) -> Value:
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, Mapping):
        return {key: _cut(item) for key, item in value.items()}
    return [_cut(item) for item in value] if isinstance(value, (list, tuple)) else value


def _tamed(value: Any, depth: int = 0) -> Value:
    """`value` as JSON can hold it everywhere; what is nested deeper than anything sensible is left out."""
    if isinstance(value, str):
        return _valid(value)
    if isinstance(value, Mapping):
        items = value.items() if depth < _MAX_DEPTH else ()
        return {_valid(str(key)): _tamed(item, depth + 1) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [_tamed(item, depth + 1) for item in value] if depth < _MAX_DEPTH else []
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_MAX_INT <= value < _MAX_INT else str(value)
    return value if isinstance(value, float) and math.isfinite(value) else str(value)


def _valid(text: str) -> str:
    """Without halves of characters, which no UTF-8 file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _listed(value: Any) -> list[Any] | None:
    """The items where it is a list of mappings, as it is or as a text of JSON."""
    if isinstance(value, str) and value.startswith("[") and value[1:100].lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(one, dict) for one in value):
        return None
    return list(value)


def _grouped(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """The attributes, those that are parts of messages put together to lists."""
    found: dict[str, Value] = {}
    lists: dict[str, dict[int, dict[str, Value]]] = {}
    for key, value in attributes.items():
        match = _ITEM.fullmatch(key) if key.startswith(("gen_ai.", "llm.")) else None
        if match is None:
            found[key] = value
        else:
            items = lists.setdefault(match[1], {})
            items.setdefault(int(match[2]), {})[match[3].removeprefix("message.")] = value
    return {**found, **{key: list(_in_order(items)) for key, items in lists.items()}}


def _in_order(items: Mapping[int, dict[str, Value]]) -> Iterator[Value]:
    for number in sorted(items):
        yield items[number]


def is_hash(value: Value) -> bool:
    """Whether it stands in place of what was said."""
    return isinstance(value, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", value) is not None


_HASHING = Cleaner(Redactor(()), Content.HASHES)
