"""Tables merged row by row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitexp.merge.tables import Merged, are_shards, merge

Table = dict[tuple[str, int], int]
KEYS = st.tuples(st.sampled_from("abcdef"), st.integers(1, 2))
TABLES = st.dictionaries(KEYS, st.integers(0, 2))
EDITS = st.dictionaries(KEYS, st.none() | st.integers(3, 9))
"""Key -> its new value; None where the row goes."""


def edited(table: Table, edits: dict[tuple[str, int], int | None]) -> Table:
    after = {**table, **edits}
    return {key: value for key, value in after.items() if value is not None}


@given(TABLES, EDITS, EDITS)
def test_disjoint_edits_are_both_in_the_merged_table(
    base: Table, mine: dict[tuple[str, int], int | None], other: dict[tuple[str, int], int | None]
) -> None:
    other = {key: value for key, value in other.items() if key not in mine}
    found = merge(base, edited(base, mine), edited(base, other))
    assert found == Merged(edited(base, {**mine, **other}), ())
    assert list(found.rows) == sorted(found.rows)


@given(TABLES, TABLES, TABLES)
def test_the_order_of_the_sides_does_not_matter_and_every_row_is_merged_or_in_conflict(
    base: Table, ours: Table, theirs: Table
) -> None:
    found = merge(base, ours, theirs)
    assert found == merge(base, theirs, ours)
    assert not set(found.conflicts) & found.rows.keys()
    for key in {*base, *ours, *theirs} - set(found.conflicts):
        assert found.rows.get(key) in (ours.get(key), theirs.get(key))
    for key in found.conflicts:
        assert len({base.get(key), ours.get(key), theirs.get(key)}) == 3


@given(TABLES, TABLES)
def test_what_one_side_alone_changed_stands(base: Table, ours: Table) -> None:
    assert merge(base, ours, base) == merge(base, ours, ours) == merge(ours, ours, ours) == Merged(ours, ())


def test_shards_have_rows_that_the_other_lacks() -> None:
    assert are_shards({("a", 1): 1}, {("b", 1): 1})
    assert not are_shards({("a", 1): 1}, {("a", 1): 0})
    assert not are_shards({("a", 1): 1}, {("a", 1): 1, ("b", 1): 1})
