"""A report as headings, sentences and tables, before it is known what it will be written in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from gitexp.cli.render.comparison import FOLDED, Text, parts, short, side_text
from gitexp.cli.render.eval_difference import answers, cost_name, examples_line, ratio_text, scores_text
from gitexp.cli.render.values import count_text, cut, delta_text, metric_text, number_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.formats.identity import identity
from gitexp.model.completeness import percent
from gitexp.model.record import Input
from gitexp.ops.code_diff import FileChange
from gitexp.ops.compare import Line
from gitexp.ops.evaluations.comparing import Change, Compared
from gitexp.ops.evaluations.diffing import Difference
from gitexp.ops.reporting.delta import Delta, RoleChange
from gitexp.ops.reporting.measuring import Measured, Verdict
from gitexp.ops.reporting.report import Report

GOOD, BAD = "good", "bad"
_TONES = {Verdict.BETTER: GOOD, Verdict.WORSE: BAD}
_WIDEST, _KEY = 60, 48
_MOST_FILES, _MOST_ROWS = 100, 200
_MOST_TOLD = 20
"""Sentences of a kind."""
_MOST_METRICS = 50
"""Of more only those that changed are listed."""
_SHORT = 10


class Cell(NamedTuple):
    """What stands in one place of a table."""

    text: str
    tone: str | None = None
    """GOOD or BAD."""
    foreign: bool = True
    """Whether somebody else may have written it."""


class Part(NamedTuple):
    """One table under its heading."""

    heading: str
    names: Sequence[str]
    """What stands above the columns; nothing of others'."""
    rows: Sequence[Sequence[Cell]]
    right: Collection[int] = ()
    """The columns that are numbers."""
    folded: bool = False
    """Whether it is to be opened by who wants it."""
    subject: str = ""
    """A name of somebody else's that the heading goes on with."""
    notes: Sequence[str] = ()
    """Sentences with nothing of others' in them, as `heading` is."""


class Chapter(NamedTuple):
    """One run."""

    run: str
    status: str
    """What is said of it beside its name."""
    warnings: Sequence[str]
    summary: str
    parts: Sequence[Part]
    facts: Sequence[Sequence[Cell]]
    """Sentences in pieces that follow each other."""


class Document(NamedTuple):
    """The whole report."""

    base: str
    how: str
    notes: Sequence[str]
    chapters: Sequence[Chapter]


def document(found: Report, *, limit: int, with_text: bool = False) -> Document:
    """The report; of each metric at most `limit` examples that got worse are listed."""
    base = safe(found.side.label)
    commit = f"run commit {found.base.run.commit[:_SHORT]}"
    how = f"{commit}, {safe(found.base.how)}" if found.base.how else commit
    chapters = [_chapter(one, limit, with_text) for one in found.deltas]
    return Document(base, how, [safe(note) for note in found.notes], chapters)


def _chapter(one: Delta, limit: int, with_text: bool) -> Chapter:
    status = f"{one.side.status.value}, commit {one.run.commit[:_SHORT]}" if one.side.status else ""
    if one.repeats:
        status += f", with {count_text(len(one.repeats), 'repetition')}: {', '.join(one.repeats[:5])}"
    found = [_metrics(one.metrics), *_examples(one, limit, with_text), *_costs(one.suites)]
    found += [*_lines(one, folded=False), _inputs(one.inputs), _code(one.files), *_lines(one, folded=True)]
    return Chapter(
        safe(one.side.label),
        safe(status),
        [safe(line) for line in one.warnings[:_MOST_TOLD]],
        _summary(one),
        [part for part in found if part.rows or part.notes],
        list(_facts(one))[:_MOST_TOLD],
    )


def _facts(one: Delta) -> Iterator[list[Cell]]:
    if one.completeness is not None:
        told = f"Completeness {one.completeness.level} ({percent(one.completeness.score)})"
        gaps = safe(one.completeness.in_short)
        yield [Cell(told, foreign=False), *([Cell(": ", foreign=False), Cell(gaps)] if gaps else [])]
    for suite in one.suites:
        yield [Cell(safe(suite.suite)), Cell(f": {examples_line(suite)}", foreign=False)]


def _summary(one: Delta) -> str:
    told = [
        (one.count(Verdict.BETTER), "better"),
        (one.count(Verdict.WORSE), "worse"),
        (one.count(Verdict.CHANCE), "within noise"),
        (one.count(Verdict.INCOMPARABLE), "not comparable"),
        (one.count(Verdict.CHANGED, Verdict.NEW, Verdict.GONE), "changed otherwise"),
        (one.count(Verdict.SAME), "the same"),
    ]
    text = ", ".join(f"{number} {what}" for number, what in told if number) or "no metric"
    if one.suites:
        text += f"; {count_text(one.regressed, 'example')} got worse"
    return text


def _metrics(metrics: Sequence[Measured]) -> Part:
    notes: list[str] = []
    if len(metrics) > _MOST_METRICS:
        others = [one for one in metrics if one.verdict is not Verdict.SAME]
        shown = others[:_MOST_ROWS]
        notes.append(f"and {len(metrics) - len(shown)} more, {len(metrics) - len(others)} of them the same")
        metrics = shown
    if any(one.sure is None and one.verdict in _TONES for one in metrics):
        notes.append("? nothing tells how much it varies: repeat the run, or say 'noise' in .gitexp.yaml")
    notes += [f"{safe(one.name)}: {one.doubt}" for one in metrics if one.doubt is not None][:_MOST_TOLD]
    return Part(
        "Metrics",
        ["Metric", "Base", "Run", "Change", "95 % interval", "Verdict", "Basis"],
        [_metric_row(one) for one in metrics],
        right=(1, 2, 3, 4),
        notes=notes,
    )


def _metric_row(one: Measured) -> list[Cell]:
    text = side_text(metric_text)
    tone = _TONES.get(one.verdict)
    interval = f"{one.interval[0]:+.4g} to {one.interval[1]:+.4g}" if one.interval else ""
    p = f", p {one.p:.2g}{' (Holm)' if one.adjusted else ''}" if one.p is not None else ""
    unsure = "?" if tone and one.sure is None else ""
    return [
        Cell(cut(safe(one.name), _KEY)),
        Cell(cut(text(one.old), _WIDEST)),
        Cell(cut(text(one.new), _WIDEST)),
        Cell(_change(one), tone, foreign=False),
        Cell(interval, foreign=False),
        Cell(one.verdict.value + unsure, tone, foreign=False),
        Cell(one.told + p, foreign=False),
    ]


def _change(one: Measured) -> str:
    if not one.delta:
        return ""
    arrow = "▲" if one.delta > 0 else "▼"
    return f"{arrow} {delta_text(one.old, one.new)}"  # type: ignore[arg-type]


def _examples(one: Delta, limit: int, with_text: bool) -> Iterator[Part]:
    """The examples that got worse, the worst first."""
    for suite in one.suites:
        texts = answers(suite.comparison.new.outputs) if with_text else None
        for metric in suite.comparison.metrics:
            if metric.regressions and limit:
                yield _regressions(suite, metric, limit, texts)


def _regressions(suite: Difference, one: Compared, limit: int, texts: Mapping[str, str] | None) -> Part:
    rows = one.regressions
    more = [f"and {len(rows) - limit} more: --limit"] if len(rows) > limit else []
    return Part(
        f"Regressions ({len(rows)}):",
        ["Example", "Base -> run", *(["Answer"] if texts is not None else [])],
        [_example_row(change, texts) for change in rows[:limit]],
        folded=True,
        subject=safe(f"{suite.suite}/{one.metric.name}"),
        notes=more,
    )


def _example_row(one: Change, texts: Mapping[str, str] | None) -> list[Cell]:
    said = [] if texts is None else [Cell(cut(safe(texts.get(one.pair.new.id, "")), _WIDEST))]
    return [Cell(cut(safe(one.pair.old.id), _WIDEST)), Cell(scores_text(one), foreign=False), *said]


def _costs(suites: Sequence[Difference]) -> Iterator[Part]:
    for suite in suites:
        rows = [
            [
                Cell(safe(cost_name(one))),
                *(Cell(number_text(value, digits=4), foreign=False) for value in (one.old, one.new)),
                Cell(ratio_text(one), foreign=False),
            ]
            for one in suite.costs
        ]
        names = ["Per answer", "Base", "Run", "Change"]
        yield Part("Cost:", names, rows, (1, 2, 3), folded=True, subject=safe(suite.suite))


def _lines(one: Delta, *, folded: bool) -> Iterator[Part]:
    """Params, or what few people want to see."""
    for name, lines, text in parts(one.comparison):
        if name not in ("Metrics", "Inputs") and (name in FOLDED) is folded and lines:
            rows = [_line_row(line, text) for line in lines[:_MOST_ROWS]]
            more = [f"and {len(lines) - _MOST_ROWS} more"] if len(lines) > _MOST_ROWS else []
            heading = f"{name} ({len(lines)})" if folded else name
            yield Part(heading, ["", "Base", "Run"], rows, folded=folded, notes=more)


def _line_row(line: Line, text: Text) -> list[Cell]:
    old, new = (Cell(cut(text(value), _WIDEST)) for value in line.values)
    return [Cell(cut(safe(line.key), _KEY)), old, new]


def _inputs(changes: Sequence[RoleChange]) -> Part:
    rows = [[Cell(cut(safe(one.role), _KEY)), _told(one.old), _told(one.new)] for one in changes]
    return Part("Inputs", ["Role", "Base", "Run"], rows)


def _told(inputs: Sequence[Input]) -> Cell:
    return Cell(cut("; ".join(map(_input_text, inputs)), 2 * _WIDEST) or "(not stated)")


def _input_text(one: Input) -> str:
    if one.none:
        return "none"
    name = cut(safe(one.path or one.name), _KEY)
    if one.oid is not None:
        return f"{name} {short(identity(one))}"
    return name if one.value in (None, one.name) else f"{name} {cut(value_text(one.value), _KEY)}"


def _code(files: Sequence[FileChange] | None) -> Part:
    if files is None:
        return Part("Code", [], [], notes=["which files differ is not known: objects are not in this clone"])
    rows = [
        [
            Cell(cut(safe(one.path), _WIDEST)),
            *(_number(n, sign) for n, sign in ((one.added, "+"), (one.deleted, "-"))),
        ]
        for one in files[:_MOST_FILES]
    ]
    more = [f"and {len(files) - _MOST_FILES} more"] if len(files) > _MOST_FILES else []
    heading = f"Code ({count_text(len(files), 'file')})"
    return Part(heading, ["File", "Added", "Deleted"], rows, (1, 2), folded=True, notes=more)


def _number(lines: int | None, sign: str) -> Cell:
    return Cell("binary" if lines is None else f"{sign}{lines}", foreign=False)
