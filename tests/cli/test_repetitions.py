"""Which runs repeat others, for everything that goes by their noise: `gate`, `report`, `audit` and `why`."""

from __future__ import annotations

import json

import pytest

from gitexp.ops.alike import repeated, unlike
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository
from tests.cli.program import Program
from tests.cli.test_eval_diff import imported

TRAIN = """\
import json, sys
P = json.load(open("conf/params.json"))
json.dump({"acc": P["base"] + P["model"]["seed"] / 1000}, open("metrics.json", "w"))
"""
PARAMS = {"base": 0.8, "model": {"seed": 1, "width": 8}}


@pytest.fixture
def seeded(exp: Program) -> Program:
    """A project whose seed stands in its params file, in a folder."""
    files = {
        "train.py": TRAIN,
        "conf/params.json": json.dumps(PARAMS),
        ".gitexp.yaml": "params: [conf/params.json]\n",
        ".gitignore": "metrics.json\n",
    }
    exp.repo.commit("project", files)
    return exp


def train(exp: Program, slug: str, *settings: str) -> str:
    options = [word for one in settings for word in ("-S", one)]
    return exp("run", "--name", slug, *options, "--", "python", "train.py").name


def names(exp: Program, name: str) -> set[str]:
    """The runs that repeat it, by their slugs."""
    with Repository.open(exp.repo.path, exp.repo.environ) as repo:
        run = resolve(repo, name)
        found = {one.name for one in repeated(repo, run.whole, run.commit)}
        assert all(bool(unlike(run, resolve(repo, one))) is (one not in found) for one in names_of(exp))
    return {one.rpartition("-")[0] for one in found}


def names_of(exp: Program) -> list[str]:
    return [one["name"] for one in exp("ls", "--json").json["runs"]]


def test_seeds_that_were_set_in_a_params_file_make_repetitions(seeded: Program) -> None:
    exp = seeded
    old = [train(exp, f"old{seed}", f"model.seed={seed}") for seed in (1, 2, 3)]
    new = [train(exp, f"new{seed}", "base=0.7", f"model.seed={seed}") for seed in (1, 2, 3)]
    train(exp, "wide", "model.seed=2", "model.width=9")
    assert names(exp, old[0]) == {"old1", "old2", "old3"}
    assert names(exp, new[2]) == {"new1", "new2", "new3"}
    (check,) = exp("gate", new[0], "--baseline", old[0], "--format", "json").json["checks"]
    assert (check["basis"], check["n"], check["outcome"]) == ("repeated runs", 3, "fail")
    assert exp("gate", "--aa", old[0], old[1]).code == 0
    (told,) = exp("report", new[0], "--base", old[0], "--json").json["runs"]
    assert sorted(told["repeats"]) == sorted(new[1:])
    # A run of another seed is no run of the same: it is not taken for it.
    assert "fresh" in train(exp, "fresh", "model.seed=4")
    said = exp("run", "--reuse", "--name", "anew", "-S", "model.seed=5", "--", "python", "train.py")
    assert said.name.startswith("anew-")


def test_code_that_differs_in_more_than_seeds_is_other_code(seeded: Program) -> None:
    exp = seeded
    one = train(exp, "one", "model.seed=2")
    # What is named like a seed counts as one in params files alone.
    exp.repo.commit("data", {"conf/data.json": '{"seed": 2}'})
    train(exp, "data", "model.seed=3")
    exp.repo.git("revert", "--no-edit", "HEAD")
    exp.repo.write("train.py", TRAIN + "# other\n")
    train(exp, "code", "model.seed=3")
    exp.repo.write("train.py", TRAIN)
    # Written where it is no param: the same run with that seed told apart by nothing but the file.
    exp.repo.write("conf/params.json", json.dumps({**PARAMS, "base": 0.81}))
    train(exp, "base", "model.seed=3")
    assert names(exp, one) == {"one"}


def test_imports_of_unknown_code_repeat_nothing(exp: Program) -> None:
    found = []
    for text in ("id,score\nq1,1\nq2,0\n", "id,score\nq1,1\nq2,1\n"):
        path = exp.repo.path.parent / f"table{len(found)}.csv"
        path.write_text(text)
        found += imported(exp, str(path), "--suite", "qa", "--id", "id", "--score", "score")
    one, other = found
    assert names(exp, one) == set()
    assert "differ in nothing" not in exp("why", other).out
    assert exp("report", other, "--base", one, "--json").json["runs"][0]["repeats"] == []
    said = exp("gate", "--aa", one, other)
    assert (said.code, "they have code that is not known" in said.err) == (4, True)
