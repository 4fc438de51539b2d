"""The verdict on each metric and each input of a reproduction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.settings import Noise
from gitexp.model.names import parse_id, parse_name
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.reproduction import Fate, InputChange, Reproduction, Verdict, worst
from gitexp.model.values import Digest, Oid, Scalar, same
from gitexp.ops.bisect.judging import judge_between
from gitexp.ops.repro.verdict import Known, judge

NAME = parse_name("brave-otter-3f2ak7")
INFO = RunInfo(parse_id("a" * 16), NAME, Status.FINISHED, "2026-11-23T18:05:00.123Z", Code(Oid("0" * 40)))
RECORD = Record(INFO)
NOTHING = Known({}, [])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.sampled_from(["", "a", 10**400])
FINITE = st.floats(-1e6, 1e6)


def judged(old: Mapping[str, Scalar], new: Mapping[str, Scalar], known: Known = NOTHING) -> Reproduction:
    return judge(NAME, Oid("1" * 40), replace(RECORD, metrics=old), replace(RECORD, metrics=new), known)


@given(st.dictionaries(st.sampled_from("abc"), SCALARS), st.dictionaries(st.sampled_from("abc"), SCALARS))
def test_what_is_the_same_is_identical_and_nothing_else(
    old: Mapping[str, Scalar], new: Mapping[str, Scalar]
) -> None:
    found = judged(old, new)
    for name, one in found.metrics.items():
        assert (one.verdict is Verdict.IDENTICAL) == (
            name in old and name in new and same(old[name], new[name])
        )
        assert (one.verdict is Verdict.MISSING) == (name not in new)
        assert (one.verdict is Verdict.NEW) == (name not in old)
    assert judged(old, old).verdict is (Verdict.IDENTICAL if old else Verdict.NOTHING)
    assert found.verdict.reproduced == all(one.verdict.reproduced for one in found.metrics.values())


@given(FINITE, FINITE, st.floats(0, 1e6), st.booleans())
def test_noise_of_the_settings(old: float, new: float, amount: float, relative: bool) -> None:
    noise = Noise(amount, relative)
    (one,) = judged({"m": old}, {"m": new}, Known({"m": noise}, [])).metrics.values()
    assert one.verdict.reproduced or abs(new - old) > noise.around(old) or noise.around(old) == 0
    if one.verdict is Verdict.NOISE:
        assert abs(new - old) <= noise.around(old) * (1 + 1e-6)


@pytest.mark.parametrize(
    ("repeated", "new", "verdict"),
    [
        ([0.5], 0.5001, Verdict.DIFFERENT),
        ([0.5, 0.5], 0.5001, Verdict.DIFFERENT),
        ([0.5, 0.52], 0.55, Verdict.NOISE),
        ([0.5, 0.52], 0.56, Verdict.DIFFERENT),
        ([0.5, 0.52, math.nan, None], 0.55, Verdict.NOISE),
        ([0.5, 0.52], math.nan, Verdict.DIFFERENT),
        ([0.5, 0.52], math.inf, Verdict.DIFFERENT),
        ([0.5, 0.52], True, Verdict.DIFFERENT),
        ([0.5, 0.52], "high", Verdict.DIFFERENT),
    ],
)
def test_noise_of_repeated_runs(repeated: list[Scalar], new: Scalar, verdict: Verdict) -> None:
    known = Known({}, [{"m": value} for value in repeated])
    assert judged({"m": 0.5}, {"m": new}, known).verdict is verdict


def test_what_is_written_down_goes_before_what_is_seen() -> None:
    known = Known({"m": Noise(0.001)}, [{"m": 0.0}, {"m": 1.0}])
    assert judged({"m": 0.5}, {"m": 0.51}, known).verdict is Verdict.DIFFERENT


def test_the_whole_is_as_its_worst_part() -> None:
    assert worst([]) is worst([Verdict.NEW]) is Verdict.NOTHING
    assert worst([Verdict.NEW, Verdict.IDENTICAL]) is Verdict.IDENTICAL
    assert worst([Verdict.NOISE, Verdict.IDENTICAL]) is Verdict.NOISE
    assert worst([Verdict.MISSING, Verdict.DIFFERENT, Verdict.NOISE]) is Verdict.MISSING


def test_another_end_is_different_whatever_was_logged() -> None:
    old = replace(RECORD, metrics={"m": 0.5}, info=replace(INFO, exit_code=0))
    failed = replace(old, info=replace(INFO, status=Status.FAILED, exit_code=3))
    assert judge(NAME, Oid("1" * 40), old, old, NOTHING).verdict is Verdict.IDENTICAL
    assert judge(NAME, Oid("1" * 40), old, replace(old, info=INFO), NOTHING).verdict is Verdict.IDENTICAL
    found = judge(NAME, Oid("1" * 40), old, failed, NOTHING)
    assert (found.verdict, found.metrics["m"].verdict) == (Verdict.DIFFERENT, Verdict.IDENTICAL)
    other = replace(failed, info=replace(failed.info, exit_code=4))
    assert judge(NAME, Oid("1" * 40), failed, other, NOTHING).verdict is Verdict.DIFFERENT
    gone = replace(failed, metrics={})
    assert judge(NAME, Oid("1" * 40), old, gone, NOTHING).verdict is Verdict.MISSING


def test_inputs_by_their_hashes() -> None:
    def data(role: str, digit: str) -> Input:
        return Input(role, "data", "data.csv", Digest(digit * 64))

    old = replace(RECORD, inputs=(data("dataset", "a"), data("gone", "b"), Input("model", "m", value="x")))
    new = replace(RECORD, inputs=(data("dataset", "c"), Input("model", "m", value="x"), data("new", "d")))
    assert judge(NAME, Oid("1" * 40), old, new, NOTHING).inputs == {
        "dataset data.csv": InputChange(Fate.CHANGED, f"sha256:{'a' * 64}", f"sha256:{'c' * 64}"),
        "gone data.csv": InputChange(Fate.GONE, f"sha256:{'b' * 64}"),
        "new data.csv": InputChange(Fate.NEW, new=f"sha256:{'d' * 64}"),
    }


@given(FINITE, FINITE, FINITE)
def test_a_bisection_takes_the_nearer_end(good: float, bad: float, value: float) -> None:
    if abs(good - bad) < 1e-3:
        return
    judge = judge_between("m", good, bad, None)
    assert judge.is_good(good)
    assert not judge.is_good(bad)
    off = abs(value - good) - abs(value - bad)
    if abs(off) > 1e-6:
        assert judge.is_good(value) == (off < 0)
    assert not judge.is_good(math.nan)
