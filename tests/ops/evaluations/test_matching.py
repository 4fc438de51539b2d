from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gitexp.model.evaluation import Example, Meta, Suite
from gitexp.ops.evaluations.matching import match


def suite(*examples: tuple[str, str, str | None]) -> Suite:
    """A suite of examples given as id, question and label."""
    rows = sorted((Example(name, x, y) for name, x, y in examples), key=lambda one: one.id)
    return Suite(Meta("qa"), tuple(rows))


def names(pairs) -> list[tuple[str, str]]:
    return [(pair.old.id, pair.new.id) for pair in pairs]


def test_the_same_table_matches_itself():
    one = suite(("a", "x1", "y1"), ("b", "x2", None))
    found = match(one, one)
    assert names(found.common) == [("a", "a"), ("b", "b")]
    assert found.same_data
    assert found.overlap == 1.0


def test_each_change_of_the_data_is_told_by_its_kind():
    old = suite(
        ("keep", "x1", "y"),
        ("label", "x2", "y"),
        ("edit", "x3", "y"),
        ("gone", "x4", "y"),
        ("name", "x5", "y"),
    )
    new = suite(
        ("keep", "x1", "y"),
        ("label", "x2", "z"),
        ("edit", "x9", "y"),
        ("come", "x8", "y"),
        ("called", "x5", "y"),
    )
    found = match(old, new)
    assert names(found.common) == [("keep", "keep"), ("name", "called")]
    assert [pair.renamed for pair in found.common] == [False, True]
    assert names(found.relabelled) == [("label", "label")]
    assert names(found.edited) == [("edit", "edit")]
    assert [one.id for one in found.added] == ["come"]
    assert [one.id for one in found.removed] == ["gone"]
    assert not found.same_data
    assert found.overlap == 2 / 6


def test_ids_that_number_the_rows_are_labels_only():
    old = suite(("1", "a", None), ("2", "b", None), ("3", "c", None))
    new = suite(("1", "z", None), ("2", "a", None), ("3", "b", None), ("4", "c", None))
    found = match(old, new)
    assert names(found.common) == [("1", "2"), ("2", "3"), ("3", "4")]
    assert found.edited == ()
    assert [one.id for one in found.added] == ["1"]


def test_of_equal_questions_those_of_one_id_and_then_of_one_label_belong_together():
    old = suite(("a", "x", "1"), ("b", "x", "2"), ("c", "x", "3"))
    new = suite(("b", "x", "2"), ("n", "x", "3"), ("m", "x", "1"))
    assert names(match(old, new).common) == [("a", "m"), ("b", "b"), ("c", "n")]


def ids(examples) -> Counter[str]:
    return Counter(one.id for one in examples)


tables = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.sampled_from(["x1", "x2", "x3"]), st.sampled_from(["y1", None]))
).map(lambda rows: suite(*((name, *row) for name, row in rows.items())))


@given(tables, tables)
def test_every_example_is_told_of_once(old, new):
    found = match(old, new)
    pairs = [*found.common, *found.relabelled, *found.edited]
    assert ids([*(pair.old for pair in pairs), *found.removed]) == ids(old.examples)
    assert ids([*(pair.new for pair in pairs), *found.added]) == ids(new.examples)
    assert all(pair.old.x == pair.new.x and pair.old.y == pair.new.y for pair in found.common)
    assert all(pair.old.x == pair.new.x and pair.old.y != pair.new.y for pair in found.relabelled)
    assert all(pair.old.x != pair.new.x for pair in found.edited)
    assert not {one.x for one in found.added} & {one.x for one in found.removed}
