"""The params files of a project, YAML, JSON or TOML: read, and edited with every other byte left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.formats import key_lines_toml, key_lines_yaml, splice_json, splice_toml, splice_yaml
from gitexp.formats.assignment import (
    Assignment,
    Key,
    apply,
    flatten,
    has,
    join_key,
    lookup,
    parse_assignment,
    split_key,
    with_changes,
)
from gitexp.formats.key_lines import KeyLines
from gitexp.formats.yaml import load_user
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Value, same

__all__ = [
    "SUFFIXES",
    "Assignment",
    "Key",
    "apply",
    "decode",
    "edit",
    "flatten",
    "has",
    "join_key",
    "lines_of",
    "lookup",
    "parse",
    "parse_assignment",
    "put_together",
    "respelled",
    "split_key",
]

_SPLICERS: Mapping[str, Any] = {
    ".yaml": splice_yaml,
    ".yml": splice_yaml,
    ".json": splice_json,
    ".toml": splice_toml,
}
SUFFIXES = tuple(_SPLICERS)


def parse(path: str, data: bytes) -> dict[str, Value]:
    """The mapping in a file; `path` tells the format by its suffix and names the file in errors.

    Dates of TOML come back as text. Raises BrokenFile with line and column.
    """
    return _parse(path, decode(path, data))


def edit(path: str, data: bytes, changes: Mapping[Key, Value | Missing], like: Sequence[bytes] = ()) -> bytes:
    """The file with `changes` made in order, and every other byte as it was; MISSING takes a key away.

    A new key is added at the end of the deepest mapping on its way that exists. What an alias or a merge key
    brings in elsewhere stays as it is: aliases of a changed value are written out.
    A value that one of `like`, other versions of the file, has at its key is written with the characters that
    it has there: `off` and `"off"` are one value to us, and not to all that read the file.
    Raises BrokenFile where the file is broken or the result would not read as `data` with the changes.
    """
    text = decode(path, data)
    expected = _parse(path, text)
    there = _spellings(path, like)
    for gone, some in groupby(changes.items(), lambda one: one[1] is MISSING):
        edited = partial(_remove, path) if gone else partial(_set, path, there)
        text, expected = _all(text, expected, list(some), edited)
    return _encoded(text, data)


def respelled(path: str, old: bytes, new: bytes) -> dict[Key, Value]:
    """What two versions of a YAML file spell differently: one value to us, and maybe two to other readers.

    Raises BrokenFile.
    """
    if _SPLICERS[_suffix(path)] is not splice_yaml:
        return {}
    one, other = (splice_yaml.spelling(decode(path, data), what=path) for data in (old, new))
    return {} if one is None or other is None else dict(splice_yaml.otherwise((), one, other))


def lines_of(path: str, data: bytes) -> KeyLines | None:
    """A file taken apart by its keys; None where that does not work out, as of JSON. Raises BrokenFile."""
    splicer = _SPLICERS[_suffix(path)]
    if splicer is splice_json:
        return None
    reader = key_lines_toml if splicer is splice_toml else key_lines_yaml
    found: KeyLines | None = reader.key_lines(decode(path, data), what=path)
    return found


def put_together(lines: KeyLines, like: bytes) -> bytes:
    """The file of these lines, with the byte order mark of `like`."""
    return _encoded(lines.text, like)


def _parse(path: str, text: str) -> dict[str, Value]:
    suffix = _suffix(path)
    if suffix == ".json":
        value = splice_json.parse(text, what=path)
    elif suffix == ".toml":
        value = splice_toml.parse(text, what=path)
    else:
        value = load_user(text, what=path)
        value = {} if value is None else value
    if not isinstance(value, dict):
        raise BrokenFile(f"{path!r} line 1, column 1: it holds no mapping")
    return value


def _all(
    text: str,
    before: Mapping[str, Value],
    changes: Sequence[tuple[Key, Value | Missing]],
    edited: Callable[[str, Sequence[Key], Mapping[str, Value]], str],
) -> tuple[str, dict[str, Value]]:
    """The text with all `changes` made, and what it means: at once, or where that cannot be by halves.

    A file is read for each try: key by key, a thousand of them would take a minute.
    """
    expected = with_changes(before, changes)
    # One that a later one overwrites need not be made.
    keys = [key for key, value in changes if value is MISSING or has(expected, key)]
    try:
        return edited(text, keys, expected), expected
    except BrokenFile:
        if len(changes) == 1:
            raise
    half = len(changes) // 2
    text, before = _all(text, before, changes[:half], edited)
    return _all(text, before, changes[half:], edited)


def _remove(path: str, text: str, keys: Sequence[Key], expected: Mapping[str, Value]) -> str:
    result = _SPLICERS[_suffix(path)].remove_keys(text, keys, expected, what=path)
    return _checked(path, result, keys[0], expected)


def _set(
    path: str, like: Sequence[Any], text: str, keys: Sequence[Key], expected: Mapping[str, Value]
) -> str:
    """With the values as they are spelled elsewhere; a single one if need be in one line, or our way."""
    splicer = _SPLICERS[_suffix(path)]
    others = [splice_yaml.in_one_line(like)] if splicer is splice_yaml else []
    tries = [like, *others, ()] if like and len(keys) == 1 else [like]
    for each in tries[:-1]:
        with suppress(BrokenFile):
            return _set_once(path, text, keys, expected, each)
    return _set_once(path, text, keys, expected, tries[-1])


def _set_once(
    path: str, text: str, keys: Sequence[Key], expected: Mapping[str, Value], like: Sequence[Any]
) -> str:
    result = _SPLICERS[_suffix(path)].set_values(text, keys, expected, what=path, like=like)
    return _checked(path, result, keys[0], expected)


def _spellings(path: str, like: Sequence[bytes]) -> list[Any]:
    """The texts that can be read."""
    found = []
    for data in like:
        with suppress(BrokenFile):
            found.append(_SPLICERS[_suffix(path)].spelling(decode(path, data), what=path))
    return [one for one in found if one is not None]


def _checked(path: str, text: str | None, key: Key, expected: Mapping[str, Value]) -> str:
    """The text, where it means what it is to mean."""
    try:
        if text is not None and same(_parse(path, text), expected):
            return text
    except BrokenFile as error:
        raise _cannot_set(path, key) from error
    raise _cannot_set(path, key)


def _cannot_set(path: str, key: Key) -> BrokenFile:
    return BrokenFile(
        f"cannot set {join_key(key)!r} in {path!r} without changing something else",
        hint=f"edit {path} by hand",
    )


def decode(path: str, data: bytes) -> str:
    """The text of a file, without a byte order mark. Raises BrokenFile."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise BrokenFile(f"{path!r} line {line}, column {column}: not UTF-8") from None


def _encoded(text: str, like: bytes) -> bytes:
    bom = b"\xef\xbb\xbf" if like.startswith(b"\xef\xbb\xbf") else b""
    return bom + text.encode("utf-8", "surrogatepass")


def _suffix(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise BrokenFile(
            f"cannot tell the format of {path!r}", hint=f"its name must end in {', '.join(SUFFIXES)}"
        )
    return suffix
