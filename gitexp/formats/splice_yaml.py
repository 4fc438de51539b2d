"""Setting and removing values inside YAML text: the text around stays: comments, layout, anchors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.formats.assignment import Key, lookup
from gitexp.formats.canonical import quote
from gitexp.formats.spelled_yaml import (
    Spelling,
    Written,
    in_one_line,
    otherwise,
    spelling,
    spelling_of,
    spellings_at,
    write,
    write_key,
)
from gitexp.formats.yaml import compose_user, values_of_aliases
from gitexp.formats.yaml_nodes import (
    AliasNode,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    is_merge,
    key_text,
    walk,
)
from gitexp.formats.yaml_places import colon_of, content_end, gap_end, line_end, newline_of
from gitexp.model.values import Value

__all__ = ["in_one_line", "otherwise", "remove_key", "set_value", "spelling"]


@dataclass(frozen=True, slots=True)
class _Target:
    """The deepest mapping of the text on the way to a key, and the item in it that is to be replaced."""

    mapping: MappingNode
    path: Key
    """The key up to the item, which may be shorter than the whole: then a new mapping is written there."""
    item: tuple[Node, Node] | None
    passed: tuple[Node, ...]
    """The nodes on the way whose content changes."""


def set_value(
    text: str,
    key: Key,
    value: Value,
    expected: Mapping[str, Value],
    *,
    what: str,
    like: Sequence[Spelling] = (),
) -> str:
    """`text` with `value` at `key`; `expected` is what it is to mean then. Raises BrokenFile.

    Where one of `like` has a value that is written, it is written as there.
    """
    root = compose_user(text, what=what)
    if root is None or _is_empty(root):
        return _fill(text, root, expected, like)
    if not isinstance(root, MappingNode):
        return text
    target = _find(root, key)
    own = spelling_of(text, root, what=what)
    freed = _write_out_aliases(text, root, target, own, what)
    if freed != text:
        return set_value(freed, key, value, expected, what=what, like=(*like, own))
    item = lookup(expected, target.path)
    there = spellings_at([*like, own], target.path)
    if target.item is None:
        return _insert(text, target.mapping, target.path[-1], item, there)
    flow = target.mapping.flow
    return _replace(text, *target.item, item, write(item, there, flow=flow), flow)


def remove_key(text: str, key: Key, expected: Mapping[str, Value], *, what: str) -> str:
    """`text` without `key`; as it is where the key only comes in by a merge key. Raises BrokenFile."""
    root = compose_user(text, what=what)
    if not isinstance(root, MappingNode):
        return text
    target = _find(root, key)
    if target.item is None:
        return text
    freed = _write_out_aliases(text, root, target, spelling_of(text, root, what=what), what)
    if freed != text:
        return remove_key(freed, key, expected, what=what)
    if target.path != key:  # an alias on the way is written out, without the key
        return set_value(text, target.path, lookup(expected, target.path), expected, what=what)
    if len(key) > 1 and len(target.mapping.items) == 1:
        return set_value(text, key[:-1], {}, expected, what=what)
    return _cut(text, target.mapping, target.item)


def _cut(text: str, mapping: MappingNode, item: tuple[Node, Node]) -> str:
    """`text` without one item of `mapping`: its lines, or in brackets its place and one comma."""
    start, end = item[0].place.start, content_end(text, *item)
    if not mapping.flow:
        start = text.rfind("\n", 0, start) + 1
        end = line_end(text, end)
        return text[:start] + text[end + 1 :] if not text[start : item[0].place.start].strip() else text
    index = mapping.items.index(item)
    if index + 1 < len(mapping.items):
        return text[:start] + text[mapping.items[index + 1][0].place.start :]
    return text[: content_end(text, *mapping.items[index - 1]) if index else start] + text[end:]


def _is_empty(root: Node) -> bool:
    return (
        isinstance(root, ScalarNode)
        and not root.style
        and root.tag is None
        and root.text in ("", "null", "~")
    )


def _fill(text: str, root: Node | None, expected: Mapping[str, Value], like: Sequence[Spelling]) -> str:
    """A text without content, with the one key that it is to have."""
    if root is not None and (end := root.place.end) > root.place.start:
        # In brackets, since what is `null` may stand behind a `---`.
        return text[: root.place.start] + write(expected, like, flow=True).head + text[end:]
    newline = newline_of(text)
    glue = "" if not text or text.endswith("\n") else newline
    ((key, value),) = expected.items()
    return text + glue + newline.join(_block(key, value, "", spellings_at(like, (key,)))) + newline


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


def _write_out_aliases(text: str, root: Node, target: _Target, own: Spelling, what: str) -> str:
    """`text` where no alias is left of what is about to change, so that only the key itself does."""
    changing = {node.place.start for node in target.passed if _anchor(node)}
    if target.item is not None:
        changing |= {node.place.start for node in walk(target.item[1]) if _anchor(node)}
        inside = {node.place.start for node in walk(target.item[1]) if isinstance(node, AliasNode)}
    else:
        inside = set()
    if not changing:
        return text
    anchors: dict[str, int] = {}
    replaced: list[AliasNode] = []
    for node in walk(root):
        if isinstance(node, AliasNode):
            if anchors.get(node.name) in changing and node.place.start not in inside:
                replaced.append(node)
        elif name := _anchor(node):
            anchors[name] = node.place.start
    values = values_of_aliases(root, what=what) if replaced else {}
    for node in reversed(replaced):
        there = replace(own, value=values[node.place.start], node=own.targets[node.place.start], key=None)
        value = write(there.value, [there], flow=True).head
        text = text[: node.place.start] + value + text[node.place.end :]
    return text


def _anchor(node: Node) -> str | None:
    return None if isinstance(node, AliasNode) else node.anchor


def _replace(text: str, key: Node, node: Node, value: Value, new: Written, flow: bool) -> str:
    start, end = node.place.start, content_end(text, key, node)
    colon = colon_of(text, key)
    if colon is None:
        return f"{text[: key.place.end]}: {new.head}{text[key.place.end :]}"
    head = new.head
    if flow and start == colon + 1:
        # `{"a":x}` is YAML, but not what somebody who writes `{"a":"y"}` expects.
        if not new.is_copy and isinstance(value, str):
            head = quote(value)
        elif new.is_copy and not head.startswith(('"', "'", "[", "{")):
            head = f" {head}"
    newline = newline_of(text)
    body = "".join(newline + line for line in _indented(new.body, " " * key.place.column))
    if end <= colon + 1:  # nothing stands behind the colon
        start = end = colon + 1
        head = f" {head}" if head else ""
    block = isinstance(node, (SequenceNode, MappingNode)) and not node.flow
    if not block or "\n" not in text[colon:start]:
        if "\n" in text[start:end]:  # what stands behind it is of its last line, or of its header
            return text[:start].rstrip(" " if body and not head else "") + head + body + text[end:]
        last = _end_of_line(text, end)
        return text[:start] + head + text[end:last] + body + text[last:]
    # The lines of a block go; what stands behind the colon and between the two stays.
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    rest = text[last + 1 :] if last >= 0 else ""
    head = f" {head}" if head else ""
    below = body.removeprefix(newline) + newline if body else ""
    return f"{text[: colon + 1]}{head}{text[colon + 1 : first]}{below}{rest}"


def _insert(text: str, mapping: MappingNode, key: str, value: Value, like: Sequence[Spelling]) -> str:
    """`text` with a new key at the end of `mapping`."""
    if mapping.flow:
        new = f"{write_key(key, like, flow=True)}: {write(value, like, flow=True).head}"
        if not mapping.items:
            start = text.index("{", mapping.place.start) + 1
            return text[:start] + new + text[start:]
        end = content_end(text, *mapping.items[-1])
        comma = gap_end(text, end)
        if text[comma : comma + 1] == ",":
            return f"{text[: comma + 1]} {new}{text[comma + 1 :]}"
        return f"{text[:end]}, {new}{text[end:]}"
    newline = newline_of(text)
    end = content_end(text, *mapping.items[-1])
    if text[end - 1] != "\n":
        end = text.find("\n", end)
        end = len(text) if end < 0 else end + 1
    pad = " " * mapping.items[0][0].place.column
    new = newline.join(_block(key, value, pad, like))
    if text[end - 1] != "\n":
        return f"{text}{newline}{new}"
    return f"{text[:end]}{new}{newline}{text[end:]}"


def _block(key: str, value: Value, pad: str, like: Sequence[Spelling]) -> list[str]:
    """The lines of a new key; mappings inside it get a line for each key."""
    head = f"{pad}{write_key(key, like, flow=False)}:"
    new = write(value, like, flow=False)
    if new.body or not isinstance(value, Mapping) or not value or new.is_copy:
        behind = f" {new.head}" if new.head else ""
        return [f"{head}{behind}{new.comment}", *_indented(new.body, pad)]
    lines = [head]
    for name, item in value.items():
        lines += _block(name, item, f"{pad}  ", spellings_at(like, (name,)))
    return lines


def _indented(lines: Sequence[str], pad: str) -> list[str]:
    return [pad + line if line else "" for line in lines]


def _end_of_line(text: str, start: int) -> int:
    end = line_end(text, start)
    return end - 1 if text[start:end].endswith("\r") else end
