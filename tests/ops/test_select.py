"""Queries asked of real runs, from Python and from the command line."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

import gitexp
from gitexp.cli.boundary import run as program
from gitexp.errors import QueryError, UsageError
from gitexp.ops.goals import goal_of
from tests.gitrepo import Repo, init

Names = Callable[..., list[str]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Runs one, two and three; the third one diverged and failed."""
    import os

    repo = init(tmp_path_factory.mktemp("queries") / "repo", os.environ)
    repo.commit("first", {"a.txt": "a\n", ".gitexp.yaml": "goals: {odd: min}\n"})
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        for name, lr in (("one", 0.1), ("two", 0.01), ("three", math.nan)):
            params = {"lr": lr, "model": {"depth": len(name)}, "my key/x": "v"}
            run = gitexp.start(name, params=params, tags=[f"t-{name}"])
            for step in range(3):
                run.log({"acc": lr * (2 - step), "odd": float(step)}, step=step)
            run.use("dataset", f"data-{name}", name="train")
            run.finish(exit_code=1 if name == "three" else None)
    finally:
        os.chdir(before)
    return repo


@pytest.fixture
def names(recorded: Repo, monkeypatch: pytest.MonkeyPatch) -> Names:
    monkeypatch.chdir(recorded.path)
    return lambda *query, **more: [run.name.partition("-")[0] for run in gitexp.runs(*query, **more)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["three", "two", "one"]),
        ("lr < .05", ["two"]),
        ("not lr < .05", ["three", "one"]),
        ("lr = nan", ["three"]),
        ("tag:t-one or is:failed", ["three", "one"]),
        ("acc = 0 and acc.max >= .2 and acc.best >= .2", ["one"]),
        ("odd.best = 0 and odd.last = 2 and odd.step = 2 and odd.mean = 1", ["three", "two", "one"]),
        ('params."my key/x" = v and model.depth > 3', ["three"]),
        ("inputs.dataset = data-two and inputs.dataset.name = train", ["two"]),
        ("env.interpreter.implementation:cpython started > 1h age < 1h", ["three", "two", "one"]),
        ("has:title or has:params.model.depth", ["three", "two", "one"]),
        ("name ~ '^t(wo|hree)-' and exit_code != 1", []),
        ("not has:group and not title = x and duration < 1h", ["three", "two", "one"]),
    ],
)
def test_what_is_found(names: Names, query: str, found: list[str]) -> None:
    assert names(query) == found


def test_order_and_limit(names: Names) -> None:
    assert names(sort="lr") == ["two", "one", "three"]
    assert names(sort="-lr") == ["one", "two", "three"]
    assert names("lr > 0", sort="-acc.max,name", limit=1) == ["one"]
    assert names(limit=0) == []
    with pytest.raises(UsageError):
        names(limit=-1)


def test_unknown_keys(names: Names) -> None:
    for call in ({"query": "params.lrr < 1"}, {"sort": "-lrr"}):
        with pytest.raises(QueryError) as caught:
            gitexp.runs(**call)
        assert caught.value.hint == "did you mean 'params.lr'?"


def test_the_command_line(names: Names, capfd: pytest.CaptureFixture[str]) -> None:
    assert program(["ls", "lr", ">", "0", "--sort", "-acc.max", "-n", "1"]) == 0
    assert "one-" in (out := capfd.readouterr().out)
    assert "two-" not in out
    assert program(["ls", "lr < 0"]) == 0
    assert capfd.readouterr().err == "note: no run matches\n"
    assert program(["ls", "lr > 0 and lrr < 1"]) == 2
    assert capfd.readouterr().err == (
        "error: unknown key 'lrr' at column 12\n"
        "  lr > 0 and lrr < 1\n"
        "             ^^^\n"
        "hint: did you mean 'params.lr'?\n"
    )


def test_in_an_empty_repository_only_the_grammar_is_checked(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.path)
    assert gitexp.runs("anything = 1") == []
    with pytest.raises(QueryError):
        gitexp.runs("anything =")


@pytest.mark.parametrize(
    ("metric", "goal"),
    [("val/loss", "min"), ("top1_accuracy", "max"), ("odd", "max"), ("other", None), ("acc_loss", None)],
)
def test_goals(metric: str, goal: str | None) -> None:
    assert goal_of(metric, {"odd": "max"}) == goal
