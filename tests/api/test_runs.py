"""Recorded runs out to Python: lists of runs, data frames, notebooks."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest

import gitexp
from gitexp.errors import NotARepository
from tests.gitrepo import Repo, init

LABELS = [
    *("name", "status", "started", "ended", "duration", "title", "group", "tags", "star", "note", "commit"),
    *("base", "tree", "dirty", "id", "exit_code", "signal", "command", "parents"),
]
HOSTILE = "<script>alert(1)</script>\x1b[31m & \"'"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """Runs one, two and three: of every type of value, with steps and without, resumed, failed."""
    repo = init(tmp_path_factory.mktemp("frames") / "repo", os.environ)
    repo.commit("first", {"a.txt": "a\n"})
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        _record()
        yield repo
    finally:
        os.chdir(before)


def _record() -> None:
    with gitexp.start(
        "one", params={"lr": 1, "opt": {"name": "sgd", "betas": [0.9, 1]}}, tags=["b", "a"]
    ) as one:
        one.log({"loss": 2.0, "acc": 0.5}, step=0)
        checkpoint = one.checkpoint()
        one.log({"loss": math.nan}, step=1)
    with gitexp.start(resume=checkpoint) as again:
        again.log({"loss": 1.0, "step": 7, "note": "well"}, step=0.5)
    two = gitexp.start("two", params={"lr": 0.5, "opt.name": "adam", "seed": 2**70, "none": None})
    two.log({"loss": -0.0, "ok": True, "nothing": None})
    two.finish(exit_code=3)
    with gitexp.start("three", params={"lr": None, "opt": {"name": HOSTILE}, "seed": 3}) as three:
        three.title(HOSTILE)
        three.log({"loss": math.inf, HOSTILE: 1})


@pytest.fixture
def runs(recorded: Repo) -> gitexp.Runs:
    return gitexp.runs(sort="started")


def test_a_list_of_runs(runs: gitexp.Runs, recorded: Repo) -> None:
    assert [run.name[:-7] for run in runs] == ["one", "two", "three"]
    assert isinstance(runs, list)
    assert isinstance(runs[:2], gitexp.Runs)
    assert [run.name for run in runs[1:]] == [runs[1].name, runs[2].name]
    assert gitexp.runs("is:failed", repository=recorded.path)[0].name == runs[1].name
    assert gitexp.runs(sort="-params.lr", limit=1)[0].name == runs[0].name


def test_a_run_says_what_it_is(runs: gitexp.Runs) -> None:
    one, two, three = runs
    assert (one.title, one.group, one.note, one.star) == (None, None, None, False)
    assert one.tags == ("b", "a") or one.tags == ("a", "b")
    assert one.started.tzinfo is not None
    assert one.ended is not None
    assert one.started <= one.ended
    assert three.title == HOSTILE
    assert two.status == "failed"


def test_a_row_for_each_run(runs: gitexp.Runs) -> None:
    frame = runs.to_pandas()
    names = list(frame)
    assert names[: len(LABELS)] == LABELS
    rest = names[len(LABELS) :]
    params = [name for name in rest if name.startswith("params.")]
    assert params == [f"params.{key}" for key in ("lr", "none", "opt.betas", "opt.name", "seed")]
    assert rest == [*params, *sorted(name for name in rest if name.startswith("metrics."))]
    assert list(frame["name"]) == [run.name for run in runs]
    assert list(frame["commit"]) == [run.commit for run in runs]
    assert list(frame["tags"]) == [["a", "b"], [], []]
    assert list(frame["exit_code"])[1] == 3
    assert frame["duration"].tolist() == [
        round((run.ended - run.started).total_seconds(), 3) for run in runs if run.ended
    ]


def test_values_keep_their_types(runs: gitexp.Runs) -> None:
    rows = runs.to_dicts()
    assert [row["params.lr"] for row in rows] == [1.0, 0.5, None]
    assert [row["params.seed"] for row in rows] == [None, str(2**70), "3"]
    assert [row["params.none"] for row in rows] == [None, None, None]
    assert [row["params.opt.name"] for row in rows] == ["sgd", "adam", HOSTILE]
    assert json.loads(rows[0]["params.opt.betas"]) == [0.9, 1]
    assert [repr(row["metrics.loss"]) for row in rows] == ["1.0", "-0.0", "inf"]
    assert [row["metrics.ok"] for row in rows] == [None, True, None]
    assert str(runs.to_pandas()["metrics.ok"].dtype) == "boolean"


def test_the_three_frames_are_the_same(runs: gitexp.Runs) -> None:
    for one in (runs, runs.history(), runs[0].history(), runs[0].series("loss")):
        rows = one.to_dicts()
        assert len(rows) >= 2
        assert _plain(one.to_polars().to_dicts()) == _plain(rows)
        assert _plain(one.to_arrow().to_pylist()) == _plain(rows)
        assert _plain(one.to_pandas().to_dict("records")) == _plain(rows)


def test_two_calls_make_equal_frames(runs: gitexp.Runs) -> None:
    pandas.testing.assert_frame_equal(
        runs.to_pandas(), gitexp.runs(sort="started").to_pandas(), check_exact=True
    )
    first, second = runs.history().to_polars(), gitexp.runs(sort="started").history().to_polars()
    assert first.equals(second)


def test_everything_that_was_logged_in_one_long_frame(runs: gitexp.Runs) -> None:
    frame = runs.history().to_polars()
    assert frame.columns == ["name", "step", "time", "metric", "value", "text", "abandoned"]
    one = frame.filter(polars.col("name") == runs[0].name)
    told = one.select("metric", "step", "value", "text", "abandoned").rows()
    assert [_told(row) for row in told] == [
        ("acc", 0.0, "0.5", None, False),
        ("loss", 0.0, "2.0", None, False),
        ("loss", 1.0, "nan", None, True),
        ("loss", 0.5, "1.0", None, False),
        ("note", 0.5, "None", "well", False),
        ("step", 0.5, "7.0", None, False),
    ]
    two = frame.filter(polars.col("name") == runs[1].name).select("metric", "value", "text").rows()
    assert [tuple(map(str, row)) for row in two] == [
        ("loss", "-0.0", "None"),
        ("nothing", "None", "None"),
        ("ok", "None", "true"),
    ]
    logged = sum(len(run.history().series(name)) for run in runs for name in run.history().columns)
    assert len(frame) == logged


def test_rows_without_a_step_are_in_it(recorded: Repo) -> None:
    history = gitexp.History(
        [None, 1], [0.0, 1.0], {"loss": [1.0, 2.0], "metrics.step": [1, 1], "step": [2, 2]}
    )
    frame = history.to_pandas()
    assert list(frame) == ["step", "time", "loss", "metrics.metrics.step", "metrics.step"]
    assert frame["step"].isna().tolist() == [True, False]
    assert frame["metrics.metrics.step"].tolist() == [2, 2]


def test_a_series_as_a_frame(runs: gitexp.Runs) -> None:
    series = runs[0].series("loss")
    assert (list(series.steps), list(series.values)) == ([0, 0.5], [2.0, 1.0])
    frame = series.to_pandas()
    assert list(frame) == ["step", "time", "loss"]
    assert frame["loss"].tolist() == [2.0, 1.0]
    np.testing.assert_array_equal(frame["step"].to_numpy(float), [0, 0.5])


def test_params_that_differ_only_in_where_the_dots_are(recorded: Repo) -> None:
    with gitexp.start("dots", params={"a": {"b": 1}, "a.b": 2, "c.d": {"": 3}}) as run:
        pass
    try:
        row = gitexp.runs(limit=1).to_dicts()[0]
        found = {name: value for name, value in row.items() if name.startswith("params.")}
        assert found == {"params.a.b": 1, "params.a\\.b": 2, "params.c.d.": 3}
    finally:
        recorded.git("update-ref", "-d", f"refs/exp/{run.name}")


def test_no_run_has_the_labels_all_the_same(repo: Repo) -> None:
    none = gitexp.runs(repository=repo.path)
    assert none == []
    assert list(none.to_pandas()) == LABELS
    assert none.to_arrow().column_names == none.to_polars().columns == LABELS
    assert len(none.history().to_polars()) == 0
    assert none._repr_html_() == "<p>no run</p>"
    assert repr(none) == "<gitexp runs: 0>"


def test_a_run_that_goes_on_has_no_end(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    with gitexp.start() as run:
        run.log({"a": 1})
        row = gitexp.runs().to_dicts()[0]
        assert (row["status"], row["ended"], row["duration"], row["metrics.a"]) == ("running", None, None, 1)
        assert gitexp.runs().history().to_dicts()[0]["value"] == 1.0


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[Any] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_notebooks_show_tables_in_which_everything_is_escaped(runs: gitexp.Runs) -> None:
    for shown in (runs, runs[2]):
        html = shown._repr_html_()
        parser = _Tags()
        parser.feed(html)
        assert parser.tags <= {"table", "thead", "tbody", "tr", "th", "td"}
        assert parser.attributes == []
        assert "<script>alert(1)</script>" in parser.text
        assert runs[2].name in parser.text
        assert "\x1b" not in html


def test_in_a_terminal_a_list_tells_of_each_run(runs: gitexp.Runs) -> None:
    lines = repr(runs).splitlines()
    assert lines[0] == "<gitexp runs: 3>"
    assert [line.split()[:2] for line in lines[1:]] == [[run.name, run.status] for run in runs]
    assert "loss -0" in lines[2]
    assert "\x1b" not in repr(runs)


def test_long_lists_are_cut_where_they_are_shown(runs: gitexp.Runs) -> None:
    many = gitexp.Runs(list(runs) * 40)
    assert repr(many).endswith("\n  and 70 more")
    assert many._repr_html_().endswith("<p>and 70 more</p>")
    assert many._repr_html_().count("<tr>") == 51
    assert len(many.to_pandas()) == 120


def test_no_data_frame_package_is_imported_before_it_is_asked_for(recorded: Repo) -> None:
    code = (
        "import sys, gitexp; gitexp.runs().to_dicts(); repr(gitexp.runs()); gitexp.runs()._repr_html_()\n"
        "print([one for one in ('numpy', 'pandas', 'polars', 'pyarrow') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(NotARepository):
        gitexp.runs(repository=tmp_path)


def _told(row: tuple[Any, ...]) -> tuple[Any, ...]:
    metric, step, value, text, abandoned = row
    return metric, step, str(value), text, abandoned


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{name: _cell(cell) for name, cell in row.items()} for row in rows]


def _cell(cell: Any) -> str:
    if cell is None or cell is pandas.NA or cell is pandas.NaT:
        return "missing"
    if hasattr(cell, "to_pydatetime"):
        cell = cell.to_pydatetime()
    return cell.isoformat() if hasattr(cell, "isoformat") else repr(cell)


def test_how_complete_a_run_is(recorded: Repo) -> None:
    found = gitexp.get_run("one", repository=recorded.path).audit()
    assert (str(found.level), int(found.level)) == ("E0", 0)
    assert 0 < found.score < 1
    missing = next(gap for gap in found.gaps if gap.field == "dataset")
    assert missing.mend.startswith("git exp run --use dataset=PATH -- ")
