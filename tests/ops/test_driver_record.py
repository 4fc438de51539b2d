"""`run.yaml` as the merge driver merges it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitexp.errors import BrokenRecord
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
