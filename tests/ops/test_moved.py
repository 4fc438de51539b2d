"""The names of a params file that one side has moved."""

from __future__ import annotations

from gitexp.ops.merging.moved import Names


def test_the_name_in_the_merge_comes_first() -> None:
    """What a user says of it counts before what is said of the others, in every process alike."""
    assert Names("new", "old", "old", "new").each == ("new", "old")
    assert Names("d", "a", "b", "c").each == ("d", "b", "c", "a")
    assert Names("p", "p", "p", "p").each == ("p",)
