"""`meta.yaml` of a suite merged by key. What only whole tables can tell is dropped, never added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitexp.merge import mappings
from gitexp.model.evaluation import Kind
from gitexp.model.values import Value, same

_COUNTS = ("examples", "epochs", "errors")
_KINDS = (Kind.BINARY.value, Kind.ORDINAL.value, Kind.CONTINUOUS.value)
"""Each holds the values of those before it."""
_OF_ROWS = ("kind", "range", "seen", "guessed")
"""What is told by the rows of a side, where nobody says it."""
_OF_RANGE = ("range", "seen")
_GUESSES = ("seen", "guessed")
"""What marks that nobody said it."""


def merge(
    base: Mapping[str, Value], ours: Mapping[str, Value], theirs: Mapping[str, Value]
) -> dict[str, Value] | None:
    """The merged mapping; None where sides say different things of what scores mean.

    Without a base these are two shards: counts and aggregates of either are not those of both. Lists of
    warnings and of what was regraded are joined. Where both sides have replaced scores, it is marked `mixed`:
    what either has noted of the means is not that of the merged rows.
    """
    merged = mappings.merge(base, (ours, theirs))
    if not all(map(_may_be_dropped, (one.key for one in merged.conflicts))):
        return None
    found: dict[str, Value] = dict(merged.values)
    for name in _COUNTS:
        if all(not same(base.get(name), side.get(name)) for side in (ours, theirs)):
            found.pop(name, None)
    for key in [one.key for one in merged.conflicts if one.key[0] in ("source", "reported")]:
        _drop(found, key)
    if not base:
        found.pop("reported", None)
    for name in ("warnings", "history"):
        joined = _joined(*(_listed(one.get(name)) for one in (base, ours, theirs)))
        found |= {name: joined} if joined else {}
    if base and all(not same(base.get("history"), side.get("history")) for side in (ours, theirs)):
        found["mixed"] = True
    return _with_metrics(found, [one.key for one in merged.conflicts], ours, theirs)


def _may_be_dropped(key: mappings.Key) -> bool:
    if key[0] in (*_COUNTS, "reported", "warnings", "history"):
        return True
    # Without the tool there is no source to tell of.
    return (key[0] == "source" and key[1:] != ("tool",)) or (
        key[0] == "metrics" and key[2:] in [(one,) for one in _OF_ROWS]
    )


def _drop(found: dict[str, Value], key: mappings.Key) -> None:
    inside = found.get(key[0])
    if len(key) == 1 or not isinstance(inside, Mapping):
        found.pop(key[0], None)
    else:
        found[key[0]] = {name: value for name, value in inside.items() if name != key[1]}


def _with_metrics(
    found: dict[str, Value], conflicts: Sequence[mappings.Key], *sides: Mapping[str, Any]
) -> dict[str, Value] | None:
    """Metrics of which sides guessed different kinds from their rows have that which holds both."""
    metrics: Any = _said(found.get("metrics", {}), sides)
    for name in {key[1] for key in conflicts if key[0] == "metrics"}:
        kinds = [side["metrics"][name].get("kind") for side in sides]
        if not all(kind in _KINDS for kind in kinds):
            return None
        kind = max(kinds, key=_KINDS.index)
        guesses = [side["metrics"][name].get("guessed") for side in sides]
        # What one side said need not be guessed; else it is by the kind that holds both.
        by_kind = max(str(one) for one, other in zip(guesses, kinds, strict=True) if other == kind)
        guess = {"guessed": by_kind} if None not in guesses else {}
        standing = _OF_RANGE if same(*(side["metrics"][name].get("range") for side in sides)) else ()
        dropped = set(_OF_ROWS).difference(standing)
        kept = {key: value for key, value in metrics.get(name, {}).items() if key not in dropped}
        metrics = {**metrics, name: {"kind": kind, **kept, **guess}}
    return found | ({"metrics": metrics} if metrics else {})


def _said(metrics: Any, sides: Sequence[Mapping[str, Any]]) -> Any:
    """The metrics; what one side said of a direction or a range is no guess any more."""
    if not isinstance(metrics, Mapping):
        return metrics
    told = [_mapping(side.get("metrics")) for side in sides]
    said = {(name, key) for one in told for name in one for key in _GUESSES if key not in _mapping(one[name])}
    return {
        name: {key: item for key, item in value.items() if (name, key) not in said}
        if isinstance(value, Mapping)
        else value
        for name, value in metrics.items()
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[Value]:
    return value if isinstance(value, list) else []


def _joined(base: list[Value], ours: list[Value], theirs: list[Value]) -> list[Value]:
    """What was there, and what either side added, each once and in an order that is the same for both."""
    added = [one for one in (*ours, *theirs) if one not in base]
    return [*base, *sorted((one for at, one in enumerate(added) if one not in added[:at]), key=repr)]
