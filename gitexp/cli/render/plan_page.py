"""What `git exp repro` will execute."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from gitexp.cli.render.values import cut, value_text
from gitexp.cli.safe_text import safe
from gitexp.ops.artifacts import Place as Kept
from gitexp.ops.repro.plan import Plan
from gitexp.ops.repro.supplies import Found, Place

_SHORT = 10
_MOST = 20
_WIDEST = 60


def plan_page(plan: Plan) -> list[str]:
    """Everything that a person has to know before the run is executed again."""
    lines = [f"{name + ':':<12}{text}" for name, text in _facts(plan)]
    for heading, rows in (
        ("variables", [f"{name}={safe(value)}" for name, value in plan.variables.items()]),
        ("not set", list(plan.unset)),
        ("params", _params(plan)),
        ("inputs", [_input(one) for one in plan.inputs]),
        ("artifacts", _artifacts(plan)),
        ("packages", _packages(plan)),
    ):
        lines += _block(heading, rows)
    return lines


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    info, author = plan.record.info, plan.provenance.author
    yield "run", f"{plan.run.name}, {info.status.value}"
    yield "author", f"{safe(author.name)} <{safe(author.email)}> ({plan.provenance.standing.value})"
    yield "command", safe(shlex.join(plan.command))
    if plan.cwd != ".":
        yield "in", safe(plan.cwd)
    if plan.on is not None:
        yield "code", f"{safe(plan.on)}, commit {plan.commit[:_SHORT]}"
    else:
        base = f"{plan.code.base[:_SHORT]}" if plan.code.base else "no commit"
        changes = " with uncommitted changes" if plan.code.dirty else ""
        yield "code", f"{base}{changes} (tree {plan.code.tree[:_SHORT]}), commit {plan.commit[:_SHORT]}"
    for path in plan.files:
        yield "edited", safe(path)


def _params(plan: Plan) -> list[str]:
    rows = [
        f"{safe(key)}: {value_text(then)} (now {value_text(now)})"
        for key, (then, now) in plan.differing.items()
    ]
    return [*rows, *(f"{safe(key)}: new to this code" for key in plan.added)]


def _input(one: Found) -> str:
    name = cut(safe(one.input.path or one.input.name), _WIDEST)
    if one.place is Place.VALUE:
        return f"{safe(one.input.role)} {name}: {cut(value_text(one.input.value), _WIDEST)}"
    told = f"{safe(one.input.role)} {name}: {one.place.value}, sha256 {str(one.input.oid)[:_SHORT]}"
    return f"{told}, now {one.now[:_SHORT]}" if one.now else told


def _artifacts(plan: Plan) -> list[str]:
    places = {Kept.RECORD: "in the record", Kept.STORE: "in the artifact store", Kept.ABSENT: "not here"}
    return [f"{cut(safe(one.artifact.path), _WIDEST)}: {places[one.place]}" for one in plan.artifacts]


def _packages(plan: Plan) -> list[str]:
    return [
        f"{safe(one.name)} {safe(one.old)}: " + ("missing" if one.new is None else f"now {safe(one.new)}")
        for one in sorted(plan.packages, key=lambda one: one.new is not None)
    ]


def _block(heading: str, rows: Sequence[str]) -> Iterator[str]:
    for index, row in enumerate(rows[:_MOST]):
        yield f"{heading + ':' if index == 0 else '':<12}{row}"
    if len(rows) > _MOST:
        yield f"{'':<12}and {len(rows) - _MOST} more"
