"""Series as curves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import NotFound, UnknownKey
from gitexp.model.history import History
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, Record, Resumption, RunInfo, Status
from gitexp.model.times import format_time
from gitexp.model.values import Oid
from gitexp.ops.curves import draw, thinned

INFO = RunInfo(RunId("a" * 16), RunName("a-aaaaaa"), Status.FINISHED, format_time(1000), Code(Oid("1" * 40)))


@dataclass
class Recorded:
    """A run with a history at hand."""

    rows: History
    record: Record

    @property
    def name(self) -> str:
        return self.record.info.name

    def history(self) -> History:
        return self.rows


def run(steps: list, name: str = "a-aaaaaa", resumed: tuple = (), **columns: list) -> Recorded:
    info = replace(INFO, name=RunName(name), resumed=resumed)
    times = [1000.0 + 10 * index for index in range(len(steps))]
    return Recorded(History(steps, times, columns), Record(info))


def only(runs: list, *metrics: str, **wish: object):
    (panel,) = draw(runs, metrics, **wish).panels
    (curve,) = panel.curves
    return curve


def test_the_latest_value_of_each_step_in_order() -> None:
    curve = only([run([2, 0, 2, None], loss=[1, 2.5, 3, 9])])
    assert (curve.xs, curve.ys) == ((0.0, 2.0), (2.5, 3.0))


def test_without_steps_the_rows_are_counted() -> None:
    assert only([run([None, None], loss=[1, 2])]).xs == (0, 1)


def test_by_time() -> None:
    one = run([5, 3], loss=[1, 2])
    assert only([one], axis="time").xs == (1000.0, 1010.0)
    assert only([one], axis="relative").xs == (0.0, 10.0)


def test_what_is_not_a_finite_number_is_a_gap() -> None:
    values = [1, math.nan, math.inf, "text", True, None, 10**400, -1, 0]
    one = run(list(range(9)), loss=values)
    assert only([one]).ys == (1.0, None, None, None, None, None, None, -1.0, 0.0)
    drawing = draw([one], log_y=True)
    assert drawing.panels[0].curves[0].ys == (1.0, *[None] * 8)
    assert drawing.notices == (
        "run 'a-aaaaaa': 2 values of 'loss' are not positive, which --log-y cannot show",
    )


def test_abandoned_rows_are_left_out() -> None:
    resumption = Resumption(format_time(1), Oid("1" * 40), kept=1, rows=3)
    one = run([0, 1, 2, 1], resumed=(resumption,), loss=[0, 91, 92, 1])
    assert only([one]).ys == (0.0, 1.0)
    assert only([one], axis="time").ys == (0.0, 1.0)


def test_smoothing() -> None:
    curve = only([run([0, 1, 2, 3], loss=[1, 1, math.nan, 3])], smoothing=0.5)
    assert curve.ys == (1.0, 1.0, None, 3.0)
    assert curve.smooth == (1.0, 1.0, None, pytest.approx((0.25 * 1 + 0.5 * 1 + 1 * 3) / 1.75))
    assert curve.shown == curve.smooth
    assert only([run([0], loss=[1])]).shown == (1.0,)


def test_a_run_without_the_series_is_told_of() -> None:
    drawing = draw([run([0], acc=[1]), run([0], "b-aaaaaa", loss=[1])], ["acc"])
    assert drawing.notices == ("run 'b-aaaaaa' has no series 'acc'",)
    assert [curve.place for curve in drawing.panels[0].curves] == [0]
    drawing = draw([run([0, 1], acc=[1, 2]), run([0], "b-aaaaaa", acc=[math.nan])])
    assert drawing.notices == ("run 'b-aaaaaa' has no finite number in the series 'acc'",)


def test_many_runs_without_the_series_are_told_of_at_once() -> None:
    runs = [run([0], f"r{i}-aaaaaa", loss=[1]) for i in range(5)]
    drawing = draw([run([0], acc=[1]), *runs], ["acc"])
    assert drawing.notices == ("runs 'r0-aaaaaa', 'r1-aaaaaa', 'r2-aaaaaa' and 2 more have no series 'acc'",)


def test_metrics_by_name_by_pattern_and_by_importance() -> None:
    one = run([0], **{"val/a": [1], "val/b": [1], "x": [1], "acc": [1], "text": ["no"]})
    assert [panel.metric for panel in draw([one], ["x", "val/*", "x"]).panels] == ["x", "val/a", "val/b"]
    drawing = draw([one], most=2)
    assert [panel.metric for panel in drawing.panels] == ["acc", "val/a"]
    assert drawing.notices == ("2 of 4 metrics are not drawn: -m METRIC, or -m '*' for all",)
    with pytest.raises(UnknownKey) as caught:
        draw([one], ["ac"])
    assert caught.value.hint == "-m acc"


def test_nothing_to_draw() -> None:
    for nothing in (run([]), run([0], text=["a"]), run([0], flag=[True])):
        with pytest.raises(NotFound):
            draw([nothing])
    with pytest.raises(NotFound) as caught:
        draw([run([0], loss=[math.nan])])
    assert caught.value.hint == "run 'a-aaaaaa' has no finite number in the series 'loss'"


@given(st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=300), st.integers(3, 50))
def test_thinned_curves_keep_their_extremes(ys: list[float | None], most: int) -> None:
    xs, kept = thinned(range(len(ys)), tuple(ys), most)
    assert len(xs) == len(kept) <= max(3 * (most // 3), 0) + 3
    assert [ys[int(x)] for x in xs] == kept
    assert sorted(xs) == xs
    numbers = [y for y in ys if y is not None]
    if numbers:
        assert {min(numbers), max(numbers)} <= set(kept)
    assert (None in kept) is (None in ys)
