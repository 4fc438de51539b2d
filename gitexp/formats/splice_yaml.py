"""Setting and removing values inside YAML text: the text around stays: comments, layout, anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitexp.formats.assignment import Key, lookup
from gitexp.formats.canonical import is_plain, quote, word
from gitexp.formats.yaml import compose_user, values_of_aliases
from gitexp.formats.yaml_nodes import (
    AliasNode,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    is_merge,
    key_text,
)
from gitexp.model.values import Value

_FLOW_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*", re.ASCII).fullmatch
_GAP = re.compile(r"(?:\s|(?<=\s)#[^\r\n]*)*")


@dataclass(frozen=True, slots=True)
class _Target:
    """The deepest mapping of the text on the way to a key, and the item in it that is to be replaced."""

    mapping: MappingNode
    path: Key
    """The key up to the item, which may be shorter than the whole: then a new mapping is written there."""
    item: tuple[Node, Node] | None
    passed: tuple[Node, ...]
    """The nodes on the way whose content changes."""


def set_value(text: str, key: Key, value: Value, expected: Mapping[str, Value], *, what: str) -> str:
    """`text` with `value` at `key`; `expected` is what it is to mean then. Raises BrokenFile."""
    root = compose_user(text, what=what)
    if root is None or _is_empty(root):
        return _fill(text, root, expected)
    if not isinstance(root, MappingNode):
        return text
    target = _find(root, key)
    freed = _write_out_aliases(text, root, target, what)
    if freed != text:
        return set_value(freed, key, value, expected, what=what)
    item = lookup(expected, target.path)
    if target.item is None:
        return _insert(text, target.mapping, key, item, len(target.path))
    return _replace(text, *target.item, item, flow=target.mapping.flow)


def remove_key(text: str, key: Key, expected: Mapping[str, Value], *, what: str) -> str:
    """`text` without `key`; as it is where the key only comes in by a merge key. Raises BrokenFile."""
    root = compose_user(text, what=what)
    if not isinstance(root, MappingNode):
        return text
    target = _find(root, key)
    if target.item is None:
        return text
    freed = _write_out_aliases(text, root, target, what)
    if freed != text:
        return remove_key(freed, key, expected, what=what)
    if target.path != key:  # an alias on the way is written out, without the key
        return set_value(text, target.path, lookup(expected, target.path), expected, what=what)
    if len(key) > 1 and len(target.mapping.items) == 1:
        return set_value(text, key[:-1], {}, expected, what=what)
    return _cut(text, target.mapping, target.item)


def _cut(text: str, mapping: MappingNode, item: tuple[Node, Node]) -> str:
    """`text` without one item of `mapping`: its lines, or in brackets its place and one comma."""
    start, end = item[0].place.start, _content_end(text, *item)
    if not mapping.flow:
        start = text.rfind("\n", 0, start) + 1
        end = _line_end(text, end)
        return text[:start] + text[end + 1 :] if not text[start : item[0].place.start].strip() else text
    index = mapping.items.index(item)
    if index + 1 < len(mapping.items):
        return text[:start] + text[mapping.items[index + 1][0].place.start :]
    return text[: _content_end(text, *mapping.items[index - 1]) if index else start] + text[end:]


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


def _is_empty(root: Node) -> bool:
    return (
        isinstance(root, ScalarNode)
        and not root.style
        and root.tag is None
        and root.text in ("", "null", "~")
    )


def _fill(text: str, root: Node | None, expected: Mapping[str, Value]) -> str:
    """A text without content, with the one key that it is to have."""
    if root is not None and (end := root.place.end) > root.place.start:
        return text[: root.place.start] + inline(expected, flow=False) + text[end:]
    newline = _newline(text)
    glue = "" if not text or text.endswith("\n") else newline
    ((key, value),) = expected.items()
    return text + glue + newline.join(_block((key,), value, "")) + newline


def _find(root: MappingNode, key: Key) -> _Target:
    mapping = root
    passed: list[Node] = [root]
    for depth, part in enumerate(key):
        own = (item for item in mapping.items if not is_merge(item[0]) and key_text(item[0]) == part)
        found = next(own, None)
        path = key[: depth + 1]
        if found is None:
            return _Target(mapping, path, None, tuple(passed))
        inner = found[1]
        passed.append(inner)
        if depth + 1 == len(key) or not isinstance(inner, MappingNode) or not inner.items:
            return _Target(mapping, path, found, tuple(passed))
        mapping = inner
    raise AssertionError("a key has at least one part")


def _write_out_aliases(text: str, root: Node, target: _Target, what: str) -> str:
    """`text` where no alias is left of what is about to change, so that only the key itself does."""
    changing = {node.place.start for node in target.passed if _anchor(node)}
    if target.item is not None:
        changing |= {node.place.start for node in _walk(target.item[1]) if _anchor(node)}
        inside = {node.place.start for node in _walk(target.item[1]) if isinstance(node, AliasNode)}
    else:
        inside = set()
    if not changing:
        return text
    anchors: dict[str, int] = {}
    replaced: list[AliasNode] = []
    for node in _walk(root):
        if isinstance(node, AliasNode):
            if anchors.get(node.name) in changing and node.place.start not in inside:
                replaced.append(node)
        elif name := _anchor(node):
            anchors[name] = node.place.start
    values = values_of_aliases(root, what=what) if replaced else {}
    for node in reversed(replaced):
        value = inline(values[node.place.start], flow=True)
        text = text[: node.place.start] + value + text[node.place.end :]
    return text


def _walk(node: Node) -> Iterator[Node]:
    """`node` and all below it, in the order of the text."""
    yield node
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from _walk(item)
    elif isinstance(node, MappingNode):
        for key, item in node.items:
            yield from _walk(key)
            yield from _walk(item)


def _anchor(node: Node) -> str | None:
    return None if isinstance(node, AliasNode) else node.anchor


def _replace(text: str, key: Node, node: Node, value: Value, *, flow: bool) -> str:
    start, end = node.place.start, _content_end(text, key, node)
    colon = _colon(text, key)
    if colon is None:
        return f"{text[: key.place.end]}: {inline(value, flow=flow)}{text[key.place.end :]}"
    # `{"a":x}` is YAML, but not what somebody who writes `{"a":"y"}` expects.
    tight = flow and start == colon + 1 and isinstance(value, str)
    new = quote(str(value)) if tight else inline(value, flow=flow)
    if end <= colon + 1:  # nothing stands behind the colon
        return f"{text[: colon + 1]} {new}{text[colon + 1 :]}"
    block = isinstance(node, (SequenceNode, MappingNode)) and not node.flow
    if not block or "\n" not in text[colon:start]:
        return text[:start] + new + text[end:]
    # The lines of a block go; what stands behind the colon and between the two stays.
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    rest = text[last + 1 :] if last >= 0 else ""
    return f"{text[: colon + 1]} {new}{text[colon + 1 : first]}{rest}"


def _insert(text: str, mapping: MappingNode, key: Key, value: Value, depth: int) -> str:
    """`text` with a new key `key[depth - 1]` at the end of `mapping`."""
    if mapping.flow:
        new = f"{inline(key[depth - 1], flow=True)}: {inline(value, flow=True)}"
        if not mapping.items:
            start = text.index("{", mapping.place.start) + 1
            return text[:start] + new + text[start:]
        end = _content_end(text, *mapping.items[-1])
        comma = _GAP.match(text, end)
        if comma and text[comma.end() : comma.end() + 1] == ",":
            return f"{text[: comma.end() + 1]} {new}{text[comma.end() + 1 :]}"
        return f"{text[:end]}, {new}{text[end:]}"
    newline = _newline(text)
    end = _content_end(text, *mapping.items[-1])
    if text[end - 1] != "\n":
        end = text.find("\n", end)
        end = len(text) if end < 0 else end + 1
    pad = " " * mapping.items[0][0].place.column
    new = newline.join(_block((key[depth - 1],), value, pad))
    if text[end - 1] != "\n":
        return f"{text}{newline}{new}"
    return f"{text[:end]}{new}{newline}{text[end:]}"


def _block(path: Key, value: Value, pad: str) -> list[str]:
    """The lines of a new key; mappings inside it get a line for each key."""
    head = f"{pad}{inline(path[-1], flow=False)}:"
    if not isinstance(value, Mapping) or not value:
        return [f"{head} {inline(value, flow=False)}"]
    lines = [head]
    for key, item in value.items():
        lines += _block((*path, key), item, f"{pad}  ")
    return lines


def _content_end(text: str, key: Node, node: Node) -> int:
    """Where the text of an item ends, without comments and blank lines that ruamel counts to it."""
    colon = _colon(text, key)
    behind = key.place.end if colon is None else colon + 1
    if isinstance(node, ScalarNode) and node.style in "|>" and node.style:
        return _literal_end(text, node, key.place.column)
    if isinstance(node, (AliasNode, ScalarNode)) or node.flow:
        end = node.place.end
        empty = isinstance(node, ScalarNode) and not node.style and not node.text
        return _trimmed(text, behind, end) if empty else end
    if isinstance(node, MappingNode):
        return _content_end(text, *node.items[-1])
    last = node.items[-1]
    if isinstance(last, ScalarNode) and not last.style and not last.text:
        return _trimmed(text, behind, last.place.start)
    return _content_end(text, node, last)


def _literal_end(text: str, node: ScalarNode, column: int) -> int:
    """The end of a literal or folded block: its last line that is indented more than its key."""
    at = end = _line_end(text, node.place.start)
    header = text[node.place.start : end]
    while at < len(text):
        following = _line_end(text, at + 1)
        line = text[at + 1 : following]
        blank = not line.strip()
        if not blank and len(line) - len(line.lstrip(" ")) <= column:
            break
        at = following
        if not blank or "+" in header.partition("#")[0]:
            end = at
    return end - 1 if text[end - 1 : end] == "\r" else end


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of what stands between `start` and `end` apart from space and comments: a tag or an anchor."""
    line = re.sub(r"(?:^|(?<=\s))#[^\r\n]*", lambda match: " " * len(match[0]), text[start:end])
    return start + len(line.rstrip())


def _colon(text: str, key: Node) -> int | None:
    """Where the `:` behind `key` stands; None in `{a, b}`."""
    match = _GAP.match(text, key.place.end)
    at = match.end() if match else key.place.end
    return at if text[at : at + 1] == ":" else None


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
