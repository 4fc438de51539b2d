"""YAML taken apart into the lines of its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitexp.formats.assignment import Key
from gitexp.formats.key_lines import KeyLines, Place, taken_apart
from gitexp.formats.yaml import compose_user
from gitexp.formats.yaml_nodes import MappingNode, Node, ScalarNode, walk
from gitexp.formats.yaml_places import colon_of, content_end, line_end

_COMMENT = re.compile(r"(?:^|(?<=[ \t\n]))#[^\r\n]*")


class _Crowded(Exception):
    """A key that does not begin its line, or is no word."""


def key_lines(text: str, *, what: str) -> KeyLines | None:
    """None where keys do not have lines of their own. Raises BrokenFile."""
    root = compose_user(text, what=what)
    if root is None:
        return KeyLines({}, text)
    if not isinstance(root, MappingNode) or root.flow:
        return None
    try:
        return taken_apart(text, list(_places(text, (), root)))
    except _Crowded:
        return None


def _places(text: str, above: Key, mapping: MappingNode) -> Iterator[Place]:
    for name, node in mapping.items:
        start = text.rfind("\n", 0, name.place.start) + 1
        colon = colon_of(text, name)
        if not isinstance(name, ScalarNode) or colon is None or text[start : name.place.start].strip():
            raise _Crowded
        key = (*above, name.text)
        inner = node if isinstance(node, MappingNode) and not node.flow else None
        end = line_end(text, colon if inner else content_end(text, name, node))
        comments = tuple(_comments(text, colon, end, [] if inner else list(walk(node))))
        yield Place(key, start, min(end + 1, len(text)), name.place.column, comments)
        if inner:
            yield from _places(text, key, inner)


def _comments(text: str, start: int, end: int, nodes: list[Node]) -> Iterator[tuple[int, int]]:
    """Where comments stand between two places: a `#` in a scalar begins none."""
    masked = text[start:end]
    for node in nodes:
        if isinstance(node, ScalarNode):
            first, last = node.place.start, min(node.place.end, end)
            if node.style and node.style in "|>":
                first, last = line_end(text, first) + 1, end
            first, last = first - start, max(first, last) - start
            masked = masked[:first] + "x" * (last - first) + masked[last:]
    for match in _COMMENT.finditer(masked):
        yield match.start() + start, match.end() + start
