"""The machine finds what `re` finds, and cannot be hung."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.query.pattern import CREDIT, Pattern, TooCostly, Unreadable

_atoms = st.sampled_from(
    [
        "a",
        "b",
        "_",
        "-",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\W",
        "[ab]",
        "[^a]",
        "[a-c1]",
        r"[\d_-]",
        "[]a]",
        r"\.",
        r"\n",
    ]
)
_patterns = st.recursive(
    st.one_of(_atoms, st.sampled_from(["^", r"\Z", r"\b", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,3}", "{,2}", "{2,}"])).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(_patterns, st.text("ab_-.1 \nc", max_size=12), st.booleans())
def test_it_finds_what_re_finds(pattern: str, text: str, folded: bool) -> None:
    pattern = f"(?i){pattern}" if folded else pattern
    searched = text.upper() if folded else text
    assert Pattern(pattern).search(searched) is (re.search(pattern, searched) is not None)


@given(st.text("ab()[]{}*+?|\\^$.-,:<>Pi1=!#", max_size=30))
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        found = Pattern(pattern).search("ab1" * 5)
    except Unreadable:
        return
    with contextlib.suppress(re.error):
        assert found is (re.search(pattern, "ab1" * 5) is not None)


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "a**",
        "*",
        "a{3,2}",
        r"\1",
        "(?=a)",
        "(?<!a)",
        "(?P=x)",
        "\\",
        "[b-a]",
        "a{9999}",
        r"\q",
    ],
)
def test_what_it_cannot_do_is_refused(pattern: str) -> None:
    with pytest.raises(Unreadable):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["((a{900}){900}){900}", "(((){900}){900}){900}", "(" * 400, "a" * 5000])
def test_patterns_that_would_explode_are_refused(pattern: str) -> None:
    with pytest.raises(Unreadable):
        Pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a*)*(b*)*c", "(.*)(.*)(.*)(.*)x", "(a?){50}a{50}b"]
)
def test_what_hangs_backtracking_takes_one_pass(pattern: str) -> None:
    machine = Pattern(pattern)
    assert not machine.search("a" * 20_000 + "!")
    # Hardly anything had to be worked out anew.
    assert machine._credit > CREDIT


def test_work_is_bounded_where_sets_of_states_never_repeat() -> None:
    import random

    letters = random.Random(1)
    text = "".join(letters.choice("ab") for _ in range(20_000))
    with pytest.raises(TooCostly):
        Pattern(".*a" + ".{900}" + "c").search(text)
