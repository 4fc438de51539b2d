"""Whether the scores of a metric in two suites can be held against each other."""

from __future__ import annotations

from gitexp.model.evaluation import Suite
from gitexp.model.gate import Rules
from gitexp.ops.evaluations.comparing import Compared


def impossible(old: Suite, new: Suite, name: str) -> str | None:
    """Why the scores are none of one metric: what it can be is what `old` says."""
    metric = old.metric(name)
    for side, suite in (("new", new), ("old", old)):
        scores = [one.scores[name] for one in suite.results if name in one.scores]
        wrong = [one for one in scores if metric is not None and not metric.allows(one)]
        if metric is not None and wrong:
            told = f"{len(wrong)} of {len(scores)} scores of the {side} run are not {metric.allowed}"
            return f"{told}, as the old one has it: {wrong[0]:g}"
    return None


def too_few(one: Compared, rules: Rules) -> str | None:
    """Why what both runs have a value of is too little of what any has; None where it is enough."""
    if one.effect.n >= rules.min_overlap * one.either:
        return None
    return f"only {one.effect.n} of {one.either} examples have a value in both runs"


def unscored(old: Suite, new: Suite, one: Compared) -> str | None:
    """Why scores make a metric no better or worse: they are none of its kind, or only one run has them.

    The latter by what a gate demands where nothing else is said: what failed is seldom what would have been
    right.
    """
    rules = Rules()
    if why := impossible(old, new, one.metric.name):
        return why
    if one.effect.n == one.either:
        return None
    if why := too_few(one, rules):
        return why
    for side, suite in (("old", old), ("new", new)):
        if suite.lost > rules.max_error_rate * len(suite.results):
            return (
                f"{suite.lost} of {len(suite.results)} answers of the {side} run are errors without a score"
            )
    return None
