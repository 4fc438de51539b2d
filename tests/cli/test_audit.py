"""`git exp audit`: levels of real runs, exit codes, and what is said where."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import gitexp
from tests.cli.program import Program, forge
from tests.cli.sharing import World
from tests.interop.logs import FIXTURES

PINNED = ("--use", "dataset=data.csv", "--use", "seeds={python: 1}")
SCORE = "import json; json.dump({'acc': 0.5}, open('metrics.json', 'w'))"


@pytest.fixture
def data(exp: Program) -> Program:
    exp.repo.commit("data", {"data.csv": "a,b\n1,2\n", ".gitignore": "metrics.json\nkept.csv\n"})
    return exp


def level(exp: Program, *arguments: str) -> str:
    said = exp("audit", *arguments, "--json")
    assert said.code == 0, said.err
    return str(said.json["level"])


def test_from_a_number_to_a_repetition(data: Program) -> None:
    bare = data.record("bare", SCORE)
    said = data("audit")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"run {bare}  E0 (")
    assert "  dataset missing  (below E1)\n    git exp run --use dataset=PATH -- python" in said.out
    named = data.record("named", SCORE, "--use", "dataset=mnist")
    assert level(data, named) == "E1"
    revised = data.record("revised", SCORE, "--use", "dataset={name: mnist, revision: abc}")
    assert level(data, revised) == "E2"
    pinned = data.record("pinned", SCORE, *PINNED)
    assert level(data, pinned) == "E3"
    assert f"    git exp repro {pinned}\n" in data("audit", pinned).out
    assert data("audit", pinned, "--min", "E4").code == 5
    # A second run that did the same is a repetition, and so is the first of the second.
    again = data.record("again", SCORE, *PINNED)
    assert (level(data, pinned), level(data, again)) == ("E4", "E4")
    assert data("audit", "--min", "E4").code == 0
    other = data.record("other", SCORE.replace("0.5", "0.6"), *PINNED)
    assert level(data, other) == "E3"
    data.repo.fsck()


def test_how_much_a_repetition_may_be_off(data: Program) -> None:
    score = "import json; json.dump({'acc': float(open('.git/acc').read())}, open('metrics.json', 'w'))"

    def scored(value: float) -> str:
        data.repo.write(".git/acc", str(value))
        return level(data, data.record("run", score, *PINNED))

    # Of two that differ nothing says how far they may; of more their own spread does.
    assert [scored(value) for value in (0.50, 0.51, 0.52, 0.515, 0.9)] == ["E3", "E3", "E4", "E4", "E3"]
    data.repo.commit("noise", {".gitexp.yaml": "noise: {acc: 0.05}\n"})
    assert [scored(value) for value in (0.50, 0.51, 0.9)] == ["E3", "E4", "E3"]


def test_a_reproduction_counts_and_is_shown(data: Program) -> None:
    name = data.record("old", SCORE, *PINNED)
    shown = data("show", name)
    assert "\ncompleteness E3 (" in shown.out
    assert data("repro", name).code == 0
    assert level(data, name) == "E4"
    assert "\ncompleteness E4 (" in data("show", name).out
    assert data("show", name, "--json").json["completeness"]["level"] == "E4"


def test_bytes_that_the_code_has_not(data: Program) -> None:
    data.repo.write("kept.csv", "ignored\n")
    name = data.record("a", SCORE, "--use", "dataset=kept.csv")
    said = data("audit", name)
    assert re.search(r"^  dataset +content +not kept +kept.csv$", said.out, re.MULTILINE)
    assert "    git add -f kept.csv && git exp run --use dataset=kept.csv -- python" in said.out
    assert level(data, name) == "E2"
    # The bytes in the artifact store are as good: there git-lfs puts what it tracks.
    from gitexp.repo import Repository

    with Repository.open(data.repo.path, data.repo.environ) as repo:
        repo.store.add_file(data.repo.path / "kept.csv")
    assert level(data, name) == "E3"


def test_several_runs_and_the_worst_exit_code(data: Program) -> None:
    bare, pinned = data.record("bare", SCORE), data.record("pinned", SCORE, *PINNED)
    said = data("audit", bare, pinned, "--min", "E2")
    assert said.code == 5
    assert [line.split()[:2] for line in said.out.splitlines()[1:]] == [[bare, "E0"], [pinned, "E3"]]
    assert said.err.startswith(f"error: run '{bare}' is E0 (")
    assert "hint: git exp run --use dataset=PATH -- " in said.err
    assert data("audit", "--where", "name ~ pinned", "--min", "0.9").code == 0
    found = data("audit", pinned, "nothing-here", "--json", "--min", "E2")
    assert found.code == 1
    assert [(one["name"], one["met"]) for one in found.json["runs"]] == [(pinned, True)]
    assert "error: no run matches 'nothing-here'" in found.err
    quiet = data("audit", bare, "-q", "--min", "50%")
    assert (quiet.code, quiet.out) == (0, "")
    markdown = data("audit", pinned, "--md").out
    assert f"| {pinned} | E3 | " in markdown
    assert f"- run is not repeated  (below E4): <code>git exp repro {pinned}</code>\n" in markdown
    none = data("audit", "--where", "status = failed")
    assert (none.code, none.out) == (0, "")
    assert data("audit", "--where", "status = failed", "--json").json["runs"] == []


def test_what_the_project_requires(data: Program) -> None:
    name = data.record("a", SCORE, *PINNED)
    data.repo.write(".gitexp.yaml", "audit:\n  require: [model, dataset]\n  min: 0.5\n")
    said = data("audit", name)
    assert said.code == 5
    assert "  model missing  (required)\n    git exp run --use 'model={name: NAME, revision" in said.out
    assert f"error: run '{name}' is without model, which .gitexp.yaml requires\n" in said.err
    stated = data.record("b", SCORE, *PINNED, "--use", "model=none")
    assert data("audit", stated).code == 0
    assert data("audit", stated, "--min", "E4").code == 5


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("audit: {min: E9}", "invalid completeness 'E9'"),
        ("audit: {min: [E2]}", "invalid completeness"),
        ("audit: {require: {model: 1}}", "'require' is not a list of strings"),
        ("audit: 3", "'audit' is not a mapping"),
    ],
)
def test_settings_that_cannot_be_understood(exp: Program, settings: str, told: str) -> None:
    exp.record("a")
    exp.repo.write(".gitexp.yaml", settings)
    said = exp("audit")
    assert said.code == 2
    assert "error: '.gitexp.yaml' line 1, column" in said.err
    assert told in said.err


def test_an_unknown_setting_is_told(exp: Program) -> None:
    exp.record("a")
    exp.repo.write(".gitexp.yaml", "audit: {minimum: E2}\n")
    said = exp("audit")
    assert said.code == 0
    assert "warning: '.gitexp.yaml' line 1, column 9: unknown setting 'minimum' in 'audit'" in said.err


@pytest.mark.parametrize(
    "arguments",
    [["--min", "E7"], ["--min", "2"], ["--json", "--md"], ["@", "--where", "name ~ a"], ["--where", "(("]],
)
def test_wrong_words(exp: Program, arguments: list[str]) -> None:
    said = exp("audit", *arguments)
    assert said.code == 2
    assert said.err.startswith("error: ")


def test_no_run_and_no_repository(exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert exp("audit").code == 1
    monkeypatch.chdir(tmp_path)
    assert exp("audit").code == 128


def test_a_commit_is_as_complete_as_the_run_of_its_code(data: Program) -> None:
    name = data.record("a", SCORE, *PINNED)
    assert data("audit", "HEAD", "--min", "E3").code == 0
    message = f"result\n\nExp-Run: {name}"
    data.repo.commit(message, {"train.py": "changed\n"})
    said = data("audit", "HEAD", "--min", "E2")
    assert said.code == 5
    assert f"error: run '{name}' is E0" in said.err
    assert "code missing" in said.err


def test_an_evaluation_of_another_tool(exp: Program) -> None:
    log = str(FIXTURES / "inspect" / "baseline.zstd.eval")
    name = exp("eval", "import", log).err.split("imported ")[-1]
    said = exp("audit", "--json")
    found = {key: one["pin"] for key, one in said.json["fields"].items()}
    assert found["dataset"] == "content"
    assert found["model"] == "named"
    assert (found["retriever"], found["command"], found["hardware"]) == (None, None, None)
    assert said.json["fields"]["dataset"]["kept"]
    mends = {gap["field"]: gap["mend"] for gap in said.json["gaps"]}
    assert mends["command"] == "git exp run -- CMD && git exp eval import LOG --attach @"
    # What is said is put on top of the run, and takes nothing of it away.
    before = exp("show", "--json").json
    for use in ("sandbox=none", mends["retriever"].partition(" --use ")[2]):
        assert exp("eval", "import", "--attach", before["name"], "--use", use).code == 0
    after = exp("show", "--json").json
    added = {role: ones for role, ones in after["inputs"].items() if before["inputs"].get(role) != ones}
    assert added.keys() <= {"sandbox", "retriever"}
    assert after["inputs"]["retriever"][0]["none"]
    assert (after["name"], after["metrics"]) == (before["name"], before["metrics"])
    assert exp("audit", "--min", "0.1").err == "note: it is as complete as is asked: 10 %\n"
    exp.repo.fsck()
    assert name


def test_what_an_earlier_run_made_is_kept_with_it(data: Program) -> None:
    make = "import gitexp; open('kept.csv', 'w').write('9'); gitexp.start().log_artifact('kept.csv')"
    data.record("make", make)
    read = "open('kept.csv').read(); " + SCORE
    data.record("use", read, "--use", "dataset=kept.csv")
    assert data("audit", "--json").json["fields"]["dataset"]["kept"]
    data.repo.write("kept.csv", "other")
    data.record("use", read, "--use", "dataset=kept.csv")
    assert not data("audit", "--json").json["fields"]["dataset"]["kept"]


def test_records_of_strangers(data: Program) -> None:
    source = data.record("a", SCORE, *PINNED)
    odd = "\u001b[31mred|<b>"
    files = {
        "run.yaml": data.repo.git("show", f"exp/{source}:.exp/run.yaml").replace(source, "odd-aaaaaa"),
        "inputs.yaml": f'"x; \\e[31m": [{{how: declared, name: "{odd!s}"}}]\n'.replace("\u001b", "\\e"),
        "env.yaml": "lock_files: 3\nseeds: [1]\ncpu: text\n",
    }
    forge(data.repo, source, "odd-aaaaaa", files)
    for option in ([], ["--md"], ["--json"]):
        said = data("audit", "odd-aaaaaa", *option)
        assert "\x1b" not in said.out + said.err
        assert "<b>" not in said.out or "--md" not in option
    assert "\x1b" not in data("show", "odd-aaaaaa").out


def test_a_fresh_shallow_clone_asks_nobody_unless_told(world: World, tmp_path: Path) -> None:
    ada = world.person("ada")
    ada.repo.commit("data", {"data.csv": "a\n"})
    ada.repo.write("big.bin", b"\0" * (1 << 20))
    ada.repo.git("push", "-q", "origin", "HEAD")
    code = "import gitexp; run = gitexp.start(); run.log_artifact('big.bin'); run.log({'acc': 1})"
    name = ada.record("a", code, *PINNED)
    assert level_of(ada, name) == "E3"
    assert ada("push").code == 0
    bob = world.person("bob")
    ci = bob.at(type(bob.repo)(tmp_path / "ci", bob.repo.environ))
    bob.repo.git("clone", "-q", "--depth", "1", world.url, str(ci.repo.path))
    assert ci("fetch").code == 0
    said = ci("audit", name, "--min", "E3")
    assert said.code == 5
    assert f"hint: git exp audit {name} --remote" in said.err
    assert ci("audit", name, "--min", "E2").code == 0
    objects = ci.repo.path / ".git" / "lfs" / "objects"
    assert ci("audit", name, "--remote", "--min", "E3").code == 0
    assert not list(objects.glob("*/*/*"))
    ci.repo.git("remote", "set-url", "origin", "https://127.0.0.1:1/none.git")
    gone = ci("audit", name, "--remote")
    assert gone.code == 3
    assert gone.err.startswith("error: ")
    world.fsck(ada, ci)


def level_of(person: object, name: str) -> str:
    said = person("audit", name, "--json")  # type: ignore[operator]
    return str(said.json["level"])


@pytest.mark.parametrize("kind", [("unborn",), ("plain", "sha256"), ("submodule",)])
def test_kinds_of_repositories(exp_in: Callable[..., Program], kind: tuple[str, ...]) -> None:
    exp = exp_in(*kind)
    exp.repo.write("new data.csv", "a\n")
    name = exp.record("a", "pass", "--use", "dataset=new data.csv")
    assert level(exp, name) == "E3"
    exp.repo.fsck()


def test_odd_places(exp: Program, tmp_path: Path) -> None:
    """A subfolder, a linked worktree, a bare clone: the same answer, and nothing of the user's changes."""
    exp.repo.commit("data", {"döt a/data.csv": "a\n"})
    name = exp.record("a", "pass", "--use", "dataset=döt a/data.csv")
    tree = tmp_path / "linked tree"
    exp.repo.git("worktree", "add", "-q", "-b", "other", str(tree))
    bare = tmp_path / "bare.git"
    exp.repo.git("clone", "-q", "--bare", str(exp.repo.path), str(bare))
    exp.repo.git("push", "-q", str(bare), f"refs/exp/{name}:refs/exp/{name}")
    before = exp.repo.git("status", "--porcelain"), exp.repo.git("rev-parse", "HEAD")
    levels = []
    for place in (exp.repo.path, exp.repo.path / "döt a", tree, bare):
        os.chdir(place)
        levels.append(level(exp, name))
    assert levels == ["E3"] * 4
    assert before == (exp.repo.git("status", "--porcelain"), exp.repo.git("rev-parse", "HEAD"))


def test_levels_can_be_listed_and_asked_for(exp: Program) -> None:
    with gitexp.start("bare") as run:
        run.log({"acc": 0.5})
    with gitexp.start("told") as run:
        run.use("dataset", {"digest": "sha256:" + "a" * 64})
        run.use("seeds", {"seed": 1})
        run.log({"acc": 0.5})
    levels = {name: exp("audit", name, "--json").json["level"] for name in ("bare", "told")}
    assert levels["bare"] < levels["told"]
    rows = exp("ls", "--columns", "name,audit", "--csv").out.splitlines()
    assert [row.partition("-")[0] + row.partition(",")[2] for row in rows[1:]] == [
        f"told{levels['told']}",
        f"bare{levels['bare']}",
    ]
    told = exp("ls", f"audit >= {levels['told']}", "--sort", "audit", "--name-only").out.split()
    assert [name.partition("-")[0] for name in told] == ["told"]
