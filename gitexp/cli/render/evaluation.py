"""Suites of evaluations as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.render.table import Column
from gitexp.cli.render.values import count_text, cut, metric_text
from gitexp.cli.safe_text import safe
from gitexp.model.eval_summary import Mean
from gitexp.model.evaluation import Result, State
from gitexp.ops.evaluations.looking import Looked, Measured
from gitexp.ops.evaluations.reading import Brief

_OUTPUT = 60


def mean_text(mean: Mean | None) -> str:
    """`0.833 ± 0.167`, without an error where that is not known."""
    if mean is None:
        return "-"
    return f"{mean.value:.4g}" if mean.se is None else f"{mean.value:.4g} ± {mean.se:.2g}"


def heading(found: Looked) -> str:
    """`tinyqa: 6 examples × 2 epochs, 0 errors (inspect 0.3.285)`."""
    suite = found.suite
    source = suite.meta.source
    told = f" ({safe(' '.join(filter(None, (source.tool, source.version))))})" if source else ""
    return f"{suite.name}: {_size(len(suite.examples), suite.epochs, suite.errors)}{told}"


def regraded_lines(found: Looked) -> Iterator[str]:
    """What became of the scores after the run, a line each."""
    for one in found.suite.meta.history:
        means = ", ".join(f"{safe(name)} was {safe(metric_text(mean))}" for name, mean in one.means.items())
        told = (
            f"{count_text(one.rows, 'answer')} regraded {safe(one.at[:10])}: {safe(cut(one.reason, _OUTPUT))}"
        )
        yield f"{told} ({means})" if means else told


def brief_text(one: Brief) -> str:
    """The size of a suite, for the page of its run."""
    return _size(one.examples, one.epochs, one.errors)


def measured_columns(measured: Sequence[Measured]) -> list[Column]:
    """A row for each metric."""
    columns = [
        Column("METRIC", [safe(one.metric.name) for one in measured]),
        Column("MEAN", [metric_text(one.mean.value) if one.mean else "-" for one in measured], right=True),
        Column("SE", [_error(one.mean) for one in measured], right=True),
        Column("N", [str(one.mean.n) if one.mean else "0" for one in measured], right=True),
        Column(
            "CLUSTERS", [str(one.mean.clusters or "") if one.mean else "" for one in measured], right=True
        ),
        *_passes(measured),
    ]
    return [one for one in columns if any(one.texts)]


def passes_lines(measured: Sequence[Measured]) -> Iterator[str]:
    """Of how many examples pass@k and pass^k say nothing, a line for each metric."""
    k = _most_answers(measured)
    for one in measured:
        if one.mean is None or not one.pass_at:
            continue
        if count := one.left_out.get(k, one.mean.n):
            of = f"{count} of {count_text(one.mean.n, 'example')}"
            yield f"pass@{k} and pass^{k} of {safe(one.metric.name)} leave out {of} with fewer answers"


def warning_lines(found: Looked) -> Iterator[str]:
    """What was odd when it was recorded; of a log that was told when it was imported."""
    if found.suite.meta.source is None:
        yield from (safe(cut(one, 200)) for one in found.suite.meta.warnings)


def no_whole_lines(found: Looked) -> Iterator[str]:
    """Of which metrics no failed answer can be told."""
    if found.no_whole:
        names = ", ".join(map(safe, found.no_whole))
        yield f"what the whole score is, is not known: no failed answers of {names}"


def slice_columns(found: Looked) -> list[Column]:
    """A row for each value of the tag."""
    columns = [
        Column("SLICE", [safe(cut(one.value, 40)) for one in found.slices]),
        Column("N", [str(one.examples) for one in found.slices], right=True),
    ]
    for index, metric in enumerate(found.measured):
        texts = [mean_text(one.measured[index].mean) for one in found.slices]
        columns.append(Column(safe(metric.metric.name), texts, right=True))
    return columns


def row_columns(found: Looked, rows: Sequence[Result]) -> list[Column]:
    """A row for each answer."""
    columns = [
        Column("EXAMPLE", [safe(cut(one.id, 40)) for one in rows]),
        Column("EPOCH", [str(one.epoch) for one in rows], right=True),
    ]
    for measured in found.measured:
        name = measured.metric.name
        texts = [metric_text(one.scores[name]) if name in one.scores else "-" for one in rows]
        columns.append(Column(safe(name), texts, right=True))
    states = ["" if one.state is State.OK else one.state.value for one in rows]
    columns += [Column("STATE", states), Column("OUTPUT", list(_outputs(found, rows)))]
    return [one for one in columns if any(one.texts)]


def _outputs(found: Looked, rows: Sequence[Result]) -> Iterator[str]:
    for one in rows:
        output = found.outputs.get(one.key)
        text = "" if output is None else output.error or output.answer or output.output or ""
        yield safe(cut(" ".join(str(text).split()), _OUTPUT))


def _passes(measured: Sequence[Measured]) -> Iterator[Column]:
    """pass@k and pass^k for the greatest k that there is."""
    k = _most_answers(measured)
    if k > 1:
        for heading, found in ((f"PASS@{k}", "pass_at"), (f"PASS^{k}", "pass_all")):
            values = [getattr(one, found).get(k) for one in measured]
            yield Column(heading, ["" if one is None else metric_text(one) for one in values], right=True)


def _most_answers(measured: Sequence[Measured]) -> int:
    """The greatest k that there is; 0 where there is none."""
    return max((max(one.pass_at) for one in measured if one.pass_at), default=0)


def _error(mean: Mean | None) -> str:
    return "-" if mean is None or mean.se is None else f"{mean.se:.3g}"


def _size(examples: int, epochs: int, errors: int) -> str:
    times = f" × {epochs} epochs" if epochs > 1 else ""
    return f"{count_text(examples, 'example')}{times}, {count_text(errors, 'error')}"
