"""Where in a YAML text its items end, as people see it: without what ruamel counts to them."""

from __future__ import annotations

import re

from gitexp.formats.yaml_nodes import AliasNode, MappingNode, Node, ScalarNode

_GAP = re.compile(r"(?:\s|(?<=\s)#[^\r\n]*)*")


def content_end(text: str, key: Node, node: Node) -> int:
    """Where the text of an item ends, without comments and blank lines that ruamel counts to it."""
    colon = colon_of(text, key)
    behind = key.place.end if colon is None else colon + 1
    if isinstance(node, ScalarNode) and node.style in "|>" and node.style:
        return _literal_end(text, node, key.place.column)
    if isinstance(node, (AliasNode, ScalarNode)) or node.flow:
        end = node.place.end
        empty = isinstance(node, ScalarNode) and not node.style and not node.text
        return _trimmed(text, behind, end) if empty else end
    if isinstance(node, MappingNode):
        return content_end(text, *node.items[-1])
    last = node.items[-1]
    if isinstance(last, ScalarNode) and not last.style and not last.text:
        return _trimmed(text, behind, last.place.start)
    return content_end(text, node, last)


def _literal_end(text: str, node: ScalarNode, column: int) -> int:
    """The end of a literal or folded block: its last line that is indented more than its key."""
    at = end = line_end(text, node.place.start)
    header = text[node.place.start : end]
    while at < len(text):
        following = line_end(text, at + 1)
        line = text[at + 1 : following]
        blank = not line.strip()
        if not blank and len(line) - len(line.lstrip(" ")) <= column:
            break
        at = following
        if not blank or "+" in header.partition("#")[0]:
            end = at
    return end - 1 if text[end - 1 : end] == "\r" else end


def line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of what stands between `start` and `end` apart from space and comments: a tag or an anchor."""
    line = re.sub(r"(?:^|(?<=\s))#[^\r\n]*", lambda match: " " * len(match[0]), text[start:end])
    return start + len(line.rstrip())


def colon_of(text: str, key: Node) -> int | None:
    """Where the `:` behind `key` stands; None in `{a, b}`."""
    at = gap_end(text, key.place.end)
    return at if text[at : at + 1] == ":" else None


def gap_end(text: str, start: int) -> int:
    """Where the space and the comments that follow on `start` end."""
    match = _GAP.match(text, start)
    return match.end() if match else start


def newline_of(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
