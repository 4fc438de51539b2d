"""What is known of a run and its baseline, as far as a gate decides by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, isnan

from gitexp.model.gate import Limit, MustPass
from gitexp.model.noise import Basis
from gitexp.statistics.distributions import student_quantile
from gitexp.statistics.estimate import Estimate
from gitexp.statistics.power import detectable


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric in both runs."""

    metric: str
    old: float
    new: float
    gain: float
    """How much better the new one is, whichever way the metric goes."""
    basis: Basis
    n: int = 1
    """Examples, or runs on the side that has fewer."""
    estimates: tuple[Estimate, ...] = ()
    """Of the gain. Where clusters are too few to go by there is one with them and one without: the less sure
    one counts."""
    tolerance: float = 0.0
    """With NOISE: by how much the gain may be off."""
    width: float = inf
    """Between the worst and the best value that an example can have, as far as is known."""
    notes: tuple[str, ...] = ()

    @property
    def constant(self) -> bool:
        """Whether all examples, or runs, differ by the same: nothing is seen to vary."""
        return bool(self.estimates) and all(one.se is None for one in self.estimates)

    @property
    def one_cluster(self) -> bool:
        """Whether all examples belong together: of what varies between clusters nothing is seen."""
        return any(one.clusters == 1 for one in self.estimates)

    @property
    def bounded(self) -> bool:
        """Whether the gain is off by `tolerance` at most: so it is said, or repeated runs do not vary."""
        return self.basis is Basis.NOISE or (self.basis is Basis.REPEATED and self.constant)

    @property
    def _chance(self) -> float:
        """That so many move alike."""
        return float(0.5**self.n)

    def worse_p(self, margin: float) -> float | None:
        """How likely such a drop is if the true one is no greater than `margin`; None where nothing tells.

        Sure knowledge is 0 or 1. That n examples all moved alike happens by chance once in 2**n.
        """
        if self.bounded:
            return 0.0 if self.gain + self.tolerance < -margin else 1.0
        if self.basis is Basis.NOTHING or self.one_cluster:
            return None
        if self.constant:
            return self._chance if self.gain < -margin else 1.0
        ps = [one.p_greater(-margin) for one in self.estimates]
        return max((1 - p for p in ps if p is not None and not isnan(p)), default=None)

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """One-sided bounds of the gain, below and above; None where nothing tells them."""
        if self.bounded:
            return self.gain - self.tolerance, self.gain + self.tolerance
        if self.basis is Basis.NOTHING or self.one_cluster:
            return None
        if self.constant:
            return self._of_constant(1 - confidence)
        known = [one for one in self.estimates if one.se is not None]
        if not all(isfinite(one.se or 0) for one in known):
            return None
        low = min(one.below(confidence) or 0.0 for one in known)
        high = max(one.above(confidence) or 0.0 for one in known)
        # What an error counts may be beyond what a score can be.
        return min(self.gain, max(low, -self.width)), max(self.gain, min(high, self.width))

    def _of_constant(self, alpha: float) -> tuple[float, float] | None:
        if self.gain:
            return (self.gain, self.gain) if self._chance < alpha else None
        # Of n examples none changed: more than this share of all would have shown itself.
        share = 1 - alpha ** (1 / self.n)
        return -share * self.width, share * self.width

    def detectable(self, confidence: float, power: float) -> float | None:
        """The least true drop that is found with that power; None where nothing tells."""
        if self.bounded:
            return 2 * self.tolerance
        if self.basis is Basis.NOTHING or self.one_cluster:
            return None
        if self.constant:
            return float(1 - (1 - power) ** (1 / self.n)) * self.width
        return max(self._detected(one, confidence, power) for one in self.estimates if one.se is not None)

    def _detected(self, one: Estimate, confidence: float, power: float) -> float:
        assert one.se is not None
        if self.basis is Basis.EXAMPLES:
            return detectable(one.se, confidence=confidence, power=power, one_sided=True)
        # Of a few runs the normal distribution would promise too much.
        return (student_quantile(confidence, one.df) + student_quantile(power, one.df)) * one.se

    def turned(self) -> Effect:
        """The same with the runs changed over."""
        return replace(
            self,
            old=self.new,
            new=self.old,
            gain=-self.gain,
            estimates=tuple(replace(one, mean=-one.mean) for one in self.estimates),
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A metric that cannot be compared."""

    metric: str
    reason: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A metric that is no finite number in the new run: no margin covers that."""

    metric: str
    reason: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """Examples that must pass."""

    rule: MustPass
    metric: str
    examples: int
    broken: tuple[str, ...]
    """What went wrong with which example, in words."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A cost in both runs."""

    limit: Limit
    suite: str
    ratio: float | None
    """New to old; infinite where the old one is 0. None where the runs do not tell the same."""
    interval: tuple[float, float] | None
    """One-sided bounds of the ratio; None for a single example."""
    n: int
    """Examples of which both runs tell the same kinds of usage."""
    either: int
    """Those of which a run tells any."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Answers of the new run that are in no good state."""

    suite: str
    errors: int
    answers: int
    scored: int = 0
    """Those of the errors that have a score all the same, which is in the means."""

    @property
    def rate(self) -> float:
        return self.errors / self.answers if self.answers else 0.0


@dataclass(frozen=True, slots=True)
class Completeness:
    """How complete the record of the new run is."""

    told: str
    """`E1, score 0.62`; why that is too little, where it is."""
    enough: bool
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it."""

    metrics: Sequence[Effect | Refused | Spoilt] = ()
    guards: Sequence[Guarded] = ()
    costs: Sequence[Spent] = ()
    errors: Sequence[Errors] = ()
    completeness: Completeness | None = None
