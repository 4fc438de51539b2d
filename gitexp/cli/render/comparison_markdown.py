"""`git exp diff --md`: a comparison for a pull request, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.render.comparison import FOLDED, Text, nothing, parts
from gitexp.cli.render.markdown_text import code, escaped, folded, row
from gitexp.cli.render.values import count_text, delta_text
from gitexp.cli.safe_text import safe
from gitexp.ops.code_diff import FileChange
from gitexp.ops.comparand import Comparand, Kind
from gitexp.ops.compare import Comparison, Line, Measure

_MOST_FILES = 200


def comparison_markdown(
    each: Sequence[Comparand],
    found: Comparison,
    files: Sequence[Sequence[FileChange]],
    *,
    partial: bool = False,
) -> list[str]:
    """A heading for the runs, tables of what differs, packages, environment and code folded away.

    What others wrote stands in `<code>`, every character that Markdown or HTML knows as an entity: there
    it is neither markup nor a mention.
    """
    first, *others = (code(one.label) for one in each)
    lines = [f"### {', '.join(others)} against {first}"]
    lines += _notes(each)
    for name, rows, text in parts(found):
        if rows and name not in FOLDED:
            lines += ["", *_table(name, each, rows, text)]
    lines += _guess(found)
    for name, rows, text in parts(found):
        if rows and name in FOLDED:
            lines += folded(f"{name} ({len(rows)})", _table(name, each, rows, text))
    for one, differs, listed in zip(each[1:], found.code[1:], files, strict=True):
        if differs:
            what = f"Code of {code(one.label)}" if len(each) > 2 else "Code"
            lines += folded(f"{what} ({count_text(len(listed), 'file')})", _files(listed))
    if not found.differs:
        lines += ["", nothing(partial).capitalize() + "."]
    return lines


def _notes(each: Sequence[Comparand]) -> Iterator[str]:
    for one in each:
        if one.stale:
            yield f"\n**Stale:** {code(one.label)}: {escaped(safe(one.stale))}."
        if one.kind is not Kind.RUN:
            yield f"\n{code(one.label)} is a {one.kind.value} without a record."


def _guess(found: Comparison) -> list[str]:
    if not found.guessed:
        return []
    return ["", f"Which way is better is told by the names: {', '.join(map(code, found.guessed[:8]))}."]


def _table(name: str, each: Sequence[Comparand], lines: Sequence[Line], text: Text) -> Iterator[str]:
    yield row([name, *(code(one.label) for one in each)])
    yield row(["---"] * (len(each) + 1))
    for line in lines:
        yield row([code(line.key), *(_cell(line, index, text) for index in range(len(each)))])


def _cell(line: Line, index: int, text: Text) -> str:
    told = code(text(line.values[index]))
    if not isinstance(line, Measure):
        return told
    if index in line.best:
        told = f"**{told}**"
    delta = delta_text(line.values[0], line.values[index]) if index and line.differs else ""  # type: ignore[arg-type]
    verdict = line.verdict(index) if index else None
    return " ".join(part for part in (told, delta, verdict) if part)


def _files(listed: Sequence[FileChange]) -> Iterator[str]:
    yield row(["File", "Added", "Deleted"])
    yield row(["---", "---:", "---:"])
    for one in listed[:_MOST_FILES]:
        yield row([code(one.path), *("binary" if n is None else str(n) for n in (one.added, one.deleted))])
    if len(listed) > _MOST_FILES:
        yield row([f"and {len(listed) - _MOST_FILES} more", "", ""])
