"""The scores of a suite replaced by others, row by row: what `git exp eval regrade` is to write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.errors import UsageError
from gitexp.model.evaluation import Key, Kind, Metric, Result, Score, State, Suite, kind_of

_TOLD = 3
_ALLOWED: Mapping[Kind, frozenset[Score]] = {
    Kind.BINARY: frozenset((0, 1)),
    Kind.ORDINAL: frozenset((0, 0.5, 1)),
}
"""What a metric of that kind from 0 to 1 can be."""


@dataclass(frozen=True, slots=True)
class Rescored:
    """A suite before and after."""

    old: Suite
    new: Suite
    changes: tuple[tuple[Result, Result], ...]
    """Each row that is another now, before and after."""
    metrics: tuple[str, ...]
    """Those that were graded anew."""
    whole: bool
    """Whether no score of what graded before is left."""
    left_out: tuple[str, ...] = ()
    """Rows that the suite does not have, in words."""


def rescored(suite: Suite, given: Suite, *, partial: bool = False) -> Rescored:
    """`suite` with the scores of `given`, whose rows are known by id and epoch.

    A row that went wrong in grading is good with a score; of a row that is given as gone wrong the scores are
    dropped. Raises UsageError for rows that the suite does not have, and for scores that are missing, unless
    `partial` is wanted: then the former are left out and the latter stay.
    """
    metrics = tuple(one.name for one in given.meta.metrics)
    if not metrics:
        raise UsageError(
            f"no new score of suite {suite.name!r} is a number",
            hint="name the column that has them: --score NAME",
        )
    rows, unknown = _known(suite, given.results)
    missing = list(_missing(suite, rows, metrics))
    left_out = tuple(_told(unknown, f"suite {suite.name!r} has no answer to"))
    if (unknown or missing) and not partial:
        faults = (*left_out, *_told(missing, "no new score of"))
        raise UsageError("; ".join(faults), hint="take what there is: --partial")
    results = tuple(_result(one, rows.get(one.key), metrics) for one in suite.results)
    meta = replace(suite.meta, metrics=_metrics(suite, given, results))
    return Rescored(
        old=suite,
        new=replace(suite, meta=meta, results=results),
        changes=tuple(
            (old, new) for old, new in zip(suite.results, results, strict=True) if _other(old, new)
        ),
        metrics=metrics,
        whole=not missing and {one.name for one in suite.meta.metrics} <= set(metrics),
        left_out=left_out,
    )


def _known(suite: Suite, given: Sequence[Result]) -> tuple[dict[Key, Result], list[Key]]:
    """The rows by what the suite calls them, and those that it does not have.

    Who names no epoch means the only one that there is.
    """
    epochs: dict[str, list[int]] = {}
    for one in suite.results:
        epochs.setdefault(one.id, []).append(one.epoch)
    found: dict[Key, Result] = {}
    unknown: list[Key] = []
    for one in given:
        there = epochs.get(one.id, [])
        if one.epoch in there:
            found[one.key] = one
        elif one.epoch == 1 and len(there) == 1:
            found[one.id, there[0]] = one
        else:
            unknown.append(one.key)
    return found, unknown


def _missing(suite: Suite, rows: Mapping[Key, Result], metrics: Collection[str]) -> Iterator[Key]:
    """The rows that keep a score of what graded before; all good ones count for a metric that is new."""
    fresh = not any(suite.metric(name) for name in metrics)
    for old in suite.results:
        new = rows.get(old.key)
        if new is not None and new.state is not State.OK:
            continue
        wanted = [name for name in metrics if name in old.scores]
        lacks = new is None or any(name not in new.scores for name in wanted)
        if lacks and (wanted or (fresh and old.state is State.OK)):
            yield old.key


def _result(old: Result, new: Result | None, metrics: Collection[str]) -> Result:
    if new is None:
        return old
    if new.state is not State.OK:
        kept = {name: score for name, score in old.scores.items() if name not in metrics}
        return replace(old, scores={**kept, **new.scores}, state=new.state)
    state = State.OK if old.state is State.ERROR and new.scores else old.state
    return replace(old, scores={**old.scores, **new.scores}, state=state)


def _other(old: Result, new: Result) -> bool:
    return (dict(old.scores), old.state) != (dict(new.scores), new.state)


def _metrics(suite: Suite, given: Suite, results: Iterable[Result]) -> tuple[Metric, ...]:
    """What scores mean stays, unless the new ones are none of its kind."""
    values: dict[str, set[Score]] = {}
    for row in results:
        for name, score in row.scores.items():
            values.setdefault(name, set()).add(score)
    known = {one.name: one for one in given.meta.metrics} | {one.name: one for one in suite.meta.metrics}
    return tuple(_fitting(known[name], values.get(name, set())) for name in sorted(known))


def _fitting(metric: Metric, values: set[Score]) -> Metric:
    allowed = _ALLOWED.get(metric.kind)
    if allowed is not None and metric.range in (None, (0, 1)) and not values <= allowed:
        kind, bounds = kind_of(values)
        return replace(metric, kind=kind, range=bounds, seen=metric.seen and bounds is not None)
    beyond = metric.range and any(not metric.range[0] <= one <= metric.range[1] for one in values)
    return replace(metric, range=None, seen=False) if beyond else metric


def _told(keys: Sequence[Key], what: str) -> Iterator[str]:
    if keys:
        shown = ", ".join(f"{id!r} in epoch {epoch}" for id, epoch in keys[:_TOLD])
        more = f" and {len(keys) - _TOLD} more" if len(keys) > _TOLD else ""
        yield f"{what} example {shown}{more}"
