"""What regrading a suite changed, for people."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.eval_difference import scores_text
from gitexp.cli.render.evaluation import mean_text
from gitexp.cli.render.values import cut, metric_text
from gitexp.cli.safe_text import safe
from gitexp.model.eval_summary import mean_of
from gitexp.ops.evaluations.regrading import Regraded


def regrading_lines(done: Regraded, *, limit: int) -> Iterator[str]:
    """How many rows changed, and each metric with the examples that did, at most `limit` of them."""
    found = done.rescored
    yield f"{found.new.name}: {len(found.changes)} of {len(found.new.results)} answers have other scores"
    compared = {one.metric.name: one for one in done.comparison.metrics}
    for name in found.metrics:
        one = compared.get(name)
        if one is None:
            yield f"  {safe(name)}: new, {mean_text(mean_of(found.new, name))}"
            continue
        up, down = ("better", "worse") if one.metric.directed else ("greater", "less")
        told = f"{one.wins} {up}, {one.losses} {down}, {one.ties} as before"
        yield f"  {safe(name)}: {metric_text(one.old)} -> {metric_text(one.new)}, {told}"
        for change in one.changes[:limit]:
            yield f"    {safe(cut(change.pair.old.id, 60))}  {scores_text(change)}"
        if len(one.changes) > limit:
            yield f"    ({len(one.changes) - limit} more)"
