"""Inputs that people speak of: behind `--use`, and in `.gitexp.yaml`."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import pytest

import gitexp
from tests.cli.program import Program


def inputs(exp: Program) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = exp("show", "--json", "@").json["inputs"]
    return found


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_what_is_said_on_the_command_line(exp: Program) -> None:
    exp.repo.write("data/train set.csv", "1\n")
    said = exp(
        *("run", "--use", "dataset=data/train set.csv", "--use", "model=org/name", "--use", "retriever=none"),
        *("--use", "settings={temperature: 0.7}", "--use", "seeds=7", "--", "true"),
    )
    assert said.code == 0
    told = {"how": "declared"}
    assert inputs(exp) == {
        "dataset": [
            {
                "name": "train set.csv",
                "path": "data/train set.csv",
                "oid": sha256(b"1\n"),
                "size": 2,
                **told,
            }
        ],
        "model": [{"name": "org/name", "value": "org/name", **told}],
        "retriever": [{"name": "none", "none": True, **told}],
        "settings": [{"name": "settings", "value": {"temperature": 0.7}, **told}],
        "seeds": [{"name": "7", "value": 7, **told}],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dataset", "error: 'dataset' is not ROLE=WHAT\nhint: --use dataset=data/train.csv\n"),
        ("=x", "error: '=x' is not ROLE=WHAT\nhint: --use dataset=data/train.csv\n"),
        (
            "grader=PATH",
            "error: PATH of grader stands for something that you know: put that in its place\n"
            "hint: or say that there is none: grader=none\n",
        ),
        (
            "model={name: ",
            "error: '{name: ' of model is no YAML: line 1, column 7: expected the node content, but found "
            "'<stream end>'\n"
            "hint: close it, as in model='{name: x}', or put a text in quotes: model='\"…\"'\n",
        ),
        ("prompt=./gone.txt", "error: no input './gone.txt'\nhint: check the path, or leave --use out\n"),
    ],
)
def test_what_cannot_be_an_input(exp: Program, text: str, said: str) -> None:
    found = exp("run", "--use", text, "--", "true")
    assert (found.code != 0, found.err) == (True, said)
    assert exp("ls", "--json").json["runs"] == []


def test_a_role_that_is_misspelt_is_told(exp: Program) -> None:
    exp.repo.write(".gitexp.yaml", "inputs: {retriver: none}\n")
    said = exp("run", "--use", "datset=a", "--use", "x-datset=b", "--use", "judge=c", "--", "true")
    assert [line for line in said.err.splitlines() if line.startswith("warning: ")] == [
        "warning: 'retriver' is no role that gitexp asks for: did you mean 'retriever'?",
        "warning: 'datset' is no role that gitexp asks for: did you mean 'dataset'?",
    ]


def test_a_file_that_is_not_there_is_told(exp: Program) -> None:
    said = exp("run", "--use", "dataset=data/trian.csv", "--", "true")
    assert "warning: 'data/trian.csv' is no file here: the dataset is known by its name alone\n" in said.err
    assert inputs(exp)["dataset"][0]["value"] == "data/trian.csv"
    exp.repo.write(".gitexp.yaml", "inputs: {grader: grade.py, model: '{name: '}\n")
    said = exp("save")
    assert "warning: 'grade.py' is no file here: the grader is known by its name alone\n" in said.err
    assert (
        "input model '{name: ' of .gitexp.yaml is not recorded: '{name: ' of model is no YAML: li" in said.err
    )
    assert inputs(exp).keys() == {"grader"}
    with gitexp.start() as run:
        with pytest.warns(gitexp.GitExpWarning, match="^'no/such.csv' is no file here: the dataset is known"):
            run.use("dataset", "no/such.csv")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run.use("dataset", "org/name", revision="0e9e39f")
            run.use("prompt", "Answer yes/no.")


SETTINGS = """\
inputs:
  dataset: [data.csv, gone.csv]
  prompt: {path: qa.txt, name: qa}
  model: {name: org/m, revision: 1234567}
  grader: exact
  settings: {temperature: 0.0}
  retriever: none
"""


def test_what_the_project_says(exp: Program) -> None:
    for path, text in (("data.csv", "1\n"), ("qa.txt", "Answer."), (".gitexp.yaml", SETTINGS)):
        exp.repo.write(path, text)
    said = exp("run", "--use", "grader=fuzzy", "--", "true")
    assert "input dataset 'gone.csv' of .gitexp.yaml is not recorded: it is missing" in said.err
    found = inputs(exp)
    assert [one["path"] for one in found["dataset"]] == ["data.csv"]
    assert (found["prompt"][0]["name"], found["prompt"][0]["oid"]) == ("qa", sha256(b"Answer."))
    assert found["model"][0]["value"] == {"name": "org/m", "revision": "1234567"}
    assert [one["name"] for one in found["grader"]] == ["fuzzy"]
    assert found["settings"][0]["value"] == {"temperature": 0.0}
    assert found["retriever"][0]["none"] is True


def test_the_api_and_save_take_them_as_well(exp: Program) -> None:
    exp.repo.write(".gitexp.yaml", "inputs: {retriever: none, model: gpt-x}\n")
    exp.record("api", "import gitexp\ngitexp.start(join=False).use('retriever', 'bm25')\n")
    found = inputs(exp)
    assert ([one["name"] for one in found["retriever"]], found["model"][0]["value"]) == (["bm25"], "gpt-x")
    assert exp("save", "--use", "dataset=squad").code == 0
    assert inputs(exp).keys() == {"dataset", "model", "retriever"}


def test_a_comment_makes_no_other_grader(exp: Program) -> None:
    found = []
    for text in ("def grade(a):\n    return a == 1\n", "# said\ndef grade(a):\n    return a == 1\n"):
        exp.repo.write("grade.py", text)
        exp("run", "--use", "grader=grade.py", "--", "true")
        (one,) = inputs(exp)["grader"]
        found.append((one["oid"], one["value"]["ast"]))
    assert (found[0][0] != found[1][0], found[0][1] == found[1][1]) == (True, True)


def test_reuse_needs_the_inputs_that_are_said_now(exp: Program) -> None:
    run = ("run", "--reuse", "--use", "model=a", "--", "true")
    assert "reused" not in exp(*run).err
    assert "reused" in exp(*run).err
    assert "reused" not in exp("run", "--reuse", "--use", "model=b", "--", "true").err
