from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.safe_text import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain naïve 日本 🎉", "plain naïve 日本 🎉"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\udcff", "\\udcff"),
        ("\U000e0041\ue000\u2028", "\\U000e0041\\ue000\\u2028"),
        ("no\u00a0break", "no\u00a0break"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
        ("", ""),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_lines_and_tabs_stay_where_they_make_sense() -> None:
    assert safe("a\tb\nc\rd\x1b", lines=True) == "a\tb\nc\\rd\\x1b"


@given(st.text())
def test_nothing_that_a_terminal_acts_on_is_left(text: str) -> None:
    forbidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    assert not [c for c in safe(text) if unicodedata.category(c) in forbidden]
    assert [c for c in safe(text, lines=True) if unicodedata.category(c) in forbidden] == [
        c for c in text if c in "\n\t"
    ]
