"""Setting and removing values inside TOML text; the only importer of tomlkit."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from copy import deepcopy
from datetime import date, time
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.formats.assignment import Key, has, lookup
from gitexp.model.values import Value, same

_BARE_NEWLINE = re.compile(r"(?<!\r)\n")


def parse(text: str, *, what: str) -> Value:
    """The value of a TOML text, dates and times as text. Raises BrokenFile."""
    value: Value = _plain(_document(text, what).unwrap())
    return value


def spelling(text: str, *, what: str) -> Any:
    """What `like` takes: the document. Raises BrokenFile."""
    return _document(text, what)


def set_values(
    text: str,
    keys: Sequence[Key],
    expected: Mapping[str, Value],
    *,
    what: str,
    like: Sequence[Any] = (),
) -> str:
    """`text` with the values at `keys` that `expected` has, which is what it is to mean then.

    A value that one of `like` has at its key is written as there. Raises BrokenFile, for null too.
    """
    document = _document(text, what)
    for key in keys:
        _set(document, key, expected, what, like)
    return _written(document, text)


def _set(document: Any, key: Key, expected: Mapping[str, Value], what: str, like: Sequence[Any]) -> None:
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import Item

    if _has_null(lookup(expected, key)):
        raise BrokenFile(f"cannot set {'.'.join(key)!r} in {what!r}: TOML has no null")
    node: MutableMapping[str, Any] = document
    for depth, part in enumerate(key[:-1]):
        inner = node.get(part)
        if not isinstance(inner, MutableMapping):
            key = key[: depth + 1]
            break
        node = inner
    try:
        value = _spelled(lookup(expected, key), [_at(one, key) for one in like])
        if key[-1] in node and isinstance(value, Item):  # the comment behind it stays
            value.trivia.comment_ws = value.trivia.comment = ""
        node[key[-1]] = value
    except (TOMLKitError, ValueError) as error:
        raise BrokenFile(f"cannot set {'.'.join(key)!r} in {what!r}: {error}") from None


def remove_keys(text: str, keys: Sequence[Key], expected: Mapping[str, Value], *, what: str) -> str:
    """`text` without `keys`, which are in it. Raises BrokenFile where tomlkit cannot."""
    document = _document(text, what)
    for key in keys:
        _remove(document, key, what)
    result = _written(document, text)
    left = parse(result, what=what)
    # A table that only its dotted keys made is written as an empty one.
    gone = [key[:-1] for key in keys if key[:-1] and not has(left, key[:-1])]
    return set_values(result, gone, expected, what=what) if gone else result


def _remove(document: Any, key: Key, what: str) -> None:
    from tomlkit.exceptions import TOMLKitError

    node: MutableMapping[str, Any] = document
    try:
        for part in key[:-1]:
            node = node[part]
        del node[key[-1]]
    except (TOMLKitError, KeyError, ValueError, AttributeError) as error:
        raise BrokenFile(f"cannot remove {'.'.join(key)!r} from {what!r}: {error}") from None


def _spelled(value: Any, like: Sequence[Any]) -> Any:
    """The value, or its parts, as tomlkit read them from the first of `like` that has them."""
    from tomlkit.items import AoT, Item, Table

    for one in like:
        if isinstance(one, Item) and not isinstance(one, (AoT, Table)) and same(_plain(one.unwrap()), value):
            return deepcopy(one)
    if isinstance(value, Mapping):
        return {name: _spelled(item, [_at(one, (name,)) for one in like]) for name, item in value.items()}
    tables = next((one for one in like if isinstance(one, AoT) and isinstance(value, list)), None)
    if tables is not None and len(tables) == len(value):
        return [_spelled(item, [table]) for item, table in zip(value, tables, strict=True)]
    return value


def _at(node: Any, key: Key) -> Any:
    """What tomlkit has at `key`; None where there is nothing."""
    for part in key:
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _written(document: Any, before: str) -> str:
    """The text of a document, with the line breaks that it had."""
    result: str = document.as_string()
    if "\r\n" in before and not _BARE_NEWLINE.search(before):
        return _BARE_NEWLINE.sub("\r\n", result)
    return result


def _document(text: str, what: str) -> Any:
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        return tomlkit.parse(text)
    except ParseError as error:
        problem = str(error).partition(" at line ")[0]
        problem = problem[:1].lower() + problem[1:]
        raise BrokenFile(f"{what!r} line {error.line}, column {error.col + 1}: {problem}") from None
    except TOMLKitError as error:
        raise BrokenFile(f"{what!r}: {error}") from None
    except RecursionError:
        raise BrokenFile(f"{what!r}: nested too deep") from None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


def _has_null(value: Value) -> bool:
    if isinstance(value, Mapping):
        return any(_has_null(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_null(item) for item in value)
    return value is None
