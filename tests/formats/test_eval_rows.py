"""What rows in a journal become, and what is known of their metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gitexp.formats.eval_files import metric_from, metric_value
from gitexp.formats.eval_rows import SuiteRows
from gitexp.model.evaluation import Meta, Metric


def measured(told: Mapping[str, Any] | None) -> Metric:
    """What is known of a metric of which that was said, and that was 0 and 1 until now."""
    rows = SuiteRows(Meta("qa"))
    rows.declare({"metrics": {} if told is None else {"m": told}})
    for score in (0, 1):
        id = f"q{score}"
        rows.add({"e": {"id": id, "x": f"{score:016x}"}, "r": {"id": id, "ep": 1, "s": {"m": score}}})
    (found,) = rows.suite().meta.metrics
    return found


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        (None, "0 to 1"),
        ({"unit": "answers"}, "0 to 1"),
        ({"kind": "binary"}, "0 or 1"),
        ({"kind": "binary", "direction": "max"}, "0 or 1"),
        ({"direction": "min", "range": [0, 1]}, "0 to 1"),
        ({"direction": "min"}, "a number"),
    ],
)
def test_a_range_that_was_seen_binds_nobody_who_said_which_way_is_better(told: Any, allowed: str) -> None:
    """Who counts errors may have had none or one until now; of what nothing was said 7 is odd."""
    found = measured(told)
    assert (found.allowed, found.allows(7)) == (allowed, allowed == "a number")
    assert metric_from("m", metric_value(found)) == found
    # What is right is known all the same.
    assert (found.is_short(0), found.is_short(1)) == ((True, False) if found.whole == 1 else (False, True))


def test_a_range_that_is_not_there_was_not_seen() -> None:
    assert metric_from("m", {"direction": "min", "seen": True}) == metric_from("m", {"direction": "min"})
