"""What a gate decides: the table of its rules, and what must hold whatever the numbers are."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.gate.deciding import Verdict, decide, decide_alike
from gitexp.gate.evidence import (
    Completeness,
    Effect,
    Errors,
    Evidence,
    Guarded,
    Refused,
    Spent,
    Spoilt,
)
from gitexp.model.completeness import Least
from gitexp.model.gate import Correct, Limit, Mode, MustPass, OnErrors, Outcome, Rules, gravest
from gitexp.model.noise import Basis, Noise
from gitexp.statistics.estimate import Estimate, estimate, welch

PASS, FAIL = Outcome.PASS, Outcome.FAIL
UNSURE, POLICY, OTHER = Outcome.INCONCLUSIVE, Outcome.POLICY, Outcome.INCOMPARABLE


def examples(gain: float, se: float | None = 0.01, n: int = 400, width: float = 1.0) -> Effect:
    estimates = (Estimate(gain, n, se, n - 1),)
    return Effect("qa/match", 0.8, 0.8 + gain, gain, Basis.EXAMPLES, n, estimates, width=width)


def clustered(gain: float, se: float | None) -> Effect:
    estimates = (Estimate(gain, 400, se, 399), Estimate(gain, 400, None, 0, 1))
    return replace(examples(gain), estimates=estimates)


def noisy(gain: float, tolerance: float) -> Effect:
    return Effect("acc", 0.8, 0.8 + gain, gain, Basis.NOISE, tolerance=tolerance)


def single(gain: float) -> Effect:
    return Effect("acc", 0.8, 0.8 + gain, gain, Basis.NOTHING)


def repeated(gain: float, se: float | None, n: int = 3) -> Effect:
    return Effect("acc", 0.8, 0.8 + gain, gain, Basis.REPEATED, n, (Estimate(gain, n, se, 2 * n - 2),))


def rules(mode: str = "regression", drop: float | None = None, **more: Any) -> Rules:
    return Rules(mode=Mode(mode), max_drop=None if drop is None else Noise(drop), **more)


def outcome(effect: Effect, asked: Rules) -> Outcome:
    return decide(Evidence([effect]), asked).outcome


@pytest.mark.parametrize(
    ("effect", "asked", "expected"),
    [
        # The bound of the gain is at gain ± 1.65 SE.
        (examples(-0.03), rules(), FAIL),
        (examples(-0.01), rules(), PASS),
        (examples(-0.03), rules(drop=0.02), PASS),
        (examples(-0.04), rules(drop=0.02), FAIL),
        (examples(0.03), rules(), PASS),
        (examples(-0.03), rules("noninferior", 0.02), UNSURE),
        (examples(0.0), rules("noninferior", 0.02), PASS),
        (examples(-0.04), rules("noninferior", 0.02), FAIL),
        (examples(0.03), rules("improve"), PASS),
        (examples(0.03), rules("improve", min_delta=0.05), UNSURE),
        (examples(0.01), rules("improve"), UNSURE),
        (examples(-0.03), rules("improve"), FAIL),
        (examples(-0.03), rules("improve", 0.5), FAIL),
        # A higher confidence asks for more.
        (examples(-0.02), rules(confidence=0.95), FAIL),
        (examples(-0.02), rules(confidence=0.99), PASS),
        # Few examples do not pass, whatever they say; what they surely show fails all the same.
        (examples(0.0, n=29), rules(), UNSURE),
        (examples(0.1, n=29), rules("improve"), UNSURE),
        (examples(0.0, n=29), rules(min_n=29), PASS),
        (examples(-0.5, n=29), rules(), FAIL),
        (examples(0.0, se=None, n=1), rules(min_n=0), PASS),
        (examples(-1.0, se=None, n=1), rules(min_n=0), UNSURE),
        # 0.01 is seen from a drop of 0.0249 on.
        (examples(0.0), rules(detect=0.025), PASS),
        (examples(0.0), rules(detect=0.0248), UNSURE),
        (examples(0.0), rules(detect=0.0248, power=0.7), PASS),
        (examples(-0.03), rules(detect=0.001), FAIL),
        # All changed alike: there is no standard error, and no accident of so many either.
        (examples(-0.1, se=None), rules(), FAIL),
        (examples(-0.1, se=None), rules(drop=0.1), PASS),
        (examples(-0.1, se=None), rules("noninferior", 0.2), PASS),
        (examples(0.1, se=None), rules("improve"), PASS),
        (examples(-1.0, se=None, n=4), rules(), UNSURE),
        (examples(-1.0, se=None, n=5), rules(), FAIL),
        # None changed: of 400 examples less than 0.75 % would have gone unseen.
        (examples(0.0, se=None), rules(), PASS),
        (examples(0.0, se=None), rules("noninferior", 0.008), PASS),
        (examples(0.0, se=None), rules("noninferior", 0.007), UNSURE),
        (examples(0.0, se=None, width=inf), rules("noninferior", 0.5), UNSURE),
        (examples(0.0, se=None), rules("improve"), UNSURE),
        (examples(0.0, se=None, n=40), rules(detect=0.02), UNSURE),
        # Examples of one cluster are no sample of anything.
        (clustered(-0.1, 0.01), rules(), UNSURE),
        (clustered(-0.1, None), rules(), UNSURE),
        # The project says what noise is: the gain is off by that at most.
        (noisy(-0.03, 0.01), rules(), FAIL),
        (noisy(-0.03, 0.01), rules(drop=0.02), PASS),
        (noisy(-0.03, 0.03), rules(), PASS),
        (noisy(-0.005, 0.01), rules("noninferior", 0.02), PASS),
        (noisy(-0.015, 0.01), rules("noninferior", 0.02), UNSURE),
        (noisy(0.02, 0.01), rules("improve"), PASS),
        (noisy(0.01, 0.01), rules("improve"), UNSURE),
        (noisy(-0.001, 0.0), rules(), FAIL),
        (noisy(0.0, 0.01), rules(detect=0.01), UNSURE),
        # One run of each, and nothing known of their noise: only a margin that somebody names decides.
        (single(-0.5), rules(), UNSURE),
        (single(0.5), rules(), UNSURE),
        (single(-0.01), rules(drop=0.02), PASS),
        (single(-0.03), rules(drop=0.02), FAIL),
        (single(-0.01), rules(drop=0.0), FAIL),
        (single(0.0), rules(drop=0.0), PASS),
        (single(-0.03), rules("noninferior", 0.02), FAIL),
        (single(-0.01), rules("noninferior", 0.02), UNSURE),
        (single(0.5), rules("improve", 0.02), UNSURE),
        (single(-0.5), rules("improve", 0.02), UNSURE),
        # Repeated runs: Student's t, and min_n does not ask for 30 of them.
        (repeated(-0.03, 0.01), rules(), FAIL),
        (repeated(-0.02, 0.01), rules(), PASS),
        (repeated(0.03, 0.01), rules("improve"), PASS),
        (repeated(-0.001, None), rules(), FAIL),
        (repeated(0.0, None), rules(), PASS),
    ],
)
def test_the_table_of_rules(effect: Effect, asked: Rules, expected: Outcome) -> None:
    (check,) = decide(Evidence([effect]), asked).checks
    assert (check.outcome, outcome(effect, asked)) == (expected, expected), check.reason
    assert check.reason


@pytest.mark.parametrize(
    ("asked", "detect"),
    [(rules("noninferior", 0.02), "0.02"), (rules("noninferior", 0.02, detect=0.01), "0.01"), (rules(), "D")],
)
def test_how_many_examples_it_takes_is_asked_for_what_is_at_stake(asked: Rules, detect: str) -> None:
    (check,) = decide(Evidence([examples(-0.01, n=3)]), replace(asked, min_n=4)).checks
    assert check.hint == f"git exp eval plan qa --detect {detect} tells how many examples it takes"


def test_of_two_estimates_the_less_sure_one_counts() -> None:
    wide = Estimate(-0.03, 400, 0.02, 4, 5)
    effect = replace(examples(-0.03), estimates=(Estimate(-0.03, 400, 0.01, 399), wide))
    assert outcome(examples(-0.03), rules()) is FAIL
    assert outcome(effect, rules()) is PASS
    bounds = effect.interval(0.95)
    assert bounds == pytest.approx((-0.03 - 2.132 * 0.02, -0.03 + 2.132 * 0.02), abs=1e-4)


@pytest.mark.parametrize("large", [1e120, 1e200])
def test_of_noise_that_is_no_number_nothing_is_told(large: float) -> None:
    found = welch([large, 2 * large], [3 * large, 5 * large])
    effect = Effect("loss", 1.5 * large, 4 * large, -found.mean, Basis.REPEATED, 2, (found,))
    (check,) = decide(Evidence([effect]), rules()).checks
    assert check.outcome is (PASS if large == 1e120 else UNSURE), check
    assert check.bounds is None or check.bounds[0] < check.bounds[1]


def test_bounds_end_where_the_metric_does() -> None:
    assert examples(-0.5, se=10.0).interval(0.95) == (-1.0, 1.0)


def test_several_metrics_are_allowed_for() -> None:
    barely = replace(examples(-0.02), metric="a")
    others = [replace(examples(0.0), metric=name) for name in "bcd"]
    verdict = decide(Evidence([barely, *others]), rules())
    assert verdict.outcome is PASS
    assert decide(Evidence([barely, *others]), rules(correct=Correct.NONE)).outcome is FAIL
    surely = replace(examples(-0.05), metric="a")
    found = decide(Evidence([surely, *others]), rules())
    assert [one.outcome for one in found.checks] == [FAIL, PASS, PASS, PASS]


def test_the_drop_that_is_seen_allows_for_the_number_of_metrics() -> None:
    effect = examples(0.0)
    found = [replace(effect, metric=name) for name in "abcd"]
    least = {
        (correct, len(some)): decide(Evidence(some), rules(correct=correct)).checks[0].detectable
        for correct in Correct
        for some in (found[:1], found)
    }
    assert least[Correct.HOLM, 4] == effect.detectable(1 - 0.05 / 4, 0.8)
    assert least[Correct.HOLM, 1] == least[Correct.NONE, 1] == least[Correct.NONE, 4]
    assert least[Correct.NONE, 4] == effect.detectable(0.95, 0.8)


def test_what_is_no_number_fails_and_what_is_not_there_is_not_compared() -> None:
    assert decide(Evidence([Spoilt("loss", "it is nan")]), rules(drop=9)).outcome is FAIL
    assert decide(Evidence([Refused("loss", "another grader")]), rules()).outcome is OTHER
    assert decide(Evidence(), rules()).outcome is UNSURE


def test_a_share_of_the_baselines_value() -> None:
    asked = Rules(max_drop=Noise(0.05, relative=True))
    assert outcome(single(-0.039), asked) is PASS
    assert outcome(single(-0.041), asked) is FAIL


@pytest.mark.parametrize(
    ("ratio", "interval", "expected"),
    [
        (1.05, (0.9, 1.3), PASS),
        (1.1, (1.1, 1.1), PASS),
        (1.2, (1.15, 1.3), FAIL),
        (1.2, (1.05, 1.3), UNSURE),
        (1.2, None, UNSURE),
        (inf, None, UNSURE),
        (inf, (1.0, inf), UNSURE),
        (inf, (inf, inf), FAIL),
        (None, None, OTHER),
    ],
)
def test_costs(ratio: float | None, interval: tuple[float, float] | None, expected: Outcome) -> None:
    spent = Spent(Limit("cost", 0.1), "qa", ratio, interval, 40, 40)
    assert decide(Evidence(costs=[spent]), rules()).outcome is expected


def test_guards_and_policies() -> None:
    guard = Guarded(MustPass("critical"), "qa/match", 7, ())
    assert decide(Evidence(guards=[guard]), rules()).outcome is PASS
    (check,) = decide(Evidence(guards=[replace(guard, examples=1)]), rules()).checks
    assert check.reason == "1 example holds"
    broken = replace(guard, broken=tuple(f"q{n} 1 -> 0" for n in range(7)))
    (check,) = decide(Evidence(guards=[broken]), rules()).checks
    assert check.outcome is FAIL
    assert check.reason == (
        "7 of 7 examples do not hold: q0 1 -> 0; q1 1 -> 0; q2 1 -> 0; q3 1 -> 0; q4 1 -> 0 and 2 more"
    )
    assert decide(Evidence(errors=[Errors("qa", 2, 100)]), rules()).outcome is PASS
    assert decide(Evidence(errors=[Errors("qa", 3, 100)]), rules()).outcome is POLICY
    assert decide(Evidence(errors=[Errors("qa", 1, 100)]), rules(errors=OnErrors.FAIL)).outcome is POLICY
    assert decide(Evidence(errors=[Errors("qa", 0, 0)]), rules(errors=OnErrors.FAIL)).outcome is PASS
    asked = rules(min_completeness=Least(score=0.8))
    for enough, expected in ((True, PASS), (False, POLICY)):
        assert decide(Evidence(completeness=Completeness("E1", enough)), asked).outcome is expected


def test_the_gravest_outcome_is_that_of_the_gate() -> None:
    assert gravest([PASS, UNSURE, POLICY, OTHER, FAIL]) is FAIL
    assert gravest([PASS, UNSURE, POLICY, OTHER]) is OTHER
    assert gravest([PASS, UNSURE, POLICY]) is POLICY
    assert gravest([PASS, UNSURE]) is UNSURE
    assert gravest([PASS]) is PASS


def test_two_runs_of_the_same() -> None:
    assert decide_alike(Evidence([examples(0.01)]), rules()).outcome is PASS
    for gain in (-0.04, 0.04):
        assert decide_alike(Evidence([examples(gain)]), rules()).outcome is FAIL
    # Each way has half of the chance: 1.96 SE, and not 1.65.
    assert decide_alike(Evidence([examples(-0.019)]), rules()).outcome is PASS
    (check,) = decide_alike(Evidence([examples(-0.021)]), rules()).checks
    assert (check.outcome, check.bounds) == (FAIL, examples(-0.021).interval(0.975))
    assert decide_alike(Evidence([examples(0.0, n=4)]), rules()).outcome is UNSURE
    assert decide_alike(Evidence([Refused("qa/match", "other data")]), rules()).outcome is OTHER


SCORES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=60)
MARGINS = st.floats(0, 1.5)
MODES = st.sampled_from(list(Mode))
_RANK = {FAIL: 0, UNSURE: 1, PASS: 2}


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    basis = draw(st.sampled_from(list(Basis)))
    if basis is Basis.NOISE:
        return noisy(draw(st.floats(-1, 1)), draw(st.floats(0, 1)))
    if basis is Basis.NOTHING:
        return single(draw(st.floats(-1, 1)))
    found = estimate(draw(SCORES))
    assert found is not None
    return Effect("m", 0.5, 0.5 + found.mean, found.mean, basis, found.n, (found,), width=2.0)


def verdicts(effect: Effect, asked: Rules) -> Verdict:
    return decide(Evidence([effect]), asked)


@given(effects(), MODES, MARGINS, MARGINS, st.integers(0, 40))
def test_a_greater_margin_is_never_harder_to_hold(
    effect: Effect, mode: Mode, one: float, other: float, least: int
) -> None:
    small, great = sorted((one, other))
    asked = Rules(mode=mode, max_drop=Noise(small), min_n=least)
    loose = replace(asked, max_drop=Noise(great))
    assert _RANK[outcome(effect, asked)] <= _RANK[outcome(effect, loose)]


@given(effects(), MARGINS, st.integers(0, 40))
def test_what_fails_as_a_regression_fails_as_not_inferior(effect: Effect, margin: float, least: int) -> None:
    asked = Rules(max_drop=Noise(margin), min_n=least)
    if outcome(effect, asked) is FAIL:
        assert outcome(effect, replace(asked, mode=Mode.NONINFERIOR)) is FAIL
    if outcome(effect, replace(asked, mode=Mode.NONINFERIOR)) is PASS:
        assert outcome(effect, asked) is PASS


@given(SCORES, MODES, MARGINS)
def test_the_way_that_a_metric_goes_does_not_matter(scores: list[float], mode: Mode, margin: float) -> None:
    """Turned twice it is the same, and what is surely worse one way is not so the other way."""
    found = estimate(scores)
    assert found is not None
    effect = Effect("m", 0.0, found.mean, found.mean, Basis.EXAMPLES, found.n, (found,), width=2.0)
    again = effect.turned().turned()
    asked = Rules(mode=mode, max_drop=Noise(margin), min_n=0)
    assert again == effect
    low, high = effect.interval(0.95) or (0, 0)
    turned = effect.turned().interval(0.95) or (0, 0)
    assert turned == pytest.approx((-high, -low))
    if outcome(effect, asked) is FAIL:
        assert outcome(effect.turned(), asked) is not FAIL


@given(st.lists(effects(), min_size=1, max_size=6), MARGINS)
def test_to_allow_for_the_number_of_metrics_never_makes_one_fail(found: list[Effect], margin: float) -> None:
    named = [replace(one, metric=str(number)) for number, one in enumerate(found)]
    corrected, plain = (
        decide(Evidence(named), Rules(max_drop=Noise(margin), correct=one))
        for one in (Correct.HOLM, Correct.NONE)
    )
    for one, other in zip(corrected.checks, plain.checks, strict=True):
        assert one.outcome is not FAIL or other.outcome is FAIL
    assert len(corrected.checks) == len(named)
