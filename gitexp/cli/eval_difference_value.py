"""`git exp eval diff --json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitexp.cli.json_output import strict
from gitexp.cli.render.eval_difference import answers, verdict
from gitexp.ops.evaluations.comparing import Change, Compared
from gitexp.ops.evaluations.diffing import Difference


def difference_value(found: Sequence[Difference], *, with_text: bool = False) -> dict[str, Any]:
    """Every suite of every run against the first; shares are of 1, gains above 0 are better."""
    return strict({"comparisons": [_difference(one, with_text) for one in found]})


def _difference(one: Difference, with_text: bool) -> dict[str, Any]:
    matched = one.comparison.matched
    return {
        "suite": one.suite,
        "old": {"name": one.old.name, "commit": one.old.commit},
        "new": {"name": one.new.name, "commit": one.new.commit},
        "comparable": one.comparable,
        "other_grader": one.other_grader,
        "cluster": one.comparison.cluster,
        "examples": {
            "common": len(matched.common),
            "relabelled": [pair.old.id for pair in matched.relabelled],
            "edited": [pair.old.id for pair in matched.edited],
            "renamed": {pair.old.id: pair.new.id for pair in matched.common if pair.renamed},
            "added": [example.id for example in matched.added],
            "removed": [example.id for example in matched.removed],
        },
        "metrics": {metric.metric.name: _metric(one, metric, with_text) for metric in one.comparison.metrics},
        "cost": {
            cost.name: {
                "old": cost.old,
                "new": cost.new,
                "ratio": cost.ratio,
                "interval": list(cost.interval) if cost.interval else None,
                "n": cost.n,
            }
            for cost in one.costs
        },
    }


def _metric(found: Difference, one: Compared, with_text: bool) -> dict[str, Any]:
    value = {
        **compared_value(one),
        "verdict": verdict(one, found),
        "p_adjusted": found.adjusted.get(one.metric.name),
        "unscored": found.unscored.get(one.metric.name),
        "changes": [_change(change) for change in one.changes],
    }
    if with_text:
        old, new = (answers(side.outputs) for side in (found.comparison.old, found.comparison.new))
        for change, told in zip(one.changes, value["changes"], strict=True):
            told |= {"old_text": old.get(change.pair.old.id), "new_text": new.get(change.pair.new.id)}
    slices = found.slices.get(one.metric.name)
    if slices is not None:
        value["slices"] = [
            {"value": part.value, **compared_value(part.compared), "p_adjusted": part.p} for part in slices
        ]
    return value


def compared_value(one: Compared) -> dict[str, Any]:
    """One metric in two suites, as JSON has it."""
    interval = one.interval()
    return {
        "old": one.old,
        "new": one.new,
        "delta": one.delta,
        "direction": one.metric.direction.value,
        "guessed": one.metric.guess.value if one.metric.guess else None,
        "gain": one.effect.mean,
        "n": one.effect.n,
        "missing": one.missing,
        "epochs": list(one.epochs),
        "wins": one.wins,
        "losses": one.losses,
        "ties": one.ties,
        "se": one.best_estimate.se,
        "se_unpaired": one.unpaired_se,
        "df": one.best_estimate.df,
        "clusters": one.clustered.clusters if one.clustered else None,
        "clustered": one.best_estimate is one.clustered,
        "interval": list(interval) if interval else None,
        "p": one.p,
        "test": one.test,
        "p_ranks": one.ranks_p,
        "detectable": one.detectable(),
        "noise": one.noise,
    }


def _change(one: Change) -> dict[str, Any]:
    return {
        "id": one.pair.old.id,
        "new_id": one.pair.new.id,
        "old": one.old,
        "new": one.new,
        "gain": one.gain,
    }
