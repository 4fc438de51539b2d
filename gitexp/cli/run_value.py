"""A run as the plain values that `--json` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitexp.cli.completeness_value import completeness_value
from gitexp.cli.json_output import strict
from gitexp.formats.artifacts import artifact_value
from gitexp.formats.inputs import input_value
from gitexp.formats.record import info_value
from gitexp.formats.run_steps import steps_value
from gitexp.model.missing import MISSING, Missing
from gitexp.model.record import Record
from gitexp.model.values import Oid, Value, difference
from gitexp.ops.code_diff import FileChange
from gitexp.ops.comparand import Comparand
from gitexp.ops.compare import UNKNOWN, Comparison, Line, Measure
from gitexp.ops.examine import Examined, Trend
from gitexp.ops.grouping import Group, Groups, Several
from gitexp.ops.progress import Progress
from gitexp.ops.read import StoredRun
from gitexp.ops.spread import Spread

_ALWAYS = (
    *("name", "id", "status", "started", "ended", "exit_code", "signal", "failure", "command", "cwd", "code"),
    *("title", "group", "note"),
)


def listed_value(
    run: StoredRun,
    progress: Progress | None,
    asked: Mapping[str, Value | Missing] | None,
    *,
    stale: bool = False,
    baselines: Sequence[str] = (),
) -> dict[str, Any]:
    """A run as it stands in a list; every key is always there, save `columns`: what was asked for by key."""
    moved = progress._asdict() if progress else None
    value = {**_listed(run.record, run.commit), "stale": stale, "progress": moved}
    value["baselines"] = list(baselines)
    if asked is not None:
        value["columns"] = {key: found for key, found in asked.items() if found is not MISSING}
    return strict(value)


def group_value(found: Groups, group: Group) -> dict[str, Any]:
    """A group of runs: what it has in common, and the spread of what it has not."""
    key = zip(found.keys, group.key, strict=True)
    cells = [(str(field), cell) for field, cell in zip(found.fields, group.cells, strict=True)]
    return strict(
        {
            "key": {str(field): value for field, value in key if value is not MISSING},
            "n": len(group.runs),
            "runs": [run.name for run in group.runs],
            "values": {
                name: cell
                for name, cell in cells
                if cell is not MISSING and not isinstance(cell, (Spread, Several))
            },
            "spreads": {name: cell._asdict() for name, cell in cells if isinstance(cell, Spread)},
            "varying": {name: cell.different for name, cell in cells if isinstance(cell, Several)},
        }
    )


def full_value(found: Examined) -> dict[str, Any]:
    """The whole record, and its series in short."""
    record = found.record
    inputs: dict[str, list[Any]] = {}
    for one in record.inputs:
        inputs.setdefault(one.role, []).append(input_value(one))
    return strict(
        {
            **_listed(record, found.run.commit),
            "stale": found.stale is not None,
            "evidence_for": found.evidence_for,
            "baselines": list(found.baselines),
            "completeness": completeness_value(found.completeness) if found.completeness else None,
            "checkpoints": [{"number": one.number, "commit": one.commit} for one in found.checkpoints],
            "reproduced_by": [
                {"name": r.name, "verdict": r.verdict.value, "on": r.on, "lacking": list(r.lacking)}
                for r in found.repeats
            ],
            "evaluations": {
                one.meta.suite: {"examples": one.examples, "epochs": one.epochs, "errors": one.errors}
                for one in found.suites
            },
            "series": {one.name: _trend_value(one) for one in found.trends},
            "inputs": inputs,
            "steps": steps_value(record.steps).get("steps", []),
            "steps_left_out": record.steps_left_out,
            "env": record.env,
            "requirements": record.requirements.splitlines(),
            "artifacts": {one.path: artifact_value(one) for one in record.artifacts},
        }
    )


def _listed(record: Record, commit: Oid) -> dict[str, Any]:
    info = info_value(record.info)
    info.pop("format")
    code, results = record.info.code, record.info.results
    return {
        **dict.fromkeys(_ALWAYS),
        **info,
        "code": {"tree": code.tree, "base": code.base, "dirty": code.dirty},
        "results": {"metrics": list(results.metrics), "outputs": list(results.outputs)},
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
        "goal": one.goal,
        "best": one.best,
        "best_step": one.best_step,
    }


def comparison_value(
    each: Sequence[Comparand], found: Comparison, files: Sequence[Sequence[FileChange]]
) -> dict[str, Any]:
    """What differs between runs; `files` are for each but the first what differs from its code.

    In each line `values` has one entry for each run, null where it has none (then its index is in `missing`)
    or where that part was not recorded (`unknown`). Of two runs, `old` and `new` stand beside them, and are
    left out where they are missing.
    """
    pair = len(each) == 2
    sides = [_side(one) for one in each]
    changes = [[{"path": f.path, "added": f.added, "deleted": f.deleted} for f in side] for side in files]
    code: dict[str, Any] = {"differs": any(found.code), "changes": changes}
    return strict(
        {
            "runs": sides,
            **({"old": sides[0], "new": sides[1]} if pair else {}),
            "params": _lines(found.params, pair),
            "metrics": {one.key: {**_line(one, pair), **_measured(one, pair)} for one in found.metrics},
            "inputs": _lines(found.inputs, pair),
            "packages": _lines(found.packages, pair),
            "env": _lines(found.env, pair),
            "code": {**code, "files": changes[0]} if pair else code,
        }
    )


def _side(one: Comparand) -> dict[str, Any]:
    return {
        "name": one.label,
        "kind": one.kind.value,
        "commit": one.commit,
        "tree": one.side.code,
        "status": one.status.value if one.status else None,
        "stale": one.stale is not None,
    }


def _lines(lines: Sequence[Line], pair: bool) -> dict[str, Any]:
    return {line.key: _line(line, pair) for line in lines}


def _line(line: Line, pair: bool) -> dict[str, Any]:
    there = [None if value in (MISSING, UNKNOWN) else value for value in line.values]
    value: dict[str, Any] = {"values": there}
    for name, stands_for in (("missing", MISSING), ("unknown", UNKNOWN)):
        if indices := [index for index, one in enumerate(line.values) if one is stands_for]:
            value[name] = indices
    if pair:
        sides = zip(("old", "new"), line.values, strict=True)
        value |= {side: one for side, one in sides if one not in (MISSING, UNKNOWN)}
    return value


def _measured(one: Measure, pair: bool) -> dict[str, Any]:
    old, *others = one.values
    deltas = [difference(old, new) for new in others]
    return {
        "deltas": [None, *deltas],
        **({"delta": deltas[0]} if pair else {}),
        "goal": one.goal,
        "goal_guessed": one.guessed if one.goal else None,
        "best": list(one.best),
    }
