"""Two suites compared, metric by metric: is the difference real, and which examples make it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from gitexp.errors import UnknownKey
from gitexp.model.eval_summary import by_example
from gitexp.model.evaluation import Direction, Kind, Metric, Score, Suite
from gitexp.ops.evaluations.matching import Matched, Pair, match
from gitexp.statistics.differences import differences
from gitexp.statistics.discordant import mid_p, sign_test, signed_ranks
from gitexp.statistics.epochs import noise_share
from gitexp.statistics.estimate import FEWEST_CLUSTERS, Estimate, average, estimate, variance
from gitexp.statistics.power import detectable, examples_needed

LEVEL = 0.05
"""Below it a p is told as significant."""
SAME, NOT_SIGNIFICANT, UNKNOWN, CHANGED = "same", "not significant", "unknown", "changed"
"""What a verdict is that is neither `better` nor `worse`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One example whose score is another one."""

    pair: Pair
    old: float
    """The mean over epochs, as `new` is."""
    new: float
    gain: float
    """How much better it is; below 0 where it is worse."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One metric in two suites, over the examples that both have a value for."""

    metric: Metric
    old: float
    new: float
    effect: Estimate
    """The mean gain: above 0 is better, whichever way the metric goes."""
    clustered: Estimate | None
    """The same with clusters taken into account; of a single one it has no standard error."""
    unpaired_se: float | None
    p: float | None
    """Two-sided; None where nothing can be said."""
    test: str
    """What `p` comes from."""
    ranks_p: float | None
    """Wilcoxon's, where scores are more than right and wrong."""
    changes: tuple[Change, ...]
    """Those that got worse first, the most first."""
    epochs: tuple[int, int]
    """The most answers to one example on either side."""
    missing: int
    """Common examples of which a side has no value."""
    either: int
    """Common examples of which any side has a value."""
    noise: float | None
    """The share of the variance that more epochs would take away."""

    @property
    def best_estimate(self) -> Estimate:
        """The one that an interval is to be taken from."""
        return self.clustered if self.clustered and self.clustered.usable else self.effect

    @property
    def regressions(self) -> list[Change]:
        """The worst first; none where nothing tells what is worse."""
        return [one for one in self.changes if one.gain < 0] if self.metric.directed else []

    @property
    def improvements(self) -> list[Change]:
        """The best first."""
        better = [one for one in self.changes if one.gain > 0] if self.metric.directed else []
        return sorted(better, key=lambda one: (-one.gain, one.pair.old.id))

    @property
    def losses(self) -> int:
        """How many examples got worse; fell, where nothing tells what is worse."""
        return sum(one.gain < 0 for one in self.changes)

    @property
    def wins(self) -> int:
        return sum(one.gain > 0 for one in self.changes)

    @property
    def ties(self) -> int:
        return self.effect.n - len(self.changes)

    @property
    def delta(self) -> float:
        """By how much the value is another: above 0 it has grown, which may be for the worse."""
        gain = self.effect.mean
        return gain if self.metric.direction is Direction.MAX else 0.0 - gain  # which is never -0

    def verdict(self, p: float | None) -> str:
        """`same`, `better` or `worse` where by `p`, its own or an adjusted one, that is no accident.

        Else `not significant`, or `unknown` where nothing tells; `changed` where it is no accident, and
        nothing tells which way the metric is better.
        """
        if not self.changes:
            return SAME
        if p is None:
            return UNKNOWN
        if p >= LEVEL or not self.effect.mean:
            return NOT_SIGNIFICANT
        if not self.metric.directed:
            return CHANGED
        return "better" if self.effect.mean > 0 else "worse"

    def delta_interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """Of `delta`, as `interval` is of the gain."""
        found = self.interval(confidence)
        if found is None or self.metric.direction is Direction.MAX:
            return found
        return -found[1], -found[0]

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """Of the gain, cut to what the metric's range allows."""
        found = self.best_estimate.interval(confidence)
        if found is None or self.metric.ends is None:
            return found
        widest = self.metric.ends[1] - self.metric.ends[0]
        gain = self.effect.mean  # What an error counts may be beyond them.
        return min(gain, max(found[0], -widest)), max(gain, min(found[1], widest))

    def detectable(self, *, confidence: float = 0.95, power: float = 0.8) -> float | None:
        """The least true difference that this comparison finds with that power."""
        se = self.best_estimate.se
        return None if se is None else detectable(se, confidence=confidence, power=power)

    def needed(self, difference: float, *, confidence: float = 0.95, power: float = 0.8) -> int | None:
        """How many examples like these find `difference`."""
        se = self.best_estimate.se
        if se is None:
            return None
        return examples_needed(se * se * self.effect.n, difference, confidence=confidence, power=power)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two suites."""

    old: Suite
    new: Suite
    matched: Matched
    metrics: tuple[Compared, ...]
    cluster: str | None
    """By what examples belong together, where that is known."""
    groups: Mapping[str, Hashable] | None = None
    """Id of the old example -> its cluster; None where examples stand for themselves."""


def compare(
    old: Suite,
    new: Suite,
    *,
    metrics: Sequence[str] = (),
    cluster: str | None = None,
) -> Comparison:
    """`new` against `old`, over the common examples.

    `cluster` is a tag, or None for the clusters that the suites were recorded with. Raises UnknownKey for a
    metric or tag that none of the common examples has.
    """
    matched = match(old, new)
    both = [one.name for one in old.meta.metrics if new.metric(one.name)]
    for name in metrics:
        if name not in both:
            known = ", ".join(both) or "none"
            raise UnknownKey(f"no metric {name!r} in both of suite {old.name!r}", hint=f"one of {known}")
    names = [name for name in both if not metrics or name in metrics]
    groups = clusters_of(old, matched.common, cluster)
    found = [compare_metric(old, new, name, [matched.common], groups)[0] for name in names]
    by = cluster or (old.meta.cluster if groups else None)
    return Comparison(old, new, matched, tuple(one for one in found if one), by, groups)


def clusters_of(suite: Suite, pairs: Sequence[Pair], tag: str | None) -> dict[str, Hashable] | None:
    """Id of the old example -> its cluster; None where examples stand for themselves."""
    if tag is not None:
        found = {pair.old.id: suite.tag(pair.old, tag) for pair in pairs}
        if not any(value is not None for value in found.values()):
            tags = sorted({key for pair in pairs for key in pair.old.tags})
            hint = f"one of {', '.join(tags)}" if tags else "git exp eval show RUN"
            raise UnknownKey(f"no example has a tag {tag!r}", hint=hint)
    else:
        found = {pair.old.id: pair.old.cluster for pair in pairs}
        if not any(value is not None for value in found.values()):
            return None
    # One without a cluster stands for itself.
    return {key: ("example", key) if value is None else ("cluster", value) for key, value in found.items()}


def compare_metric(
    old: Suite,
    new: Suite,
    name: str,
    parts: Sequence[Sequence[Pair]],
    clusters: Mapping[str, Hashable] | None,
) -> list[Compared | None]:
    """A metric of both over each of the `parts`; None where no example of it has a value on either side."""
    metric = old.metric(name)
    assert metric is not None
    left, right = by_example(old, name), by_example(new, name)
    return [_compared(metric, left, right, pairs, clusters) for pairs in parts]


def _compared(
    metric: Metric,
    left: Mapping[str, Sequence[Score]],
    right: Mapping[str, Sequence[Score]],
    pairs: Sequence[Pair],
    clusters: Mapping[str, Hashable] | None,
) -> Compared | None:
    usable = [pair for pair in pairs if pair.old.id in left and pair.new.id in right]
    if not usable:
        return None
    answers = [(left[pair.old.id], right[pair.new.id]) for pair in usable]
    metric = _as_it_is(metric, answers)
    before = [average(one) for one, _ in answers]
    after = [average(other) for _, other in answers]
    gains = _gains(metric, before, after)
    effect = estimate(gains)
    assert effect is not None
    groups = [clusters[pair.old.id] for pair in usable] if clusters else None
    clustered = estimate(gains, groups) if groups else None
    rows = zip(usable, before, after, gains, strict=True)
    changes = sorted((Change(*row) for row in rows if row[3]), key=lambda one: (one.gain, one.pair.old.id))
    epochs = (max(len(one) for one, _ in answers), max(len(other) for _, other in answers))
    test, p = _tested(metric, effect, clustered, changes, epochs)
    ranks = signed_ranks(gains) if metric.kind is not Kind.BINARY or max(epochs) > 1 else None
    return Compared(
        metric=metric,
        old=average(before),
        new=average(after),
        effect=effect,
        clustered=clustered,
        unpaired_se=sqrt((variance(before) + variance(after)) / len(usable)) or None,
        p=p,
        test=test,
        ranks_p=ranks.p if ranks else None,
        changes=tuple(changes),
        epochs=epochs,
        missing=len(pairs) - len(usable),
        either=sum(pair.old.id in left or pair.new.id in right for pair in pairs),
        noise=noise_share(gains, answers),
    )


def _as_it_is(metric: Metric, answers: Sequence[tuple[Sequence[Score], Sequence[Score]]]) -> Metric:
    """The metric; a range that was seen is one where no score of either is beyond it.

    What only looked binary, and has scores besides right and wrong, is continuous.
    """
    scores = {one for each in answers for side in each for one in side}
    if metric.seen and metric.range and metric.range[0] <= min(scores) <= max(scores) <= metric.range[1]:
        metric = replace(metric, seen=False)
    ends = metric.range or (0, 1)
    if metric.kind is not Kind.BINARY or scores <= set(ends):
        return metric
    return replace(metric, kind=Kind.CONTINUOUS, range=ends)


def _gains(metric: Metric, before: Sequence[float], after: Sequence[float]) -> list[float]:
    """How much better each of `after` is."""
    return differences(before, after) if metric.direction is Direction.MAX else differences(after, before)


def _tested(
    metric: Metric,
    effect: Estimate,
    clustered: Estimate | None,
    changes: Sequence[Change],
    epochs: tuple[int, int],
) -> tuple[str, float | None]:
    """The test that fits, and its p.

    Steps of an ordinal scale are not equal, so only which way it went counts. Of single right-or-wrong
    answers McNemar's test with mid-p has false alarms at the nominal rate; t has of everything else. It
    cannot tell of examples that all changed by the same, but that so many went one way is told by the sign
    test: by clusters where there are enough of them, and of a single one nothing is.
    """
    if clustered is not None and clustered.usable:
        return f"t, clustered, df {clustered.df}", clustered.p_value()
    wins, losses = sum(one.gain > 0 for one in changes), sum(one.gain < 0 for one in changes)
    if metric.kind is Kind.ORDINAL:
        return "sign test", sign_test(wins, losses) if changes else None
    if metric.kind is Kind.BINARY and epochs == (1, 1):
        return "McNemar mid-p", mid_p(wins, losses) if changes else None
    if effect.se is None and changes:
        return "sign test", _of_alike(effect.n, clustered)
    return f"t, df {effect.df}", effect.p_value()


def _of_alike(examples: int, clustered: Estimate | None) -> float | None:
    """How likely it is that so many go one way."""
    count = clustered.clusters if clustered is not None else None
    if count == 1:
        return None
    return sign_test(0, count if count is not None and count >= FEWEST_CLUSTERS else examples)


def few_clusters(compared: Compared) -> bool:
    """Whether there are clusters, but too few to go by."""
    return compared.clustered is not None and (compared.clustered.clusters or 0) < FEWEST_CLUSTERS
