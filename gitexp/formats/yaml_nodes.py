"""YAML as a tree of nodes that know where they stand, and the values that such a tree means.

Values are typed by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), with decimal
integers that may start with 0: `1e-3` is a float; `no`, `12:30` and `1_000` are text; `012` is twelve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TypeAlias

from gitexp.formats.canonical import LONGEST_DECIMAL
from gitexp.model.values import Scalar, Value

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+").fullmatch
_BASED = re.compile(r"[-+]?0(?:o[0-7]+|x[0-9a-fA-F]+)").fullmatch
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?").fullmatch
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)").fullmatch
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = {f"{_CORE}int": int, f"{_CORE}float": float, f"{_CORE}bool": bool, f"{_CORE}null": type(None)}
_TEXT_TAGS = ("!", f"{_CORE}str")


class Fault(Exception):
    """A text that is not YAML as we read it; `line` and `column` count from 1."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: character offsets of its text, and its first line and column from 0."""

    start: int
    end: int
    line: int
    column: int

    def fault(self, problem: str) -> Fault:
        return Fault(problem, self.line + 1, self.column + 1)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    place: Place
    text: str
    style: str
    """`''` for plain, else one of `'` `"` `|` `>`."""
    tag: str | None = None
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class AliasNode:
    place: Place
    name: str


@dataclass(slots=True)
class SequenceNode:
    place: Place
    flow: bool
    items: list[Node]
    tag: str | None = None
    anchor: str | None = None


@dataclass(slots=True)
class MappingNode:
    place: Place
    flow: bool
    items: list[tuple[Node, Node]]
    tag: str | None = None
    anchor: str | None = None
    _own: dict[str, tuple[Node, Node]] | None = field(default=None, repr=False, compare=False)

    def own(self, name: str) -> tuple[Node, Node] | None:
        """The item of a key that stands in it; asked once it is complete."""
        if self._own is None:
            self._own = {}
            for item in self.items:
                if not is_merge(item[0]):
                    self._own.setdefault(_key_text(item[0]), item)
        return self._own.get(name)


Node: TypeAlias = ScalarNode | AliasNode | SequenceNode | MappingNode


def is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and not key.style and key.text == "<<"


def _key_text(key: Node) -> str:
    """The key as a record has it: the text that stands there. Raises Fault for what is no scalar."""
    if not isinstance(key, ScalarNode):
        raise key.place.fault("a key must be a single word or text")
    return key.text


def scalar(text: str) -> Scalar:
    """What a plain scalar means."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT(text):
        return int(text) if len(text.lstrip("+-")) <= LONGEST_DECIMAL else text
    if _BASED(text):
        sign = -1 if text[0] == "-" else 1
        digits = text.lstrip("+-")
        return sign * int(digits[2:], 8 if digits[1] == "o" else 16)
    if _INFINITE(text) or _FLOAT(text):
        return float(text.replace(".i", "i").replace(".I", "I"))
    return float("nan") if text in _NAN else text


def walk(node: Node) -> Iterator[Node]:
    """`node` and all below it, in the order of the text."""
    yield node
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, MappingNode):
        for key, item in node.items:
            yield from walk(key)
            yield from walk(item)


class Reader:
    """Turns nodes into values; aliases are copied out, up to `limit` values in all."""

    def __init__(self, limit: int) -> None:
        self.aliases: dict[int, Value] = {}
        """What each alias read so far stands for, by its offset."""
        self._left = limit
        self._anchored: dict[str, tuple[Value, int]] = {}

    def value(self, node: Node) -> Value:
        """What `node` means.

        Raises Fault for duplicate keys, unknown tags, aliases of what is not complete, too many values.
        """
        before = self._left
        self._spend(1, node)
        if isinstance(node, AliasNode):
            return self._copy(node)
        result: Value
        if isinstance(node, ScalarNode):
            result = _tagged_scalar(node)
        elif node.tag not in (None, "!", f"{_CORE}{'seq' if isinstance(node, SequenceNode) else 'map'}"):
            raise node.place.fault(f"the tag {node.tag!r} is not supported")
        elif isinstance(node, SequenceNode):
            result = [self.value(item) for item in node.items]
        else:
            result = self._mapping(node)
        if node.anchor is not None:
            self._anchored[node.anchor] = (result, before - self._left)
        return result

    def _mapping(self, node: MappingNode) -> dict[str, Value]:
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, item in node.items:
            if is_merge(key):
                for source in self._merge_sources(item):
                    merged = {**source, **merged}
                continue
            name = _key_text(key)
            if name in own:
                raise key.place.fault(f"the key {name!r} stands here twice")
            if isinstance(key, ScalarNode) and key.anchor is not None:
                self._anchored[key.anchor] = (_tagged_scalar(key), 1)
            own[name] = self.value(item)
        return {**merged, **own} if merged else own

    def _merge_sources(self, node: Node) -> list[dict[str, Value]]:
        value = self.value(node)
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise node.place.fault("'<<' needs a mapping, or a list of mappings")
        return [source for source in sources if isinstance(source, dict)]

    def _copy(self, node: AliasNode) -> Value:
        if node.name not in self._anchored:
            raise node.place.fault(f"no complete value is anchored as '&{node.name}' before this")
        value, weight = self._anchored[node.name]
        self._spend(weight, node)
        self.aliases[node.place.start] = value
        return deepcopy(value)

    def _spend(self, count: int, node: Node) -> None:
        self._left -= count
        if self._left < 0:
            raise node.place.fault("too many values")


def _tagged_scalar(node: ScalarNode) -> Scalar:
    if node.tag is None:
        return node.text if node.style else scalar(node.text)
    if node.tag in _TEXT_TAGS:
        return node.text
    value = scalar(node.text)
    kind = _SCALAR_TAGS.get(node.tag)
    if kind is float and _FLOAT(node.text):
        return float(node.text)
    if type(value) is not kind:
        raise node.place.fault(f"the tag {node.tag!r} is not supported here")
    return value
