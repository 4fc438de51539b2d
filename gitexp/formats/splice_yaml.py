"""Setting and removing values inside YAML text: the text around stays: comments, layout, anchors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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
from gitexp.formats.splices import Splice, spliced
from gitexp.formats.yaml import compose_user, values_of_aliases
from gitexp.formats.yaml_nodes import (
    AliasNode,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    walk,
)
from gitexp.formats.yaml_places import colon_of, content_end, gap_end, line_end, newline_of
from gitexp.model.values import Value

__all__ = ["in_one_line", "otherwise", "remove_keys", "set_values", "spelling"]


@dataclass(frozen=True, slots=True)
class _Target:
    """The deepest mapping of the text on the way to a key, and the item in it that is to be replaced."""

    mapping: MappingNode
    path: Key
    """The key up to the item, which may be shorter than the whole: then a new mapping is written there."""
    item: tuple[Node, Node] | None
    passed: tuple[Node, ...]
    """The nodes on the way whose content changes."""


def set_values(
    text: str,
    keys: Sequence[Key],
    expected: Mapping[str, Value],
    *,
    what: str,
    like: Sequence[Spelling] = (),
) -> str | None:
    """`text` with the values at `keys` that `expected` has, which is what it is to mean then.

    Where one of `like` has a value that is written, it is written as there. None where several keys cannot be
    set at once. Raises BrokenFile.
    """
    root = compose_user(text, what=what)
    if root is None or _is_empty(root):
        return _fill(text, root, expected, like)
    if not isinstance(root, MappingNode):
        return text
    found = (_find(root, key) for key in keys)
    targets = list({target.path: target for target in found}.values())
    own = spelling_of(text, root, what=what)
    freed = _write_out_aliases(text, root, targets, own, what)
    if freed != text:
        return set_values(freed, keys, expected, what=what, like=(*like, own))
    return spliced(text, _splices(text, targets, expected, [*like, own]))


def _splices(
    text: str, targets: Sequence[_Target], expected: Mapping[str, Value], like: Sequence[Spelling]
) -> Iterator[Splice]:
    newline = newline_of(text)
    new: dict[int, tuple[MappingNode, int, list[_New]]] = {}
    for target in targets:
        value, there = lookup(expected, target.path), spellings_at(like, target.path)
        depth = len(target.path)
        if target.item is None:
            mapping = target.mapping
            place = new.setdefault(mapping.place.start, (mapping, depth, []))
            place[2].append(_New(target.path[-1], value, there))
        else:
            flow = target.mapping.flow
            written = write(value, there, flow=flow)
            yield _replace(text, *target.item, value, written, flow, newline)._replace(depth=depth)
    for mapping, depth, items in new.values():
        yield _insert(text, mapping, items, newline)._replace(depth=depth)


def remove_keys(text: str, keys: Sequence[Key], expected: Mapping[str, Value], *, what: str) -> str | None:
    """`text` without `keys`; as it is where they only come in by a merge key. Raises BrokenFile.

    None where several cannot be removed at once.
    """
    root = compose_user(text, what=what)
    if not isinstance(root, MappingNode):
        return text
    found = {key: _find(root, key) for key in keys}
    there = {key: target for key, target in found.items() if target.item is not None}
    own = spelling_of(text, root, what=what)
    freed = _write_out_aliases(text, root, list(there.values()), own, what)
    if freed != text:
        return remove_keys(freed, keys, expected, what=what)
    # An alias on the way is written out, without the key.
    changed = [target.path for key, target in there.items() if target.path != key]
    gone: dict[int, tuple[_Target, list[tuple[Node, Node]]]] = {}
    for key, target in there.items():
        if target.item is not None and target.path == key:
            gone.setdefault(target.mapping.place.start, (target, []))[1].append(target.item)
    cuts: list[Splice] = []
    for target, items in gone.values():
        if len(target.path) > 1 and len(items) == len(target.mapping.items):
            changed.append(target.path[:-1])
        else:
            cuts += _cuts(text, target.mapping, items)
    targets = [_find(root, key) for key in dict.fromkeys(changed)]
    return spliced(text, [*cuts, *_splices(text, targets, expected, [own])])


def _cuts(text: str, mapping: MappingNode, items: Sequence[tuple[Node, Node]]) -> Iterator[Splice]:
    """Some items of `mapping` taken away: their lines, or in brackets their places and a comma for each."""
    gone = {key.place.start for key, _ in items}
    if mapping.flow:
        yield from _cuts_in_brackets(text, mapping, gone)
        return
    for key, node in items:
        start = text.rfind("\n", 0, key.place.start) + 1
        if not text[start : key.place.start].strip():
            yield Splice(start, min(line_end(text, content_end(text, key, node)) + 1, len(text)), "")


def _cuts_in_brackets(text: str, mapping: MappingNode, gone: Collection[int]) -> Iterator[Splice]:
    starts = [key.place.start for key, _ in mapping.items]
    last = max((index for index, start in enumerate(starts) if start not in gone), default=-1)
    for index, start in enumerate(starts[:last]):
        if start in gone:
            yield Splice(start, starts[index + 1], "")
    if last + 1 < len(starts):
        start = content_end(text, *mapping.items[last]) if last >= 0 else starts[0]
        yield Splice(start, content_end(text, *mapping.items[-1]), "")


def _is_empty(root: Node) -> bool:
    return (
        isinstance(root, ScalarNode)
        and not root.style
        and root.tag is None
        and root.text in ("", "null", "~")
    )


def _fill(text: str, root: Node | None, expected: Mapping[str, Value], like: Sequence[Spelling]) -> str:
    """A text without content, with the keys that it is to have."""
    if root is not None and (end := root.place.end) > root.place.start:
        # In brackets, since what is `null` may stand behind a `---`.
        return text[: root.place.start] + write(expected, like, flow=True).head + text[end:]
    newline = newline_of(text)
    glue = "" if not text or text.endswith("\n") else newline
    new = (_New(key, value, spellings_at(like, (key,))) for key, value in expected.items())
    return text + glue + newline.join(_blocks(new, "")) + newline


def _find(root: MappingNode, key: Key) -> _Target:
    mapping = root
    passed: list[Node] = [root]
    for depth, part in enumerate(key):
        found = mapping.own(part)
        path = key[: depth + 1]
        if found is None:
            return _Target(mapping, path, None, tuple(passed))
        inner = found[1]
        passed.append(inner)
        if depth + 1 == len(key) or not isinstance(inner, MappingNode) or not inner.items:
            return _Target(mapping, path, found, tuple(passed))
        mapping = inner
    raise AssertionError("a key has at least one part")


def _write_out_aliases(text: str, root: Node, targets: Sequence[_Target], own: Spelling, what: str) -> str:
    """`text` where no alias is left of what is about to change, so that only the keys themselves do."""
    changing: set[int] = set()
    inside: set[int] = set()
    for target in targets:
        changing |= {node.place.start for node in target.passed if _anchor(node)}
        for node in walk(target.item[1]) if target.item is not None else ():
            if isinstance(node, AliasNode):
                inside.add(node.place.start)
            elif node.anchor:
                changing.add(node.place.start)
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


def _replace(
    text: str, key: Node, node: Node, value: Value, new: Written, flow: bool, newline: str
) -> Splice:
    start, end = node.place.start, content_end(text, key, node)
    colon = colon_of(text, key)
    if colon is None:
        return Splice(key.place.end, key.place.end, f": {new.head}")
    head = new.head
    if flow and start == colon + 1:
        # `{"a":x}` is YAML, but not what somebody who writes `{"a":"y"}` expects.
        if not new.is_copy and isinstance(value, str):
            head = quote(value)
        elif new.is_copy and not head.startswith(('"', "'", "[", "{")):
            head = f" {head}"
    body = "".join(newline + line for line in _indented(new.body, " " * key.place.column))
    if end <= colon + 1:  # nothing stands behind the colon
        start = end = colon + 1
        head = f" {head}" if head else ""
    block = isinstance(node, (SequenceNode, MappingNode)) and not node.flow
    if not block or "\n" not in text[colon:start]:
        if "\n" in text[start:end]:  # what stands behind it is of its last line, or of its header
            while body and not head and text[start - 1] == " ":
                start -= 1
            return Splice(start, end, head + body)
        last = _end_of_line(text, end) if body else end
        return Splice(start, last, head + text[end:last] + body)
    # The lines of a block go; what stands behind the colon and between the two stays.
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    head = f" {head}" if head else ""
    below = body.removeprefix(newline) + newline if body else ""
    return Splice(colon + 1, last + 1 if last >= 0 else len(text), f"{head}{text[colon + 1 : first]}{below}")


class _New(NamedTuple):
    """A new key."""

    key: str
    value: Value
    like: Sequence[Spelling]


def _insert(text: str, mapping: MappingNode, items: Sequence[_New], newline: str) -> Splice:
    """New keys at the end of `mapping`."""
    if mapping.flow:
        new = ", ".join(
            f"{write_key(key, like, flow=True)}: {write(value, like, flow=True).head}"
            for key, value, like in items
        )
        if not mapping.items:
            start = text.index("{", mapping.place.start) + 1
            return Splice(start, start, new)
        end = content_end(text, *mapping.items[-1])
        comma = gap_end(text, end)
        if text[comma : comma + 1] == ",":
            return Splice(comma + 1, comma + 1, f" {new}")
        return Splice(end, end, f", {new}")
    end = content_end(text, *mapping.items[-1])
    if text[end - 1] != "\n":
        end = text.find("\n", end)
        end = len(text) if end < 0 else end + 1
    pad = " " * mapping.items[0][0].place.column
    new = newline.join(_blocks(items, pad))
    glued = text[end - 1] != "\n"
    return Splice(end, end, f"{newline}{new}" if glued else f"{new}{newline}")


def _blocks(items: Iterable[_New], pad: str) -> list[str]:
    return [line for key, value, like in items for line in _block(key, value, pad, like)]


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
