"""`git exp report --html`: one file that needs nothing else, and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gitexp.cli.render.report_document import Cell, Chapter, Document, Part

_STYLE = """
:root { color-scheme: light dark; --text: #1f2328; --page: #fff; --quiet: #59636e; --line: #d1d9e0;
  --raised: #f6f8fa; --good: #1a7f37; --bad: #c0262d; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --page: #0d1117; --quiet: #9198a1;
  --line: #3d444d; --raised: #161b22; --good: #3fb950; --bad: #ff7b72; } }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; color: var(--text);
  background: var(--page); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; } p { margin: .35rem 0; }
.quiet { color: var(--quiet); } .good { color: var(--good); font-weight: 600; }
.bad, .warning { color: var(--bad); font-weight: 600; } .summary { font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem .3rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
.right { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; white-space: nowrap; }
td { min-width: 3rem; } bdi { font: .92em ui-monospace, SFMono-Regular, Menlo, monospace; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; font-weight: 600; } details > .wide { margin: .5rem 0; }
section { border-top: 1px solid var(--line); margin-top: 1.5rem; }
""".strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def report_html(found: Document) -> list[str]:
    """The lines of the page; every text in it is nothing but text, and nothing is loaded."""
    title = f"Runs against {found.base}"
    return [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}\n</style></head><body>",
        f"<h1>Runs against {_foreign(found.base)}</h1>",
        f'<p class="quiet">{escape(found.how)}</p>',
        *(f'<p class="quiet">{escape(note)}</p>' for note in found.notes),
        *(line for one in found.chapters for line in _chapter(one)),
        "</body></html>",
    ]


def _chapter(one: Chapter) -> Iterator[str]:
    yield f'<section><h2>{_foreign(one.run)}</h2><p class="quiet">{escape(one.status)}</p>'
    for warning in one.warnings:
        yield f'<p class="warning">{escape(warning)}</p>'
    yield f'<p class="summary">{escape(one.summary)}</p>'
    for fact in one.facts:
        yield f'<p class="quiet">{"".join(map(_text, fact))}</p>'
    for part in one.parts:
        heading = escape(part.heading) + (f" {_foreign(part.subject)}" if part.subject else "")
        if part.folded:
            yield f"<details><summary>{heading}</summary>"
            yield from _part(part)
            yield "</details>"
        else:
            yield f"<h3>{heading}</h3>"
            yield from _part(part)
    yield "</section>"


def _part(part: Part) -> Iterator[str]:
    shown = [at for at in range(len(part.names)) if any(cells[at].text for cells in part.rows)]
    if shown:
        yield '<div class="wide"><table><thead><tr>'
        yield "".join(f"<th{_class(at in part.right)}>{escape(part.names[at])}</th>" for at in shown)
        yield "</tr></thead><tbody>"
        for cells in part.rows:
            yield f"<tr>{''.join(_cell(cells[at], right=at in part.right) for at in shown)}</tr>"
        yield "</tbody></table></div>"
    for note in part.notes:
        yield f'<p class="quiet">{escape(note)}</p>'


def _cell(cell: Cell, *, right: bool) -> str:
    return f"<td{_class(right, cell.tone)}>{_text(cell)}</td>"


def _text(cell: Cell) -> str:
    return _foreign(cell.text) if cell.foreign else escape(cell.text)


def _class(right: bool, tone: str | None = None) -> str:
    names = " ".join(filter(None, ("right" if right else "", tone)))
    return f' class="{names}"' if names else ""


def _foreign(text: str) -> str:
    """What others wrote, apart from what stands beside it, whichever way it is read."""
    return f"<bdi>{escape(text)}</bdi>" if text else ""
