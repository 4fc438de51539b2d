"""Two ideas, from the first run to the reviewer: everything that people who share a project do."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cli.sharing import World

TRAIN = """\
import json
import pathlib
import re

values = dict(re.findall(r"^(\\w+): ([\\d.]+)", pathlib.Path("params.yaml").read_text(), re.M))
augmented = "AUGMENT = True" in pathlib.Path("data.py").read_text()
acc = 0.70 + 0.01 * float(values["width"]) + 0.05 * augmented
pathlib.Path("metrics.json").write_text(json.dumps({"acc": round(acc, 4)}))
"""
PARAMS = "lr: 0.1    # tuned by hand\nwidth: 4   # of the hidden layer\n"
COMMAND = (sys.executable, "train.py")


def test_two_ideas_are_tried_compared_merged_adopted_and_reviewed(world: World) -> None:
    ada = world.person("ada")
    repo = ada.repo
    files = {
        "train.py": TRAIN,
        "params.yaml": PARAMS,
        "data.py": "AUGMENT = False\n",
        ".gitignore": "metrics.json\n",
    }
    repo.commit("a project", files)
    base = ada("run", "--name", "base", "--", *COMMAND).name
    repo.git("merge", "-q", "--ff-only", f"exp/{base}")

    # Two ideas on two branches.
    repo.git("switch", "-q", "-c", "wider")
    repo.commit("wider", {"params.yaml": PARAMS.replace("width: 4", "width: 8")})
    wider = ada("run", "--name", "wider", "--", *COMMAND).name
    repo.git("switch", "-q", "-c", "augment", "main")
    repo.commit("augment", {"data.py": "AUGMENT = True\n"})
    augment = ada("run", "--name", "augment", "--", *COMMAND).name
    repo.git("switch", "-q", "main")

    compared = ada("diff", base, wider, augment, "--json").json
    assert compared["metrics"]["acc"]["values"] == [0.74, 0.78, 0.79]

    # Merged: what neither of them has shown is not claimed.
    said = ada("merge", wider, augment, "--name", "both")
    assert said.code == 0, said.err
    (draft,) = [run["name"] for run in ada("ls", "is:draft", "--json").json["runs"]]
    assert ada("show", draft, "--json").json["metrics"] == {}

    ran = ada("run", "--draft", draft)
    assert ran.code == 0, ran.err
    shown = ada("show", draft, "--json").json
    assert shown["status"] == "finished"
    assert shown["metrics"] == {"acc": 0.83}
    assert sorted(shown["parents"]) == sorted([wider, augment])
    for parent in (wider, augment):
        assert parent in ran.out + ran.err

    # Adopted with plain git: code, params with their comments, and the evidence.
    before = repo.git("rev-parse", "HEAD")
    repo.git("merge", "-q", "-m", "both ideas", f"exp/{draft}")
    assert (repo.path / "params.yaml").read_text() == PARAMS.replace("width: 4", "width: 8")
    assert (repo.path / "data.py").read_text() == "AUGMENT = True\n"
    evidence = ada("show", "HEAD", "--json").json
    assert (evidence["name"], evidence["stale"]) == (draft, False)

    assert ada("push", "origin").code == 0
    repo.git("push", "-q", "origin", "main")

    # The reviewer sees the change of the metric as a line of YAML, and has the run behind it.
    bob = world.person("bob")
    diff = bob.repo.git("diff", before, "HEAD", "--", ".exp/metrics.yaml")
    changed = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["-acc: 0.74", "+acc: 0.83"]
    assert bob("fetch").code == 0
    assert set(bob.runs) == {base, wider, augment, draft}
    assert json.loads(bob("show", "HEAD", "--json").out)["name"] == draft
    compared = bob("diff", base, draft, "--json").json["metrics"]["acc"]
    assert compared["delta"] == pytest.approx(0.09)
    world.fsck(ada, bob)
