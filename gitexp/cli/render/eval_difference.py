"""The page of `git exp eval diff`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gitexp.cli.render.paint import VERDICT, Paint
from gitexp.cli.render.table import Column, table
from gitexp.cli.render.values import cut, number_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.model.evaluation import Output
from gitexp.ops.evaluations.comparing import SAME, UNKNOWN, Change, Compared, few_clusters
from gitexp.ops.evaluations.costs import TIME, Cost
from gitexp.ops.evaluations.diffing import Difference
from gitexp.ops.evaluations.slicing import Part
from gitexp.statistics.estimate import FEWEST_CLUSTERS

_INDENT = "  "
_WIDEST, _LONGEST = 60, 400
SMALL = 0.05
"""The difference that a suite is asked to be able to see, where it is not."""


def difference_page(
    found: Difference, screen: Screen, *, limit: int, only: str | None = None, show_text: bool = False
) -> list[str]:
    """Whether the two can be compared, each metric, what it cost, and the examples that changed.

    At most `limit` examples of each kind; `only` is `regressions` or `improvements`.
    """
    paint = Paint(screen.colour)
    lines = [
        f"{paint('bold', safe(found.suite))}: {safe(found.called[0])} -> {safe(found.called[1])}",
        *(paint("red", line) for line in warnings(found)),
        _INDENT + examples_line(found),
        *(_INDENT + cut(safe(line), _LONGEST) for line in other_examples(found, limit)),
    ]
    if not found.comparison.metrics:
        lines.append(_INDENT + "no metric that both have a value of, on the same examples")
    for one in found.comparison.metrics:
        lines += ["", *_metric(found, one, paint)]
        lines += _slices(found.slices.get(one.metric.name, ()), paint)
        lines += _changes(found, one, paint, limit, only, show_text)
    if found.costs:
        lines += ["", paint("bold", "Cost"), *_cost_rows(found.costs, paint)]
    return lines


def warnings(found: Difference) -> Iterator[str]:
    """Why the two cannot be compared as they stand."""
    matched = found.comparison.matched
    if found.other_grader:
        yield "not comparable: another grader"
    if not matched.same_data:
        yield "not comparable: other data; what follows is of the common, unchanged examples alone"
    for name, why in found.unscored.items():
        yield f"not comparable: {safe(name)}: {why}"


def examples_line(found: Difference) -> str:
    """How many examples there are of each kind."""
    matched = found.comparison.matched
    counted = [f"{len(matched.common)} common {_plural(len(matched.common), 'example')}"]
    for name, rows in (
        ("relabelled", matched.relabelled),
        ("edited", matched.edited),
        ("added", matched.added),
        ("removed", matched.removed),
    ):
        if rows:
            counted.append(f"{len(rows)} {name}")
    renamed = sum(pair.renamed for pair in matched.common)
    if renamed:
        counted.append(f"{renamed} under another id")
    errors = found.comparison.old.errors, found.comparison.new.errors
    if any(errors):
        counted.append(f"errors {errors[0]} -> {errors[1]}")
    return ", ".join(counted)


def other_examples(found: Difference, limit: int) -> Iterator[str]:
    """Which examples are not what they were: the ids of at most `limit` of each kind."""
    matched = found.comparison.matched
    renamed = [f"{pair.old.id} -> {pair.new.id}" for pair in matched.common if pair.renamed]
    for name, ids in (
        ("relabelled", [pair.old.id for pair in matched.relabelled]),
        ("edited", [pair.old.id for pair in matched.edited]),
        ("renamed", renamed),
    ):
        if ids and limit:
            more = f" and {len(ids) - limit} more" if len(ids) > limit else ""
            yield f"{name}: {', '.join(ids[:limit])}{more}"


def _metric(found: Difference, one: Compared, paint: Paint) -> Iterator[str]:
    name = safe(one.metric.name)
    style = VERDICT.get(verdict(one, found))
    delta = paint(style, f"{one.delta:+.4g}")
    yield f"{paint('bold', name)}  {one.old:.4f} -> {one.new:.4f}  {delta}  {_meaning(one, found)}"
    if one.changes:
        yield _INDENT + uncertainty(one, found.adjusted.get(one.metric.name))
    counts = counts_text(one)
    if max(one.epochs) > 1:
        counts += f"; epochs {one.epochs[0]} and {one.epochs[1]}"
    if one.missing:
        counts += f"; {one.missing} without a value"
    yield _INDENT + counts
    for line in remarks(one):
        yield _INDENT + paint("dim", line)


def verdict(one: Compared, found: Difference) -> str:
    """That of the metric, by p as adjusted; `not comparable` where none is called better."""
    if found.refused(one.metric.name):
        return "not comparable"
    return one.verdict(found.adjusted.get(one.metric.name, one.p))


def _meaning(one: Compared, found: Difference) -> str:
    told = verdict(one, found)
    return WORDS.get(told, told)


WORDS = {SAME: "the same on every example", UNKNOWN: "whether that is chance is not known"}
"""Verdicts that say more in other words."""


def uncertainty(one: Compared, adjusted: float | None = None) -> str:
    """The interval of the difference and its p, and where both are from."""
    estimate, interval = one.best_estimate, one.delta_interval()
    if estimate.se is None or interval is None:
        told = no_interval(one)
    else:
        told = f"95 % interval [{interval[0]:+.4g}, {interval[1]:+.4g}], SE {estimate.se:.4g}"
        if one.unpaired_se is not None:
            told += f" (unpaired it would be {one.unpaired_se:.4g})"
    if one.p is not None:
        told += f"; p {one.p:.2g} ({one.test})"
    if adjusted is not None:
        told += f", {adjusted:.2g} with regard to the other runs (Holm)"
    return told


def no_interval(one: Compared) -> str:
    """Why there is none."""
    return f"no interval: {'all changed by the same' if one.effect.n > 1 else 'fewer than two examples'}"


def clusters_text(one: Compared) -> Iterator[str]:
    """That there are too few clusters, where that is so."""
    if few_clusters(one) and one.clustered is not None:
        count = one.clustered.clusters or 0
        yield f"only {count} {_plural(count, 'cluster')}, too few to go by: at least {FEWEST_CLUSTERS}"


def remarks(one: Compared) -> Iterator[str]:
    """What a reader should know before believing it."""
    if one.metric.doubt is not None:
        yield one.metric.doubt
    least = one.detectable()
    if least is not None:
        told = f"detectable at 80 % power: {least:.2g}"
        needed = one.needed(SMALL)
        if least > SMALL and needed is not None:
            told += f"; for {SMALL:g} about {needed} examples"
        yield told
    if one.ranks_p is not None:
        yield f"by ranks (Wilcoxon): p {one.ranks_p:.2g}"
    yield from clusters_text(one)
    if one.noise is not None:
        rest = ", the rest between examples" if one.noise < 1 else ""
        yield f"{one.noise:.0%} of the variance is between epochs{rest}"


def counts_text(one: Compared) -> str:
    """How many examples went which way."""
    up, down = ("wins", "losses") if one.metric.directed else ("up", "down")
    return f"{up} {one.wins}, {down} {one.losses}, ties {one.ties}"


def _slices(slices: Sequence[Part], paint: Paint) -> list[str]:
    if not slices:
        return []
    columns = [
        Column("", [value_text(one.value) for one in slices]),
        Column("n", [str(one.compared.effect.n) for one in slices], right=True),
        Column("old", [f"{one.compared.old:.4f}" for one in slices], right=True),
        Column("new", [f"{one.compared.new:.4f}" for one in slices], right=True),
        Column("delta", [f"{one.compared.delta:+.4g}" for one in slices], right=True),
        Column(
            "p (Benjamini-Hochberg)", ["" if one.p is None else f"{one.p:.2g}" for one in slices], right=True
        ),
    ]
    return table(columns, paint, indent=_INDENT)


def _changes(
    found: Difference, one: Compared, paint: Paint, limit: int, only: str | None, show_text: bool
) -> Iterator[str]:
    for name, rows in (("regressions", one.regressions), ("improvements", one.improvements)):
        if rows and only in (None, name):
            yield _INDENT + paint("bold", f"{name} ({len(rows)})")
            yield from _change_rows(found, rows[:limit], paint, show_text)
            if len(rows) > limit:
                yield _INDENT * 2 + f"and {len(rows) - limit} more: --limit"


def _change_rows(found: Difference, rows: Sequence[Change], paint: Paint, show_text: bool) -> list[str]:
    columns = [
        Column("", [cut(safe(one.pair.old.id), _WIDEST) for one in rows]),
        Column("", [scores_text(one) for one in rows]),
    ]
    if show_text:
        texts = answers(found.comparison.new.outputs)
        columns.append(Column("", [cut(safe(texts.get(one.pair.new.id, "")), _WIDEST) for one in rows]))
    return table(columns, paint, headings=False, indent=_INDENT * 2)


def scores_text(one: Change) -> str:
    """`1 -> 0.5`."""
    return f"{number_text(one.old, digits=4)} -> {number_text(one.new, digits=4)}"


def answers(outputs: Sequence[Output]) -> Mapping[str, str]:
    """Id -> the last answer to it."""
    return {one.id: value_text(one.answer if one.answer is not None else one.output) for one in outputs}


def _cost_rows(costs: Sequence[Cost], paint: Paint) -> list[str]:
    columns = [
        Column("", [cost_name(one) for one in costs]),
        Column("", [number_text(one.old, digits=4) for one in costs], right=True),
        Column("", ["->"] * len(costs)),
        Column("", [number_text(one.new, digits=4) for one in costs], right=True),
        Column("", [ratio_text(one) for one in costs]),
    ]
    return table(columns, paint, headings=False, indent=_INDENT)


def cost_name(one: Cost) -> str:
    """The kind of cost, and that it is a median where it is one."""
    return f"{one.name} (median)" if one.name == TIME else one.name


def ratio_text(one: Cost) -> str:
    """By how much it has grown, and how sure that is."""
    if one.ratio is None:
        return ""
    told = f"{one.ratio - 1:+.1%}"
    if one.interval is None:
        return told
    return f"{told}  [{one.interval[0] - 1:+.1%}, {one.interval[1] - 1:+.1%}]"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
