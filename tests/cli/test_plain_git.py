"""Runs as plain git merges, picks, rebases and compares them, with our drivers and without."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import gitexp
from gitexp.cli.boundary import run
from gitexp.ops.hooks.drivers import register, registered, withdraw
from gitexp.repo import Repository
from tests.cli.program import Program, Said
from tests.cli.sharing import refs
from tests.gitrepo import FILES, Repo, init
from tests.interop.logs import FIXTURES

PARAMS = """\
# training
lr: 0.1  # rate
wd: 0.0
model:
  # how wide
  width: 3
  depth: 2
"""
MERGED = PARAMS.replace("lr: 0.1", "lr: 0.2").replace("wd: 0.0", "wd: 0.5").replace("width: 3", "width: 5")
CODE = "import gitexp\nwith gitexp.start() as r:\n    for i in range({0}): r.log({{'loss': {0} - i}}, step=i)"


@dataclass
class Ideas:
    """Two runs from one commit, each with other params."""

    exp: Program
    a: str
    b: str

    @property
    def repo(self) -> Repo:
        return self.exp.repo

    def show(self, what: str = "HEAD") -> Said:
        return self.exp("show", what)

    def is_stale(self, what: str = "HEAD") -> bool:
        said: bool = self.exp("show", what, "--json").json["stale"]
        assert said is ("stale: " in self.show(what).out)
        return said

    def tries(self, *arguments: str, **environ: str) -> int:
        """The exit code of git."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.repo.path,
            env={**self.repo.environ, **environ},
            capture_output=True,
            check=False,
        ).returncode

    def conflicts(self) -> list[str]:
        return self.repo.git("diff", "--name-only", "--diff-filter=U").splitlines()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Recorded once: each test gets a copy."""
    repo = init(tmp_path_factory.mktemp("ideas") / "repo", os.environ)
    repo.commit("first", {**FILES, "params.yaml": PARAMS})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repo.path)
        for slug, length, *options in (
            ("a", 30, "-S", "lr=0.2"),
            ("b", 40, "-S", "wd=0.5", "-S", "model.width=5"),
        ):
            command = (sys.executable, "-c", CODE.format(length))
            assert run(["run", "--name", str(slug), *map(str, options), "--", *command]) == 0
    return repo


@pytest.fixture
def ideas(exp: Program, recorded: Repo) -> Iterator[Ideas]:
    """No git command of a test changes a run or breaks anything."""
    shutil.rmtree(exp.repo.path / ".git")
    shutil.copytree(recorded.path, exp.repo.path, dirs_exist_ok=True)
    before = refs(exp.repo)
    yield Ideas(exp, *before)
    assert before.items() <= refs(exp.repo).items()
    exp.repo.fsck()


@pytest.fixture
def drivers(ideas: Ideas) -> None:
    with Repository.open(ideas.repo.path, ideas.repo.environ) as repo:
        register(repo)


# -- with the drivers ------------------------------------------------------------------------------------


def test_params_are_merged_by_key_and_records_never_conflict(ideas: Ideas, drivers: None) -> None:
    repo = ideas.repo
    repo.git("merge", "-q", f"exp/{ideas.a}")
    assert repo.git("rev-parse", "HEAD") == repo.git("rev-parse", f"exp/{ideas.a}")
    assert not ideas.is_stale()
    repo.git("merge", "-q", "-m", "both", f"exp/{ideas.b}")
    assert (repo.path / "params.yaml").read_text() == MERGED
    assert repo.git("status", "--short") == ""
    assert ideas.is_stale()
    found = ideas.exp("show", "HEAD", "--json").json
    assert (found["name"], found["mixed_with"]) == (ideas.a, [ideas.b])
    assert f"stale: this record was mixed by git with that of {ideas.b}" in ideas.show().out


def test_runs_can_be_picked_one_after_the_other(ideas: Ideas, drivers: None) -> None:
    repo = ideas.repo
    repo.commit("in between", {"other.py": "pass\n"})
    for name in (ideas.a, ideas.b):
        repo.git("cherry-pick", f"exp/{name}")
        assert ideas.is_stale()
    assert (repo.path / "params.yaml").read_text() == MERGED
    assert (repo.path / "other.py").exists()


def test_the_own_commit_of_a_run_can_be_picked_below_its_edits(ideas: Ideas) -> None:
    other = ideas.exp.record("c", "pass", "-S", "lr=0.3")
    ideas.exp("tag", other, "+good")
    ideas.exp("note", other, "taken")
    ideas.repo.git("cherry-pick", f"exp/{other}~2")
    assert "lr: 0.3" in (ideas.repo.path / "params.yaml").read_text()


def test_a_branch_with_a_run_can_be_rebased(ideas: Ideas, drivers: None) -> None:
    repo = ideas.repo
    repo.git("switch", "-q", "-c", "idea", f"exp/{ideas.a}")
    repo.commit("more", {"train.py": "print('more')\n"})
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", f"exp/{ideas.b}")
    repo.git("rebase", "-q", "main", "idea")
    assert (repo.path / "params.yaml").read_text() == MERGED
    assert (repo.path / "train.py").read_text() == "print('more')\n"
    assert ideas.is_stale()
    assert ideas.exp("show", "HEAD", "--json").json["name"] == ideas.b


def test_a_key_that_two_runs_changed_is_marked_alone(ideas: Ideas, drivers: None) -> None:
    other = ideas.exp.record("c", "pass", "-S", "lr=0.3", "-S", "model.depth=9")
    ideas.repo.git("merge", "-q", f"exp/{ideas.a}")
    assert ideas.tries("merge", f"exp/{other}") == 1
    assert ideas.conflicts() == ["params.yaml"]
    marked = f"<<<<<<< HEAD\nlr: 0.2  # rate\n=======\nlr: 0.3  # rate\n>>>>>>> exp/{other}\n"
    expected = PARAMS.replace("lr: 0.1  # rate\n", marked).replace("depth: 2", "depth: 9")
    assert (ideas.repo.path / "params.yaml").read_text() == expected
    ideas.repo.write("params.yaml", PARAMS)
    ideas.repo.commit("resolved")
    assert ideas.is_stale()


def test_records_of_the_same_code_are_mixed_as_well(ideas: Ideas, drivers: None) -> None:
    """Their code equals that of both, so only the mark tells that files of two runs stand together."""
    keep = "import gitexp\nwith gitexp.start() as r: r.log_artifact(b'{0}', '{0}.txt')"
    one, two = (ideas.exp.record(name, keep.format(name)) for name in ("one", "two"))
    repo = ideas.repo
    repo.git("merge", "-q", f"exp/{one}")
    repo.git("merge", "-q", "-m", "both", f"exp/{two}")
    assert {path.name for path in (repo.path / ".exp/artifacts").iterdir()} == {"one.txt", "two.txt"}
    assert f"note: the record in 'HEAD' is stale: it is that of run '{one}'" in ideas.show().err
    # Where nobody has the runs there is nothing to be shown instead.
    repo.git("clone", "-q", str(repo.path), str(repo.path.parent / "clone"))
    os.chdir(repo.path.parent / "clone")
    assert ideas.exp("ls").out == ""
    assert ideas.exp("show", "HEAD", "--json").json["stale"] is True
    os.chdir(repo.path)


def test_a_diff_of_two_runs_reads_well(ideas: Ideas, drivers: None) -> None:
    said = ideas.repo.git("diff", f"exp/{ideas.a}", f"exp/{ideas.b}", "--", ".exp/series", ".exp/params.yaml")
    assert re.sub(r"index [0-9a-f.]+ 100644", "index", said) == (
        "diff --git a/.exp/params.yaml b/.exp/params.yaml\n"
        "index\n"
        "--- a/.exp/params.yaml\n"
        "+++ b/.exp/params.yaml\n"
        "@@ -1,5 +1,5 @@\n"
        "-lr: 0.2\n"
        "+lr: 0.1\n"
        " model:\n"
        "   depth: 2\n"
        "-  width: 3\n"
        "-wd: 0.0\n"
        "+  width: 5\n"
        "+wd: 0.5\n"
        "diff --git a/.exp/series/00000.csv b/.exp/series/00000.csv\n"
        "index\n"
        "--- a/.exp/series/00000.csv\n"
        "+++ b/.exp/series/00000.csv\n"
        "@@ -1,2 +1,2 @@\n"
        "-rows: 30, steps 0 to 29\n"
        "-loss: first 30, last 1, min 1, max 30\n"
        "+rows: 40, steps 0 to 39\n"
        "+loss: first 40, last 1, min 1, max 40"
    )
    told = ideas.repo.git("diff", "-U0", f"exp/{ideas.a}", f"exp/{ideas.b}", "--", ".exp/*.yaml")
    assert "@@ model:\n" in told
    assert "@@ code:\n" in told


def evaluated(ids: range, score: int) -> str:
    """The name of a run that has answered those questions."""
    with gitexp.start("s") as run, run.eval("qa") as ev:
        for number in ids:
            ev.add(id=f"q{number}", input=number, scores={"match": score})
    assert run.name
    return run.name


def test_shards_of_an_evaluation_are_joined_and_a_row_in_conflict_is_shown(
    ideas: Ideas, drivers: None
) -> None:
    repo = ideas.repo
    one, two, odd = evaluated(range(3), 1), evaluated(range(3, 6), 0), evaluated(range(2, 7), 0)
    repo.git("merge", "-q", f"exp/{one}")
    repo.git("merge", "-q", "-m", "shards", f"exp/{two}")
    scores = repo.path / ".exp/eval/qa/scores.jsonl"
    assert [json.loads(line)["id"] for line in scores.read_text().splitlines()] == [f"q{n}" for n in range(6)]
    assert f"note: the record in 'HEAD' is stale: it is that of run '{one}'" in ideas.show().err
    assert "\n+q5      1       0" in repo.git("diff", f"exp/{one}", "HEAD", "--", str(scores))
    assert ideas.tries("merge", f"exp/{odd}") == 1
    assert ideas.conflicts() == [".exp/eval/qa/scores.jsonl"]
    assert scores.read_text().splitlines()[2:7] == [
        "<<<<<<< HEAD",
        '{"ep":1,"id":"q2","s":{"match":1}}',
        "=======",
        '{"ep":1,"id":"q2","s":{"match":0}}',
        f">>>>>>> exp/{odd}",
    ]
    assert scores.read_text().splitlines()[-1] == '{"ep":1,"id":"q6","s":{"match":0}}'
    repo.git("merge", "--abort")
    # The rows are of both runs, and the metrics of one: where the runs are not, the record is still nobody's.
    repo.git("clone", "-q", str(repo.path), str(repo.path.parent / "clone"))
    os.chdir(repo.path.parent / "clone")
    said = ideas.exp("show", "HEAD")
    assert f"stale: this record was mixed by git with that of {two}" in said.out
    assert "  qa  6 examples, 0 errors\n" in said.out
    (suite,) = ideas.exp("eval", "show", "HEAD", "--json").json["suites"]
    assert (suite["metrics"]["match"]["mean"], suite["metrics"]["match"]["n"]) == (0.5, 6)
    os.chdir(repo.path)


def test_logs_of_inspect_among_the_users_files_are_compared_by_what_is_in_them(ideas: Ideas) -> None:
    repo, logs = ideas.repo, FIXTURES / "inspect"
    with Repository.open(repo.path, repo.environ) as opened:
        register(opened)
    for name in ("baseline", "candidate"):
        shutil.copy(logs / f"{name}.zstd.eval", repo.path / "log.eval")
        repo.git("add", "log.eval")
        repo.git("commit", "-qm", name)
    told = repo.git("diff", "HEAD^", "HEAD", "--", "log.eval")
    assert "-            template: Answer briefly.\n+            template: Answer with" in told
    assert "-q-cap-fr        1       1\n" in told
    # Another kind of file of that name, and git exp out of reach.
    (repo.path / "log.eval").write_text("1 + 1\n")
    assert "\n+1 + 1" in repo.git("diff", "--", "log.eval")
    bare = "".join(
        subprocess.run(
            ["git", "diff", "HEAD^", "HEAD"],
            cwd=repo.path,
            env={**repo.environ, "PATH": absent()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert re.search(r"^-binary [0-9a-f]{40}\n\+binary [0-9a-f]{40}$", bare, re.MULTILINE)
    # Whoever has said how such files are compared is not overruled.
    (repo.path / ".gitattributes").write_text("*.eval -diff\n")
    with Repository.open(repo.path, repo.environ) as opened:
        withdraw(opened)
        register(opened)
    assert repo.git("check-attr", "diff", "log.eval") == "log.eval: diff: unset"


def test_the_installed_hooks_bring_the_drivers(ideas: Ideas) -> None:
    repo = ideas.repo
    own = b"*.png binary\nno line break at the end"
    attributes = repo.path / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_bytes(own)
    assert ideas.exp("hooks", "install").code == 0
    assert attributes.read_bytes().endswith(own)
    assert repo.git("check-attr", "merge", "diff", "--", ".exp/series/00000.csv", "params.yaml", "a.png") == (
        ".exp/series/00000.csv: merge: exp\n.exp/series/00000.csv: diff: exp\n"
        "params.yaml: merge: exp\nparams.yaml: diff: unspecified\n"
        "a.png: merge: unset\na.png: diff: unset"
    )
    repo.git("merge", "-q", f"exp/{ideas.a}")
    repo.git("merge", "-q", "-m", "both", f"exp/{ideas.b}")
    assert (repo.path / "params.yaml").read_text() == MERGED
    assert ideas.exp("hooks", "uninstall").code == 0
    assert attributes.read_bytes() == own
    assert ideas.tries("config", "--get-regexp", r"^(merge|diff)\.exp") == 1


@pytest.mark.parametrize(("kind", "object_format"), [("submodule", "sha1"), ("plain", "sha256")])
def test_drivers_in_other_kinds_of_repositories(
    make_repo: Callable[..., Repo], kind: str, object_format: str
) -> None:
    repo = make_repo(kind, object_format)
    with Repository.open(repo.path, repo.environ) as opened:
        register(opened)
    repo.commit("params", {"conf/params.yaml": PARAMS})
    repo.git("branch", "side")
    repo.commit("ours", {"conf/params.yaml": PARAMS.replace("lr: 0.1", "lr: 0.2")})
    repo.git("switch", "-q", "side")
    repo.commit("theirs", {"conf/params.yaml": PARAMS.replace("wd: 0.0", "wd: 0.5")})
    repo.git("merge", "-q", "-m", "both", "@{-1}")
    assert (repo.path / "conf/params.yaml").read_text() == MERGED.replace("width: 5", "width: 3")
    repo.fsck()


def test_what_others_declare_brings_no_attributes_of_theirs(ideas: Ideas) -> None:
    odd = ["x\n* filter=evil", "../outside.yaml", "/etc/params.yaml", "./conf/../plain.yaml"]
    ideas.repo.write(".gitexp.yaml", json.dumps({"params": odd}))
    with Repository.open(ideas.repo.path, ideas.repo.environ) as opened:
        register(opened)
    lines = (ideas.repo.path / ".git/info/attributes").read_text().splitlines()
    assert [one for one in lines if "merge=exp" in one] == [".exp/** merge=exp", "/plain.yaml merge=exp"]
    assert not [one for one in lines if "evil" in one]


def test_drivers_follow_the_declared_params_files(ideas: Ideas) -> None:
    """Whatever they are called; and what the project says of their merges stands."""
    repo = ideas.repo
    odd = 'conf/my "own" é [1].yaml'
    settings = f"params:\n  - {odd!r}\n  - union.yaml\n"
    files = {odd: PARAMS, "union.yaml": PARAMS, ".gitattributes": "union.yaml merge=union\n"}
    repo.commit("files", {".gitexp.yaml": settings, **files})
    with Repository.open(repo.path, repo.environ) as opened:
        register(opened)
        assert registered(opened)
    listed = repo.git("check-attr", "-z", "merge", "--", odd, "union.yaml", "params.yaml").split("\0")
    assert listed[2::3] == ["exp", "union", "unspecified"]
    repo.git("switch", "-q", "-c", "side")
    repo.commit("theirs", {odd: PARAMS.replace("wd: 0.0", "wd: 0.5")})
    repo.git("switch", "-q", "main")
    repo.commit("ours", {odd: PARAMS.replace("lr: 0.1", "lr: 0.2")})
    repo.git("merge", "-q", "-m", "both", "side")
    assert (repo.path / odd).read_text() == MERGED.replace("width: 5", "width: 3")
    with Repository.open(repo.path, repo.environ) as opened:
        withdraw(opened)
        assert not registered(opened)
    assert not (repo.path / ".git/info/attributes").exists()


def test_params_files_that_both_sides_add_are_merged_in_a_linked_worktree(
    ideas: Ideas, drivers: None
) -> None:
    repo = ideas.repo
    repo.git("switch", "-q", "-c", "side")
    repo.commit("theirs", {"sub/params.toml": "lr = 0.1\nwd = 0.5\n"})
    place = repo.path.parent / "linked"
    repo.git("worktree", "add", "-q", "-b", "linked", str(place), "main")
    linked = Repo(place, repo.environ)
    linked.commit("ours", {"sub/params.toml": "lr = 0.1\nseed = 1\n"})
    linked.git("merge", "-q", "-m", "both", "side")
    lines = (place / "sub/params.toml").read_text().splitlines()
    assert sorted(lines) == ["lr = 0.1", "seed = 1", "wd = 0.5"]


# -- where git exp is gone -------------------------------------------------------------------------------


def broken(folder: Path) -> str:
    """A PATH with a git exp that cannot start."""
    folder.mkdir()
    script = folder / "git-exp"
    script.write_text("#!/bin/sh\necho broken\nexit 1\n")
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def absent() -> str:
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(one for one in folders if not os.path.exists(os.path.join(one, "git-exp")))


@pytest.mark.parametrize("how", ["absent", "broken"])
def test_drivers_that_cannot_start_leave_git_as_it_is(
    ideas: Ideas, drivers: None, tmp_path: Path, how: str
) -> None:
    path = absent() if how == "absent" else broken(tmp_path / "bin")
    repo = ideas.repo
    # A name that ends in .yaml and a text that git can merge.
    repo.git("switch", "-q", "-c", "side", "main")
    repo.commit("theirs", {"params.yaml": PARAMS.replace("depth: 2", "depth: 7")})
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", f"exp/{ideas.a}")
    repo.git("merge", "-q", "-m", "text", "side", PATH=path)
    expected = PARAMS.replace("lr: 0.1", "lr: 0.2").replace("depth: 2", "depth: 7")
    assert (repo.path / "params.yaml").read_text() == expected
    assert ideas.tries("merge", f"exp/{ideas.b}", PATH=path) == 1
    assert "params.yaml" in ideas.conflicts()
    assert set(ideas.conflicts()) <= {"params.yaml", ".exp/run.yaml"}
    assert "<<<<<<< HEAD\n" in (repo.path / "params.yaml").read_text()
    repo.git("merge", "--abort")
    said = repo.git("diff", f"exp/{ideas.a}", f"exp/{ideas.b}", "--", ".exp/series", PATH=path)
    assert "-29," in said
    assert "+39," in said
    assert "broken" not in said


# -- without the drivers ---------------------------------------------------------------------------------


def test_without_drivers_a_run_merges_into_what_has_none(ideas: Ideas) -> None:
    repo = ideas.repo
    repo.commit("in between", {"other.py": "pass\n"})
    repo.git("merge", "-q", "-m", "take it", f"exp/{ideas.a}")
    assert (repo.path / "params.yaml").read_text() == PARAMS.replace("lr: 0.1", "lr: 0.2")
    assert ideas.is_stale()
    assert "stale: this code is not the code that the metrics were made with" in ideas.show().out


def test_without_drivers_records_that_meet_are_one_side_s(ideas: Ideas) -> None:
    repo = ideas.repo
    repo.git("merge", "-q", f"exp/{ideas.a}")
    assert ideas.tries("merge", f"exp/{ideas.b}") == 1
    assert set(ideas.conflicts()) >= {".exp/run.yaml", ".exp/params.yaml", "params.yaml"}
    repo.git("checkout", "--theirs", ".exp")
    repo.write("params.yaml", MERGED)
    repo.commit("resolved")
    assert ideas.is_stale()
    assert ideas.exp("show", "HEAD", "--json").json["name"] == ideas.b


def test_a_record_that_was_mixed_by_hand_is_not_that_of_its_run(ideas: Ideas) -> None:
    repo = ideas.repo
    repo.git("merge", "-q", f"exp/{ideas.a}")
    assert not ideas.is_stale()
    ideas.exp("tag", ideas.a, "good")
    assert not ideas.is_stale("HEAD")
    repo.git("update-ref", f"refs/exp/{ideas.a}", f"exp/{ideas.a}~")
    repo.commit("better", {".exp/metrics.yaml": "loss: 0\n"})
    said = ideas.show()
    assert f"note: the record in 'HEAD' is stale: it is that of run '{ideas.a}'" in said.err
    assert "loss  0" not in said.out
    assert f"this record is not the one that run '{ideas.a}' has" in ideas.exp("diff", ideas.a, "HEAD").out


def test_git_refuses_an_octopus_of_two_runs_and_takes_one_with_a_branch(ideas: Ideas) -> None:
    repo = ideas.repo
    repo.git("switch", "-q", "-c", "side")
    repo.commit("side", {"side.py": "pass\n"})
    repo.git("switch", "-q", "main")
    repo.commit("in between", {"other.py": "pass\n"})
    assert ideas.tries("merge", f"exp/{ideas.a}", f"exp/{ideas.b}") != 0
    repo.git("reset", "-q", "--hard")
    repo.git("merge", "-q", "-m", "three", f"exp/{ideas.a}", "side")
    assert len(repo.git("rev-list", "--parents", "-n1", "HEAD").split()) == 4
    assert ideas.is_stale()


def test_a_branch_at_a_run_goes_on(ideas: Ideas) -> None:
    repo = ideas.repo
    repo.git("switch", "-q", "-c", "idea", f"exp/{ideas.a}")
    assert not ideas.is_stale()
    repo.commit("later", {"train.py": "print('later')\n"})
    assert ideas.is_stale()
    name = ideas.exp.record("next", "pass")
    assert not ideas.is_stale(name)
    # The record in the tree is no part of the new run's code, and nothing of it is in the new record.
    found = ideas.exp("show", name, "--json").json
    assert found["code"]["dirty"] is False
    assert found["metrics"] == {}
    files = repo.git("ls-tree", "-r", "--name-only", f"exp/{name}", ".exp/").splitlines()
    assert ".exp/series/00000.csv" not in files
    assert "params.yaml" in ideas.exp("diff", ideas.b, name).out


def test_a_worktree_at_a_run(ideas: Ideas) -> None:
    place = ideas.repo.path.parent / "a worktree é"
    ideas.repo.git("worktree", "add", "-q", str(place), f"exp/{ideas.a}")
    os.chdir(place)
    assert not ideas.is_stale()
    (place / "train.py").write_text("print('changed')\n")
    assert "train.py" in ideas.exp("diff", "HEAD", ".").out
    os.chdir(ideas.repo.path)


def test_a_run_is_reverted_and_stashed_like_anything(ideas: Ideas) -> None:
    repo = ideas.repo
    before = repo.git("rev-parse", "HEAD^{tree}")
    repo.git("merge", "-q", f"exp/{ideas.a}")
    repo.write("params.yaml", MERGED)
    repo.git("stash", "-q")
    assert not ideas.is_stale()
    repo.git("stash", "pop", "-q")
    repo.git("checkout", "-q", "params.yaml")
    repo.git("revert", "--no-edit", "HEAD")
    assert repo.git("rev-parse", "HEAD^{tree}") == before
    assert ideas.show().err.startswith("error: 'HEAD' is a commit that names no run")


# -- every view ------------------------------------------------------------------------------------------


def look(exp: Program, folder: Path) -> dict[str, Said]:
    """HEAD in each view."""
    return {
        "show": exp("show", "HEAD"),
        "diff": exp("diff", "HEAD", "."),
        "plot": exp("plot", "HEAD"),
        "logs": exp("logs", "HEAD"),
        "artifacts": exp("artifacts", "HEAD"),
        "get": exp("get", "HEAD:a.txt", "-o", str(folder)),
    }


def test_every_view_tells(exp: Program, tmp_path: Path) -> None:
    code = CODE.format(3) + "\n    r.log_artifact(b'a', 'a.txt')\nprint('hello')"
    name = exp.record("plain", code)
    exp.repo.git("merge", "-q", f"exp/{name}")
    views = look(exp, tmp_path / "one")
    assert [view for view, said in views.items() if said.code or "stale" in said.out + said.err] == []
    assert not gitexp.get_run("HEAD").stale
    exp.repo.commit("later", {"train.py": "print('later')\n"})
    views = look(exp, tmp_path / "two")
    assert [view for view, said in views.items() if said.code or "stale" not in said.out + said.err] == []
    for command in ("show", "logs", "artifacts"):
        assert exp(command, "HEAD", "--json").json["stale"] is True
        assert exp(command, name, "--json").json["stale"] is False
    assert f"{name} (stale)" in views["plot"].out
    assert f"git exp show {name}" in views["show"].out
    assert views["logs"].out == "hello\n"
    found = gitexp.get_run("HEAD")
    assert found.stale
    assert not gitexp.get_run(name).stale
    assert "stale" in found._repr_html_()
    assert "stale" not in exp("ls").out + exp("plot", name).out
