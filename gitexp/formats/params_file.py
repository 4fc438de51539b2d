"""The params files of a project, YAML, JSON or TOML: read, and edited with every other byte left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
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
    with_value,
    without_key,
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
    splicer = _SPLICERS[_suffix(path)]
    there = _spellings(path, like)
    for key, value in changes.items():
        if value is MISSING:
            expected = without_key(expected, key)
            text = splicer.remove_key(text, key, expected, what=path)
            _check(path, text, key, expected)
        else:
            expected = with_value(expected, key, value)
            text = _set(path, text, key, value, expected, there)
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


def _set(
    path: str, text: str, key: Key, value: Value, expected: Mapping[str, Value], like: Sequence[Any]
) -> str:
    """With the value as it is spelled elsewhere, if need be in one line, or else as we write it."""
    splicer = _SPLICERS[_suffix(path)]
    shorter = [splice_yaml.in_one_line(like)] if splicer is splice_yaml else []
    for each in [like, *shorter] if like else []:
        with suppress(BrokenFile):
            return _set_once(path, text, key, value, expected, each)
    return _set_once(path, text, key, value, expected, ())


def _set_once(
    path: str, text: str, key: Key, value: Value, expected: Mapping[str, Value], like: Sequence[Any]
) -> str:
    result: str = _SPLICERS[_suffix(path)].set_value(text, key, value, expected, what=path, like=like)
    _check(path, result, key, expected)
    return result


def _spellings(path: str, like: Sequence[bytes]) -> list[Any]:
    """The texts that can be read."""
    found = []
    for data in like:
        with suppress(BrokenFile):
            found.append(_SPLICERS[_suffix(path)].spelling(decode(path, data), what=path))
    return [one for one in found if one is not None]


def _check(path: str, text: str, key: Key, expected: Mapping[str, Value]) -> None:
    try:
        if same(_parse(path, text), expected):
            return
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
