"""The page of `git exp diff` for two runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from gitexp.cli.render.paint import STATUS, VERDICT, Paint
from gitexp.cli.render.table import GAP, Cell, Column, table
from gitexp.cli.render.values import cut, delta_text, metric_text, value_text
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.model.history import MISSING
from gitexp.ops.comparand import Comparand, Kind
from gitexp.ops.compare import UNKNOWN, Comparison, Found, Line, Measure

_INDENT = "  "
_WIDEST = 40
_NARROWEST = 12
_NONE = "(none)"
FOLDED = ("Packages", "Environment")
"""Parts that few want to see: pages that can, fold them away."""

Text = Callable[[Found], str]


def comparison_page(
    each: Sequence[Comparand], found: Comparison, stat: str, screen: Screen, *, partial: bool = False
) -> list[str]:
    """What differs, part by part; `stat` is what git says of the code, `partial`: of some metrics."""
    paint = Paint(screen.colour)
    lines = [*heading("-", "red", each[0], paint), *heading("+", "green", each[1], paint)]
    for name, rows, text in parts(found):
        if rows:
            lines += ["", paint("bold", name), *_rows(rows, text, paint, screen.width)]
        if name == "Metrics":
            lines += [paint("dim", line) for line in guess(found)]
    if any(found.code):
        lines += ["", paint("bold", "Code"), *_code(stat)]
    if not found.differs:
        lines += ["", nothing(partial)]
    return lines


def nothing(partial: bool) -> str:
    return "nothing else differs" if partial else "nothing differs"


def parts(found: Comparison) -> Iterator[tuple[str, Sequence[Line], Text]]:
    """Heading, lines and how their values are written, of each part but the code."""
    yield "Params", found.params, side_text(value_text)
    yield "Metrics", found.metrics, side_text(metric_text)
    yield "Inputs", found.inputs, side_text(short)
    yield "Packages", found.packages, side_text(lambda value: safe(str(value)))
    yield "Environment", found.env, side_text(value_text)


def heading(sign: str, style: str, one: Comparand, paint: Paint) -> list[str]:
    """The line of one side, and one more where its record is stale."""
    told = f"{paint(style, sign)} {paint('bold', safe(one.label))}"
    if one.status is not None:
        told += f"  {paint(STATUS[one.status], one.status.value)}"
    elif one.kind is Kind.WORKING_TREE:
        told += "  " + paint("dim", "the working tree now: only code, params and packages are known")
    else:
        told += "  " + paint("dim", f"commit {(one.commit or '')[:10]}: only code and params are known")
    if one.stale:
        return [told, _INDENT + paint("red", safe(f"stale: {one.stale}"))]
    return [told]


def measure_rows(metrics: Sequence[Measure], paint: Paint, width: int | None) -> list[str]:
    """Each metric of two sides, by how much it changed, and whether that is better."""
    return _rows(metrics, side_text(metric_text), paint, width)


def guess(found: Comparison) -> list[str]:
    """How it is known which way is better, where only the names tell."""
    if not found.guessed:
        return []
    names = ", ".join(cut(safe(name), 24) for name in found.guessed[:3])
    more = f" and {len(found.guessed) - 3} more" if len(found.guessed) > 3 else ""
    return [f"{_INDENT}(better by the name of {names}{more}; 'goals' in .gitexp.yaml settles it)"]


def side_text(text: Callable[..., str]) -> Text:
    def told(value: Found) -> str:
        if value is MISSING:
            return _NONE
        return "(unknown)" if value is UNKNOWN else text(value)

    return told


def _rows(lines: Sequence[Line], text: Text, paint: Paint, width: int | None) -> list[str]:
    keys = [cut(safe(line.key), _WIDEST) for line in lines]
    last = _verdicts(lines)
    room = _room(width, keys, [cell.text for cell in last])
    columns = [
        Column("", [Cell(key) for key in keys]),
        Column("", [Cell(cut(text(line.values[0]), room), _style(line, "red")) for line in lines]),
        Column("", [Cell("->" if line.differs else "==", "dim") for line in lines]),
        Column("", [Cell(cut(text(line.values[1]), room), _style(line, "green")) for line in lines]),
    ]
    columns += [Column("", last)] if any(cell.text for cell in last) else []
    return table(columns, paint, headings=False, indent=_INDENT)


def _room(width: int | None, keys: Sequence[str], last: Sequence[str]) -> int:
    """The columns that each of two values may take."""
    if width is None:
        return _WIDEST
    used = len(_INDENT) + max(map(len, keys)) + max(map(len, last)) + len("->") + 4 * len(GAP)
    return max(_NARROWEST, min(_WIDEST, (width - used) // 2))


def _style(line: Line, style: str) -> str | None:
    return style if line.differs and not isinstance(line, Measure) else None


def _verdicts(lines: Sequence[Line]) -> list[Cell]:
    return [_verdict(line) if isinstance(line, Measure) else Cell("") for line in lines]


def _verdict(line: Measure) -> Cell:
    """By how much a metric changed, and whether that is better."""
    old, new = line.values
    if old in (MISSING, UNKNOWN) or new in (MISSING, UNKNOWN) or not line.differs:
        return Cell("")
    verdict = line.verdict(1) or ""
    told = f"{delta_text(old, new)}  {verdict}".strip()  # type: ignore[arg-type]
    return Cell(told, VERDICT.get(verdict))


def short(value: object) -> str:
    """A hash by its first digits."""
    if isinstance(value, str) and value.startswith("sha256:"):
        return value[:17]
    return value_text(value)  # type: ignore[arg-type]


def _code(stat: str) -> Iterable[str]:
    return [(_INDENT + safe(line, lines=True).strip()) for line in stat.splitlines()]
