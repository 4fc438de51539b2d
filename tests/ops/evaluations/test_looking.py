from __future__ import annotations

import pytest

from gitexp.model.evaluation import Direction, Kind, Metric
from gitexp.ops.evaluations.looking import Question, look_at
from tests.ops.evaluations.suites import suite


@pytest.mark.parametrize(
    ("metric", "failed", "unknown"),
    [
        (Metric("match", Kind.BINARY), ["no", "part"], ()),
        (Metric("match", Kind.CONTINUOUS, range=(0, 1)), ["no", "part"], ()),
        (Metric("loss", Kind.CONTINUOUS, Direction.MIN, range=(0, 1)), ["part", "yes"], ()),
        (Metric("length"), [], ("length",)),
    ],
)
def test_what_failed_has_less_than_the_whole_score(metric, failed, unknown):
    found = look_at(suite({"no": [0], "part": [0.5], "yes": [1]}, metric=metric), Question(failed=True))
    assert [row.id for row in found.rows] == failed
    assert found.no_whole == unknown
