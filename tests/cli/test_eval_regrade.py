"""`git exp eval regrade`: scores corrected by people, or graded anew by a program."""

from __future__ import annotations

import re
import sys

import pytest

import gitexp
from tests.cli.program import Program
from tests.cli.sharing import World
from tests.interop.logs import FIXTURES

EVAL = str(FIXTURES / "inspect" / "baseline.zstd.eval")
GRADE = """\
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    right = row["target"] in row["output"] and row["id"] not in sys.argv[1:]
    print(json.dumps({"id": row["id"], "epoch": row["epoch"], "match": right}))
"""


@pytest.fixture
def name(exp: Program) -> str:
    (exp.repo.path / "grade.py").write_text(GRADE)
    return exp("eval", "import", EVAL).name


def write(exp: Program, text: str, name: str = "scores.csv") -> str:
    (exp.repo.path / name).write_text(text)
    return name


def test_a_program_that_is_asked_grades_anew(exp: Program, name: str) -> None:
    """The answers are those of the log: their text is not in git."""
    tip, status = exp.repo.git("rev-parse", f"refs/exp/{name}"), exp.repo.git("status", "--porcelain")
    command = ("tinyqa", "-m", "stricter\nmatch", "--", sys.executable, "grade.py", "q-cap-fr")
    dry = exp("eval", "regrade", "-n", name, *command)
    assert dry.code == 0
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == tip
    said = exp("eval", "regrade", name, *command)
    assert (said.code, said.out, said.err) == (
        *(0, dry.out),
        f"exp {name} regraded: git exp eval show {name}\n",
    )
    assert said.out.splitlines() == [
        "tinyqa: 2 of 12 answers have other scores",
        "  match: 0.833333 -> 0.666667, 0 better, 1 worse, 5 as before",
        "    q-cap-fr  1 -> 0",
    ]
    assert exp.repo.git("log", "-1", "--format=%B", f"refs/exp/{name}").splitlines() == [
        f"exp {name}: regrade tinyqa",
        *("", "Reason: stricter match", "", f"Exp-Run: {name}", "Exp-Status: finished"),
    ]
    assert exp.repo.git("rev-parse", f"refs/exp/{name}^") == tip
    assert exp.repo.git("diff", "--name-only", tip, f"refs/exp/{name}").splitlines() == [
        *(
            ".exp/eval/tinyqa/meta.yaml",
            ".exp/eval/tinyqa/scores.jsonl",
            ".exp/inputs.yaml",
            ".exp/metrics.yaml",
        )
    ]
    run = exp("show", name, "--json").json
    assert (run["metrics"]["tinyqa/match"], run["stale"]) == (pytest.approx(4 / 6), False)
    (grader,) = run["inputs"]["grader"]
    assert (grader["how"], grader["pin"], grader["value"]["kind"]) == ("declared", "content", "code")
    assert grader["value"]["code"]["grade.py"].startswith("ast:")
    meta = exp.repo.git("show", f"refs/exp/{name}:.exp/eval/tinyqa/meta.yaml")
    assert f"    before: {tip}\n    rows: 2\n    means:\n      match: 0.8333" in meta.replace('"', "")
    assert re.fullmatch(
        r"  2 answers regraded 2\d{3}-\d\d-\d\d: stricter match \(match was 0.833333\)",
        exp("eval", "show", name).out.splitlines()[1],
    )
    assert "2 answers regraded" in exp("eval", "show", name, "--md").out
    assert exp.repo.git("status", "--porcelain") == status
    exp.repo.fsck()
    # Graded anew it is another measurement than that of the same log by its own grader.
    said = exp("eval", "diff", f"refs/exp/{name}^", name, "--json")
    assert said.json["comparisons"][0]["other_grader"] is True
    assert exp("undo").code == 0
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == tip


def test_what_comes_to_the_run_while_its_grader_works_stays(exp: Program, name: str) -> None:
    """Here the grader itself brings it: another suite."""
    write(exp, "id,score\na,1\nb,0\n", "more.csv")
    attach = f"git exp eval import more.csv --suite more --attach {name} >&2 </dev/null"
    grader = f"{attach} && {sys.executable} grade.py q-cap-fr"
    said = exp("eval", "regrade", name, "tinyqa", "-m", "stricter", "--", "sh", "-c", grader)
    assert said.code == 0, said.err
    metrics = exp("show", name, "--json").json["metrics"]
    assert (metrics["tinyqa/match"], metrics["more/score"]) == (pytest.approx(4 / 6), 0.5)
    exp.repo.fsck()


def test_people_correct_single_scores(exp: Program, name: str) -> None:
    scores = write(exp, "id,epoch,match\nq-sum-02,2,1\nodd,1,1\n")
    arguments = ("eval", "regrade", name, "tinyqa", "--scores", scores, "-m", "wrong label")
    tip = exp.repo.git("rev-parse", f"refs/exp/{name}")
    said = exp(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(
        "error: suite 'tinyqa' has no answer to example 'odd' in epoch 1; "
        "no new score of example 'q-cap-fr' in epoch 1, "
    )
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == tip
    said = exp(*arguments, "--partial", "--json")
    assert said.json["changed"] == [
        {
            **{"id": "q-sum-02", "epoch": 2, "before": {"state": "ok", "scores": {"match": 0}}},
            "after": {"state": "ok", "scores": {"match": 1}},
        }
    ]
    assert said.json["metrics"]["match"]["wins"] == 1
    assert said.json["grader"]["value"]["metrics"] == ["match"]
    assert said.json["grader"]["value"]["besides"][0].startswith("sha256:")
    assert said.json["warnings"] == ["suite 'tinyqa' has no answer to example 'odd' in epoch 1"]
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == said.json["commit"]
    # Once more changes nothing, and makes no commit.
    again = exp(*arguments, "--partial", "-q")
    assert (again.code, again.err.splitlines()[1:]) == (0, ["note: no score is another one"])
    assert exp.repo.git("rev-parse", f"refs/exp/{name}") == said.json["commit"]


_X = ("tinyqa", "-m", "x")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["tinyqa"], 2, "error: eval regrade takes --scores FILE or -- COMMAND\n"),
        (["tinyqa", "--scores", "x", "--", "true"], 2, "error: eval regrade takes --scores FILE"),
        (["none", "-m", "x", "--", "true"], 1, "has no suite 'none': one of tinyqa"),
        (["tinyqa", "--", "true"], 2, "error: no reason is given\nhint: -m"),
        (["tinyqa", "-m", " ", "--", "true"], 2, "error: no reason is given\nhint: -m"),
        ([*_X, "--", "/none"], 2, "error: cannot run '/none': No such file"),
        ([*_X, "--", "false"], 1, "error: 'false' failed with exit code 1: nothing was changed"),
        ([*_X, "--", "true"], 2, "error: answers of true: no rows in it"),
        ([*_X, "--", "echo", "[{}]"], 2, "error: answers of echo: no column of scores is known"),
        ([*_X, "--scores", "none"], 1, "error: no file 'none'"),
        ([*_X, "--scores", "."], 2, "error: '.' is a folder\nhint: "),
        ([*_X, "--scores", "/dev/null"], 2, "error: '/dev/null' is not a regular file\nhint: write it"),
        ([*_X, "--scores", "bad.csv"], 2, "error: bad.csv, line 3: id 'a' in epoch 1 occurs twice"),
        ([*_X, "--scores", "nan.csv", "--partial"], 0, "nan.csv, line 2: 'match': nan is no score"),
    ],
)
def test_what_is_refused(exp: Program, name: str, arguments: list[str], code: int, told: str) -> None:
    write(exp, "id,match\na,1\na,0\n", "bad.csv")
    write(exp, "id,epoch,match\nq-cap-fr,1,NaN\nq-cap-fr,2,1\n", "nan.csv")
    tip = exp.repo.git("rev-parse", f"refs/exp/{name}")
    said = exp("eval", "regrade", name, *arguments)
    assert said.code == code
    assert told in said.err
    assert (exp.repo.git("rev-parse", f"refs/exp/{name}") == tip) is (code != 0)


def test_the_shape_of_other_files_is_their_hash(exp: Program, name: str) -> None:
    (exp.repo.path / "grade.sh").write_text('while read -r line; do :; done\ncat "$1"\n')
    rows = "".join(
        f'{{"id": "{id}", "epoch": {epoch}, "scores": {{"match": 0.5}}}}\n'
        for id in ("q-cap-fr", "q-cap-jp", "q-cap-pe", "q-mul-01", "q-sum-01", "q-sum-02")
        for epoch in (1, 2)
    )
    write(exp, rows, "rows.jsonl")
    said = exp("eval", "regrade", name, "tinyqa", "-m", "x", "--json", "--", "sh", "grade.sh", "rows.jsonl")
    assert said.code == 0, said.err
    code = said.json["grader"]["value"]["code"]
    assert [(path, hashed[:7]) for path, hashed in code.items()] == [
        *(("grade.sh", "sha256:"), ("rows.jsonl", "sha256:"))
    ]
    assert said.json["means"] == {"tinyqa/match": 0.5, "tinyqa/match.n": 6, "tinyqa/match.se": 0}


def test_scores_that_one_corrects_and_labels_that_another_edits_are_merged(world: World) -> None:
    ann, bob = world.person("ann"), world.person("bob")
    name = ann("eval", "import", EVAL).name
    assert ann("push").code == 0
    assert bob("fetch").code == 0
    (bob.repo.path / "fixed.csv").write_text("id,epoch,match\nq-sum-02,2,1\n")
    arguments = ("regrade", name, "tinyqa", "--scores", "fixed.csv", "--partial", "-m", "wrong label")
    assert bob("eval", *arguments).code == 0
    assert ann("tag", name, "+good").code == 0
    assert ann("push").code == 0
    assert bob("fetch").code == 0
    assert bob("push").code == 0
    assert ann("fetch").code == 0
    for person in (ann, bob):
        (run,) = person("ls", "--json").json["runs"]
        assert (run["name"], run["tags"]) == (name, ["good"])
        assert run["metrics"]["tinyqa/match"] == pytest.approx(11 / 12)
        person.repo.fsck()
    # Both corrected differently: neither's scores are lost.
    for person, score in ((ann, "0.25"), (bob, "0.75")):
        (person.repo.path / "fixed.csv").write_text(f"id,epoch,match\nq-sum-02,2,{score}\n")
        assert person("eval", *arguments).code == 0
    assert ann("push").code == 0
    said = bob("fetch")
    assert said.code == 0
    assert f"run {name} as others graded or changed it, not as you did" in said.err
    assert len(bob("ls", "--json").json["runs"]) == 2


def test_two_regradings_of_other_suites_and_of_the_same_alike_are_merged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob and Ann grade a suite each, and both correct the same row of a third to the same."""
    ann, bob = world.person("ann"), world.person("bob")
    monkeypatch.chdir(ann.repo.path)
    with gitexp.start("graded") as run:
        for suite in ("qa", "sum", "both"):
            rows = run.eval(suite, metrics={"match": "binary"})
            for id in ("a", "b", "c", "d"):
                rows.add(id=id, input=id, target="t", scores={"match": 1})
    assert ann("push").code == 0
    assert bob("fetch").code == 0
    for person, suite, reason in ((ann, "qa", "strict"), (bob, "sum", "lenient")):
        for one in (suite, "both"):
            (person.repo.path / f"{one}.csv").write_text("id,match\na,0\n")
            arguments = ("--scores", f"{one}.csv", "--partial", "-m", reason)
            assert person("eval", "regrade", run.name, one, *arguments).code == 0
    assert ann("push").code == 0
    said = bob("fetch")
    assert (said.code, f"merged  {run.name}" in said.err) == (0, True)
    assert bob("push").code == 0
    assert ann("fetch").code == 0
    for person in (ann, bob):
        (found,) = person("ls", "--json").json["runs"]
        means = {suite: found["metrics"][f"{suite}/match"] for suite in ("qa", "sum", "both")}
        assert means == {"qa": 0.75, "sum": 0.75, "both": 0.75}
        shown = person("eval", "show", run.name, "--suite", "both", "--json").json
        assert "mixed" not in str(shown)
        assert person("show", run.name, "--json").json["stale"] is False
        meta = person.repo.git("show", f"exp/{run.name}:.exp/eval/both/meta.yaml")
        assert ("reason: strict" in meta, "reason: lenient" in meta) == (True, True)
        person.repo.fsck()
    tips = [person.repo.git("rev-parse", f"exp/{run.name}") for person in (ann, bob)]
    assert tips[0] == tips[1]


def test_what_git_merged_of_two_regradings_says_so(exp: Program, name: str) -> None:
    """Both raise the mean by as much: the file of metrics is the same on either side, and wrong."""
    exp("hooks", "install")
    ref = f"refs/exp/{name}"
    for branch, row in (("l", "q-cap-fr,1"), ("r", "q-cap-jp,1")):
        exp.repo.git("branch", branch, ref)
        write(exp, f"id,epoch,match\n{row},0\n", "fixed.csv")
        said = exp("eval", "regrade", name, "tinyqa", "--scores", "fixed.csv", "--partial", "-m", branch)
        assert said.code == 0, said.err
        exp.repo.git("branch", "-f", branch, ref)
        assert exp("undo").code == 0
    exp.repo.git("stash", "-u")
    exp.repo.git("checkout", "-q", "l")
    exp.repo.git("merge", "-q", "--no-edit", "r")
    assert len(exp.repo.git("show", "HEAD:.exp/inputs.yaml").split("how: declared")) == 3
    assert "mixed: true" in exp.repo.git("show", "HEAD:.exp/eval/tinyqa/meta.yaml")
    assert exp("show", "HEAD", "--json").json["stale"] is True
    told = f"note: run '{name}' is stale at {exp.repo.git('rev-parse', 'HEAD')[:10]}: "
    assert told in exp("eval", "show", "HEAD").err
    difference = exp("eval", "diff", name, "HEAD")
    assert (told in difference.err, difference.out.splitlines()[0]) == (
        True,
        f"tinyqa: {name} -> HEAD (stale)",
    )
    assert "is stale" not in exp("eval", "diff", name, name).err
    exp.repo.git("update-ref", "-d", ref)  # as in the clone of somebody who has the branch alone
    said = exp("show", "HEAD", "--json").json
    assert (said["name"], said["stale"]) == (name, True)
    assert "git has merged scores of tinyqa that two sides replaced" in exp("show", "HEAD").out
    assert exp("gate", "HEAD", "--baseline", "l").code == 4
    exp.repo.fsck()
