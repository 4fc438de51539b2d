"""Columns as a table in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.cli.render.markdown_text import escaped, row
from gitexp.cli.render.table import Column


def markdown_table(columns: Sequence[Column]) -> Iterator[str]:
    """The lines of the table; every text in it is nothing but text."""
    yield row([escaped(column.heading) for column in columns])
    yield row(["---:" if column.right else "---" for column in columns])
    for texts in zip(*(column.texts for column in columns), strict=True):
        yield row([escaped(text) for text in texts])
