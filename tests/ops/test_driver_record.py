"""`run.yaml` as the merge driver merges it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitexp.errors import BrokenRecord
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.formats.record import decode_info, encode
from gitexp.model.names import parse_id, parse_name
from gitexp.model.record import Code, Record, RunInfo, Status
from gitexp.model.reproduction import Reproduction, Verdict
from gitexp.model.values import Oid
from gitexp.ops.drivers.lines import Texts
from gitexp.ops.drivers.record import merge

RUN = ".exp/run.yaml"
ONE = RunInfo(
    id=parse_id("a" * 16),
    name=parse_name("one-aaaaaa"),
    status=Status.FINISHED,
    started="2026-11-23T18:05:00.123Z",
    code=Code(Oid("1" * 40)),
    tags=("old",),
)
TWO = replace(ONE, id=parse_id("b" * 16), name=parse_name("two-bbbbbb"))


def written(info: RunInfo) -> bytes:
    return encode(Record(info))["run.yaml"]


def merged(ours: RunInfo, theirs: RunInfo, base: RunInfo | None = None) -> RunInfo:
    texts = Texts(written(base) if base else b"", written(ours), written(theirs))
    return decode_info(merge(RUN, texts), name="merged")


def test_of_two_runs_ours_stays_and_is_marked() -> None:
    assert merged(ONE, TWO) == replace(ONE, mixed_with=(TWO.name,))
    assert merged(TWO, ONE) == replace(TWO, mixed_with=(ONE.name,))


def test_marks_add_up() -> None:
    three = replace(ONE, name=parse_name("three-cccccc"), id=parse_id("c" * 16), mixed_with=("four-dddddd",))
    ours = replace(ONE, mixed_with=(TWO.name,))
    assert merged(ours, three, ONE).mixed_with == ("four-dddddd", "three-cccccc", "two-bbbbbb")
    assert merged(ours, three) == merged(merged(ours, three), three)


def test_edits_of_one_run_are_merged_by_field() -> None:
    ours = replace(ONE, title="ours", tags=("mine", "old"))
    theirs = replace(ONE, note="theirs", tags=("new",))
    assert merged(ours, theirs, ONE) == replace(ONE, title="ours", note="theirs", tags=("mine", "new"))


def test_a_verdict_makes_no_other_run() -> None:
    judged = replace(ONE, reproduction=Reproduction(TWO.name, Oid("2" * 40), Verdict.IDENTICAL))
    assert merged(ONE, judged, ONE) == judged
    assert merged(judged, replace(ONE, title="new"), ONE) == replace(judged, title="new")


def test_another_state_of_the_run_is_another_record() -> None:
    live = replace(ONE, status=Status.RUNNING)
    assert merged(live, ONE).mixed_with == (ONE.name,)


def test_what_a_newer_gitexp_wrote_stays() -> None:
    texts = Texts(b"", written(ONE) + b"later: 1\n", written(TWO))
    assert b"later: 1\n" in merge(RUN, texts)


def test_a_record_that_cannot_be_read_is_marked_or_left_to_git() -> None:
    texts = Texts(b"", written(ONE), b"<<<<<<< ours\n")
    assert decode_info(merge(RUN, texts), name="merged").mixed_with == ("unknown",)
    with pytest.raises(BrokenRecord):
        merge(RUN, Texts(b"", b"<<<<<<< ours\n", written(ONE)))


def test_every_other_file_stays_as_ours() -> None:
    assert merge(".exp/metrics.yaml", Texts(b"", b"ours", b"theirs")) == b"ours"
    assert merge(".exp/metrics.yaml", Texts(b"a: 1\n", b"a: 2\n", b"a: 3\n")) == b"a: 2\n"
    assert merge(".exp/inputs.yaml", Texts(b"a: 1\n", b"ours", b"theirs")) == b"ours"
    assert merge(".exp/env.yaml", Texts(b"a: 1\n", b"a: 2\n", b"a: 3\n")) == b"a: 2\n"


METRICS = {"loss": 1.0, "qa/f1": 0.5, "qa/match": 0.5, "qa/match.n": 4, "sql/ok": 0.1}


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        # Two rows of one suite: the mean of both is neither side's, though both may have the same.
        ({"qa/match": 0.75}, {"qa/match": 0.25}, {"qa/match": None}),
        ({"qa/match": 0.75}, {"qa/match": 0.75, "qa/new": 1}, {"qa/match": None}),
        ({"qa/match": 0.75}, {"qa/f1": 0.75}, {"qa/match": None, "qa/f1": None}),
        # Two suites are each of one side.
        ({"qa/match": 0.75}, {"sql/ok": 0.2}, {"qa/match": 0.75, "sql/ok": 0.2}),
        ({"qa/match": 0.75}, {"sql/ok": None}, {"qa/match": 0.75, "sql/ok": None}),
        # Another loss is another run.
        ({"qa/match": 0.75, "loss": 2.0}, {"qa/match": 0.25}, {"qa/match": 0.75, "loss": 2.0}),
    ],
)
def test_means_are_those_of_the_rows_or_none(
    ours: dict[str, float | None], theirs: dict[str, float | None], merged: dict[str, float | None]
) -> None:
    base, *sides, wanted = (_with(changes) for changes in ({}, ours, theirs, merged))
    assert merge(".exp/metrics.yaml", Texts(base, *sides)) == wanted


def _with(changes: dict[str, float | None]) -> bytes:
    return dump({key: one for key, one in (METRICS | changes).items() if one is not None})


def test_the_graders_of_both_sides_stay() -> None:
    first, second, third = ({"name": "qa", "value": one, "how": "declared"} for one in "abc")
    data = {"dataset": [{"name": "d", "how": "declared"}]}
    texts = Texts(*(dump({**data, "grader": [one]}) for one in (first, second, third)))
    assert load(merge(".exp/inputs.yaml", texts), what="") == {**data, "grader": [second, third]}
    texts = Texts(texts.base, texts.ours, dump({"grader": [third]}))
    assert merge(".exp/inputs.yaml", texts) == texts.ours
