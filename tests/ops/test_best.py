"""The best run: by which metric, which way, and what is said of it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gitexp
from gitexp.errors import GitExpError, NotFound, UnknownKey, UsageError
from gitexp.ops.best import BestRun, best
from gitexp.ops.goals import goal_of
from gitexp.ops.read import list_all
from gitexp.ops.resolve import metric_in, resolve
from gitexp.repo import Repository
from tests.gitrepo import Repo, init

RUNS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("a", {"acc": 0.9, "loss": 0.5, "odd": 1, "text": "x", "big": 10**400, "flat": 1, "x y": 1}),
    ("b", {"acc": 0.9, "loss": 0.25, "odd": 2, "text": "y", "big": 0.5, "flat": 1, "x y": 2}),
    ("c", {"acc": math.nan, "loss": -math.inf, "odd": math.inf, "acc1": 0.5, "flat": True}),
    ("d", {"loss": math.nan, "odd": None}),
)
"""Finished; and of an own metric `best.acc` none has any."""

Best = Callable[..., BestRun]


def record(name: str, metrics: Mapping[str, Any], code: int | None = None) -> None:
    run = gitexp.start(name)
    run.log(metrics, step=0)
    run.finish(exit_code=code)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = init(tmp_path_factory.mktemp("best") / "repo", os.environ)
    repo.commit("first", {"a.txt": "a\n"})
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        for name, metrics in RUNS:
            record(name, metrics)
        record("failed", {"acc": 1.0, "loss": -1.0}, code=1)
        with gitexp.start("peak") as run:
            for step, odd in enumerate((5, 9, 0)):
                run.log({"odd": odd, "acc": 0.1 * step}, step=step)
    finally:
        os.chdir(before)
    return repo


@pytest.fixture
def find(recorded: Repo) -> Best:
    """The best run of `recorded`, where `.gitexp.yaml` has these goals."""

    def found(metric: str | None = None, **goals: str) -> BestRun:
        text = "".join(f"  {name}: {goal}\n" for name, goal in goals.items())
        recorded.write(".gitexp.yaml", f"goals:\n{text}" if goals else "")
        with Repository.open(recorded.path, os.environ) as repo:
            return best(repo, list_all(repo).runs, metric)

    return found


@pytest.mark.parametrize(
    ("metric", "goals", "winner", "goal"),
    [
        ("acc", {}, "b", "max"),
        ("metrics.acc", {}, "b", "max"),
        ("acc.max", {}, "b", "max"),
        ("acc", {"acc": "min"}, "peak", "min"),
        ("loss", {}, "b", "min"),
        ("loss", {"loss": "max"}, "a", "max"),
        ("odd", {"odd": "max"}, "b", "max"),
        ("odd.max", {"odd": "max"}, "peak", "max"),
        ("odd.best", {"odd": "max"}, "peak", "max"),
        ("odd.min", {"odd": "min"}, "peak", "min"),
        ("odd.step", {"odd.step": "max"}, "peak", "max"),
        ("big", {"big": "max"}, "a", "max"),
        ("flat", {"flat": "max"}, "b", "max"),
        ("x y", {"x y": "min"}, "a", "min"),
        (None, {}, "b", "max"),
        (None, {"odd": "min"}, "peak", "min"),
        (None, {"missing": "max", "loss": "max", "acc": "max"}, "a", "max"),
    ],
)
def test_which_run_is_best(
    find: Best, metric: str | None, goals: dict[str, str], winner: str, goal: str
) -> None:
    found = find(metric, **goals)
    assert (found.run.name.rpartition("-")[0], found.goal) == (winner, goal)


def test_it_says_by_what(find: Best) -> None:
    guessed = find()
    assert (guessed.metric, guessed.value) == ("acc", 0.9)
    assert guessed.how == (
        f"best by acc, which way is better is guessed from the name: {guessed.run.name} has the greatest, 0.9"
    )
    said = find("odd.min", odd="min")
    assert said.how == f"best by odd.min, as .gitexp.yaml says: {said.run.name} has the least, 0"
    assert "10000" in find("big", big="max").how


@pytest.mark.parametrize(
    ("metric", "error", "message", "hint"),
    [
        ("acx", UnknownKey, "no finished run has a number as metric 'acx'", "did you mean 'best:acc'?"),
        ("text", UnknownKey, "no finished run has a number as metric 'text'", None),
        ("odd", UsageError, "which way metric 'odd' is better is not known", "goals: {odd: max}"),
        ("odd.step", UsageError, "which way metric 'odd.step' is better is not known", ".gitexp.yaml"),
        ("acc.step", UsageError, "which way metric 'acc.step' is better is not known", ".gitexp.yaml"),
        ("x y", UsageError, "which way metric 'x y' is better is not known", 'goals: {"x y": max}'),
    ],
)
def test_what_cannot_be_told(
    find: Best, metric: str, error: type[GitExpError], message: str, hint: str | None
) -> None:
    with pytest.raises(error) as caught:
        find(metric)
    assert caught.value.message == message
    assert hint is None or hint in (caught.value.hint or "")


def test_without_a_goal_the_metric_is_asked_for(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    with Repository.open(repo.path, os.environ) as opened:
        with pytest.raises(NotFound, match="none has finished"):
            best(opened, list_all(opened).runs)
        record("none", {})
        with pytest.raises(NotFound, match="no finished run has a number"):
            best(opened, list_all(opened).runs)
        record("odd", {"odd": 1})
        with pytest.raises(UsageError) as caught:
            best(opened, list_all(opened).runs)
        assert caught.value.hint == "write into .gitexp.yaml: goals: {odd: max}"
        # Rare beside the loss, accuracy does not lead.
        for number in range(3):
            record("usual", {"val/loss": number})
        record("rare", {"acc": 1, "val/loss": 9})
        found = best(opened, list_all(opened).runs)
        assert (found.metric, found.value) == ("val/loss", 0)
        record("rare", {"acc": 2})
        assert best(opened, list_all(opened).runs).metric == "acc"


@pytest.mark.parametrize(
    ("text", "metric"),
    [("best", ""), ("best:acc", "acc"), ("best:a:b", "a:b"), ("best:", None), ("bester", None), ("@", None)],
)
def test_how_it_is_written(text: str, metric: str | None) -> None:
    assert metric_in(text) == metric


@pytest.mark.parametrize(
    ("metric", "goal"),
    [
        ("acc1", "max"),
        ("eval/top5_accuracy", "max"),
        ("valLoss", "min"),
        ("rougeL", "max"),
        ("neg_mean_squared_error", None),
        ("classloss", None),
        ("loss_reward", None),
        ("", None),
    ],
)
def test_names_that_tell_which_way(metric: str, goal: str | None) -> None:
    assert goal_of(metric, {}) == goal


@given(st.text(), st.dictionaries(st.text(), st.sampled_from(["min", "max"])))
def test_a_goal_that_was_written_wins(metric: str, goals: dict[str, str]) -> None:
    assert goal_of(metric, {**goals, metric: "min"}) == "min"
    assert goal_of(metric, goals) in ("min", "max", None)


def test_best_is_a_name_wherever_a_run_is_named_and_says_why(recorded: Repo) -> None:
    recorded.write(".gitexp.yaml", "goals:\n  odd: min\n")
    with Repository.open(recorded.path, os.environ) as repo:
        told: list[str] = []
        repo.remark = told.append
        assert resolve(repo, "best:acc").name.startswith("b-")
        assert resolve(repo, "best:odd.max").name == best(repo, list_all(repo).runs, "odd.max").run.name
        assert resolve(repo, "best").name == best(repo, list_all(repo).runs).run.name
    assert len(told) == 3
    assert all(sentence.startswith("best by ") for sentence in told)
    assert "guessed" in told[0]
    assert "as .gitexp.yaml says" in told[2]
