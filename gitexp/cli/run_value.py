"""A run as the plain values that `--json` shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitexp.cli.json_output import strict
from gitexp.cli.render.values import difference
from gitexp.formats.record import artifact_value, info_value, input_value
from gitexp.model.history import MISSING
from gitexp.model.record import Record
from gitexp.model.values import Oid
from gitexp.ops.code_diff import FileChange
from gitexp.ops.compare import Change, Comparison
from gitexp.ops.examine import Examined, Trend
from gitexp.ops.read import StoredRun

_ALWAYS = (
    *("name", "id", "status", "started", "ended", "exit_code", "signal", "failure", "command", "cwd", "code"),
    *("title", "group", "note"),
)


def listed_value(record: Record, commit: Oid) -> dict[str, Any]:
    """A run as it stands in a list; every key is always there."""
    return strict(_listed(record, commit))


def full_value(found: Examined) -> dict[str, Any]:
    """The whole record, and its series in short."""
    record = found.record
    inputs: dict[str, list[Any]] = {}
    for one in record.inputs:
        inputs.setdefault(one.role, []).append(input_value(one))
    return strict(
        {
            **_listed(record, found.run.commit),
            "stale": found.stale,
            "series": {one.name: _trend_value(one) for one in found.trends},
            "inputs": inputs,
            "env": record.env,
            "requirements": record.requirements.splitlines(),
            "artifacts": {one.path: artifact_value(one) for one in record.artifacts},
        }
    )


def _listed(record: Record, commit: Oid) -> dict[str, Any]:
    info = info_value(record.info)
    info.pop("format")
    code = record.info.code
    return {
        **dict.fromkeys(_ALWAYS),
        **info,
        "code": {"tree": code.tree, "base": code.base, "dirty": code.dirty},
        "parents": list(record.info.parents),
        "resumed": info.get("resumed", []),
        "tags": sorted(set(record.info.tags)),
        "star": record.info.star,
        "commit": commit,
        "params": record.params,
        "metrics": record.metrics,
    }


def _trend_value(one: Trend) -> dict[str, Any]:
    return {
        "rows": one.rows,
        "first_step": one.first_step,
        "last_step": one.last_step,
        "last": one.last,
        "min": one.min,
        "max": one.max,
    }


def comparison_value(
    old: StoredRun, new: StoredRun, found: Comparison, files: Sequence[FileChange]
) -> dict[str, Any]:
    """What differs between two runs; a side that lacks a key lacks it here too."""
    return strict(
        {
            "old": _side(old),
            "new": _side(new),
            "params": _changes(found.params),
            "metrics": _changes(found.metrics, deltas=True),
            "inputs": _changes(found.inputs),
            "packages": _changes(found.packages),
            "env": _changes(found.env),
            "code": {
                "differs": found.code,
                "files": [{"path": f.path, "added": f.added, "deleted": f.deleted} for f in files],
            },
        }
    )


def _side(run: StoredRun) -> dict[str, str]:
    return {"name": run.name, "commit": run.commit, "status": run.record.info.status.value}


def _changes(changes: Sequence[Change], *, deltas: bool = False) -> dict[str, Any]:
    return {change.key: _change(change, deltas) for change in changes}


def _change(change: Change, deltas: bool) -> dict[str, Any]:
    sides = {"old": change.old, "new": change.new}
    value: dict[str, Any] = {side: one for side, one in sides.items() if one is not MISSING}
    if deltas:
        value["delta"] = difference(value.get("old"), value.get("new"))
    return value
