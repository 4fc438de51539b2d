from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.render.sparkline import sparkline
from gitexp.cli.render.times import age_text, duration_text
from gitexp.cli.render.values import cut, delta_text, display_width, metric_text, size_text, value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (1e-5, "1e-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (math.nan, "nan"),
        ("", '""'),
        ("true", '"true"'),
        ("1e3", '"1e3"'),
        (" x", '" x"'),
        ("adam", "adam"),
        ("a\nb\x1b", "a\\nb\\x1b"),
        ([1, "é", {"a": None}], '[1, "é", {"a": null}]'),
        ({}, "{}"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert value_text(value) == text  # type: ignore[arg-type]


def test_metrics_have_six_digits() -> None:
    assert [metric_text(v) for v in (0.123456789, 1e-9, 10**20, math.inf, None, "x")] == [
        *("0.123457", "1e-09", "100000000000000000000", "inf", "null", "x")
    ]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (0.9, 0.93, "+0.03 (+3.3%)"),
        (2, 1, "-1 (-50.0%)"),
        (-2, -1, "+1 (+50.0%)"),
        (0, 1, "+1"),
        (1e-12, 0.9, "+0.9"),
        (1, 900, "+899 (+89900.0%)"),
        (math.nan, 1, ""),
        (True, 1, ""),
        ("a", 1, ""),
        (10**400, 1, ""),
        (1e308, -1e308, ""),
    ],
)
def test_deltas(old: object, new: object, text: str) -> None:
    assert delta_text(old, new) == text  # type: ignore[arg-type]


def test_sizes_ages_and_durations() -> None:
    assert [size_text(n) for n in (0, 999, 1234, 5_000_000_000)] == ["0 B", "999 B", "1.2 kB", "5.0 GB"]
    ages = (-5, 0, 1, 59, 60, 7200, 86400 * 3, 86400 * 20, 86400 * 60, 86400 * 800)
    assert [age_text(s) for s in ages] == ["now", "now", "1s", "59s", "1m", "2h", "3d", "2w", "2mo", "2y"]
    lengths = (0.344, 12.34, 125, 3840, 86400 * 3 + 7200)
    assert [duration_text(s) for s in lengths] == ["0.34s", "12.3s", "2m 05s", "1h 04m", "3d 02h"]


def test_width_counts_what_a_terminal_shows() -> None:
    assert [display_width(t) for t in ("abc", "日本", "e\u0301")] == [3, 4, 1]
    assert cut("日本語テキスト", 7) == "日本語…"
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
    assert cut("abcd", None) == "abcd"


def test_sparkline() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([1.0, math.nan, 2.0]) == "▁×█"
    assert sparkline([3, 3]) == "▅▅"
    assert sparkline([]) == sparkline(["text", None]) == ""
    assert len(sparkline(range(1000), 24)) == 24
    assert sparkline([1e308, -1e308, 10**400]) == "█▁×"
    assert sparkline([0.0, 5e-324]) == "▅▅"


@given(st.lists(st.floats() | st.integers() | st.none() | st.text()), st.integers(1, 40))
def test_sparkline_never_fails(values: list[float | int | str | None], width: int) -> None:
    assert len(sparkline(values, width)) <= width
