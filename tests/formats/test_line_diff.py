"""Lines that differ: bounded, and fast however long the texts are."""

from __future__ import annotations

from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.line_diff import LineDiff, hunks, line_diff

_TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12).map("\n".join)


@given(_TEXTS, _TEXTS)
def test_what_is_told_makes_one_of_the_other(old: str, new: str) -> None:
    found = line_diff(old, new, 100)
    gone = [line[1:] for line in found.lines if line[0] == "-"]
    come = [line[1:] for line in found.lines if line[0] == "+"]
    left, right = old.splitlines(), new.splitlines()
    for lines, taken in ((left, gone), (right, come)):
        for line in taken:
            lines.remove(line)
    assert sorted(left) == sorted(right)
    assert found.more == 0
    assert (not found.lines) == (old.splitlines() == new.splitlines())


@given(_TEXTS.map(str.splitlines), _TEXTS.map(str.splitlines))
def test_no_fewer_lines_could_be_told(old: list[str], new: list[str]) -> None:
    found = hunks(old, new)
    assert found is not None
    told = sum(len(gone) + len(come) for gone, come in found)
    matches = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    assert told <= len(old) + len(new) - 2 * sum(one.size for one in matches)


def test_two_places_that_are_far_apart() -> None:
    old = [str(n) for n in range(3000)]
    new = ["first", *old[1:2000], "between", *old[2000:]]
    assert hunks(old, new) == [(["0"], ["first"]), ([], ["between"])]


def test_only_so_many_lines_are_told() -> None:
    assert line_diff("a\nb\n", "a\nc\n", 9) == LineDiff(("-b", "+c"))
    assert line_diff("a\nb\n", "c\nd\n", 3) == LineDiff(("-a", "-b", "+c"), 1)
    assert line_diff("x" * 1000, "y", 9).lines[0] == "-" + "x" * 399


def test_texts_without_a_line_in_common_do_not_take_for_ever() -> None:
    old, new = ("\n".join(f"{side}{n}" for n in range(20_000)) for side in "ab")
    assert line_diff(old, new, 2).more == 40_000 - 2
    same = "\n".join(["s", *["a"] * 5000, "e"]), "\n".join(["t", *["a", "b"] * 2500, "f"])
    assert len(line_diff(*same, 2).lines) == 2
