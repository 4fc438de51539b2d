"""`metrics.yaml` and `inputs.yaml` of one run whose scores two sides have replaced.

The rows are merged in tables of their own; no mean of them can be told from the means of either side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitexp.model.missing import MISSING
from gitexp.model.roles import GRADER
from gitexp.model.values import Value, same


def metrics(
    base: Mapping[str, Value], ours: Mapping[str, Value], theirs: Mapping[str, Value]
) -> dict[str, Value] | None:
    """Without what either side changed of a suite that both did; None where they differ in other metrics.

    Two sides that changed other metrics are two runs, whose record is marked as a whole.
    """
    changed = [_changed(base, side) for side in (ours, theirs)]
    if not all("/" in key for key in changed[0] | changed[1]):
        return None
    suites = {_suite(key) for key in changed[0]} & {_suite(key) for key in changed[1]}
    alone = changed[1] - changed[0]
    found = {**ours, **{key: theirs[key] for key in alone if key in theirs}}
    gone = {key for key in changed[0] | changed[1] if _suite(key) in suites} | (alone - theirs.keys())
    return {key: found[key] for key in sorted(found) if key not in gone}


def inputs(
    base: Mapping[str, Value], ours: Mapping[str, Value], theirs: Mapping[str, Value]
) -> dict[str, Value] | None:
    """With every grader that either side has brought in; None where they differ in more than graders."""
    if any(key != GRADER for key in _changed(ours, theirs)):
        return None
    before, mine, other = (_graders(side) for side in (base, ours, theirs))
    kept = [one for one in mine if _has(other, one) or not _has(before, one)]
    kept += [one for one in other if not _has(mine, one) and not _has(before, one)]
    found = {**ours, **({GRADER: kept} if kept else {})}
    return {role: found[role] for role in sorted(found)}


def _changed(before: Mapping[str, Value], after: Mapping[str, Value]) -> set[str]:
    keys = {*before, *after}
    return {key for key in keys if not same(before.get(key, MISSING), after.get(key, MISSING))}


def _suite(key: str) -> str:
    return key.partition("/")[0]


def _graders(side: Mapping[str, Value]) -> list[Value]:
    found: Any = side.get(GRADER)
    return list(found) if isinstance(found, (list, tuple)) else []


def _has(ones: list[Value], wanted: Value) -> bool:
    return any(same(one, wanted) for one in ones)
