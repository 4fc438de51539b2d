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
    exp.repo.commit("more", {"params.yaml": "lr: 9\n"})
    exp.repo.git("branch", "base")
    compared = exp("diff", "base", "HEAD^", "--json")
    assert [side["kind"] for side in compared.json["runs"]] == ["commit", "run"]
    told = f"'base' is taken for the branch or tag, and not for run {runs['base']!r}"
    assert compared.err.splitlines()[0] == f"note: {told}"
    for words in ("show", "apply"):
        said = exp(words, "base")
        assert (said.code, said.err.splitlines()[-1]) == (1, f"hint: {runs['base']}")
    exp.repo.git("branch", "-f", "base", "HEAD^")
    # The run has the code of the branch.
    assert exp("show", "base", "--json").json["name"] == runs["base"]
    assert exp("diff", "base", "HEAD", "--json").json["runs"][0]["name"] == runs["base"]
    assert exp("show", runs["base"], "--json").json["name"] == runs["base"]
    said = exp("rm", "base")
    assert said.code == 1
    assert "'base' is a branch or tag, and the beginning of run" in said.err
    assert set(runs.values()) <= {run["name"] for run in exp("ls", "--json").json["runs"]}


def test_case_tells_a_branch_from_a_run(exp: Program, runs: dict[str, str]) -> None:
    exp.repo.commit("more", {"params.yaml": "lr: 9\n"})
    exp.repo.git("branch", "B")
    compared = exp("diff", "B", "basem", "--json").json
    assert [side["kind"] for side in compared["runs"]] == ["commit", "run"]


def test_a_run_is_found_by_what_its_name_was_made_of(exp: Program) -> None:
    name = exp.record("Größe-0.1")
    assert name.startswith("grosse-0-1-")
    for text in ("Größe-0.1", "größe-0", "grosse-0-1"):
        assert exp("show", text, "--json").json["name"] == name
    exp.repo.commit("more", {"params.yaml": "lr: 9\n"})
    exp.repo.git("tag", "grosse-0.1")
    said = exp("tag", "grosse-0.1", "+a")
    assert (said.code, said.err.splitlines()[-1]) == (1, f"hint: {name}")


def test_a_run_that_only_begins_like_a_branch_is_not_its_run(exp: Program) -> None:
    good, other = exp.record("good"), exp.record("fixture")
    exp.repo.git("branch", "fix")
    said = exp("show", "fix", "--json")
    assert said.json["name"] == other  # the newest of the code, and that is told
    assert good in said.err
    said = exp("why", "fix")
    assert "error: run 'fix' matches 2 runs\n" in said.err
