"""The fields of a record's files, each checked for its type as it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gitexp.errors import BrokenRecord, GitExpError, InvalidName, NewerFormat
from gitexp.model.paths import is_git, safe_path
from gitexp.model.times import parse_time
from gitexp.model.values import Digest, Oid, Value

MAX_FOLDERS = 64
"""How many folders deep an artifact may stand."""

MAX_COUNT = 1 << 63
"""No file is as large, and no tool that counts in 64 bits can be told of more."""

FAULTS = (GitExpError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading a value of the wrong shape may raise."""

_ELSEWHERE = re.compile(r"[/\\]|[A-Za-z]:[/\\]|.*[\x00-\x1f\x7f]", re.DOTALL)
T = TypeVar("T")


def checked(what: str, decoder: Callable[[Mapping[str, Any]], T], value: Mapping[str, Any]) -> T:
    """`decoder(value)`, whatever it stumbles over told as a BrokenRecord of `what`."""
    try:
        return decoder(value)
    except NewerFormat as error:
        raise NewerFormat(f"{what}: {error.message}", hint=error.hint) from None
    except GitExpError as error:
        raise BrokenRecord(f"{what}: {error.message}", hint=error.hint) from None
    except KeyError as error:
        raise BrokenRecord(f"{what}: no {error.args[0]!r}") from None
    except FAULTS as error:
        raise BrokenRecord(f"{what}: {error}") from None


def check_version(value: object, newest: int) -> None:
    """Raises BrokenRecord where `value` is no version of a format, NewerFormat beyond `newest`."""
    if type(value) is not int or value < 1:
        raise BrokenRecord("no format version")
    if value > newest:
        raise NewerFormat(
            f"format {value} is newer than this gitexp reads ({newest})", hint="pip install -U gitexp"
        )


def text(value: object) -> str:
    if not isinstance(value, str):
        raise BrokenRecord(f"{_shown(value)} is not text")
    return value


def text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def texts(value: object) -> tuple[str, ...]:
    return tuple(text(item) for item in listed(value))


def listed(value: object) -> list[Any]:
    """A list; what is missing is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BrokenRecord(f"{_shown(value)} is not a list")
    return value


def mapping(value: object) -> dict[str, Any]:
    """A mapping; what is missing is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BrokenRecord(f"{_shown(value)} is not a mapping")
    return value


def flag(value: object) -> bool:
    """A bool; what is missing is False."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise BrokenRecord(f"{_shown(value)} is not true or false")


def whole_or_none(value: object) -> int | None:
    if value is None or type(value) is int:
        return value
    raise BrokenRecord(f"{_shown(value)} is not a whole number")


def count_or_none(value: object) -> int | None:
    number = whole_or_none(value)
    if number is not None and not 0 <= number < MAX_COUNT:
        raise BrokenRecord(f"{_shown(value)} is {'less than 0' if number < 0 else 'too large'}")
    return number


def count(value: object) -> int:
    number = count_or_none(value)
    if number is None:
        raise BrokenRecord("a number is missing")
    return number


def number(value: object) -> int | float:
    if type(value) is int or type(value) is float:
        return value
    raise BrokenRecord(f"{_shown(value)} is not a number")


def time(value: object) -> str:
    """The text of a time."""
    parse_time(text(value))
    return text(value)


def time_or_none(value: object) -> str | None:
    return None if value is None else time(value)


def oid(value: object) -> Oid:
    digits = text(value)
    if len(digits) not in (40, 64) or not set(digits) <= set("0123456789abcdef"):
        raise BrokenRecord(f"{_shown(digits)} is not an object id")
    return Oid(digits)


def oid_or_none(value: object) -> Oid | None:
    return None if value is None else oid(value)


def digest(value: object) -> Digest:
    kind, _, digits = text(value).partition(":")
    if kind != "sha256" or len(digits) != 64:
        raise BrokenRecord(f"{_shown(value)} is not a sha256")
    return Digest(oid(digits))


def digest_or_none(value: object) -> Digest | None:
    return None if value is None else digest(value)


def scalars(value: Mapping[str, Value]) -> dict[str, Any]:
    """A mapping of single values."""
    for key, item in value.items():
        if isinstance(item, (dict, list)):
            raise BrokenRecord(f"{_shown(key)} is not one value")
    return dict(value)


def artifact_path(path: str) -> str:
    """`path` where an artifact may stand there. Raises InvalidName."""
    first, *below = safe_path(path).split("/")
    if len(below) > MAX_FOLDERS:
        raise InvalidName(f"invalid path {path[:80]!r}: it is more than {MAX_FOLDERS} folders deep")
    if first.lower() == ".gitattributes":
        raise InvalidName(f"invalid path {path[:80]!r}: .gitattributes is gitexp's own there")
    return path


def input_path(value: object) -> str | None:
    """A path below the working tree's root; None for one that could lead elsewhere, or into `.git`."""
    path = text_or_none(value)
    if path is None or len(path) > 4096 or _ELSEWHERE.match(path):
        return None
    parts = re.split(r"[/\\]", path)
    return None if {"", ".."} & set(parts) or any(map(is_git, parts)) else path


def _shown(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 80 else told[:79] + "…"
