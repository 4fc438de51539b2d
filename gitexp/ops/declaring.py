"""Inputs that people speak of: in Python, behind `--use`, and in `.gitexp.yaml`."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from inspect import isroutine
from pathlib import Path

from gitexp.errors import GitExpError, NotFound, UsageError
from gitexp.formats.assignment import typed
from gitexp.formats.declared import Declared
from gitexp.formats.inputs import NONE
from gitexp.formats.path_like import looks_like_path
from gitexp.formats.placeholders import placeholder_in
from gitexp.formats.python_code import fingerprint
from gitexp.formats.record_fields import input_path
from gitexp.model.record import Input, Pin
from gitexp.model.roles import GRADER, NAMED, misspelt
from gitexp.model.values import Value
from gitexp.ops.functions import function_value, shape_value
from gitexp.repo import Repository

_COLLECTIONS = ("{", "[")
_MAX_PATH = 4096
_MAX_NAME = 200
_MAX_CODE = 1 << 20
"""Bytes of a program whose syntax is looked at."""
_MAX_TEXT = 1 << 16
"""Characters; who wants to have more of them back keeps them in a file."""


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
    if isinstance(what, _Value):
        path, what = None, what.value
    else:
        path = _existing(repo, what)
    one = _of_value(repo, role, what, name) if path is None else _of_file(repo, role, path, name)
    # One that is empty says nothing, as where a variable was not set.
    return _revised(one, repo.redactor.text(str(revision))) if str(revision or "").strip() else one


def told(repo: Repository, uses: Iterable[str]) -> tuple[list[Input], list[str]]:
    """What `.gitexp.yaml` and `--use` say of inputs, and what a person should know of them.

    What `--use` says of a role stands in the place of what the project says of it.
    """
    said, remarks = said_inputs(repo, uses)
    inputs, notices = of_settings(repo, without={one.role for one in said})
    return [*inputs, *said], [*notices, *remarks]


def said_inputs(repo: Repository, uses: Iterable[str]) -> tuple[list[Input], list[str]]:
    """The inputs that are given as `ROLE=WHAT`, and what a person should know of them."""
    given = [parse_use(repo, text) for text in uses]
    inputs = [one for one, _ in given]
    return inputs, [*(remark for _, remark in given if remark), *_misspelt(one.role for one in inputs)]


def of_settings(repo: Repository, *, without: Collection[str] = frozenset()) -> tuple[list[Input], list[str]]:
    """What `.gitexp.yaml` says of inputs, as they are now, and what a person should know of the others."""
    inputs: list[Input] = []
    notices: list[str] = []
    declared = {role: ones for role, ones in repo.settings.inputs.items() if role not in without}
    for role, one in each_declared(declared):
        try:
            found = of_declared(repo, role, one)
            if found.oid is None:
                _check_said(role, found.value)
            inputs.append(found)
            notices += filter(None, [by_name_alone(found)])
        except (GitExpError, OSError) as error:
            told = error.strerror if isinstance(error, OSError) else error
            notices.append(f"input {role} {one.path or one.name!r} of .gitexp.yaml is not recorded: {told}")
    return inputs, [*notices, *_misspelt(declared)]


def _misspelt(roles: Iterable[str]) -> list[str]:
    return [told for role in dict.fromkeys(roles) if (told := misspelt(role)) is not None]


def each_declared(declared: Mapping[str, Iterable[Declared]]) -> Iterator[tuple[str, Declared]]:
    """Role and input of each; nothing outside of the working tree is one."""
    for role, ones in declared.items():
        for one in ones:
            if one.path is None or input_path(one.path):
                yield role, one


def of_declared(repo: Repository, role: str, one: Declared) -> Input:
    """The input that is declared, as it is now. Raises NotFound for files that are not there, OSError."""
    if one.none:
        return input_of(repo, role, None)
    if one.path is None:
        return input_of(repo, role, _Value(one.value), one.name, one.revision)
    top = repo.layout.top
    if top is not None and (top / one.path).exists():
        return input_of(repo, role, top / one.path, one.name or one.path, one.revision)
    if role not in NAMED:
        raise NotFound("it is missing")
    return input_of(repo, role, _Value(one.path), one.name, one.revision)


def parse_use(repo: Repository, text: str) -> tuple[Input, str | None]:
    """The input that `ROLE=WHAT` is, and what a person should know of it.

    WHAT is `none`, a path that exists, or a value, typed as that of `-S`. Raises UsageError, OSError.
    """
    role, equals, what = text.partition("=")
    if not role or not equals or not what:
        raise UsageError(f"{text!r} is not ROLE=WHAT", hint="--use dataset=data/train.csv")
    if what == NONE:
        return input_of(repo, role, None), None
    if _existing(repo, what) is not None:
        return input_of(repo, role, what), None
    if what.startswith(("/", "./", "../", "~")):
        raise NotFound(f"no input {what!r}", hint="check the path, or leave --use out")
    value = typed(what)
    _check_said(role, value)
    one = input_of(repo, role, _Value(value))
    return one, by_name_alone(one)


def by_name_alone(one: Input) -> str | None:
    """What a person should know of an input that looks like a file, and is none; None for any other."""
    if isinstance(one.value, str) and looks_like_path(one.role, one.value):
        return f"{one.value!r} is no file here: the {one.role} is known by its name alone"
    return None


def _check_said(role: str, value: Value) -> None:
    """Raises UsageError for a word that stands for what only the person knows, and for YAML that is none."""
    if isinstance(value, str) and value.lstrip()[:1] in _COLLECTIONS:
        from gitexp.formats.yaml import flow_fault  # heavy, and most say no such thing

        if fault := flow_fault(value):
            raise UsageError(
                f"{value!r} of {role} is no YAML: {fault}",
                hint=f"""close it, as in {role}='{{name: x}}', or put a text in quotes: {role}='"…"'""",
            )
    if word := placeholder_in(value):
        raise UsageError(
            f"{word} of {role} stands for something that you know: put that in its place",
            hint=f"or say that there is none: {role}=none",
        )


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that is no path, whatever stands in the folder."""

    value: Value


def _of_value(repo: Repository, role: str, what: object, name: str | None) -> Input:
    if isroutine(what):
        what = function_value(what)
    plain = what if isinstance(what, (dict, list, str, int, float, bool)) else str(what)
    masked = repo.redactor.params({role: plain})
    assert isinstance(masked, dict)
    value = masked[role]
    told = _name_of(role, value) if name is None else repo.redactor.text(str(name))
    return Input(role, told, value=_bounded(value))


def _bounded(value: Value) -> Value:
    """`value`, or the hash of a text that is too long for a record."""
    if not isinstance(value, str) or len(value) <= _MAX_TEXT:
        return value
    data = value.encode("utf-8", "surrogatepass")
    return {"digest": f"sha256:{sha256(data).hexdigest()}", "size": len(data), "begins": value[:_MAX_NAME]}


def _of_file(repo: Repository, role: str, path: Path, name: str | None) -> Input:
    found = repo.digests.of(path)
    named = path.name if name is None else str(name)
    one = Input(role, named, repo.relative(path), found.oid, found.size)
    if role == GRADER and path.suffix == ".py" and path.is_file() and found.size <= _MAX_CODE:
        return replace(one, value=shape_value(fingerprint(path.read_bytes())))
    return one


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


def _name_of(role: str, value: Value) -> str:
    """What a mapping calls itself, else its role; another value in short."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("symbol") or role
    return role if isinstance(value, (list, Mapping)) else _short(value)


def _short(value: Value) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
