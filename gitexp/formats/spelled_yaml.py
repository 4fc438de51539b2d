"""Values written as another YAML text spells them.

What a plain scalar means depends on who reads it: `off`, `2_000` and `2025-02-02` are text to YAML 1.2, and
are not to the readers of YAML 1.1 that most programs use. So a value that comes from a file is written with
the characters that it has there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.formats.canonical import is_plain, quote, word
from gitexp.formats.yaml import compose_user, value_of
from gitexp.formats.yaml_nodes import (
    AliasNode,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    is_merge,
    walk,
)
from gitexp.formats.yaml_places import colon_of, content_end, line_end
from gitexp.model.values import Value, same

_FLOW_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*", re.ASCII).fullmatch
_FLOW_MARKS = re.compile(r"[,\[\]{}]").search
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_ANCHOR = re.compile(r"&\S+\s+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """A value and the node of a text that means it."""

    text: str
    value: Value
    node: Node
    targets: Mapping[int, Node]
    """What each alias of the text stands for, by its offset."""
    key: Node | None = None
    """The key that it stands under; None where an alias led to it."""
    blocks: bool = True
    """Whether what takes several lines may be written so."""

    def at(self, name: str) -> Spelling | None:
        """What it has at a key, be it by a merge key."""
        if not isinstance(self.value, Mapping) or name not in self.value:
            return None
        found = _item(self.node, name, self.targets)
        return None if found is None else self._inside(self.value[name], found[1], found[0])

    def items(self) -> Iterator[Spelling]:
        if isinstance(self.node, SequenceNode) and isinstance(self.value, (list, tuple)):
            for value, node in zip(self.value, self.node.items, strict=True):
                yield self._inside(value, node, None)

    def _inside(self, value: Value, node: Node, key: Node | None) -> Spelling:
        if isinstance(node, AliasNode):
            return replace(self, value=value, node=self.targets[node.place.start], key=key)
        return replace(self, value=value, node=node, key=key)

    @property
    def mark(self) -> object:
        """What has to be equal for two spellings of one value to mean the same to every reader."""
        node = self.node
        if isinstance(node, ScalarNode):
            plain = not node.style and not is_plain(node.text)
            return (node.text, node.tag) if plain else node.tag
        if isinstance(node, SequenceNode):
            return [one.mark for one in self.items()]
        return None


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it is to stand behind a key."""

    head: str
    """What stands in the line of the key."""
    body: tuple[str, ...] = ()
    """The lines below, indented as if the key was at the margin."""
    comment: str = ""
    """What stands behind the head where it comes from."""
    is_copy: bool = False
    """Whether all of it is text that stands somewhere."""


def spelling(text: str, *, what: str) -> Spelling | None:
    """A whole text; None for one that holds nothing. Raises BrokenFile."""
    root = compose_user(text, what=what)
    return None if root is None else spelling_of(text, root, what=what)


def spelling_of(text: str, root: Node, *, what: str) -> Spelling:
    """A whole text and its tree. Raises BrokenFile."""
    anchors: dict[str, Node] = {}
    targets: dict[int, Node] = {}
    for node in walk(root):
        if isinstance(node, AliasNode):
            targets[node.place.start] = anchors.get(node.name, node)
        elif node.anchor is not None:
            anchors[node.anchor] = node
    return Spelling(text, value_of(root, what=what), root, targets)


def in_one_line(like: Sequence[Spelling]) -> list[Spelling]:
    """The same, with every value in one line."""
    return [replace(one, blocks=False) for one in like]


def spellings_at(each: Sequence[Spelling], key: Sequence[str]) -> list[Spelling]:
    """What they have at `key`, as far as they have it."""
    for part in key:
        each = [inner for one in each if (inner := one.at(part)) is not None]
    return list(each)


def otherwise(key: tuple[str, ...], old: Spelling, new: Spelling) -> Iterator[tuple[tuple[str, ...], Value]]:
    """The keys whose value is the same in both, and may be two to those who read YAML otherwise."""
    if isinstance(old.value, Mapping) and isinstance(new.value, Mapping):
        for name in old.value:
            one, other = old.at(name), new.at(name)
            if one is not None and other is not None:
                yield from otherwise((*key, name), one, other)
    elif same(old.value, new.value) and old.mark != new.mark:
        yield key, new.value


def write(value: Value, like: Sequence[Spelling], *, flow: bool) -> Written:
    """`value`, or its parts, as the first of `like` that has it; `flow` says that it stands in brackets."""
    for one in like:
        if same(one.value, value) and (found := _as_it_is(one, flow=flow)) is not None:
            return found
    if isinstance(value, Mapping) and value:
        pairs = (
            f"{write_key(name, inner, flow=True)}: {write(item, inner, flow=True).head}"
            for name, item in value.items()
            for inner in (spellings_at(like, (name,)),)
        )
        return Written("{" + ", ".join(pairs) + "}")
    if isinstance(value, (list, tuple)):
        parts = next((list(one.items()) for one in like if same(one.value, value)), [])
        inner = [[part] for part in parts] or [[] for _ in value]
        items = (write(item, one, flow=True).head for item, one in zip(value, inner, strict=True))
        return Written("[" + ", ".join(items) + "]")
    return Written(inline(value, flow=flow))


def write_key(name: str, like: Sequence[Spelling], *, flow: bool) -> str:
    """A key, as the first of `like`, which stand there, has it."""
    for one in like:
        if isinstance(one.key, ScalarNode):
            found = _scalar(replace(one, node=one.key), flow=flow)
            if found:
                return found
    return inline(name, flow=flow)


def inline(value: Value, *, flow: bool) -> str:
    """`value` in one line; `flow` says that it is to stand inside brackets."""
    if isinstance(value, str):
        return value if is_plain(value) and (not flow or _FLOW_PLAIN(value)) else quote(value)
    if isinstance(value, Mapping):
        pairs = (f"{inline(key, flow=True)}: {inline(item, flow=True)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if value is None or isinstance(value, (bool, int, float)):
        return word(value)
    return "[" + ", ".join(inline(item, flow=True) for item in value) + "]"


def _item(node: Node, name: str, targets: Mapping[int, Node]) -> tuple[Node, Node] | None:
    """The item of a mapping that gives it `name`."""
    node = targets[node.place.start] if isinstance(node, AliasNode) else node
    if isinstance(node, SequenceNode):  # of a merge key
        return next((found for one in node.items if (found := _item(one, name, targets))), None)
    if not isinstance(node, MappingNode):
        return None
    if (own := node.own(name)) is not None:
        return own
    merged = (item[1] for item in reversed(node.items) if is_merge(item[0]))
    return next((found for one in merged if (found := _item(one, name, targets))), None)


def _as_it_is(one: Spelling, *, flow: bool) -> Written | None:
    """The text of a node; None where it cannot stand somewhere else as it is."""
    node = one.node
    if isinstance(node, ScalarNode) and not (node.style and node.style in "|>"):
        text = _scalar(one, flow=flow)
        return None if text is None else Written(text, (), _comment(one, node.place.end), True)
    if any(isinstance(each, AliasNode) or each.anchor is not None for each in walk(node)):
        return None
    if isinstance(node, (SequenceNode, MappingNode)) and node.flow:
        text = one.text[node.place.start : node.place.end]
        return None if "\n" in text else Written(text, (), _comment(one, node.place.end), True)
    return None if flow or one.key is None or not one.blocks else _block(one, one.key)


def _scalar(one: Spelling, *, flow: bool) -> str | None:
    node = one.node
    assert isinstance(node, ScalarNode)
    if not node.style and node.tag is None:
        # Over several lines, or with brackets in it, it is text to everybody, and may be quoted.
        fits = "\n" not in node.text and not (flow and _FLOW_MARKS(node.text))
        return (node.text or "null") if fits else None
    text = one.text[node.place.start : node.place.end]
    if node.anchor is not None:
        text = _ANCHOR.sub("", text, count=1)
    return None if "\n" in text or (node.style and node.style in "|>") else text


def _block(one: Spelling, key: Node) -> Written | None:
    """What stands below a key."""
    text, node = one.text, one.node
    colon = colon_of(text, key)
    if colon is None or getattr(node, "tag", None) is not None:
        return None
    first = line_end(text, node.place.start if isinstance(node, ScalarNode) else colon)
    last = line_end(text, content_end(text, key, node))
    if isinstance(node, ScalarNode):
        last = content_end(text, key, node)
    behind = text[colon + 1 : first].rstrip("\r")
    head, mark, comment = behind.partition("#")
    column = key.place.column
    if last == len(text) and text.endswith("\n"):  # blank lines that are kept
        last -= 1
    lines = (line.removesuffix("\r") for line in text[first + 1 : last].split("\n"))
    body = tuple(line[min(column, len(line) - len(line.lstrip(" "))) :] for line in lines)
    return Written(head.strip(), body, f"{head[len(head.rstrip()) :]}{mark}{comment}" if mark else "", True)


def _comment(one: Spelling, end: int) -> str:
    if one.key is None:
        return ""
    found = _COMMENT.match(one.text, end)
    return found[0] if found else ""
