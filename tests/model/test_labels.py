"""Which texts can be labels, and what an edit is called."""

from __future__ import annotations

import pytest

from gitexp.errors import InvalidName
from gitexp.model.labels import MAX_LINE, MAX_NOTE, MAX_TAG, Edit


@pytest.mark.parametrize("tag", ["a", "überprüft", "v1.2/x:y=z", "🧑\u200d🔬", "a" * MAX_TAG, "a-b+c"])
def test_tags(tag: str) -> None:
    assert Edit(add_tags=(tag,)).add_tags == (tag,)


@pytest.mark.parametrize(
    "tag", ["", " ", "a b", "a,b", "a\n", "\x1b[31m", "+a", "-a", "a" * (MAX_TAG + 1), "\u202eevil", "\udce4"]
)
def test_what_is_no_tag_is_refused_but_can_be_taken_away(tag: str) -> None:
    with pytest.raises(InvalidName) as failure:
        Edit(add_tags=(tag,))
    assert failure.value.hint
    assert "\n" not in failure.value.message
    Edit(remove_tags=(tag,))


@pytest.mark.parametrize("text", ["a\nb", "\x00", "\x9b31m", " ", "x" * (MAX_LINE + 1), "\u2028"])
def test_titles_and_groups_are_one_line(text: str) -> None:
    for field in ("title", "group"):
        with pytest.raises(InvalidName):
            Edit(**{field: text})


def test_notes_have_lines_but_no_control_characters() -> None:
    Edit(note="one\n\ttwo")
    for note in ("\x1b]8;;", "x" * (MAX_NOTE + 1), "\udcff"):
        with pytest.raises(InvalidName):
            Edit(note=note)
        with pytest.raises(InvalidName):
            Edit(append_note=note)


def test_a_tag_cannot_come_and_go() -> None:
    with pytest.raises(InvalidName, match="both"):
        Edit(add_tags=("a",), remove_tags=("a",))


@pytest.mark.parametrize(
    ("edit", "told", "kinds"),
    [
        (Edit(add_tags=("a",), remove_tags=("b",)), "tag +a -b", ("tags",)),
        (Edit(title="x", star=True), "title 'x', star", ("title", "star")),
        (Edit(title=None, group=None), "no title, no group", ("title", "group")),
        (Edit(note=None), "no note", ("note",)),
        (Edit(append_note="x"), "note", ("note",)),
        (Edit(star=False), "no star", ("star",)),
    ],
)
def test_an_edit_in_words(edit: Edit, told: str, kinds: tuple[str, ...]) -> None:
    assert (str(edit), edit.kinds) == (told, kinds)
