"""`git exp audit`: what is known of where a score came from, and what would mend the gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.render.markdown_table import markdown_table
from gitexp.cli.render.markdown_text import code, escaped
from gitexp.cli.render.paint import Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe
from gitexp.model.completeness import Completeness, Fault, Field, Gap, Level, percent
from gitexp.ops.audit.several import Audited

_STYLES = {
    Level.E0: "red",
    Level.E1: "yellow",
    Level.E2: "green",
    Level.E3: "green",
    Level.E4: "green",
}
_MOST = 3
_WIDEST = 60


def audit_page(name: str, found: Completeness, paint: Paint) -> list[str]:
    """One run: its level, every field, and each gap with the line that mends it."""
    level = paint(_STYLES[found.level], str(found.level))
    lines = [
        f"run {paint('bold', safe(name))}  {level} ({percent(found.score)}): {_meaning(found.level)}",
        "",
    ]
    lines += table(_field_columns(found.fields), paint, indent="  ")
    if found.gaps:
        lines += ["", paint("bold", "Gaps"), *(line for gap in found.gaps for line in _gap(gap, paint))]
    return lines


def audit_table(found: Sequence[Audited], paint: Paint) -> list[str]:
    """A line for each run that could be looked at."""
    return table(_run_columns(found), paint)


def audit_markdown(found: Sequence[Audited]) -> Iterator[str]:
    """A table of runs; of a single one also its gaps, each with the line that mends it."""
    yield from markdown_table(_run_columns(found))
    gaps = found[0].completeness.gaps if len(found) == 1 and found[0].completeness else ()
    if gaps:
        yield ""
    for gap in gaps:
        told = escaped(f"{safe(gap.told)}{_things(gap)}")
        yield f"- {told}{_held_up(gap)}" + (f": {code(gap.mend, 400)}" if gap.mend else "")


def _meaning(level: Level) -> str:
    return {
        Level.E0: "something that it rests on is not known at all",
        Level.E1: "everything that it rests on has a name",
        Level.E2: "everything is pinned, by content or revision",
        Level.E3: "everything is pinned, and its bytes can be had",
        Level.E4: "its bytes can be had, and doing it again gave the same",
    }[level]


def _field_columns(fields: Sequence[Field]) -> list[Column]:
    return [
        Column("FIELD", [safe(one.name) for one in fields]),
        Column("PIN", [_pin(one) for one in fields]),
        Column("BYTES", ["" if not one.things else "kept" if one.kept else "not kept" for one in fields]),
        Column("WHAT", [_what(one) for one in fields]),
    ]


def _pin(one: Field) -> str:
    return one.pin.value if one.pin else "none" if one.none else "missing"


def _what(one: Field) -> str:
    return _listed([each.name for each in one.things])


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(cut(safe(name), _WIDEST) for name in names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown


def _gap(gap: Gap, paint: Paint) -> Iterator[str]:
    yield f"  {paint('red' if gap.required else None, safe(gap.told))}{_things(gap)}{_held_up(gap)}"
    if gap.mend:
        yield f"    {safe(gap.mend)}"


def _things(gap: Gap) -> str:
    # What is missing has no name, and what was not repeated is the run.
    return f": {_listed(gap.things)}" if gap.things and gap.fault is not Fault.MISSING else ""


def _held_up(gap: Gap) -> str:
    if gap.required:
        return "  (required)"
    return f"  (below {gap.level!s})" if gap.level is not None else ""


def _run_columns(found: Sequence[Audited]) -> list[Column]:
    seen = [(one, of) for one in found if (of := one.completeness) is not None]
    return [
        Column("RUN", [Cell(safe(one.name)) for one, _ in seen]),
        Column("LEVEL", [Cell(str(of.level), _STYLES[of.level]) for _, of in seen]),
        Column("SCORE", [Cell(percent(of.score)) for _, of in seen], right=True),
        Column("GAPS", [Cell(cut(safe(of.in_short), 2 * _WIDEST)) for _, of in seen]),
    ]
