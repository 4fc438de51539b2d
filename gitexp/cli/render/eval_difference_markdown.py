"""`git exp eval diff --md`: for a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gitexp.cli.render.eval_difference import (
    answers,
    cost_name,
    examples_line,
    no_interval,
    other_examples,
    ratio_text,
    remarks,
    scores_text,
    verdict,
    warnings,
)
from gitexp.cli.render.markdown_text import code, folded, row
from gitexp.cli.render.values import number_text
from gitexp.ops.evaluations.comparing import Change, Compared
from gitexp.ops.evaluations.diffing import Difference


def difference_markdown(
    found: Difference, *, limit: int, only: str | None = None, show_text: bool = False
) -> list[str]:
    """Why the two cannot be compared, a table of metrics, costs, and the changed examples, folded."""
    lines = [f"### {code(found.suite)}: {code(found.called[1])} against {code(found.called[0])}", ""]
    lines += [f"**{line[0].upper()}{line[1:]}.**\n" for line in warnings(found)]
    lines += [f"{examples_line(found)}.", ""]
    lines += [f"{code(line, 400)}\n" for line in other_examples(found, limit)]
    lines += _metrics(found)
    told = ((one, "; ".join(remarks(one))) for one in found.comparison.metrics)
    lines += [f"\n{code(one.metric.name)}: {text}." for one, text in told if text]
    lines += _costs(found)
    for one in found.comparison.metrics:
        for name, rows in (("regressions", one.regressions), ("improvements", one.improvements)):
            if rows and only in (None, name):
                texts = answers(found.comparison.new.outputs) if show_text else None
                lines += folded(f"{code(one.metric.name)}: {len(rows)} {name}", _changes(rows, limit, texts))
    return lines


def _metrics(found: Difference) -> Iterator[str]:
    yield row(
        [
            "Metric",
            "Old",
            "New",
            "Delta",
            "95 % interval",
            "p (Holm)" if found.adjusted else "p",
            "Wins",
            "Losses",
            "Ties",
            "",
        ]
    )
    yield row(["---", *["---:"] * 8, "---"])
    for one in found.comparison.metrics:
        yield row(_cells(found, one))


def _cells(found: Difference, one: Compared) -> list[str]:
    ends = one.delta_interval()
    p = found.adjusted.get(one.metric.name) if found.adjusted else one.p
    return [
        code(one.metric.name),
        f"{one.old:.4f}",
        f"{one.new:.4f}",
        f"{one.delta:+.4g}",
        f"{ends[0]:+.4g} to {ends[1]:+.4g}" if ends else no_interval(one) if one.changes else "",
        "" if p is None else f"{p:.2g}",
        *(str(count) for count in (one.wins, one.losses, one.ties)),
        verdict(one, found),
    ]


def _costs(found: Difference) -> list[str]:
    if not found.costs:
        return []
    lines = ["", row(["Cost", "Old", "New", ""]), row(["---", "---:", "---:", "---"])]
    for one in found.costs:
        old, new = (number_text(value, digits=4) for value in (one.old, one.new))
        lines.append(row([code(cost_name(one)), old, new, ratio_text(one)]))
    return lines


def _changes(rows: Sequence[Change], limit: int, texts: Mapping[str, str] | None) -> Iterator[str]:
    extra = [] if texts is None else ["Answer"]
    yield row(["Example", "Old -> new", *extra])
    yield row(["---", "---", *("---" for _ in extra)])
    for one in rows[:limit]:
        said = [] if texts is None else [code(texts.get(one.pair.new.id, ""))]
        yield row([code(one.pair.old.id), scores_text(one), *said])
    if len(rows) > limit:
        yield row([f"and {len(rows) - limit} more", "", *("" for _ in extra)])
