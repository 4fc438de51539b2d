"""Examples that must pass, one by one."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence

from gitexp.errors import UnknownKey, UsageError
from gitexp.gate.evidence import Guarded
from gitexp.model.eval_summary import by_example
from gitexp.model.evaluation import Direction, Example, Metric, Score, Suite
from gitexp.model.gate import MustPass
from gitexp.ops.evaluations.matching import Matched
from gitexp.statistics.differences import differences
from gitexp.statistics.estimate import average


def guarded(
    old: Suite, new: Suite, matched: Matched, metrics: Sequence[str], rules: Sequence[MustPass]
) -> Iterator[Guarded]:
    """Each rule for each metric, over the examples that the baseline has the tag for, if it has any.

    Raises UsageError for a metric of which it is not known what is right.
    """
    there = {pair.old.id: pair.new.id for pair in matched.common}
    for rule in rules:
        wanted = [one for one in old.examples if _is_meant(old, one, rule)]
        for name in metrics if wanted else ():
            broken = _broken(old, new, name, wanted, there, rule)
            yield Guarded(rule, f"{old.name}/{name}", len(wanted), tuple(broken))


def meant(suite: Suite, rules: Sequence[MustPass]) -> set[MustPass]:
    """Those of the rules that an example of the suite is meant by."""
    return {rule for rule in rules if any(_is_meant(suite, one, rule) for one in suite.examples)}


def check_meant(rules: Sequence[MustPass], found: Container[MustPass], baseline: str) -> None:
    """Raises UnknownKey for a rule that no example of any suite is meant by: it is misspelt."""
    for rule in rules:
        if rule not in found:
            raise UnknownKey(
                f"no example of the baseline has what {str(rule)!r} asks for",
                hint=f"git exp eval show {baseline} --by {shlex.quote(rule.tag)}",
            )


def _is_meant(suite: Suite, example: Example, rule: MustPass) -> bool:
    """Whether the example has the tag, and what it has is not a no."""
    found = suite.tag(example, rule.tag)
    if found is None or (isinstance(found, bool) and not found and rule.value is None):
        return False
    return rule.value is None or _text(found) == rule.value


def _text(value: object) -> str:
    """A tag's value as it is typed."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _broken(
    old: Suite,
    new: Suite,
    name: str,
    wanted: Sequence[Example],
    there: Mapping[str, str],
    rule: MustPass,
) -> Iterator[str]:
    metric = old.metric(name)
    assert metric is not None
    before, after = by_example(old, name), by_example(new, name)
    rows = Counter(one.id for one in new.results)
    for example in wanted:
        if example.id not in there:
            yield f"{example.id} is not in the new run as it was"
            continue
        answers = after.get(there[example.id])
        if answers is None:
            if rule.share is not None or example.id in before:
                yield f"{example.id} has no score"
        elif rule.share is not None:
            # An answer that failed is none that was right.
            count = max(len(answers), rows[there[example.id]])
            share = sum(_is_right(metric, one) for one in answers) / count
            if share < rule.share:
                yield f"{example.id} is right in {share:.0%} of {count}"
        elif example.id in before and _is_worse(metric, before[example.id], answers):
            yield f"{example.id} {average(before[example.id]):.4g} -> {average(answers):.4g}"


def _is_worse(metric: Metric, before: Sequence[Score], after: Sequence[Score]) -> bool:
    (change,) = differences([average(before)], [average(after)])
    return change < 0 if metric.direction is Direction.MAX else change > 0


def _is_right(metric: Metric, score: Score) -> bool:
    """Whether an answer has the whole score."""
    if metric.whole is None:
        raise UsageError(
            f"what is right is not known of metric {metric.name!r}, which has no range",
            hint="--must-pass tag:NAME, without a share",
        )
    return not metric.is_short(score)
