"""Reading YAML: our own records strictly, the user's files generously; and nothing that hangs or explodes.

Every general loader tried could be hung, bombed or crashed by a few kilobytes, so only the events of ruamel's
parser are used, one at a time and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from gitexp.errors import BrokenFile, BrokenRecord
from gitexp.formats.canonical import MAX_DEPTH, dump
from gitexp.formats.canonical_reader import MAX_SCALAR, load
from gitexp.formats.yaml_nodes import (
    AliasNode,
    Fault,
    MappingNode,
    Node,
    Place,
    Reader,
    ScalarNode,
    SequenceNode,
    is_merge,
)
from gitexp.model.values import Value

Event: TypeAlias = Any
"""An event of ruamel's; which attributes it has goes by its class, and ruamel declares them for none."""

__all__ = [
    "compose",
    "compose_user",
    "dump",
    "flow_fault",
    "load",
    "load_foreign",
    "load_user",
    "read_flow",
    "value_of",
    "values_of_aliases",
]

MAX_FOREIGN_SIZE = 2 << 20
"""Bytes of any other YAML file: ruamel needs about a second for one megabyte."""

MAX_VALUES = 100_000
"""Values in one file that is not as `dump` writes it, copies made by aliases included."""

MAX_FOREIGN_NODES = 30_000
"""Keys and values in a record that is not as `dump` writes it: more than a second's work."""

_LONG_NAME = re.compile(r"(?:^|[\s,\[\]{}:?-])[!&*%]\S{1024}").search
_SURROGATE = re.compile("[\ud800-\udfff]").search


def load_foreign(data: bytes, *, what: str) -> Value:
    """The value of one of our own files that `dump` did not write; `what` names it in errors.

    Accepted where it has no anchors, aliases, tags, merge keys or duplicate keys, and is within the limits
    above. Raises BrokenRecord.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenRecord(f"{what!r} is not UTF-8 at byte {error.start}") from None
    try:
        return _value(compose(text, strict=True))
    except Fault as fault:
        raise BrokenRecord(_message(what, fault)) from None


def load_user(text: str, *, what: str) -> Value:
    """The value of a YAML file of the user's, None for an empty one; `what` names it in errors.

    Anchors, aliases and merge keys work, as long as what they amount to is bounded. Raises BrokenFile.
    """
    try:
        return _value(compose(text))
    except Fault as fault:
        raise BrokenFile(_message(what, fault)) from None


def read_flow(text: str, *, otherwise: Value) -> Value:
    """The value of one flow collection or quoted scalar, `otherwise` where `text` is no YAML."""
    try:
        return _value(compose(text, strict=True))
    except Fault:
        return otherwise


def flow_fault(text: str) -> str | None:
    """Why `read_flow` finds no value in `text`, and where; None where there is one."""
    try:
        _value(compose(text.strip(), strict=True))
    except Fault as fault:
        return _placed(fault)
    return None


def compose_user(text: str, *, what: str) -> Node | None:
    """The tree of a file of the user's. Raises BrokenFile."""
    try:
        return compose(text)
    except Fault as fault:
        raise BrokenFile(_message(what, fault)) from None


def value_of(root: Node, *, what: str) -> Value:
    """The value of a tree. Raises BrokenFile."""
    return _read(root, what)[0]


def values_of_aliases(root: Node, *, what: str) -> dict[int, Value]:
    """What each alias of a tree stands for, by the offset of the alias. Raises BrokenFile."""
    return _read(root, what)[1].aliases


def _read(root: Node, what: str) -> tuple[Value, Reader]:
    reader = Reader(MAX_VALUES)
    try:
        return reader.value(root), reader
    except Fault as fault:
        raise BrokenFile(_message(what, fault)) from None


def compose(text: str, *, strict: bool = False) -> Node | None:
    """The tree of nodes of a text that holds one document, None where it holds nothing.

    `strict` refuses anchors, aliases, tags and merge keys. Raises Fault.
    """
    if len(text) > MAX_FOREIGN_SIZE:
        raise Fault(f"too large: more than {MAX_FOREIGN_SIZE} characters", 1, 1)
    for find, problem in (
        (_LONG_NAME, "a tag or anchor is too long"),
        (_SURROGATE, "half of a surrogate pair"),
    ):
        if match := find(text):
            start = match.start()
            raise Fault(problem, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    return _Composer(strict).tree(_events(text))


def _value(node: Node | None) -> Value:
    return None if node is None else Reader(MAX_VALUES).value(node)


def _message(what: str, fault: Fault) -> str:
    return f"{what!r} {_placed(fault)}"


def _placed(fault: Fault) -> str:
    return f"line {fault.line}, column {fault.column}: {fault.problem}"


class _Composer:
    """Builds nodes from events, and refuses what is too deep, too long or too much while it is coming in."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._open: list[SequenceNode | MappingNode] = []
        self._keys: list[Node | None] = []
        self._root: Node | None = None
        self._count = 0

    def tree(self, events: Iterator[Event]) -> Node | None:
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise _place(event).fault("more than one document")
            elif kind in ("SequenceStartEvent", "MappingStartEvent"):
                self._start(event, kind)
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                self._end(event)
            elif kind in ("ScalarEvent", "AliasEvent"):
                self._add(self._leaf(event, kind))
        return self._root

    def _start(self, event: Event, kind: str) -> None:
        place = _place(event)
        self._check(event, place)
        if len(self._open) >= MAX_DEPTH:
            raise place.fault(f"nested more than {MAX_DEPTH} deep")
        make = SequenceNode if kind == "SequenceStartEvent" else MappingNode
        node = make(place, bool(event.flow_style), [], _tag(event), event.anchor)
        self._add(node)
        self._open.append(node)
        self._keys.append(None)

    def _end(self, event: Event) -> None:
        node = self._open.pop()
        self._keys.pop()
        place = node.place
        node.place = Place(place.start, event.end_mark.index, place.line, place.column)

    def _leaf(self, event: Event, kind: str) -> Node:
        place = _place(event)
        self._check(event, place)
        if kind == "AliasEvent":
            return AliasNode(place, event.anchor)
        if len(event.value) > MAX_SCALAR:
            raise place.fault(f"a text is longer than {MAX_SCALAR} characters")
        if _SURROGATE(event.value):
            raise place.fault("half of a surrogate pair")
        return ScalarNode(place, event.value, event.style or "", _tag(event), event.anchor)

    def _check(self, event: Event, place: Place) -> None:
        self._count += 1
        if self._count > (MAX_FOREIGN_NODES if self._strict else 2 * MAX_VALUES):
            raise place.fault("too many values")
        if not self._strict:
            return
        if event.anchor is not None:
            raise place.fault("anchors and aliases are not allowed in a record")
        if _tag(event) is not None:
            raise place.fault("tags are not allowed in a record")

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
        elif isinstance(parent := self._open[-1], SequenceNode):
            parent.items.append(node)
        elif (key := self._keys[-1]) is None:
            if self._strict and is_merge(node):
                raise node.place.fault("merge keys are not allowed in a record")
            self._keys[-1] = node
        else:
            parent.items.append((key, node))
            self._keys[-1] = None


def _events(text: str) -> Iterator[Event]:
    """ruamel's events. Raises Fault with what it found wrong."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context or "not YAML").split())
        raise Fault(problem, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except ReaderError as error:
        start = error.position
        line = text.count("\n", 0, start) + 1
        problem = "a control character, which YAML does not allow"
        raise Fault(problem, line, start - text.rfind("\n", 0, start)) from None
    except (YAMLError, ValueError, OverflowError) as error:
        raise Fault(" ".join(str(error).split()), 1, 1) from None


def _place(event: Event) -> Place:
    start = event.start_mark
    return Place(start.index, event.end_mark.index, start.line, start.column)


def _tag(event: Event) -> str | None:
    tag = getattr(event, "tag", None)
    return None if tag is None else str(tag)
