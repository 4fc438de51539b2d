"""A comparison of two suites, parted by the values of a tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import UnknownKey
from gitexp.model.evaluation import Suite
from gitexp.model.values import Scalar
from gitexp.ops.evaluations.comparing import Compared, Comparison, clusters_of, compare_metric
from gitexp.ops.evaluations.matching import Pair
from gitexp.statistics.many import benjamini_hochberg

MOST_SLICES = 50


@dataclass(frozen=True, slots=True)
class Part:
    """The examples with one value of a tag."""

    value: Scalar
    compared: Compared
    p: float | None
    """Allowing for how many slices were looked at (Benjamini and Hochberg)."""


def slices(comparison: Comparison, tag: str, cluster: str | None) -> dict[str, tuple[Part, ...]]:
    """Metric -> the examples with each value of `tag`, at most MOST_SLICES of them, the largest first.

    Raises UnknownKey for a tag that no common example has.
    """
    pairs: dict[Scalar, list[Pair]] = {}
    for pair in comparison.matched.common:
        value = comparison.old.tag(pair.old, tag)
        if value is not None:
            pairs.setdefault(value, []).append(pair)
    if not pairs:
        raise UnknownKey(
            f"no example of suite {comparison.old.name!r} has a tag {tag!r}", hint=_tags(comparison.old)
        )
    largest = sorted(pairs, key=lambda value: (-len(pairs[value]), str(value)))[:MOST_SLICES]
    values = sorted(largest, key=str)
    groups = clusters_of(comparison.old, comparison.matched.common, cluster)
    return {
        one.metric.name: _parts(
            values,
            compare_metric(
                comparison.old, comparison.new, one.metric.name, [pairs[value] for value in values], groups
            ),
        )
        for one in comparison.metrics
    }


def _parts(values: Sequence[Scalar], compared: Sequence[Compared | None]) -> tuple[Part, ...]:
    found = [(value, one) for value, one in zip(values, compared, strict=True) if one is not None]
    adjusted = iter(benjamini_hochberg([one.p for _, one in found if one.p is not None]))
    return tuple(Part(value, one, None if one.p is None else next(adjusted)) for value, one in found)


def _tags(suite: Suite) -> str:
    names = sorted({key for one in suite.examples for key in one.tags})
    return f"one of {', '.join(names)}" if names else "git exp eval import --tag NAME"
