"""The decision: which checks pass, and what they amount to.

A drop fails where it is surely greater than the margin: the one-sided bound of the difference is beyond it.
With several metrics that bound allows for their number (Holm): any of them alone fails the gate. To pass
needs all of them, so nothing is to be allowed for there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
from gitexp.model.gate import Correct, Mode, OnErrors, Outcome, Rules, gravest
from gitexp.model.noise import Basis
from gitexp.statistics.many import holm

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    kind: str
    """`metric`, `must-pass`, `cost`, `errors` or `completeness`."""
    name: str
    outcome: Outcome
    reason: str
    effect: Effect | None = None
    bounds: tuple[float, float] | None = None
    detectable: float | None = None
    notes: tuple[str, ...] = ()
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks amount to."""

    outcome: Outcome
    checks: tuple[Check, ...]


def decide(evidence: Evidence, rules: Rules) -> Verdict:
    """Every check; the gravest outcome is that of the gate."""
    checks = [
        *_metric_checks(evidence.metrics, rules),
        *(_guard_check(one) for one in evidence.guards),
        *(_cost_check(one) for one in evidence.costs),
        *(_error_check(one, rules) for one in evidence.errors),
    ]
    if evidence.completeness is not None:
        checks.append(_completeness_check(evidence.completeness))
    return Verdict(gravest([one.outcome for one in checks]), tuple(checks))


def decide_alike(evidence: Evidence, rules: Rules) -> Verdict:
    """For two runs of the same: neither may be worse; half of the chance is for either side."""
    rules = replace(rules, confidence=(1 + rules.confidence) / 2)
    there = list(_metric_checks(evidence.metrics, rules))
    back = _metric_checks([_turned(one) for one in evidence.metrics], rules)
    checks = tuple(_either(one, other) for one, other in zip(there, back, strict=True))
    return Verdict(gravest([one.outcome for one in checks]), checks)


def _turned(one: Effect | Refused | Spoilt) -> Effect | Refused | Spoilt:
    return one.turned() if isinstance(one, Effect) else one


def _either(one: Check, other: Check) -> Check:
    if Outcome.FAIL not in (one.outcome, other.outcome) or one.effect is None:
        return one
    return replace(one, outcome=Outcome.FAIL, reason="two runs of the same differ by more than chance allows")


def _metric_checks(metrics: Sequence[Effect | Refused | Spoilt], rules: Rules) -> Iterator[Check]:
    effects = [one for one in metrics if isinstance(one, Effect)]
    worse = _surely_worse(effects, rules)
    for one in metrics:
        if isinstance(one, Effect):
            yield _effect_check(one, one.metric in worse, len(effects), rules)
        elif isinstance(one, Spoilt):
            yield Check("metric", one.metric, Outcome.FAIL, one.reason)
        else:
            yield Check("metric", one.metric, Outcome.INCOMPARABLE, one.reason, hint=one.hint)


def _margin(effect: Effect, rules: Rules) -> float:
    """The drop that is no reason to fail."""
    return 0.0 if rules.mode is Mode.IMPROVE else rules.margin(effect.old)


def _alpha(rules: Rules, metrics: int) -> float:
    """Of the first of so many metrics."""
    return (1 - rules.confidence) / (metrics if rules.correct is Correct.HOLM else 1)


def _surely_worse(effects: Sequence[Effect], rules: Rules) -> set[str]:
    """The metrics whose drop is surely greater than the margin."""
    alpha = 1 - rules.confidence
    known = {one.metric: p for one in effects if (p := _worse_p(one, rules)) is not None}
    ps = list(known.values())
    adjusted = holm(ps) if rules.correct is Correct.HOLM else ps
    return {name for name, p in zip(known, adjusted, strict=True) if p < alpha}


def _worse_p(effect: Effect, rules: Rules) -> float | None:
    margin = _margin(effect, rules)
    if effect.basis is Basis.NOTHING and rules.max_drop is not None and rules.mode is not Mode.IMPROVE:
        # Whoever names a margin says what noise may amount to.
        return 0.0 if effect.gain < -margin else 1.0
    return effect.worse_p(margin)


def _effect_check(effect: Effect, worse: bool, metrics: int, rules: Rules) -> Check:
    bounds = effect.interval(rules.confidence)
    # The drop of one metric alone has to hold against all of them.
    least = effect.detectable(1 - _alpha(rules, metrics), rules.power)
    outcome, reason = _judged(effect, worse, bounds, least, rules)
    hint = None
    if outcome is Outcome.INCONCLUSIVE:
        hint = _hint(effect, rules)
    return Check("metric", effect.metric, outcome, reason, effect, bounds, least, effect.notes, hint)


_UNKNOWN_NOISE = (
    "run both more than once, write its noise into .gitexp.yaml, or say with --max-drop what may be lost"
)


def _hint(effect: Effect, rules: Rules) -> str | None:
    """What would tell more."""
    if effect.basis is Basis.EXAMPLES:
        suite = effect.metric.partition("/")[0]
        wanted = rules.detect or _margin(effect, rules)
        told = f"{wanted:.4g}" if wanted else "D"
        return f"git exp eval plan {suite} --detect {told} tells how many examples it takes"
    if effect.basis is Basis.REPEATED:
        return "repeat the runs with other seeds"
    return _UNKNOWN_NOISE if effect.basis is Basis.NOTHING else None


def _judged(
    effect: Effect, worse: bool, bounds: tuple[float, float] | None, least: float | None, rules: Rules
) -> tuple[Outcome, str]:
    margin = _margin(effect, rules)
    if worse:
        return Outcome.FAIL, f"it is worse by more than {margin:.4g}" if margin else "it is worse"
    if effect.basis is Basis.NOTHING and rules.mode is Mode.REGRESSION and rules.max_drop is not None:
        return Outcome.PASS, f"within {margin:.4g}; its noise is not known"
    if bounds is None:
        return Outcome.INCONCLUSIVE, _untold(effect)
    if effect.basis is Basis.EXAMPLES and effect.n < rules.min_n:
        return Outcome.INCONCLUSIVE, f"{effect.n} examples are fewer than {rules.min_n}"
    if rules.detect is not None and least is not None and least > rules.detect:
        told = (
            f"a drop of {rules.detect:.4g} would not be seen with {rules.power:.0%} power: {least:.2g} would"
        )
        return Outcome.INCONCLUSIVE, told
    return _BY_MODE[rules.mode](effect, bounds[0], margin, rules)


def _untold(effect: Effect) -> str:
    """Why there are no bounds."""
    if effect.basis is Basis.NOTHING:
        return "its noise is not known"
    if effect.one_cluster:
        return "all examples are of one cluster, which tells no noise"
    return "too few to tell by" if effect.constant else "its noise is too large for a number"


def _not_worse(effect: Effect, low: float, margin: float, rules: Rules) -> tuple[Outcome, str]:
    if effect.constant and not effect.gain:
        return Outcome.PASS, "the same throughout"
    return Outcome.PASS, f"not surely worse by more than {margin:.4g}" if margin else "not surely worse"


def _surely_not_worse(effect: Effect, low: float, margin: float, rules: Rules) -> tuple[Outcome, str]:
    if low > -margin:
        return Outcome.PASS, f"surely not worse by more than {margin:.4g}"
    return Outcome.INCONCLUSIVE, f"it may be worse by more than {margin:.4g}"


def _better(effect: Effect, low: float, margin: float, rules: Rules) -> tuple[Outcome, str]:
    if low <= 0:
        return Outcome.INCONCLUSIVE, "it may be no better"
    if effect.gain < rules.min_delta:
        return Outcome.INCONCLUSIVE, f"it is better, but by less than {rules.min_delta:.4g}"
    return Outcome.PASS, "it is better"


_BY_MODE = {Mode.REGRESSION: _not_worse, Mode.NONINFERIOR: _surely_not_worse, Mode.IMPROVE: _better}


def _guard_check(one: Guarded) -> Check:
    name = f"{one.rule} {one.metric}"
    if not one.broken:
        holding = "1 example holds" if one.examples == 1 else f"{one.examples} examples hold"
        return Check("must-pass", name, Outcome.PASS, holding)
    more = f" and {len(one.broken) - _SHOWN} more" if len(one.broken) > _SHOWN else ""
    told = f"{len(one.broken)} of {one.examples} examples do not hold: {'; '.join(one.broken[:_SHOWN])}{more}"
    return Check("must-pass", name, Outcome.FAIL, told)


def _cost_check(one: Spent) -> Check:
    name, most = f"{one.suite} {one.limit}", 1 + one.limit.share
    if one.ratio is None:
        told = f"the runs tell the same kinds of {one.limit.cost} of {one.n} of {one.either} examples"
        return Check("cost", name, Outcome.INCOMPARABLE, told)
    told = f"{one.limit.cost} {one.ratio - 1:+.1%}"
    if one.interval is not None:
        told += f" [{one.interval[0] - 1:+.1%}, {one.interval[1] - 1:+.1%}]"
    told += f" of {one.n} examples"
    if one.ratio <= most:
        return Check("cost", name, Outcome.PASS, told)
    sure = one.interval is not None and one.interval[0] > most
    return Check("cost", name, Outcome.FAIL if sure else Outcome.INCONCLUSIVE, told)


def _error_check(one: Errors, rules: Rules) -> Check:
    told = f"{one.errors} of {one.answers} answers are errors"
    if one.scored:
        told += f" ({one.scored} of them with a score, which counts)"
    most = 0.0 if rules.errors is OnErrors.FAIL else rules.max_error_rate
    if one.rate <= most:
        return Check("errors", one.suite, Outcome.PASS, told)
    return Check("errors", one.suite, Outcome.POLICY, f"{told}, more than {most:.2%}")


def _completeness_check(one: Completeness) -> Check:
    if one.enough:
        return Check("completeness", "record", Outcome.PASS, one.told)
    return Check("completeness", "record", Outcome.POLICY, one.told, notes=one.gaps)
