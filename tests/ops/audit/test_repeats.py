"""When a repetition counts as the same; made up, without a repository."""

from __future__ import annotations

import pytest

from gitexp.model.reproduction import Measured, Verdict
from gitexp.ops.audit.repeats import same

OTHER = Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("metrics", "is_same"),
    [
        ({}, False),
        ({"acc": Measured(Verdict.NEW, new=1)}, False),
        ({"acc": Measured(Verdict.IDENTICAL, 1, 1), "more": Measured(Verdict.NEW, new=1)}, True),
        ({"acc": Measured(Verdict.IDENTICAL, 1, 1), "loss": Measured(Verdict.NOISE, 1, 2)}, True),
        ({"acc": Measured(Verdict.IDENTICAL, 1, 1), "loss": Measured(Verdict.MISSING, 1)}, False),
        ({"acc": Measured(OTHER, 0.5, 0.6)}, False),
        # The mean of an evaluation lies within the interval that it had, or it does not.
        ({"qa/m": Measured(OTHER, 0.5, 0.59), "qa/m.se": Measured(OTHER, 0.05, 0.04)}, True),
        ({"qa/m": Measured(OTHER, 0.5, 0.6), "qa/m.se": Measured(OTHER, 0.05, 0.9)}, False),
        ({"qa/m": Measured(OTHER, 0.5, 0.51), "qa/m.se": Measured(Verdict.NEW, new=0.5)}, False),
        # Other examples are another evaluation.
        (
            {
                "qa/m": Measured(Verdict.IDENTICAL, 0.5, 0.5),
                "qa/m.se": Measured(Verdict.IDENTICAL, 0.1, 0.1),
                "qa/m.n": Measured(OTHER, 6, 7),
            },
            False,
        ),
        ({"x.se": Measured(OTHER, 1, 2)}, False),
        ({"m": Measured(OTHER, "a", "b"), "m.se": Measured(OTHER, 1, 2)}, False),
        ({"m": Measured(OTHER, 0.5, float("nan")), "m.se": Measured(OTHER, 1, 2)}, False),
    ],
)
def test_same(metrics: dict[str, Measured], is_same: bool) -> None:
    assert same(metrics) is is_same
