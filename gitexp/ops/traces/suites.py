"""What spans tell of examples, as rows of the tables of evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitexp.formats.canonical_json import short_hash
from gitexp.formats.eval_rows import SuiteRows
from gitexp.formats.fold import Folded
from gitexp.interop.gen_ai import Place
from gitexp.interop.spans_told import Sums
from gitexp.model.evaluation import Meta, Source, State, Usage
from gitexp.model.values import Scalar, Value
from gitexp.ops.evaluations.sealing import remeasured
from gitexp.ops.goals import goal_of

SUITE = "traces"
"""The suite of examples that were graded in spans, where nothing says which it is."""
TOOL = "opentelemetry"


def lay_into(
    folded: Folded, metrics: Mapping[str, Scalar], examples: Mapping[Place, Sums], goals: Mapping[str, str]
) -> tuple[Folded, dict[str, Scalar]]:
    """The suites and metrics with what spans tell of examples. What was logged of an answer stands.

    An example without a row gets one where a span has a score for it, or names a suite that nothing was
    logged to: of what a run was still at when it died no row is made.
    """
    suites = {rows.meta.suite: rows for rows in folded.suites}
    own = set(suites)
    before = {name: rows.suite() for name, rows in suites.items()}
    usage = {name: {one.key: one for one in rows.usage} for name, rows in suites.items()}
    for place, sums in examples.items():
        name = place.suite or (next(iter(own)) if len(own) == 1 else SUITE)
        key = (place.example or "", place.epoch)
        fresh = bool(sums.scores) or (place.suite is not None and name not in own)
        if name in suites and key in suites[name].results:
            result = suites[name].results[key]
            suites[name].results[key] = replace(result, scores={**sums.scores, **result.scores})
            known = usage[name].get(key)
            usage[name][key] = Usage(*key, {**sums.usage, **(known.values if known else {})})
        elif fresh:
            rows = suites.setdefault(name, SuiteRows(Meta(name, source=Source(TOOL))))
            rows.add(_row(rows, key, sums))
            usage.setdefault(name, {})[key] = Usage(*key, sums.usage)
    found = dict(metrics)
    for name, rows in suites.items():
        rows.usage = [one for one in usage[name].values() if one.values]
        _guess(rows, goals)
        suite = rows.suite()
        found |= remeasured(found, before.get(name, replace(suite, results=())), suite)
    return replace(folded, suites=tuple(suites[name] for name in sorted(suites))), found


def _row(rows: SuiteRows, key: tuple[str, int], sums: Sums) -> dict[str, Value]:
    """An answer as it would have been logged, of an example whose text nobody knows."""
    id, epoch = key
    known = rows.examples.get(id)
    row: dict[str, dict[str, Value]] = {
        "e": {"id": id, "x": known.x if known else short_hash(id)},
        "r": {"id": id, "ep": epoch, "s": dict(sums.scores)},
    }
    if sums.state is not State.OK:
        row["r"]["st"] = sums.state.value
    return {**row}


def _guess(rows: SuiteRows, goals: Mapping[str, str]) -> None:
    """Say which way metrics are better that came with spans alone."""
    names = {name for one in rows.results.values() for name in one.scores}
    for name in sorted(names - rows.guessed.keys() - rows.metrics.keys()):
        if goal := goal_of(name, goals):
            rows.guessed[name] = goal
