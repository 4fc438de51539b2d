"""Two edits of one run merge field by field, whichever comes first."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gitexp.merge.labels import FIELDS, merge
from gitexp.model.labels import Edit, edit_between, labels_of
from gitexp.model.names import parse_id, parse_name
from gitexp.model.record import Code, RunInfo, Status
from gitexp.model.reproduction import Reproduction, Verdict
from gitexp.model.values import Oid

INFO = RunInfo(
    id=parse_id("a" * 16),
    name=parse_name("brave-otter-3f2ak7"),
    status=Status.FINISHED,
    started="2026-11-23T18:05:00.123Z",
    code=Code(Oid("0" * 40)),
)
LINES = st.none() | st.sampled_from(["one", "two", "three"])
INFOS = st.builds(
    lambda title, note, group, star, tags: replace(
        INFO, title=title, note=note, group=group, star=star, tags=tuple(sorted(tags))
    ),
    LINES,
    LINES,
    LINES,
    st.booleans(),
    st.sets(st.sampled_from("abcde")),
)


@given(INFOS, INFOS, INFOS)
def test_tags_merge_as_sets(base: RunInfo, ours: RunInfo, theirs: RunInfo) -> None:
    merged = set(merge(base, ours, theirs).info.tags)
    for tag in "abcde":
        old, mine, other = (tag in info.tags for info in (base, ours, theirs))
        assert (tag in merged) == (other if mine == old else mine)


@given(INFOS, INFOS, INFOS)
def test_a_label_that_one_side_changed_is_that_sides(base: RunInfo, ours: RunInfo, theirs: RunInfo) -> None:
    merged = merge(base, ours, theirs)
    fought = {conflict.field for conflict in merged.conflicts}
    for field in FIELDS:
        old, mine, other, now = (getattr(info, field) for info in (base, ours, theirs, merged.info))
        if field in fought:
            assert len({old, mine, other}) == 3 or (mine != other and old not in (mine, other))
            assert now == mine
        else:
            assert now == (other if mine == old else mine)


@given(INFOS, INFOS, INFOS)
def test_both_sides_come_to_the_same(base: RunInfo, ours: RunInfo, theirs: RunInfo) -> None:
    here = merge(base, ours, theirs, ours_is_later=True)
    there = merge(base, theirs, ours, ours_is_later=False)
    assert here.info == there.info
    assert len(here.conflicts) == len(there.conflicts)


@given(INFOS, INFOS)
def test_what_one_side_did_alone_stands(base: RunInfo, ours: RunInfo) -> None:
    assert merge(base, ours, base).info == ours
    assert merge(base, base, ours).info == ours
    assert merge(base, ours, ours) == merge(ours, ours, ours)
    assert merge(base, ours, ours).conflicts == ()


@given(INFOS, INFOS)
def test_an_edit_leads_from_any_labels_to_any_others(before: RunInfo, after: RunInfo) -> None:
    edit = edit_between(labels_of(before), labels_of(after))
    assert edit.applied(before) == after
    assert (edit == Edit()) == (before == after)


VERDICTS = st.none() | st.builds(
    lambda verdict: Reproduction(INFO.name, Oid("1" * 40), verdict), st.sampled_from(Verdict)
)


@given(VERDICTS, VERDICTS, VERDICTS)
def test_a_verdict_is_never_dropped(
    old: Reproduction | None, one: Reproduction | None, two: Reproduction | None
) -> None:
    base, ours, theirs = (replace(INFO, reproduction=found) for found in (old, one, two))
    here = merge(base, ours, theirs, ours_is_later=True).info.reproduction
    assert here == merge(base, theirs, ours, ours_is_later=False).info.reproduction
    assert here in (old, one, two)
    assert (here is None) == (old is one is two is None)
    if one is not None and one != old:
        assert here == one
