"""The params files of a project, YAML, JSON or TOML: read, and edited with every other byte left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from gitexp.errors import BrokenFile
from gitexp.formats import splice_json, splice_toml, splice_yaml
from gitexp.formats.assignment import (
    Assignment,
    Key,
    apply,
    flatten,
    join_key,
    lookup,
    parse_assignment,
    split_key,
    with_value,
    without_key,
)
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
    "join_key",
    "lookup",
    "parse",
    "parse_assignment",
    "split_key",
]

_YAML = splice_yaml.set_value, splice_yaml.remove_key
_SPLICERS = {
    ".yaml": _YAML,
    ".yml": _YAML,
    ".json": (splice_json.set_value, splice_json.remove_key),
    ".toml": (splice_toml.set_value, splice_toml.remove_key),
}
SUFFIXES = tuple(_SPLICERS)


def parse(path: str, data: bytes) -> dict[str, Value]:
    """The mapping in a file; `path` tells the format by its suffix and names the file in errors.

    Dates of TOML come back as text. Raises BrokenFile with line and column.
    """
    return _parse(path, decode(path, data))


def edit(path: str, data: bytes, changes: Mapping[Key, Value | Missing]) -> bytes:
    """The file with `changes` made in order, and every other byte as it was; MISSING takes a key away.

    A new key is added at the end of the deepest mapping on its way that exists. What an alias or a merge key
    brings in elsewhere stays as it is: aliases of a changed value are written out.
    Raises BrokenFile where the file is broken or the result would not read as `data` with the changes.
    """
    text = decode(path, data)
    expected = _parse(path, text)
    set_value, remove_key = _SPLICERS[_suffix(path)]
    for key, value in changes.items():
        if value is MISSING:
            expected = without_key(expected, key)
            text = remove_key(text, key, expected, what=path)
        else:
            expected = with_value(expected, key, value)
            text = set_value(text, key, value, expected, what=path)
        if not same(_reparse(path, text, key), expected):
            raise _cannot_set(path, key)
    bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return bom + text.encode("utf-8", "surrogatepass")


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


def _reparse(path: str, text: str, key: Key) -> Value:
    try:
        return _parse(path, text)
    except BrokenFile as error:
        raise _cannot_set(path, key) from error


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


def _suffix(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise BrokenFile(
            f"cannot tell the format of {path!r}", hint=f"its name must end in {', '.join(SUFFIXES)}"
        )
    return suffix
