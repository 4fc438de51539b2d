from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.render.fitting import fitted
from gitexp.cli.render.markdown_text import escaped
from gitexp.cli.render.paint import Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut, display_width

PRINTABLE = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=40)


def test_columns_line_up_and_lines_end_without_blanks() -> None:
    columns = [
        Column("A", ["x", "變"]),
        Column("BB", ["1", "22"], right=True),
        Column("C", [Cell("", "red"), Cell("y", "red")]),
    ]
    assert table(columns, Paint(False)) == ["A   BB  C", "x    1", "變  22  y"]
    assert table(columns, Paint(True)) == [
        "\x1b[1mA\x1b[m   \x1b[1mBB\x1b[m  \x1b[1mC\x1b[m",
        "x    1",
        "變  22  \x1b[31my\x1b[m",
    ]
    assert table(columns[:1], Paint(False), headings=False, indent="> ") == ["> x", "> 變"]
    assert table([], Paint(False)) == []


@given(st.lists(st.lists(PRINTABLE, min_size=2, max_size=2), min_size=1, max_size=6), st.integers(20, 120))
def test_no_line_is_wider_than_the_screen(cells: list[list[str]], width: int) -> None:
    columns = [Column(f"h{index}", texts) for index, texts in enumerate(cells)]
    for fixed in (columns, columns[:1]):
        found = fitted(fixed, iter(columns), len(columns), width)
        assert found.columns
        assert max(display_width(line) for line in table(found.columns, Paint(False))) <= width
        assert found.left_out == len(fixed) + len(columns) - len(found.columns)


@given(PRINTABLE, st.integers(1, 30))
def test_cut_text_is_as_wide_as_it_may_be(text: str, width: int) -> None:
    found = cut(text, width)
    assert display_width(found) <= width
    assert (found == text) is (display_width(text) <= width)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("0.93 ± 0.01 (2/3)", "0.93 ± 0.01 (2/3)"),
        ("-1.5e+03", "-1.5e+03"),
        ("a|b", "<code>a&#124;b</code>"),
        ("@team #1", "<code>&#64;team &#35;1</code>"),
        ("<script>", "<code>&#60;script&#62;</code>"),
        ("www.example.org", "<code>www.example.org</code>"),
        ("変圧器", "<code>変圧器</code>"),
    ],
)
def test_markdown_is_nothing_but_text(text: str, markdown: str) -> None:
    assert escaped(text) == markdown


def test_names_are_cut_last() -> None:
    columns = [Column("RUN", ["brave-otter-3f2ak7"]), Column("TITLE", ["t" * 30]), Column("TAGS", ["x" * 12])]

    def shown(width: int) -> list[str]:
        return table(fitted(columns, (), 0, width).columns, Paint(False), headings=False)

    assert shown(64) == [f"brave-otter-3f2ak7  {'t' * 30}  {'x' * 12}"]
    assert shown(50) == [f"brave-otter-3f2ak7  {'t' * 15}…  {'x' * 12}"]
    assert shown(42) == [f"brave-otter-3f2ak7  {'t' * 9}…  {'x' * 9}…"]
    assert shown(40) == [f"brave-otter-3f2ak7  {'t' * 9}…"]
    assert shown(20) == ["brave-otter-3f2ak7"]
    assert shown(10) == ["brave-ott…"]
