"""Inputs that people speak of: in Python, behind `--use`, and in `.gitexp.yaml`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gitexp.errors import NotFound, UsageError
from gitexp.formats.inputs import NONE
from gitexp.model.record import Input, Pin
from gitexp.model.values import Value
from gitexp.repo import Repository

_MAX_PATH = 4096
_MAX_NAME = 200


def input_of(
    repo: Repository, role: str, what: object, name: str | None = None, revision: str | None = None
) -> Input:
    """The input that `what` is: a path that exists, with its hash; None, the statement that there is none;
    or any other value.

    `revision` says which of those that have the name it is, and that it never changes.
    Raises UsageError for what is no role, OSError for files that cannot be read.
    """
    if not role or re.search(r"[\x00-\x1f\x7f]", role):
        raise UsageError(f"invalid role {role!r}", hint="use a word such as dataset, prompt or model")
    if what is None:
        return Input(role, NONE, none=True)
    path = _existing(repo, what)
    one = _of_value(repo, role, what, name) if path is None else _of_file(repo, role, path, name)
    return one if revision is None else _revised(one, repo.redactor.text(str(revision)))


def _of_value(repo: Repository, role: str, what: object, name: str | None) -> Input:
    plain = what if isinstance(what, (dict, list, str, int, float, bool)) else str(what)
    masked = repo.redactor.params({role: plain})
    assert isinstance(masked, dict)
    value = masked[role]
    told = _short(_name_in(value) or value) if name is None else repo.redactor.text(str(name))
    return Input(role, told, value=value)


def _of_file(repo: Repository, role: str, path: Path, name: str | None) -> Input:
    found = repo.digests.folder(path) if path.is_dir() else repo.digests.file(path)
    return Input(role, path.name if name is None else str(name), repo.relative(path), found.oid, found.size)


def _revised(one: Input, revision: str) -> Input:
    known: Mapping[str, Value] = one.value if isinstance(one.value, Mapping) else {}
    pin = None if one.oid is not None else Pin.REVISION
    return replace(one, value={**known, "revision": revision}, pin=pin)


def _existing(repo: Repository, what: object) -> Path | None:
    if not isinstance(what, (str, os.PathLike)) or not os.fspath(what) or len(os.fspath(what)) > _MAX_PATH:
        return None
    path = repo.cwd / os.fspath(what)
    try:
        exists = path.exists()
    except (OSError, ValueError):
        return None
    if not exists and isinstance(what, os.PathLike):
        raise NotFound(f"no input {str(what)!r}")
    return path if exists else None


def _name_in(value: Value) -> str | None:
    """What a mapping calls itself."""
    named = value.get("name") if isinstance(value, Mapping) else None
    return named if isinstance(named, str) and named.strip() else None


def _short(value: Value) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
