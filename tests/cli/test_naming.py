"""What a word means that could be several things."""

from __future__ import annotations

import pytest

from tests.cli.program import Program


@pytest.fixture
def runs(exp: Program) -> dict[str, str]:
    return {slug: exp.record(slug) for slug in ("base", "base-repro", "basement")}


def test_the_run_called_so_before_those_that_begin_so(exp: Program, runs: dict[str, str]) -> None:
    assert exp("show", "base", "--json").json["name"] == runs["base"]
    assert exp("tag", "base", "+a").code == 0
    assert exp("show", runs["base"], "--json").json["tags"] == ["a"]
    said = exp("show", "bas")
    assert (said.code, said.err.splitlines()[0]) == (1, "error: run 'bas' matches 3 runs")
    assert exp("show", "basem", "--json").json["name"] == runs["basement"]


def test_two_that_are_called_so(exp: Program, runs: dict[str, str]) -> None:
    exp.record("base")
    assert "matches 4 runs" in exp("show", "base").err


def test_a_branch_of_just_that_name_before_the_beginning_of_a_run(exp: Program, runs: dict[str, str]) -> None:
    exp.repo.git("branch", "base")
    exp.repo.commit("more", {"params.yaml": "lr: 9\n"})
    compared = exp("diff", "base", "HEAD", "--json").json
    assert [side["kind"] for side in compared["runs"]] == ["commit", "commit"]
    assert exp("show", runs["base"], "--json").json["name"] == runs["base"]
    said = exp("rm", "base")
    assert said.code == 1
    assert "'base' is a branch or tag, and the beginning of run" in said.err
    assert set(runs.values()) <= {run["name"] for run in exp("ls", "--json").json["runs"]}


def test_case_tells_a_branch_from_a_run(exp: Program, runs: dict[str, str]) -> None:
    exp.repo.git("branch", "B")
    compared = exp("diff", "B", "basem", "--json").json
    assert [side["kind"] for side in compared["runs"]] == ["commit", "run"]
