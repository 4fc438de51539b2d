"""`git exp report`: which runs, against which, in which clones; the text and Markdown are golden files."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from gitexp.cli import boundary
from tests.cli.program import Program, normal
from tests.cli.sharing import Person, World, refs
from tests.cli.template import template, use
from tests.gitrepo import FILES, Repo

GOLDEN = Path(__file__).parent / "golden"
WRITE = "GITEXP_GOLDEN" in os.environ

TRAIN = """
import gitexp
with gitexp.start() as run:
    run.use("prompt", "{prompt}")
    run.log({{"acc": {acc}, "loss": 0.25, "rows": 12}})
    suite = run.eval("qa", metrics={{"match": "binary"}})
    for at in range(12):
        suite.add(id=f"q|{{at:02}}", input=at, target="t", scores={{"match": int(at >= {wrong})}})
"""


def change(repo: Repo, message: str, *, acc: float = 0.9, wrong: int = 1, prompt: str = "Be brief.") -> str:
    """The commit of a program that comes to these numbers."""
    return repo.commit(message, {"train.py": TRAIN.format(acc=acc, wrong=wrong, prompt=prompt)})


def run(exp: Program | Person, slug: str) -> str:
    return exp("run", "--name", slug, "--", sys.executable, "train.py").name


@pytest.fixture(scope="module")
def two_branches(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A baseline on main, and a branch with a run that is worse."""

    def tell(repo: Repo) -> None:
        repo.commit("first", FILES)
        change(repo, "base")
        assert boundary.run(["run", "-q", "--name", "base", "--", sys.executable, "train.py"]) == 0
        assert boundary.run(["baseline", "set", "main", "@"]) == 0
        repo.git("switch", "-q", "-c", "idea")
        repo.write("notes @all|x.txt", "one\n")
        change(repo, "idea", acc=0.8, wrong=9, prompt="@all | <b>")
        assert boundary.run(["run", "-q", "--name", "idea", "--", sys.executable, "train.py"]) == 0

    return template(tmp_path_factory.mktemp("report"), tell)


@pytest.fixture
def branch(exp: Program, two_branches: Repo) -> Program:
    """A copy of that repository."""
    use(exp, two_branches)
    return exp


def names(exp: Program | Person, *arguments: str) -> tuple[str, list[str]]:
    """The slugs of the base and the runs of a report."""
    said = exp("report", *arguments, "--json")
    assert said.code == 0, said.err
    found = said.json
    return found["base"]["name"][:-7], [one["name"][:-7] for one in found["runs"]]


@pytest.mark.parametrize(("name", "options"), [("report.txt", []), ("report.md", ["--md"])])
def test_a_report(branch: Program, name: str, options: list[str]) -> None:
    said = branch("report", *options)
    assert (said.code, said.err) == (0, "")
    # How complete a run is depends on the machine as well.
    text = re.sub(r"(?m)(?<=Completeness ).*$", "<level>", normal(said.out))
    if WRITE:
        (GOLDEN / name).write_text(text)
    assert text == (GOLDEN / name).read_text()


def test_the_same_as_html_and_json(branch: Program, tmp_path: Path) -> None:
    head, refs = branch.repo.git("status", "--porcelain"), branch.repo.refs()
    page = tmp_path / "a report.html"
    assert branch("report", "--html", "-o", str(page)).out == ""
    text = page.read_text()
    for told in ("<bdi>q|01</bdi>", "<bdi>@all | &lt;b&gt;</bdi>", "8 examples got worse"):
        assert told in text
    (one,) = branch("report", "--json").json["runs"]
    found = {metric["name"]: metric for metric in one["metrics"]}
    assert (found["qa/match"]["verdict"], found["qa/match"]["basis"]) == ("worse", "examples")
    assert found["qa/match"]["p"] == 2**-8
    assert (found["acc"]["verdict"], found["acc"]["sure"]) == ("worse", None)
    assert (found["rows"]["verdict"], "qa/match.se" in found) == ("same", False)
    assert one["evaluations"][0]["metrics"]["match"]["changes"][0]["id"] == "q|01"
    assert one["inputs"][0]["role"] == "prompt"
    assert one["completeness"]["level"] == "E0"
    assert {file["path"] for file in one["code"]["files"]} == {"train.py", "notes @all|x.txt"}
    assert (branch.repo.git("status", "--porcelain"), branch.repo.refs()) == (head, refs)


def test_which_base(branch: Program) -> None:
    assert names(branch) == ("base", ["idea"])
    branch("baseline", "unset", "main")
    assert names(branch) == ("base", ["idea"])  # the run of the commit that the branch started from
    branch.repo.git("switch", "-q", "main")
    said = branch("report", "--base", "base")
    assert said.err.startswith("error: the one finished run of this branch is the base itself: base-")
    branch.repo.commit("on", {"README": "later\n"})
    run(branch, "later")
    branch.repo.git("switch", "-q", "idea")
    assert names(branch) == ("base", ["idea"])
    assert names(branch, "--base", "later") == ("later", ["idea"])
    branch.repo.git("switch", "-q", "main")
    assert names(branch) == ("base", ["later"])  # on main itself, against the commit before
    branch.repo.commit("more", {"README": "docs\n"})
    branch.repo.commit("and more", {"README": "more docs\n"})
    branch.repo.git("switch", "-q", "-c", "other")
    change(branch.repo, "other", acc=0.95)
    said = branch("report")
    assert said.err.startswith("error: no finished run belongs to a commit of this branch\n")
    run(branch, "other")
    assert names(branch) == ("later", ["other"])
    how = branch("report", "--json").json["base"]["how"]
    assert "2 commits before the one where HEAD has branched off from main" in how


def test_which_runs(branch: Program) -> None:
    run(branch, "again")
    assert names(branch)[1] == ["again", "idea"]  # both were evaluated example by example
    assert names(branch, "idea-")[1] == ["idea"]
    branch.repo.write("train.py", TRAIN.format(acc=0.7, wrong=2, prompt="Be brief."))
    dirty = run(branch, "dirty")
    said = branch("report", "--json").json
    assert [one["name"][:-7] for one in said["runs"]] == ["again", "idea", "dirty"]
    assert said["notes"][0].endswith(f": {dirty}")
    branch.repo.git("checkout", "-q", "train.py")
    branch.repo.commit("later", {"README": "later\n"})
    branch("run", "--name", "broken", "--", "false")
    said = branch("report", "--json").json
    assert [one["name"][:-7] for one in said["runs"]] == ["again", "idea", "dirty"]
    assert "1 commit before HEAD: the code has changed since" in said["notes"][0]
    branch.repo.commit(f"take it\n\nExp-Run: {dirty}", {"README": "latest\n"})
    said = branch("report", "--json").json
    assert [one["name"] for one in said["runs"]] == [dirty]
    assert said["notes"] == [f"not exactly the code of {branch.repo.git('rev-parse', 'HEAD')[:10]}: {dirty}"]
    branch.repo.commit("gone\n\nExp-Run: gone-by-aaaaaa", {"README": "last\n"})
    for name in refs(branch.repo):
        if not name.startswith("base"):
            branch.repo.git("update-ref", "-d", f"refs/exp/{name}")
    told = branch("report")
    assert told.err.startswith("error: run 'gone-by-aaaaaa', which ")
    assert told.err.endswith(" names, is not here\nhint: git exp fetch\n")


def test_repeated_runs_tell_how_much_a_metric_varies(branch: Program) -> None:
    text = TRAIN.format(acc=0.8, wrong=1, prompt="Be brief.").partition("    suite")[0]
    branch.repo.commit("without a suite", {"train.py": text})
    earlier = {run(branch, "first"), run(branch, "second")}
    run(branch, "again")
    (one,) = branch("report", "--json").json["runs"]
    assert (one["name"][:-7], set(one["repeats"])) == ("again", earlier)
    acc = next(metric for metric in one["metrics"] if metric["name"] == "acc")
    assert (acc["basis"], acc["sure"], acc["verdict"]) == ("repeated runs", True, "worse")
    branch.repo.write(".gitexp.yaml", "noise: {acc: 0.2}\n")
    said = branch("report", "--json").json
    acc = next(metric for metric in said["runs"][0]["metrics"] if metric["name"] == "acc")
    assert (acc["basis"], acc["verdict"]) == ("repeated runs", "worse")  # the base does not say so
    assert said["notes"] == [
        ".gitexp.yaml of the working tree has other rules, which do not hold here: noise.acc"
    ]


def test_a_branch_does_not_tell_how_its_own_change_is_to_be_read(exp: Program) -> None:
    text = TRAIN.format(acc="__import__('train_acc').acc", wrong=1, prompt="x").partition("    suite")[0]
    settings = "goals: {acc: max}\nnoise: {acc: 0.02, loss: 1%}\n"
    exp.repo.commit("base", {"train.py": text, "train_acc.py": "acc = 0.9\n", ".gitexp.yaml": settings})
    run(exp, "base")
    exp("baseline", "set", "main", "@")
    exp.repo.git("switch", "-q", "-c", "idea")
    exp.repo.commit(
        "idea", {"train_acc.py": "acc = 0.85\n", ".gitexp.yaml": "goals: {acc: min}\nnoise: {acc: 1}\n"}
    )
    run(exp, "idea")
    (one,) = exp("report", "--json").json["runs"]
    acc = next(metric for metric in one["metrics"] if metric["name"] == "acc")
    assert (acc["goal"], acc["basis"], acc["verdict"]) == ("max", "noise", "worse")


def test_a_repetition_of_the_base_differs_by_noise_alone(exp: Program) -> None:
    text = TRAIN.format(acc="__import__('random').random()", wrong=1, prompt="x").partition("    suite")[0]
    exp.repo.commit("base", {"train.py": text})
    run(exp, "base")
    exp("baseline", "set", "main", "@")
    run(exp, "again")
    (one,) = exp("report", "--json").json["runs"]
    acc = next(metric for metric in one["metrics"] if metric["name"] == "acc")
    assert (acc["basis"], acc["verdict"]) == ("repeated runs", "within noise")
    assert acc["delta"] != 0
    assert "both repeat the same" in exp("report").out


def test_what_cannot_be_compared_is_said_first(branch: Program) -> None:
    text = TRAIN.format(acc=0.9, wrong=1, prompt="Be brief.")
    branch.repo.commit("data", {"train.py": text.replace("input=at", "input=at or 'other'")})
    run(branch, "data")
    said = branch("report", "--md")
    assert "**<code>not comparable&#58; suite qa has other data" in said.out.partition("| Metric |")[0]
    branch.repo.commit("without", {"train.py": text.partition("    suite")[0]})
    run(branch, "without")
    assert "\n  suite qa was not evaluated\n" in branch("report").out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (
            ("--base", "none"),
            1,
            "error: no baseline, revision or run 'none'\nhint: git exp baseline set none",
        ),
        (("--base", "--x"), 2, "error: invalid base '--x'"),
        (("--base", ""), 2, "error: invalid base ''"),
        (("--base", "baseline:none"), 1, "error: no baseline 'none'\nhint: there is: main"),
        (("none",), 1, "error: no run matches 'none'"),
        (("--md", "-o", "no/such/folder"), 2, "error: cannot write 'no/such/folder'"),
        (("--md", "--html"), 2, "error: --md, --html and --json exclude one another"),
        (("--cluster", "none"), 2, "error: no example has a tag 'none'"),
    ],
)
def test_what_is_wrong_is_said(branch: Program, arguments: tuple[str, ...], code: int, told: str) -> None:
    said = branch("report", *arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith(told)


def test_a_repository_without_a_run_or_a_commit(exp_in, exp: Program) -> None:  # type: ignore[no-untyped-def]
    said = exp("report")
    assert (said.code, said.err.splitlines()[1]) == (1, "hint: git exp fetch")
    said = exp_in("unborn")("report")
    assert (said.code, said.err.splitlines()[1]) == (1, "hint: git exp baseline set main RUN")


def test_a_shallow_clone_of_ci(world: World) -> None:
    ada = world.person("ada")
    change(ada.repo, "base")
    ada.repo.git("push", "-q", "origin", "main")
    run(ada, "base")
    ada("baseline", "set", "main", "@")
    assert ada("baseline", "push").code == 0
    ada.repo.git("switch", "-q", "-c", "idea")
    change(ada.repo, "idea", acc=0.8, wrong=9)
    ada.repo.commit("docs", {"README": "words\n"})
    run(ada, "idea")
    ada("push")
    ada.repo.git("push", "-q", "origin", "idea")
    world.remote.git(*("clone", "-q", "--depth=1", "--branch=idea", world.url, str(world.folder / "ci")))
    ci = ada.at(Repo(world.folder / "ci", ada.repo.environ))
    said = ci("report")
    assert said.code == 1
    assert said.err == (
        "error: no baseline, revision or run 'main'\n"
        "hint: git exp baseline fetch origin, or git fetch --depth=1 origin "
        "main:refs/remotes/origin/main\n"
    )
    # What the hint says brings the branch: what lacks then is a run.
    ci.repo.git("fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert ci("report", "--base", "origin/main").err.startswith("error: no finished run of")
    ci.repo.git("update-ref", "-d", "refs/remotes/origin/main")
    ci.repo.git("fetch", "-q", "--depth=1", "origin", "refs/exp-baseline/*:refs/exp-baseline/*")
    said = ci("report")
    assert (said.code, said.err.splitlines()[1]) == (1, "hint: git exp fetch")
    # As docs/ci.md has it: nothing but the baselines, and a run of the job's own.
    run(ci, "job")
    assert names(ci) == ("base", ["job"])
    ci("rm", "job")
    ci.repo.git("fetch", "-q", "--depth=1", "origin", "refs/exp/*:refs/exp/*")
    assert names(ci) == ("base", ["idea"])
    assert ci.repo.git("rev-list", "--count", "HEAD") == "1"
    assert {one["path"] for one in ci("report", "--json").json["runs"][0]["code"]["files"]} == {
        "README",
        "train.py",
    }
    # By our own commands, and by the branch instead of the baseline.
    world.remote.git(*("clone", "-q", "--depth=1", "--branch=idea", world.url, str(world.folder / "own")))
    own = ada.at(Repo(world.folder / "own", ada.repo.environ))
    assert own("fetch").code == 0
    assert own("baseline", "fetch").code == 0
    assert names(own) == ("base", ["idea"])
    own("baseline", "unset", "main")
    own.repo.git("fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert names(own, "--base", "main") == ("base", ["idea"])
    world.fsck(ci, own)
