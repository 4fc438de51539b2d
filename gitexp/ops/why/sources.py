"""Everything that made a score, and how firmly each is pinned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from gitexp.formats.canonical_json import digest
from gitexp.formats.identity import identity, pin_of, tree_of
from gitexp.formats.making import CODE, ENV, Making
from gitexp.model.called_seeds import is_seed
from gitexp.model.record import Input, Pin, Record
from gitexp.model.roles import FILE, ROLES, UNTRACKED
from gitexp.model.values import Value
from gitexp.ops.code_diff import changed_paths
from gitexp.ops.read import StoredRun


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that a score depends on."""

    role: str
    name: str
    pin: Pin | None
    """None for the statement that there is none."""
    identity: str
    path: str | None = None
    value: Value = None
    how: str | None = None
    """How it became known; None for code and environment, which are always recorded."""
    seen: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """What made a score."""

    inputs: tuple[Source, ...]
    """In the order in which people ask for roles; files that were only seen come last."""
    code: Source | None
    """None where it is not known."""
    env: Source | None
    """None where nothing was recorded of it."""
    packages: int
    seeds: Mapping[str, Value]
    """Where each is from, and what it is."""
    params: Mapping[str, Value]
    """The leaves, by dotted key; seeds aside."""


def sources(run: StoredRun, record: Record, inputs: Sequence[Input], making: Making) -> Sources:
    """All that is recorded of what made the results of `run`, of its inputs these."""
    inputs = sorted((one for one in inputs if not is_seed(one.role) or one.none), key=_place)
    return Sources(
        inputs=tuple(_input(one) for one in inputs),
        code=_code(run, record) if making.code is not None else None,
        env=_env(record, making),
        packages=len(record.requirements.splitlines()),
        seeds={key: json.loads(value) for key, value in {**making.seeds, **making.noted_seeds}.items()},
        params={key: json.loads(value) for key, value in making.params.items()},
    )


def _input(one: Input) -> Source:
    return Source(
        one.role,
        one.name,
        pin_of(one),
        identity(one),
        one.path,
        None if tree_of(one) else one.value,
        one.how.value,
        one.seen,
    )


def _code(run: StoredRun, record: Record) -> Source:
    code = record.info.code
    base = code.base[:10] if code.base else "no commit yet"
    return Source(CODE, f"{base}{_patch(run, record)}", Pin.CONTENT, code.tree)


def _patch(run: StoredRun, record: Record) -> str:
    """What the run had beside its base: ` + patch (2 files)`."""
    code = record.info.code
    if not code.dirty or code.base is None:
        return ""
    paths = changed_paths(run.repo.git, code.base, run.commit)
    if paths is None:
        return " + patch"
    return f" + patch ({len(paths)} {'file' if len(paths) == 1 else 'files'})"


def _env(record: Record, making: Making) -> Source | None:
    if not record.requirements and not making.env:
        return None
    packages = sha256(record.requirements.encode("utf-8", "surrogatepass")).hexdigest()
    whole = digest([packages, dict(making.env)])
    pin = Pin.REVISION if record.requirements else Pin.NAMED
    return Source(ENV, str(_interpreter(making)), pin, f"sha256:{whole}")


def _interpreter(making: Making) -> str:
    parts: Sequence[str] = [
        str(json.loads(making.env[key]))
        for key in ("interpreter.implementation", "interpreter.version")
        if key in making.env
    ]
    return " ".join(parts)


def _place(one: Input) -> tuple[int, str, str]:
    order = [*ROLES, "", FILE, UNTRACKED]
    return order.index(one.role if one.role in order else ""), one.role, one.name
