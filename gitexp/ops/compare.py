"""What differs between runs; values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitexp.diff import Path, differences, same
from gitexp.formats.assignment import flatten, join_key
from gitexp.model.history import MISSING, Missing
from gitexp.model.record import Input, Record
from gitexp.model.values import Value


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two runs have, and what it is in each."""

    key: str
    """A dotted key, with `[0]` for a position in a list."""
    old: Value | Missing
    new: Value | Missing

    @property
    def differs(self) -> bool:
        return not same(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two records next to each other, part by part; keys are sorted."""

    params: tuple[Change, ...]
    metrics: tuple[Change, ...]
    inputs: tuple[Change, ...]
    """`role name` -> the hash, or the value where the input is no file."""
    packages: tuple[Change, ...]
    """Package -> version."""
    env: tuple[Change, ...]
    code: bool
    """Whether the code trees differ."""

    @property
    def differs(self) -> bool:
        parts = (self.params, self.metrics, self.inputs, self.packages, self.env)
        return self.code or any(change.differs for part in parts for change in part)


def compare(old: Record, new: Record, *, everything: bool = False) -> Comparison:
    """What differs between two whole records; with `everything` also what does not."""
    return Comparison(
        params=_changes(old.params, new.params, everything),
        metrics=_changes(old.metrics, new.metrics, everything),
        inputs=_named_changes(_inputs(old.inputs), _inputs(new.inputs), everything),
        packages=_package_changes(_packages(old.requirements), _packages(new.requirements), everything),
        env=_changes(old.env, new.env, everything),
        code=old.info.code.tree != new.info.code.tree,
    )


def differing(each: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys whose values are not the same in all of `each`, sorted; of a single mapping all its keys."""
    keys = sorted({key for one in each for key in one})
    if len(each) == 1:
        return keys
    return [key for key in keys if len({_mark(one, key) for one in each}) > 1]


def path_text(path: Path) -> str:
    """`model.layers[0].width`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{join_key([part])}"
    return text


def _changes(old: Mapping[str, Value], new: Mapping[str, Value], everything: bool) -> tuple[Change, ...]:
    changes = [Change(path_text(one.path), one.old, one.new) for one in differences(old, new)]
    if everything:
        changes += _unchanged(flatten(old), flatten(new))
    return tuple(sorted(changes, key=lambda change: change.key))


def _package_changes(
    old: Mapping[str, Value], new: Mapping[str, Value], everything: bool
) -> tuple[Change, ...]:
    if bool(old) != bool(new) and not everything:
        # Of one run they are not known: a list of all the others' would say no more.
        return (Change("packages", len(old) or MISSING, len(new) or MISSING),)
    return _named_changes(old, new, everything)


def _named_changes(
    old: Mapping[str, Value], new: Mapping[str, Value], everything: bool
) -> tuple[Change, ...]:
    """As `_changes`, of values whose keys are names, in which a dot has no meaning."""
    changes = (Change(key, old.get(key, MISSING), new.get(key, MISSING)) for key in sorted({**old, **new}))
    return tuple(change for change in changes if everything or change.differs)


def _unchanged(old: Mapping[str, Value], new: Mapping[str, Value]) -> Iterator[Change]:
    for key, value in old.items():
        if same(value, new.get(key, MISSING)):
            yield Change(key, value, new[key])


def _inputs(inputs: Sequence[Input]) -> dict[str, Value]:
    return {
        f"{one.role} {one.path or one.name}": f"sha256:{one.oid}" if one.oid else one.value for one in inputs
    }


def _packages(requirements: str) -> dict[str, Value]:
    pairs = (line.partition("==") for line in requirements.splitlines())
    return {name: version for name, _, version in pairs if name}


def _mark(one: Mapping[str, Any], key: str) -> str:
    # By its type as well: 1, 1.0 and True are three values. NaN is equal to itself.
    return f"{type(one[key]).__name__} {one[key]!r}" if key in one else ""
