"""The page of `git exp show`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitexp.cli.render.evaluation import brief_text
from gitexp.cli.render.metric_table import metric_table
from gitexp.cli.render.next_commands import next_commands
from gitexp.cli.render.paint import STATUS, Paint
from gitexp.cli.render.run_steps import step_table
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.times import age_text, duration_text, moment_text
from gitexp.cli.render.values import count_text, cut, size_text, value_text
from gitexp.cli.render.verdict_page import verdict_rows, verdict_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.formats.assignment import flatten
from gitexp.formats.identity import pin_of
from gitexp.model.record import Artifact, How, Input, Record, RunInfo, Status
from gitexp.model.roles import FILE
from gitexp.model.submodules import altered
from gitexp.model.times import parse_time
from gitexp.model.values import Value
from gitexp.ops.examine import Examined

_INDENT = "  "
_SHORT = 10
_MOST_REPEATS = 5
_MOST_FILES = 10


def run_page(found: Examined, screen: Screen, *, now: float) -> list[str]:
    """Everything about one run that a person asks first; long values are cut to the width of the screen."""
    record = found.record
    paint = Paint(screen.colour)
    page = _Page(screen, paint)
    page.lines += _heading(found, paint)
    page.pairs(_facts(found, now))
    if found.completeness:
        page.line(f"completeness {safe(str(found.completeness))}")
    page.section("Note", safe(record.info.note or "", lines=True).splitlines())
    page.section("Failure", _failure(record.info))
    if verdict := record.info.reproduction:
        told = [verdict_text(verdict, paint), *verdict_rows(verdict, paint), *map(safe, verdict.lacking)]
        page.section("Reproduction", told)
    page.mapping("Params", _params(record))
    page.columns(
        "Metrics", metric_table(record.metrics, found.trends, screen.width and screen.width - len(_INDENT))
    )
    page.mapping("Evaluations", {one.meta.suite: brief_text(one) for one in found.suites})
    page.columns("Inputs", _inputs(record.inputs))
    page.columns("Steps", step_table(record.steps, record.steps_left_out, live=found.run.live))
    page.mapping("Environment", dict(_environment(record)))
    page.columns("Artifacts", _artifacts(record.artifacts))
    page.columns("Go on", list(next_commands(found)))
    return page.lines


class _Page:
    """Lines under headings; a part without lines is left out."""

    def __init__(self, screen: Screen, paint: Paint) -> None:
        self.lines: list[str] = []
        self._screen = screen
        self._paint = paint

    def line(self, text: str) -> None:
        self.lines.append(self._cut(text, 0))

    def section(self, heading: str, lines: Iterable[str]) -> None:
        body = [(_INDENT + line).rstrip() for line in lines]
        if body:
            self.lines += ["", self._paint("bold", heading), *body]

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        rows = list(pairs)
        width = max((len(name) for name, _ in rows), default=0) + 2
        self.lines += [
            self._paint("cyan", name) + " " * (width - len(name)) + self._cut(text, width)
            for name, text in rows
        ]

    def mapping(self, heading: str, values: Mapping[str, str]) -> None:
        names = [cut(safe(name), 40) for name in values]
        width = max((len(name) for name in names), default=0) + 2
        self.columns(
            heading,
            [(name, self._cut(text, width + 2)) for name, text in zip(names, values.values(), strict=True)],
        )

    def columns(self, heading: str, rows: Sequence[Sequence[str]]) -> None:
        if rows:
            columns = [Column("", [Cell(row[i]) for row in rows]) for i in range(len(rows[0]))]
            self.section(heading, table(columns, self._paint, headings=False))

    def _cut(self, text: str, used: int) -> str:
        return cut(text, self._screen.width and max(20, self._screen.width - used))


def _heading(found: Examined, paint: Paint) -> list[str]:
    info = found.record.info
    star = " *" if info.star else ""
    lines = [f"run {paint('bold', info.name)}{star}  {paint(STATUS[info.status], info.status.value)}"]
    if info.title:
        lines.append(_INDENT + safe(info.title))
    if found.evidence_for:
        lines.append(f"{_INDENT}evidence for commit {found.evidence_for[:_SHORT]}")
    if found.stale:
        lines.append(paint("red", safe(f"stale: {found.stale}")))
    for path in altered(found.record.env):
        told = f"no evidence for a commit: submodule {path!r} had other files than its commit"
        lines.append(paint("red", safe(told)))
    return [*lines, ""]


def _facts(found: Examined, now: float) -> Iterator[tuple[str, str]]:
    info = found.record.info
    started = parse_time(info.started)
    executed = info.status.executed
    yield "Started" if executed else "Made", f"{moment_text(started)} ({_ago(now - started)})"
    if executed:
        yield "Took", _took(found, now - started)
    if info.command:
        yield (
            "Command",
            safe(shlex.join(info.command)) + (f"  (in {safe(info.cwd)})" if info.cwd != "." else ""),
        )
    yield "Code", _code(info)
    yield "Commit", found.run.commit
    for name, texts in (
        ("Baseline", found.baselines),
        ("Parents", info.parents),
        ("Group", [info.group] if info.group else []),
        ("Tags", sorted(info.tags)),
    ):
        if texts:
            yield name, safe(", ".join(texts))
    for repeat in found.repeats[:_MOST_REPEATS]:
        on = f" on {repeat.on[:_SHORT]}" if repeat.on else ""
        why = f" ({safe('; '.join(repeat.lacking))})" if repeat.lacking else ""
        yield "Reproduced", f"by {repeat.name}{on}: {repeat.verdict.value}{why}"
    if len(found.repeats) > _MOST_REPEATS:
        yield "", f"and by {len(found.repeats) - _MOST_REPEATS} more"
    if found.checkpoints:
        yield "Checkpoints", ", ".join(f"{one.number} {one.commit[:_SHORT]}" for one in found.checkpoints)
    if info.lost:
        yield "Lost", f"{count_text(info.lost, 'row')} that could not be kept"
    for one in info.resumed:
        yield "Resumed", f"{one.at} from {one.commit[:_SHORT]}, row {one.kept}"


def _took(found: Examined, seconds: float) -> str:
    info = found.record.info
    if info.ended:
        return duration_text(parse_time(info.ended) - parse_time(info.started)) + _how_it_ended(info)
    if not found.run.live:
        return "still running elsewhere, or never brought to its end"
    return f"{duration_text(seconds)} so far"


def _ago(seconds: float) -> str:
    return f"{age_text(seconds)} ago" if seconds >= 1 else "just now"


def _how_it_ended(info: RunInfo) -> str:
    if info.signal:
        return f", ended by {safe(info.signal)}"
    return f", exit code {info.exit_code}" if info.exit_code else ""


def _code(info: RunInfo) -> str:
    if not info.knows_code:
        return f"not known: this is an {info.source}"
    base = info.code.base[:_SHORT] if info.code.base else "no commit yet"
    # What is captured are the changes of a commit against the one before.
    dirty = info.code.dirty and info.status is not Status.CAPTURED
    changes = " with uncommitted changes" if dirty else ""
    return f"{base}{changes} (tree {info.code.tree[:_SHORT]})"


def _params(record: Record) -> dict[str, str]:
    """Each param, and what was logged for it before."""
    params = {key: value_text(value) for key, value in flatten(record.params).items()}
    for key, values in record.info.earlier_params.items():
        if key in params:
            params[key] += f"  (before: {', '.join(map(value_text, values))})"
    return params


def _failure(info: RunInfo) -> list[str]:
    if info.failure is None:
        return []
    last = info.failure.traceback.rstrip().splitlines()[-8:]
    said = f"{info.failure.type}: {info.failure.message}"
    return [safe(line) for line in (last if last and said.split("\n")[0] in last[-1] else [*last, said])]


def _inputs(inputs: Iterable[Input]) -> list[tuple[str, ...]]:
    """Each that somebody spoke of or that has a role of its own; of other files that were read a few."""
    files = [one for one in inputs if one.role == FILE and one.how is How.OBSERVED]
    rest = files[_MOST_FILES:]
    shown = [one for one in inputs if one not in rest]
    rows: list[tuple[str, ...]] = [
        (
            safe(one.role),
            cut(safe(one.path or one.name), 60),
            _input_content(one),
            size_text(one.size) if one.size is not None else "",
            one.how.value,
            pin.value if (pin := pin_of(one)) else "",
        )
        for one in shown
    ]
    return [*rows, ("", f"and {len(rest)} more, which --json tells", "", "", "", "")] if rest else rows


def _input_content(one: Input) -> str:
    if one.oid:
        return f"sha256 {one.oid[:_SHORT]}"
    if one.role == FILE and isinstance(one.value, Mapping):
        return f"{value_text(one.value.get('files'))} files"
    return "" if one.value in (None, one.name) else cut(value_text(one.value), 40)


def _artifacts(artifacts: Iterable[Artifact]) -> list[tuple[str, ...]]:
    return [
        (cut(safe(one.path), 60), size_text(one.size), f"sha256 {one.oid[:_SHORT]}", safe(one.kind or ""))
        for one in artifacts
    ]


def _environment(record: Record) -> Iterator[tuple[str, str]]:
    """The few things of the environment that a person looks for; `--json` has all of it."""
    env = record.env
    if interpreter := _joined(env.get("interpreter"), "implementation", "version", "kind"):
        yield "python", interpreter
    packages = len(record.requirements.splitlines())
    if packages:
        yield "packages", str(packages)
    if platform := _joined(env.get("platform"), "system", "release", "machine"):
        yield "platform", platform
    for name in ("accelerator", "determinism", "submodules"):
        if value := env.get(name):
            yield name, value_text(value)
    if seeds := _seeds(env.get("seeds")):
        yield "seeds", seeds


def _seeds(value: Value) -> str:
    """`torch 1, numpy 2`: those that are known; the state of a generator tells nothing to a person."""
    found = value if isinstance(value, Mapping) else {}
    seeds = {name: one["seed"] for name, one in found.items() if isinstance(one, Mapping) and "seed" in one}
    return ", ".join(f"{safe(name)} {value_text(seed)}" for name, seed in seeds.items())


def _joined(section: Value, *keys: str) -> str:
    if not isinstance(section, Mapping):
        return ""
    return " ".join(value_text(section[key]) for key in keys if key in section)
