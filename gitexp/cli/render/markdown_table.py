"""Columns as a table in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.render.markdown_text import escaped
from gitexp.cli.render.table import Column


def markdown_table(columns: Sequence[Column]) -> Iterator[str]:
    """The lines of the table; every text in it is nothing but text."""
    yield _row([escaped(column.heading) for column in columns])
    yield _row(["---:" if column.right else "---" for column in columns])
    for row in zip(*(column.texts for column in columns), strict=True):
        yield _row([escaped(text) for text in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
