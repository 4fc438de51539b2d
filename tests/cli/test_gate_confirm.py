"""`git exp gate --confirm`: a run that fails is run once more, and only a failure of both is one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gitexp.gate.evidence import Effect
from gitexp.model.gate import Rules
from gitexp.ops.gating.metrics import plain_metrics
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository
from tests.cli.program import ROOT, Program, Said
from tests.cli.test_eval_diff import imported
from tests.cli.test_gate import gate, measured

CHANCE = """\
import json, os
acc = float(os.readlink(os.environ["VALUE"]))
if acc < 0:
    raise SystemExit(7)
print("measured")
json.dump({"acc": acc}, open("metrics.json", "w"))
"""
"""What a program that is not deterministic measures: a link that nobody reads as a file says it."""
PRICED = """\
import os, gitexp
with gitexp.start() as run:
    rows = run.eval("qa", metrics={"match": "binary"})
    for n in range(40):
        cost = float(os.readlink(os.environ["VALUE"])) * (100 + n)
        rows.add(id=str(n), input=str(n), target="t", scores={"match": n % 2}, usage={"in": cost})
"""

FAULTY = """\
import os, gitexp
right, errors = map(int, os.readlink(os.environ["VALUE"]).split(":"))
with gitexp.start() as run:
    rows = run.eval("qa", metrics={"match": "binary"})
    for n in range(100):
        state = "error" if n < errors else "ok"
        rows.add(id=str(n), input=str(n), target="t", scores={"match": int(n < right)}, state=state)
"""


@pytest.fixture
def value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("VALUE", str(tmp_path / "value"))
    return tmp_path / "value"


def says(path: Path, number: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(number)


def ran(exp: Program, value: Path, number: str) -> str:
    says(value, number)
    said = exp("run", "--", "python", "eval.py")
    assert said.code == 0, said.err
    return said.name


@pytest.fixture
def runs(exp: Program, value: Path) -> tuple[str, str]:
    """Of one program, the second of which fell short by more than the noise that is known."""
    exp.repo.write("eval.py", CHANCE)
    exp.repo.write(".gitexp.yaml", "noise: {acc: 0.02}\ngoals: {acc: max}\n")
    return ran(exp, value, "0.9"), ran(exp, value, "0.8")


def again(said: Said) -> tuple[int, str, str, bool]:
    """What the gate came to, what the repetition did, and whether that counted."""
    told, once = said.json["outcome"], said.json["repetition"]
    assert said.json["exit_code"] == said.code
    assert "fail" in [one["outcome"] for one in said.json["checks"]]
    return said.code, told, once["outcome"], once["counts"]


def test_a_failure_is_one_only_where_the_repetition_fails_by_itself(
    exp: Program, value: Path, runs: tuple[str, str]
) -> None:
    confirm = ("--confirm", "--format")
    says(value, "0.79")
    failed = gate(exp, *runs, *confirm, "json")
    assert again(failed) == (1, "fail", "fail", True)
    once = failed.json["repetition"]
    assert [one["new"] for one in once["checks"]] == [0.79]
    assert once["new"]["name"].endswith(exp("show", "@", "--json").json["name"])
    assert "measured" in failed.err
    assert "which confirms the failure" in failed.err
    says(value, "0.89")
    passed = gate(exp, *runs, *confirm, "text")
    assert passed.code == 0
    assert passed.out.startswith(f"pass: {runs[1]} against {runs[0]}\n")
    assert "\nfirst fail, once more pass (" in passed.out
    assert "0.9 -> 0.8 " in passed.out
    assert "0.9 -> 0.89 " in passed.out
    (suite,) = ElementTree.fromstring(gate(exp, *runs, *confirm, "junit").out)
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["2", "0", "0", "1"]
    assert [case.get("classname") for case in suite.iter("testcase")] == [
        "git.exp.gate.metric",
        "git.exp.gate.once-more.metric",
    ]
    page = gate(exp, *runs, *confirm, "github")
    assert [line.partition(" ")[0] for line in page.out.splitlines()] == [
        *("::notice", "::warning", "::notice", "::notice")
    ]


def test_what_came_out_exactly_the_same_confirms_nothing(
    exp: Program, value: Path, runs: tuple[str, str]
) -> None:
    same = gate(exp, *runs, "--confirm", "--format", "json")
    assert again(same) == (1, "fail", "fail", False)
    assert "exactly the same" in same.json["repetition"]["told"]
    markdown = gate(exp, *runs, "--confirm", "--format", "md").out
    assert "Once more: <code>first fail" in markdown
    assert "the gate stands at fail" in markdown
    says(value, "-1")
    broken = gate(exp, *runs, "--confirm", "--format", "json")
    assert again(broken) == (1, "fail", None, False)
    assert broken.json["repetition"]["told"] == "it says nothing: it failed with exit code 7"


def test_a_repetition_with_other_inputs_says_nothing(exp: Program, value: Path) -> None:
    exp.repo.write("eval.py", CHANCE.replace("acc =", 'open("data.txt").read()\nacc ='))
    exp.repo.write(".gitexp.yaml", "noise: {acc: 0.02}\ngoals: {acc: max}\n")
    exp.repo.write(".gitignore", "data.txt\n")
    exp.repo.write("data.txt", "the same\n")
    runs = ran(exp, value, "0.9"), ran(exp, value, "0.8")
    exp.repo.write("data.txt", "easier\n")
    says(value, "0.91")
    said = gate(exp, *runs, "--confirm", "--format", "json")
    assert again(said) == (1, "fail", None, False)
    assert said.json["repetition"]["told"] == "it says nothing: it had other inputs"


def test_what_is_demanded_of_the_run_itself_stays(exp: Program, value: Path) -> None:
    exp.repo.write("eval.py", FAULTY)
    runs = ran(exp, value, "90:0"), ran(exp, value, "40:4")
    says(value, "91:0")
    said = gate(exp, *runs, "--confirm", "--format", "json")
    assert again(said) == (5, "policy", "pass", True)


def test_a_single_value_overturns_no_repeated_runs(exp: Program, value: Path) -> None:
    exp.repo.write("eval.py", CHANCE)
    exp.repo.write(".gitexp.yaml", "goals: {acc: max}\n")
    exp.repo.write(".gitignore", "metrics.json\n")
    old = ran(exp, value, "1.006")
    exp.repo.write("code.py", "changed\n")
    new = [ran(exp, value, number) for number in ("0.5", "0.501", "0.499")]
    says(value, "0.502")
    said = gate(exp, old, new[-1], "--confirm", "--inconclusive", "pass", "--format", "json")
    assert again(said) == (1, "fail", "inconclusive", False)
    assert said.json["repetition"]["told"] == "it says nothing: its noise is not known"


def test_what_cannot_be_run_again_stays_as_it_was(
    exp: Program, value: Path, runs: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@else.example")
    refused = gate(exp, *runs, "--confirm", "--format", "json")
    assert again(refused) == (1, "fail", None, False)
    once = refused.json["repetition"]
    assert once["told"].startswith(f"not run once more: run {runs[1]!r} is by ")
    typed = f"git exp gate {runs[1]} --baseline {runs[0]} --confirm --trust, after reading"
    assert once["hint"].startswith(typed)
    ruled = gate(exp, *runs, "--max-drop", "0.01", "--confirm", "--format", "json")
    assert ruled.json["repetition"]["hint"].startswith("the same command with --trust, after reading")
    rows = ("id,input,score\n" + "".join(f"{n},q{n},{score}\n" for n in range(40)) for score in (1, 0))
    for name, text in zip(("old.csv", "new.csv"), rows, strict=True):
        exp.repo.write(name, text)
    options = ("--suite", "qa", "--id", "id", "--input", "input", "--score", "score")
    old, new = (imported(exp, name, *options)[0] for name in ("old.csv", "new.csv"))
    there = gate(exp, old, new, "--confirm", "--trust")
    assert there.code == 1
    assert "not run once more: run 'qa-" in there.out
    assert "has no command that could run again; the gate stands at fail\n" in there.out


def test_of_a_suite_what_failed_has_to_come_out_otherwise(exp: Program, value: Path) -> None:
    """The scores are the same each time; what they cost is not."""
    exp.repo.write("eval.py", PRICED)
    old, new = ran(exp, value, "1"), ran(exp, value, "2")
    limit = ("--max-increase", "in=10%", "--confirm", "--format", "json")
    assert again(gate(exp, old, new, *limit))[2:] == ("fail", False)
    says(value, "1.01")
    assert again(gate(exp, old, new, *limit)) == (0, "pass", "pass", True)


def test_what_the_run_told_that_failed_is_not_told_again(exp: Program) -> None:
    exp.repo.write(".gitexp.yaml", "goals: {acc: max}\n")
    old = [measured("old", acc=acc) for acc in (0.9, 0.91, 0.89)]
    exp.repo.write("code.py", "changed\n")
    new, once_more = measured("new", acc=0.7), measured("new", acc=0.9)
    with Repository.open(exp.repo.path, exp.repo.environ) as repo:
        before, first, after = (resolve(repo, name) for name in (old[0], new, once_more))
        (both,) = plain_metrics(before, after, ["acc"], repo.settings, Rules())
        (alone,) = plain_metrics(before, after, ["acc"], repo.settings, Rules(), first)
    assert isinstance(both, Effect)
    assert isinstance(alone, Effect)
    assert (round(both.new, 6), both.n) == (0.8, 2)
    assert (alone.new, alone.n, alone.estimates[0].df) == (0.9, 1, 2)


def test_options_that_have_no_meaning_together(exp: Program) -> None:
    assert exp("gate", "--aa", "a", "b", "--confirm").code == 2
    assert exp("gate", "a", "--trust").code == 2
    old, new = measured("a", acc=0.9), measured("b", acc=0.9)
    assert gate(exp, old, new, "--confirm", "--metric", "acc", "--max-drop", "0").code == 0
