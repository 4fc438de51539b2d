"""What an input is, as one hash that can be compared, and how firmly that is known.

Equal identities mean equal inputs, wherever they were and whatever they were called; no file is opened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from gitexp.formats.canonical_json import digest
from gitexp.formats.inputs import NONE
from gitexp.model.record import Input, Pin
from gitexp.model.roles import DATASET, FILE, GRADER, PROMPT, SEEDS, SETTINGS, TOOLS
from gitexp.model.values import Value

_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_CONTENT_KEYS = ("digest", "weights", "blob", "ast", "oid")
"""Keys of a value that hold a hash of what the input is."""
_DESCRIBED = frozenset(
    (
        "digest",
        "begins",
        "cut",
        "examples",
        "files",
        "mixed",
        "name",
        "names",
        "path",
        "size",
        "source",
        "template",
    )
)
"""Keys of a value that its digest speaks for: where it is, how large, what it is called."""
_REVISION_KEYS = ("revision", "commit", "version")
_SPEAKING = frozenset((PROMPT, SETTINGS, SEEDS, TOOLS, "seed"))
"""Roles whose value is the thing itself, and not the name of one."""


def identity(one: Input) -> str:
    """`sha256:…`, or `none` where that is what the input states.

    That of a file is the hash of its bytes, and of a grader in Python that of its syntax tree; of a mapping
    with a `digest` and nothing else that counts, that; of another value the hash of its canonical JSON, with
    the name where it is not the value that tells what it is.
    """
    if one.none:
        return NONE
    if one.oid is not None:
        return tree_of(one) or f"sha256:{one.oid}"
    told = _digest_of_all(one)
    if told is not None:
        return told
    value = _plain(without_name(one))
    speaks = pin_of(one) is Pin.CONTENT and one.value is not None
    return "sha256:" + digest(value if speaks else [one.name, value])


def without_name(one: Input) -> Value:
    """The value, without the name where that is the input's: it may be told in either place."""
    if isinstance(one.value, Mapping) and one.value.get("name") == one.name:
        return {key: item for key, item in one.value.items() if key != "name"}
    return one.value


def tree_of(one: Input) -> str | None:
    """What a grader's file does: layout, comments and docstrings make no other grader."""
    tree = one.value.get("ast") if one.role == GRADER and isinstance(one.value, Mapping) else None
    return tree if isinstance(tree, str) and _SHA256.fullmatch(tree) else None


def _digest_of_all(one: Input) -> str | None:
    """The `digest` that its value has, where what stands beside it only describes what it is the hash of.

    A threshold beside the digest of a judge's prompt makes another grader. Of a dataset with `examples` it is
    the hash of those that were used, whatever chose them.
    """
    if not isinstance(one.value, Mapping):
        return None
    told = one.value.get("digest")
    if not isinstance(told, str) or not _SHA256.fullmatch(told):
        return None
    used = one.role == DATASET and "examples" in one.value
    return told if used or one.value.keys() <= _DESCRIBED else None


def pin_of(one: Input) -> Pin | None:
    """How firmly the input is known: as was noted, else by what is known of it; None for a stated none."""
    if one.none:
        return None
    return one.pin or (Pin.CONTENT if one.oid is not None else _pin_of_value(one))


def hashes_in(one: Input) -> list[str]:
    """The digits of every hash by which its value tells what it is."""
    if isinstance(one.value, Mapping):
        told = [one.value.get(key) for key in _CONTENT_KEYS]
        return [text.removeprefix("sha256:") for text in told if isinstance(text, str) and _is_hash(text)]
    found = _SHA256.search(one.value) if isinstance(one.value, str) else None
    return [found[0].removeprefix("sha256:")] if found else []


def is_whole(one: Input) -> bool:
    """Whether its value is the thing itself, and not a name or a hash of one."""
    return one.role in _SPEAKING and one.value is not None and not hashes_in(one)


def counted(one: Input) -> str:
    """What an input counts as in its role."""
    return f"{identity(one)} {one.path or one.name}" if one.role == FILE else identity(one)


def vector(inputs: Iterable[Input]) -> dict[str, tuple[str, ...]]:
    """Role -> the sorted identities of its inputs. Files that were only seen count by their paths as well."""
    roles: dict[str, list[str]] = {}
    for one in inputs:
        roles.setdefault(one.role, []).append(counted(one))
    return {role: tuple(sorted(roles[role])) for role in sorted(roles)}


def _pin_of_value(one: Input) -> Pin:
    value = one.value
    if isinstance(value, Mapping):
        if any(_is_hash(value.get(key)) for key in _CONTENT_KEYS):
            return Pin.CONTENT
        if any(value.get(key) for key in _REVISION_KEYS):
            return Pin.REVISION
    if value is not None and one.role in _SPEAKING:
        return Pin.CONTENT
    return Pin.CONTENT if isinstance(value, str) and _SHA256.search(value) else Pin.NAMED


def _is_hash(value: Value) -> bool:
    return isinstance(value, str) and re.fullmatch(r"(sha256:)?[0-9a-f]{40,64}", value) is not None


def _plain(value: Value) -> Value:
    """`value` without the numbers that JSON has not; what stands for them is no JSON number's text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return {"float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value
