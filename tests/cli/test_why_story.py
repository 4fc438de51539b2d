"""The story of five changes: prompt, model setting, dataset row, grader code, seed.

A small project evaluates a made-up model. `git exp why` names each change alone, and all of them together.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gitexp
from tests.cli.program import Program, normal
from tests.cli.test_transcripts import GOLDEN, WRITE
from tests.gitrepo import Repo, init

PROMPT = "You answer questions.\nAnswer {}.\n"
GRADER = "def grade(said, target):\n    return {}\n"
ROWS = [{"id": f"q{n:02}", "question": f"{n} times {n}?", "answer": str(n * n)} for n in range(40)]
SETTINGS = "temperature: {}\nseed: {}\n"
FILES = {
    "evaluate.py": "# What evaluates stands in this test.\n",
    "prompts/qa.txt": PROMPT.format("briefly"),
    "data/qa.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "graders.py": GRADER.format("said == target"),
    "params.yaml": SETTINGS.format(0.0, 1),
}
PROMPTED = {"prompts/qa.txt": PROMPT.format("with the fact only")}
WARMER = {"params.yaml": SETTINGS.format(0.7, 1)}
RELABELLED = {"data/qa.jsonl": FILES["data/qa.jsonl"].replace('"answer": "9"', '"answer": "10"')}
LENIENT = {"graders.py": GRADER.format("target in said")}
SEEDED = {"params.yaml": SETTINGS.format(0.0, 2)}
ALL = {**PROMPTED, **RELABELLED, **LENIENT, "params.yaml": SETTINGS.format(0.7, 2)}


def evaluate(repo: Repo, slug: str, files: dict[str, str]) -> None:
    """The run of the project with other `files`, which are put back afterwards."""
    for path, text in {**FILES, **files}.items():
        repo.write(path, text)
    told = dict(re.findall(r"(\w+): (\S+)", (repo.path / "params.yaml").read_text()))
    params = {"temperature": float(told["temperature"]), "seed": int(told["seed"])}
    scope: dict[str, Any] = {}
    exec((repo.path / "graders.py").read_text(), scope)  # noqa: S102 (it is the text above)
    with gitexp.start(slug, params=params) as run:
        run.use("model", "toy/model", revision="v1")
        run.use("prompt", "prompts/qa.txt")
        run.use("dataset", "data/qa.jsonl")
        run.use("grader", "graders.py")
        run.use("retriever", None)
        run.use("settings", {"temperature": params["temperature"], "max_tokens": 16})
        ev = run.eval("qa", metrics={"match": "binary"})
        chance = random.Random(f"{params}")
        facts = "fact" in (repo.path / "prompts/qa.txt").read_text()
        for row in map(json.loads, (repo.path / "data/qa.jsonl").read_text().splitlines()):
            right = chance.random() > (0.1 if facts else 0.3) + params["temperature"] / 4
            said = str(int(row["id"][1:]) ** 2) if right else "no idea"
            score = scope["grade"](said, row["answer"])
            ev.add(id=row["id"], input=row["question"], target=row["answer"], scores={"match": score})
    for path, text in FILES.items():
        repo.write(path, text)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """The base, each change alone, and all at once."""
    repo = init(tmp_path_factory.mktemp("why") / "repo", dict(os.environ))
    repo.commit("the project", FILES)
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        for slug, files in (
            ("base", {}),
            ("prompted", PROMPTED),
            ("warmer", WARMER),
            ("relabelled", RELABELLED),
            ("lenient", LENIENT),
            ("seeded", SEEDED),
            ("all", ALL),
        ):
            evaluate(repo, slug, files)
        yield repo
    finally:
        os.chdir(before)


@pytest.fixture
def exp(told: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Program:
    monkeypatch.chdir(told.path)
    return Program(told, capfd)


@pytest.mark.parametrize(
    ("name", "arguments"), [("why", ["prompted"]), ("why-together", ["all", "--vs", "base"])]
)
def test_transcript(exp: Program, name: str, arguments: list[str]) -> None:
    text = normal(exp("why", *arguments).out)
    text = re.sub(r"cpython [\d.]+, \d+ packages", "<environment>", text)
    text = re.sub(r"completeness E\d \(.*:", "completeness <found>:", text)
    # Columns are as wide as what the machine has.
    text = re.sub(r"(?<=\S) {2,}", "  ", text)
    # How the tests were called, which is the command of their runs.
    text = re.sub(r"( --use \S+)+ -- .*", " <inputs> -- <command>", text)
    path = GOLDEN / f"{name}.txt"
    if WRITE:
        path.write_text(text)
    assert text == path.read_text()


def changes(page: str) -> list[str]:
    """What a page says of what changed, without the blanks before."""
    body = page.partition("\nChanged\n")[2].partition("\n\n")[0]
    return [
        line.strip() for line in body.splitlines() if "all of it:" not in line and "the same:" not in line
    ]


CHANGED = {
    "prompted": ["prompt", "-Answer briefly.", "+Answer with the fact only."],
    "warmer": ["settings", "temperature  0.0 -> 0.7"],
    "relabelled": ["dataset", "1 relabelled: q03", "39 the same"],
    "lenient": ["grader", "-    return said == target", "+    return target in said"],
    "seeded": ["seeds", "params.seed  1 -> 2", "nothing but seeds differs: such a difference is chance"],
}


@pytest.mark.parametrize("name", CHANGED)
def test_each_change_is_named_alone(exp: Program, name: str) -> None:
    said = exp("why", name, "--vs", "base")
    assert (said.code, said.err) == (0, "")
    assert changes(said.out) == CHANGED[name]
    assert "changed together" not in said.out
    assert "To tell the causes apart" not in said.out
    whole = exp("why", name, "--vs", "base", "--json").json
    found = whole["against"]
    assert [one["role"] for one in found["causes"]] == [CHANGED[name][0]]
    assert (found["together"], whole["separate"]) == (False, None)
    assert set(found["same"]) | {CHANGED[name][0]} >= {
        *("model", "prompt", "dataset", "grader", "retriever", "settings", "code", "packages", "seeds"),
    }


def test_all_changes_are_named_together_and_cannot_be_told_apart(exp: Program) -> None:
    page = exp("why", "all", "--vs", "base").out
    told = changes(page)
    assert told.pop() == "5 inputs changed together: the effect cannot be assigned to one"
    order = ("prompted", "relabelled", "lenient", "warmer", "seeded")
    assert told == [line for name in order for line in CHANGED[name] if "chance" not in line]


@pytest.mark.parametrize(("name", "role"), [("relabelled", "dataset"), ("lenient", "grader")])
def test_other_data_and_another_grader_are_told_before_the_difference(
    exp: Program, name: str, role: str
) -> None:
    lines = exp("why", name, "--vs", "base").out.partition("\nCompared with ")[2].splitlines()
    assert lines[1] == f"  not comparable: another {role}"
    assert re.fullmatch(r"  over the \d+ common, unchanged examples:", lines[2])
    found = exp("why", name, "--vs", "base", "--json").json["against"]["effect"]
    assert (found["comparable"], found["differing"]) == (False, [role])
    assert found["examples"]["n"] == (39 if role == "dataset" else 40)
    # Nothing earlier has the same data and grader: nothing is compared without being asked for.
    assert "there is nothing to compare it with" in exp("why", name).out


def test_the_runs_that_differ_in_one_thing_show_what_it_does(exp: Program) -> None:
    found = exp("why", "base", "--vs", "all", "--json").json
    near = {one["run"]["name"].partition("-")[0]: one for one in found["neighbours"]}
    assert {name: one["differs_in"]["role"] for name, one in near.items()} == {
        "prompted": "prompt",
        "warmer": "settings",
        "relabelled": "dataset",
        "lenient": "grader",
    }
    assert near["warmer"]["differs_in"]["key"] == "temperature"
    effect = near["prompted"]["effect"]
    assert effect["examples"]["delta"] == pytest.approx(effect["new"] - effect["old"])
    assert len(effect["examples"]["interval"]) == 2
    assert found["none_alone"] == []
    # A run that differs in its seed alone says how much is chance.
    assert found["repeated"]["n"] == 2


def test_the_score_and_what_made_it(exp: Program) -> None:
    found = exp("why", "base", "match", "--json").json
    metric, made = found["metric"], found["produced_by"]
    assert (metric["name"], metric["n"], metric["errors"], metric["epochs"]) == ("qa/match", 40, 0, 1)
    assert metric["se"] > 0
    assert {one["role"]: one["pin"] for one in made["inputs"]} == {
        "model": "revision",
        "prompt": "content",
        "dataset": "content",
        "grader": "content",
        "retriever": None,
        "settings": "content",
    }
    assert made["seeds"] == {"params.seed": 1}
    assert made["params"] == {"temperature": 0.0}
    assert made["env"]["packages"] > 1
    assert found["completeness"]["level"] == "E0"
    assert found["against"] is None


def test_the_best_of_several_runs_is_so_by_luck_too(exp: Program) -> None:
    page = exp("why", "warmer", "--vs", "best").out
    found = exp("why", "warmer", "--vs", "best", "--json").json
    # All that have the same data and grader.
    assert found["against"]["best_of"] == 4
    best = max(
        (
            run
            for run in exp("ls", "--json").json["runs"]
            if run["name"].split("-")[0] in ("base", "prompted", "warmer", "seeded")
        ),
        key=lambda run: run["metrics"]["qa/match"],
    )
    assert found["against"]["run"]["name"] == best["name"]
    luck = 1.0294 * found["metric"]["se"]
    assert (
        f"the best of 4 runs owes some of that to luck: about 1.03 × {found['metric']['se']:.4g} = " in page
    )
    assert found["against"]["luck"] == pytest.approx(1.0294, abs=1e-4)
    assert f"= {luck:.2g}"[:5] in page
    assert "the next best: this one is the best" in exp("why", best["name"], "--vs", "best").out
