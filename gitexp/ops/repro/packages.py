"""Which packages of a recorded environment are missing now, or are others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gitexp.capture import packages
from gitexp.capture.interpreter import Interpreter
from gitexp.model.record import Record
from gitexp.model.values import Value

_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:==| @ )?([^\s#]*)( *# (?:editable|local))?.*")


@dataclass(frozen=True, slots=True)
class Package:
    """One line of a recorded `requirements.txt`."""

    name: str
    version: str
    """Or the URL that it was from."""
    from_folder: bool = False
    """Whether it was code in a folder, which is not recorded."""

    @property
    def is_from_url(self) -> bool:
        return "://" in self.version


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it was recorded."""

    name: str
    """A package, or `python`."""
    old: str
    new: str | None
    """None where it is missing."""


def recorded(requirements: str) -> dict[str, Package]:
    """Name -> package; what is no such line is left out."""
    found = {}
    for line in requirements.splitlines():
        if match := _LINE.fullmatch(line.strip()):
            name = packages.normalise(match[1])
            found[name] = Package(name, match[2], bool(match[3]))
    return found


def python_of(record: Record) -> str | None:
    """The version of the Python that ran."""
    interpreter = record.env.get("interpreter")
    version: Value = interpreter.get("version") if isinstance(interpreter, Mapping) else None
    return (
        version if isinstance(version, str) and re.fullmatch(r"[0-9]+\.[0-9]+[0-9a-z.]*", version) else None
    )


def installed(now: Interpreter) -> str:
    """What the Python `now` has, as a record has it."""
    return packages.requirements(packages.scan(now.site_packages))


def differences(record: Record, now: Interpreter | None) -> list[Difference]:
    """What a run under the Python `now` would not find as it was; nothing where neither is known."""
    old = recorded(record.requirements)
    if now is None:
        return []
    new = recorded(installed(now))
    found = [
        Difference(name, one.version, new[name].version if name in new else None)
        for name, one in old.items()
        if name not in new or new[name].version != one.version
    ]
    version = python_of(record)
    if version and now.version and version != now.version:
        found.insert(0, Difference("python", version, now.version))
    return found
