"""What the benchmarks say of what they measured."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import _report
from benchmarks._measure import Comparison, in_turns


def comparison(name: str, seconds: float, runs: int, budget: float | None = 2) -> Comparison:
    return Comparison(
        name, "git", ((seconds, 1.0), (seconds * 2, 1.0), (seconds * 3, 1.0)), budget, runs=runs
    )


def test_rounds_are_prepared_and_the_first_does_not_count() -> None:
    calls: list[str] = []
    pairs = in_turns(
        lambda: calls.append("one"), lambda: calls.append("other"), 2, lambda: calls.append("prepare")
    )
    assert calls == ["prepare", "one", "other"] * 3
    assert len(pairs) == 2


def test_the_table_has_the_median_of_the_ratios_and_says_whether_it_is_good() -> None:
    told = [comparison("good", 0.5, 10), comparison("bad", 1.5, 10), comparison("free", 1.5, 10, None)]
    head, good, bad, free = _report.table(told).splitlines()
    assert head.split()[0] == "what"
    assert good.split()[-5:] == ["0.5", "to", "1.5", "2", "met"]
    assert bad.split()[-6:] == ["3", "1.5", "to", "4.5", "2", "MISSED"]
    assert free.split()[-3:] == ["1.5", "to", "4.5"]


def test_growth_is_the_exponent_between_the_two_greatest_numbers() -> None:
    told = [
        *(
            comparison("index of all runs", seconds, runs)
            for seconds, runs in ((9, 10), (1, 100), (10, 1000))
        ),
        *(comparison("show", seconds, runs) for seconds, runs in ((1, 10), (1, 100), (10, 1000))),
        comparison("once", 1, 10),
    ]
    _, index, show = _report.growth(told).splitlines()
    assert index.split()[-3:] == ["1.00", "1.1", "met"]
    assert show.split()[-3:] == ["1.00", "0.2", "MISSED"]
    assert _report.growth([comparison("show", 1, 10)]) == ""


def test_the_json_has_every_sample(tmp_path: Path) -> None:
    _report.write_json(tmp_path / "file", [comparison("one", 1, 10)], ["dvc==1"])
    value = json.loads((tmp_path / "file").read_text())
    (one,) = value["comparisons"]
    assert (one["ours"], one["theirs"], one["ratio"], one["met"]) == ([1, 2, 3], [1, 1, 1], 2, True)
    assert value["machine"]["peers"] == ["dvc==1"]
