"""By how much a cost has grown: only what both runs tell is held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import pytest

from gitexp.gate.deciding import decide
from gitexp.gate.evidence import Evidence, Spent
from gitexp.model.gate import Outcome, Rules, limit_of
from gitexp.ops.evaluations.matching import match
from gitexp.ops.gating.spending import spent
from tests.ops.evaluations.suites import suite

MANY = [f"q{number:02}" for number in range(40)]
RULES = Rules()


Usage: TypeAlias = Mapping[str, float]


def found(limit: str, old: Mapping[str, Usage], new: Mapping[str, Usage]) -> Spent:
    before, after = (suite({name: [1] for name in MANY}, usage=usage) for usage in (old, new))
    return spent(before, after, match(before, after).common, limit_of(limit), RULES)


def judged(one: Spent) -> Outcome:
    return decide(Evidence(costs=[one]), RULES).outcome


@pytest.mark.parametrize("new", [{"in": 10.0}, {"out": 100.0}])
def test_other_kinds_of_tokens_are_no_saving(new: Usage) -> None:
    usage = {"in": 10.0, "out": 100.0}
    one = found("tokens=10%", dict.fromkeys(MANY, usage), dict.fromkeys(MANY, new))
    assert (one.ratio, one.n, one.either) == (None, 0, 40)
    assert judged(one) is Outcome.INCOMPARABLE


def test_what_a_run_leaves_out_is_no_saving() -> None:
    usage = {"in": 10.0}
    one = found("in=10%", dict.fromkeys(MANY, usage), dict.fromkeys(MANY[:1], usage))
    assert (one.ratio, one.n, one.either) == (None, 1, 40)
    one = found("in=10%", dict.fromkeys(MANY, usage), dict.fromkeys(MANY[:38], usage))
    assert (one.ratio, one.n, judged(one)) == (1.0, 38, Outcome.PASS)


def test_what_rose_in_one_cluster_alone_may_be_its_own_matter() -> None:
    """What rose belongs together: it says less of others than as many examples would that do not."""
    usage = {name: {"in": 10.0 + at % 7} for at, name in enumerate(MANY)}
    topics = {name: f"t{at // 2}" for at, name in enumerate(MANY)}
    dearer = {
        name: {"in": one["in"] * (1.5 if topics[name] in ("t0", "t1", "t2") else 1)}
        for name, one in usage.items()
    }
    limit = limit_of("in=1%")

    def bounds(clusters: Mapping[str, str] | None) -> Spent:
        before, after = (
            suite({name: [1] for name in MANY}, usage=one, clusters=clusters) for one in (usage, dearer)
        )
        return spent(before, after, match(before, after).common, limit, RULES)

    alone, together = bounds(None), bounds(topics)
    few = bounds({name: f"t{at // 10}" for at, name in enumerate(MANY)})
    single = bounds(dict.fromkeys(MANY, "t"))
    assert alone.ratio == together.ratio == few.ratio
    lows = [one.interval[0] for one in (few, together, alone) if one.interval]
    assert lows == sorted(lows)
    assert len(lows) == 3
    assert single.interval is None
    assert [judged(one) for one in (alone, together, few, single)] == [
        *(Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE)
    ]


def errors(*names: str) -> dict[str, dict[str, float]]:
    return {name: {"tool_errors": float(name in names)} for name in MANY}


def test_a_few_errors_more_may_be_chance() -> None:
    """Of many draws none holds the one error that there was: that is noise, and no certainty."""
    for old, new in ((errors("q00"), errors("q00", "q01")), (errors(), errors("q00"))):
        assert judged(found("tool_errors=10%", old, new)) is Outcome.INCONCLUSIVE
    assert judged(found("tool_errors=10%", errors("q00"), errors(*MANY))) is Outcome.FAIL
    assert judged(found("tool_errors=10%", errors(), errors(*MANY[:10]))) is Outcome.FAIL
    assert judged(found("tool_errors=10%", errors(), errors())) is Outcome.PASS
