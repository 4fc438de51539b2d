"""Suites made of little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitexp.model.evaluation import Example, Kind, Meta, Metric, Result, Suite, Usage


def suite(
    scores: Mapping[str, Sequence[float]],
    *,
    metric: Metric | None = None,
    clusters: Mapping[str, str] | None = None,
    usage: Mapping[str, Mapping[str, float]] | None = None,
) -> Suite:
    """A suite `qa` in which example `id` got these scores, an epoch each."""
    column = metric or Metric("match", Kind.BINARY)
    names = sorted(scores)
    return Suite(
        Meta("qa", (column,), cluster="topic" if clusters else None),
        examples=tuple(
            Example(name, f"{number:016x}", None, (clusters or {}).get(name), _tags(clusters, name))
            for number, name in enumerate(names)
        ),
        results=tuple(
            Result(name, epoch, {column.name: score})
            for name in names
            for epoch, score in enumerate(scores[name], start=1)
        ),
        usage=tuple(Usage(name, 1, dict(usage[name])) for name in names if usage and name in usage),
    )


def _tags(clusters: Mapping[str, str] | None, name: str) -> dict[str, str]:
    return {"topic": clusters[name]} if clusters else {}
