"""`git exp why --json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitexp.cli.completeness_value import completeness_value
from gitexp.cli.eval_difference_value import compared_value
from gitexp.cli.json_output import strict
from gitexp.cli.render.why_changes import example_ids
from gitexp.formats.making import Cause
from gitexp.model.missing import MISSING
from gitexp.ops.compare import Line
from gitexp.ops.read import StoredRun
from gitexp.ops.why.asking import Why
from gitexp.ops.why.comparing import Against
from gitexp.ops.why.effect import Effect
from gitexp.ops.why.explaining import Explained
from gitexp.ops.why.neighbours import Beyond, Neighbour
from gitexp.ops.why.score import Score
from gitexp.ops.why.sources import Source, Sources


def why_value(found: Why) -> dict[str, Any]:
    """Everything that the page tells, with nothing cut but the lines of texts."""
    return strict(
        {
            "run": _run(found.run),
            "metric": _score(found.score) if found.score else None,
            "repeated": found.spread._asdict() if found.spread else None,
            "produced_by": _sources(found.sources),
            "completeness": completeness_value(found.completeness) if found.completeness else None,
            "against": _against(found.against) if found.against else None,
            "unlike": {"runs": found.unlike.runs, "first": found.unlike.first} if found.unlike else None,
            "neighbours": [_neighbour(one) for one in found.neighbours],
            "more_neighbours": found.more_neighbours,
            "not_looked_at": found.unseen,
            "around_other": _beyond(found.beyond) if found.beyond else None,
            "none_alone": [_cause(one) for one in found.alone],
            "separate": found.separate,
            "inseparable": found.inseparable,
            "foreign": found.foreign,
        }
    )


def _run(run: StoredRun) -> dict[str, Any]:
    return {"name": run.name, "commit": run.commit}


def _score(one: Score) -> dict[str, Any]:
    return {
        "name": one.key,
        "value": one.value,
        "suite": one.suite_name,
        "se": one.se,
        "n": one.n,
        "clusters": one.mean.clusters if one.mean else None,
        "epochs": one.suite.epochs if one.suite else None,
        "errors": one.suite.errors if one.suite else None,
    }


def _sources(one: Sources) -> dict[str, Any]:
    return {
        "inputs": [_source(each) for each in one.inputs],
        "code": _source(one.code) if one.code else None,
        "env": {**_source(one.env), "packages": one.packages} if one.env else None,
        "seeds": dict(one.seeds),
        "params": dict(one.params),
    }


def _source(one: Source) -> dict[str, Any]:
    return {
        "role": one.role,
        "name": one.name,
        "none": one.pin is None,
        "pin": one.pin.value if one.pin else None,
        "identity": one.identity,
        "path": one.path,
        "value": one.value,
        "how": one.how,
        "seen": dict(one.seen),
    }


def _against(one: Against) -> dict[str, Any]:
    return {
        "run": _run(one.chosen.run),
        "how": one.chosen.how,
        "best_of": one.chosen.best_of or None,
        "luck": one.chosen.luck if one.chosen.best_of else None,
        "effect": _effect(one.effect) if one.effect else None,
        "causes": [{**_cause(each), "known": each.known} for each in one.causes],
        "changed": [_explained(each) for each in one.explained],
        "same": list(one.same),
        "together": len(one.known) > 1,
    }


def _cause(one: Cause) -> dict[str, Any]:
    return {"role": one.role, "key": one.key}


def _effect(one: Effect) -> dict[str, Any]:
    judged = one.measured
    return {
        "old": one.old,
        "new": one.new,
        "comparable": one.comparable,
        "differing": list(one.differing),
        "unscored": one.unscored,
        "verdict": one.verdict,
        "tolerance": judged.tolerance if judged else None,
        "center": one.center,
        "how": judged.how if judged else None,
        "examples": compared_value(one.compared) if one.compared else None,
    }


def _explained(one: Explained) -> dict[str, Any]:
    return {
        "role": one.role,
        "known": one.known,
        "keys": [_change(each) for each in one.changes],
        "lines": list(one.lines),
        "more_lines": one.more,
        "files": [{"path": each.path, "added": each.added, "deleted": each.deleted} for each in one.files],
        "examples": _examples(one),
        "note": one.note,
        "see": one.see,
    }


def _examples(one: Explained) -> dict[str, Any] | None:
    if one.examples is None:
        return None
    return {"common": len(one.examples.common), **example_ids(one.examples)}


def _change(one: Line) -> dict[str, Any]:
    sides: Sequence[tuple[str, Any]] = list(zip(("old", "new"), one.values, strict=True))
    return {"key": one.key, **{side: value for side, value in sides if value is not MISSING}}


def _beyond(one: Beyond) -> dict[str, Any]:
    return {
        "neighbours": [_neighbour(each) for each in one.neighbours],
        "more_neighbours": one.more,
        "not_looked_at": one.unseen,
    }


def _neighbour(one: Neighbour) -> dict[str, Any]:
    step = {"differs_in": _cause(one.step.cause), "effect": _effect(one.step.effect)} if one.step else None
    return {
        "run": _run(one.near.run),
        "differs_in": _cause(one.near.cause),
        "effect": _effect(one.effect),
        "from_other": step,
    }
