"""What ls, show and diff print, against golden files; `GITEXP_GOLDEN=1 pytest` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitexp.cli.boundary import run
from tests.cli.program import Program, normal
from tests.gitrepo import Repo, init

GOLDEN = Path(__file__).parent / "golden"
TRAIN = """
import json, math
lr = json.load(open("params.json"))["lr"]
rows = [{"epoch": e, "loss": round(math.exp(-lr * e), 4) if lr < 5 else math.nan} for e in range(20)]
open("metrics.jsonl", "w").writelines(json.dumps(row) + "\\n" for row in rows)
open("model.bin", "wb").write(b"m" * 1234)
print("done")
"""
PARAMS = '{"lr": 0.1, "model": {"depth": 3, "stages": [{"k": 5}, {"k": 7}]}, "task": "digits"}'


WRITE = "GITEXP_GOLDEN" in os.environ


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Three runs: a plain one, one with other params and code, and one that diverges and fails."""
    repo = init(tmp_path_factory.mktemp("story") / "repo", os.environ)
    repo.commit("story", {"params.json": PARAMS, "train.py": TRAIN, ".gitignore": "metrics.jsonl\n"})
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        tell(repo)
    finally:
        os.chdir(before)
    return repo


def tell(repo: Repo) -> None:
    command = ["--output", "model.bin", "--", "env", "python3", "train.py"]
    run(["run", "--name", "plain", "--tag", "paper", *command])
    repo.write("helper.py", "x = 1\n")
    repo.write("train.py", TRAIN + "# changed\n")
    stages = "model.stages=[{k: 5}, {k: 8}, {k: 9}]"
    run(["run", "--name", "other", "-S", "lr=0.3", "-S", stages, "--note", "a note\nof two lines", *command])
    run(["run", "--name", "diverged", "-S", "lr=9", "--", "sh", "-c", "python3 train.py; exit 3"])


@pytest.fixture
def story(recorded: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Program:
    monkeypatch.chdir(recorded.path)
    return Program(recorded, capfd)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ls", ["ls"]),
        ("show", ["show", "other"]),
        ("show-failed", ["show"]),
        ("diff", ["diff", "plain", "other"]),
        ("diff-all", ["diff", "plain", "other", "--all"]),
        ("diff-same", ["diff", "plain", "plain"]),
    ],
)
def test_transcript(story: Program, name: str, arguments: list[str]) -> None:
    said = story(*arguments)
    assert (said.code, said.err) == (0, "")
    text = normal(said.out)
    path = GOLDEN / f"{name}.txt"
    if WRITE:
        path.write_text(text)
    assert text == path.read_text()


def test_ls_json_has_what_was_promised(story: Program) -> None:
    document = story("ls", "--json").json
    assert document["format"] == 1
    promised = {"name", "status", "started", "ended", "params", "metrics", "tags", "commit"}
    assert all(promised <= run.keys() for run in document["runs"])
    assert len({frozenset(run) for run in document["runs"]}) == 1
    newest, _, oldest = document["runs"]
    assert (newest["status"], newest["exit_code"]) == ("failed", 3)
    assert (newest["metrics"], newest["nonfinite"]) == ({"loss": None}, {"metrics.loss": "nan"})
    assert oldest["commit"] == story.repo.git("rev-parse", f"exp/{oldest['name']}")
    assert oldest["params"]["model"]["stages"] == [{"k": 5}, {"k": 7}]


def test_diff_json(story: Program) -> None:
    found = story("diff", "plain", "other", "--json").json
    assert found["params"] == {
        "lr": {"values": [0.1, 0.3], "old": 0.1, "new": 0.3},
        "model.stages[1].k": {"values": [7, 8], "old": 7, "new": 8},
        "model.stages[2].k": {"values": [None, 9], "missing": [0], "new": 9},
    }
    assert found["metrics"]["loss"]["delta"] == pytest.approx(found["metrics"]["loss"]["new"] - 0.1496)
    assert {"path": "helper.py", "added": 1, "deleted": 0} in found["code"]["files"]
    assert not [one for one in found["code"]["files"] if one["path"].startswith(".exp")]
    assert story("diff", "plain", "other", "--exit-code", "--json").code == 1
    assert story("diff", "plain", "plain", "--exit-code", "--json").code == 0


def test_a_merged_record_beside_other_code_is_stale(exp: Program) -> None:
    name = exp.record("plain")
    exp.repo.commit("in between")
    exp.repo.git("merge", "-q", "-m", "take it", f"exp/{name}")
    assert "stale" not in exp("show", "HEAD").out
    exp.repo.commit("later", {"train.py": "pass\n"})
    assert "stale: this code is not the code that the metrics were made with" in exp("show", "HEAD").out
    assert exp("show", "HEAD", "--json").json["stale"] is True
    assert "stale" not in exp("show", name).out
