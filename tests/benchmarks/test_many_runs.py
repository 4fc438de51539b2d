"""The runs that benchmarks are made with are runs as gitexp writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks._many_runs import SWEEP, Shape, add_runs, record_of, repository_of_runs, run_name
from gitexp.api.stored import get_run
from gitexp.ops.read import list_all
from gitexp.repo import Repository
from tests.gitrepo import Repo

RUNS = 2 * SWEEP + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository_of_runs(tmp_path_factory.mktemp("many") / "repo", RUNS)


def test_git_and_gitexp_find_nothing_wrong(folder: Path, environ: dict[str, str]) -> None:
    Repo(folder, environ).fsck()
    with Repository.open(folder) as repo:
        found = list_all(repo)
    assert not found.broken
    assert {run.name for run in found.runs} == {run_name(number) for number in range(RUNS)}


@pytest.mark.parametrize("number", [0, SWEEP, RUNS - 1])
def test_a_run_holds_what_its_number_says(folder: Path, number: int) -> None:
    record, rows = record_of(number)
    run = get_run(run_name(number), repository=folder)
    assert run.info == record.info
    assert run.params == record.params
    assert run.metrics == record.metrics
    assert run.inputs == record.inputs
    assert run.env == record.env
    assert list(run.series("acc").values) == [row.values["acc"] for row in rows]


@pytest.mark.parametrize("number", [0, SWEEP, RUNS - 1])
def test_the_code_is_what_the_record_says(folder: Path, environ: dict[str, str], number: int) -> None:
    git = Repo(folder, environ).git
    code = record_of(number)[0].info.code
    ref = f"refs/exp/{run_name(number)}"
    index = {"GIT_INDEX_FILE": str(folder / ".git" / "other-index")}
    git("read-tree", ref, **index)
    git("rm", "-rq", "--cached", ".exp", **index)
    assert git("write-tree", **index) == code.tree
    assert git("rev-parse", f"{ref}^") == git("rev-parse", "main") == code.base
    assert (git("rev-parse", "main^{tree}") != code.tree) == code.dirty


def test_runs_can_be_added_and_have_any_shape(tmp_path: Path) -> None:
    folder = repository_of_runs(tmp_path / "repo", 1)
    (name,) = add_runs(folder, 1, 1, Shape(steps=0, more=3))
    run = get_run(name, repository=folder)
    assert len(run.params["more"]) == 3
    assert len(run.history()) == 0
    assert get_run(run_name(0), repository=folder).name != name
