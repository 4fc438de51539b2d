"""What answers that failed count for, where examples must pass, and in the share of errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitexp.gate.deciding import decide
from gitexp.gate.evidence import Evidence
from gitexp.model.evaluation import Direction, Metric, State, Suite
from gitexp.model.gate import OnErrors, Outcome, Rules, must_pass_of
from gitexp.ops.evaluations.matching import match
from gitexp.ops.gating.guards import guarded
from gitexp.ops.gating.tables import errors_of
from tests.ops.evaluations.suites import suite


def failing(whole: Suite, *, scores: dict[str, float]) -> Suite:
    """The suite with all answers but the first lost, which have nothing but `scores`."""
    first, *others = whole.results
    lost = [replace(one, state=State.ERROR, scores=scores) for one in others]
    return replace(whole, results=(first, *lost))


def test_an_answer_that_failed_is_none_that_was_right() -> None:
    old = suite({"q": [1, 1, 1, 1, 1]}, clusters={"q": "a"})
    rule = must_pass_of("tag:topic=a:0.8")
    (held,) = guarded(old, old, match(old, old), ["match"], [rule])
    assert not held.broken
    new = failing(old, scores={})
    (one,) = guarded(old, new, match(old, new), ["match"], [rule])
    assert one.broken == ("q is right in 20% of 5",)


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [(0.3, 0.1 + 0.2, ()), (0.3, 0.29, ()), (0.3, 0.31, ("q 0.3 -> 0.31",))],
)
def test_what_only_rounding_tells_apart_is_no_worse(
    before: float, after: float, broken: tuple[str, ...]
) -> None:
    metric = Metric("loss", direction=Direction.MIN)
    old, new = (suite({"q": [one]}, metric=metric, clusters={"q": "a"}) for one in (before, after))
    (one,) = guarded(old, new, match(old, new), ["loss"], [must_pass_of("tag:topic=a")])
    assert one.broken == broken


@pytest.mark.parametrize("scores", [{}, {"length": 3}, {"match": 0}])
def test_an_answer_that_failed_is_an_error_whatever_scores_it_has(scores: dict[str, float]) -> None:
    new = failing(suite({"q": [1, 1, 1, 1, 1]}), scores=scores)
    found = errors_of(new)
    assert (found.errors, found.answers, found.scored) == (new.errors, 5, 4 if scores else 0)
    (check,) = decide(Evidence(errors=[found]), Rules(errors=OnErrors.FAIL)).checks
    assert check.outcome is Outcome.POLICY
    told = " (4 of them with a score, which counts)" if scores else ""
    assert check.reason == f"4 of 5 answers are errors{told}, more than 0.00%"
