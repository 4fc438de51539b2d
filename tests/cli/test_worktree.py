"""worktree, as it is typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import ARGV, Program, program_environ
from tests.cli.sharing import World
from tests.gitrepo import Repo

BIG = bytes(range(256)) * 20
_PROGRAM = """
import gitexp, pathlib
run = gitexp.start()
out = pathlib.Path("out"); out.mkdir(exist_ok=True)
(out / "model.bin").write_bytes(bytes(range(256)) * 20)
run.use("dataset", pathlib.Path("data set"))
run.log_artifact("out")
"""


@pytest.fixture
def full(exp: Program, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run with uncommitted code, a large untracked file, an ignored dataset and an artifact."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    repo = exp.repo
    repo.commit("ignored", {".gitignore": "out/\ndata set/\n"})
    repo.git("config", "exp.maxUntracked", "1k")
    repo.git("config", "exp.maxBlob", "1k")
    repo.write("train.py", "print('better')\n")
    repo.write("new dir/new.py", "N = 1\n")
    repo.write("big.bin", BIG)
    repo.write("data set/rows.csv", "1,2\n")
    return exp.record("one", _PROGRAM)


def at(repo: Repo, *arguments: str, folder: Path) -> str:
    return repo.git("-C", str(folder), *arguments)


def test_code_inputs_and_artifacts_are_as_they_were(exp: Program, full: str, tmp_path: Path) -> None:
    repo, folder = exp.repo, tmp_path / "with space" / "otter"
    before = repo.git("status", "--porcelain"), (repo.path / ".git/index").read_bytes()
    said = exp("worktree", full, "../with space/otter")
    base = repo.git("rev-parse", "HEAD")
    assert (said.code, said.out) == (0, "")
    assert said.err == (
        f"worktree '{folder}' at {base[:10]}: the code of exp {full}\n"
        f"2 inputs restored\n1 artifact restored\nhint: cd '{folder}'\n"
    )
    assert at(repo, "rev-parse", "HEAD", folder=folder) == base
    assert at(repo, "status", "--porcelain", folder=folder).split("\n") == [
        'A  "new dir/new.py"',
        "M  train.py",
        "?? big.bin",
    ]
    assert at(repo, "diff", "--name-only", f"exp/{full}", "--", ":!.exp", folder=folder) == ""
    assert (folder / "big.bin").read_bytes() == (folder / "out/model.bin").read_bytes() == BIG
    assert (folder / "data set/rows.csv").read_text() == "1,2\n"
    # Whatever is done there, the user's own stay.
    (folder / "data set/rows.csv").write_text("other")
    (folder / "big.bin").write_bytes(b"other")
    assert (repo.path / "data set/rows.csv").read_text() == "1,2\n"
    assert (repo.path / "big.bin").read_bytes() == BIG
    assert (repo.git("status", "--porcelain"), (repo.path / ".git/index").read_bytes()) == before
    assert not list((repo.path / ".git/worktrees").rglob("exp-unfinished"))
    repo.fsck()
    repo.git("worktree", "remove", "--force", str(folder))
    assert not folder.exists()
    # What it produced may be left out: it would be code of a run that is made there.
    said = exp("worktree", "--no-artifacts", full, "../with space/otter")
    assert (said.code, "artifact restored" in said.err, "2 inputs restored" in said.err) == (0, False, True)
    assert ((folder / "out").exists(), (folder / "data set/rows.csv").exists()) == (False, True)


def test_what_is_gone_is_told_and_the_rest_is_there(exp: Program, full: str, tmp_path: Path) -> None:
    exp.repo.write("big.bin", "newer")
    exp.repo.write("data set/rows.csv", "newer")
    for one in (exp.repo.path / ".git/lfs/objects").rglob("*"):
        if one.is_file():
            one.unlink()
    said = exp("worktree", full, str(tmp_path / "w"), "--json", "-q")
    assert said.code == 0
    told = {(one["kind"], one["path"]): (one["source"], one["error"]) for one in said.json["files"]}
    assert set(told) == {("input", "data set"), ("input", "big.bin"), ("artifact", "out/model.bin")}
    assert {source for source, _ in told.values()} == {None}
    for kind, path in told:
        assert f"warning: {kind} '{path}' is not restored: " in said.err
    assert (tmp_path / "w/train.py").read_text() == "print('better')\n"
    assert said.json["head"] == exp.repo.git("rev-parse", "HEAD")
    assert said.json["trusted"] is True


def test_on_a_branch_the_code_is_committed(exp: Program, full: str, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    assert exp("worktree", full, str(folder), "-b", "idea").code == 0
    assert at(exp.repo, "symbolic-ref", "HEAD", folder=folder) == "refs/heads/idea"
    assert at(exp.repo, "status", "--porcelain", folder=folder) == "?? big.bin"
    assert at(exp.repo, "log", "-g", "-1", "--format=%gs", folder=folder).startswith("checkout: moving from")
    exp("branch", full, "same")
    assert exp.repo.git("rev-parse", "idea") == exp.repo.git("rev-parse", "same")
    said = exp("worktree", full, str(tmp_path / "v"), "-b", "idea")
    assert (said.code, said.err.split("\n")[0]) == (128, "error: a branch named 'idea' already exists")
    assert not (tmp_path / "v").exists()
    exp.repo.fsck()


def test_a_dry_run_makes_nothing(exp: Program, full: str, tmp_path: Path) -> None:
    before = exp.repo.refs(), exp.repo.git("count-objects", "-v")
    said = exp("worktree", full, str(tmp_path / "w"), "-b", "idea", "-n")
    assert said.code == 0
    assert f"worktree '{tmp_path}/w' would be made on branch 'idea'" in said.err
    assert (exp.repo.refs(), exp.repo.git("count-objects", "-v")) == before
    assert not (tmp_path / "w").exists()


def test_places_that_are_refused(exp: Program, tmp_path: Path) -> None:
    run, repo = exp.record("one"), exp.repo
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "gate").symlink_to(repo.path / ".git")
    for folder in ("../full", "../full/mine.txt", "../link", "."):
        said = exp("worktree", run, folder)
        assert (said.code, "already exists\nhint: choose another folder" in said.err) == (2, True), folder
    for folder in (".git/w", "../gate/w"):
        said = exp("worktree", run, folder)
        assert (said.code, "is inside of the repository itself" in said.err) == (2, True), folder
    said = exp("worktree", run, "src/w")
    assert (said.code, "is in the working tree: runs would record it" in said.err) == (2, True)
    assert (tmp_path / "full/mine.txt").read_text() == "mine"
    assert repo.git("worktree", "list").count("\n") == 0
    repo.write(".git/info/exclude", "/src/w/\n")
    assert exp("worktree", run, "src/w").code == 0
    (tmp_path / "empty").mkdir()
    assert exp("worktree", run, "../empty").code == 0


def test_a_folder_that_was_removed_by_hand(exp: Program, tmp_path: Path) -> None:
    import shutil

    run = exp.record("one")
    assert exp("worktree", run, "../w").code == 0
    shutil.rmtree(tmp_path / "w")
    said = exp("worktree", run, "../w")
    assert (said.code, said.err.split("\n")[1]) == (128, "hint: git worktree prune")
    exp.repo.git("worktree", "prune")
    assert exp("worktree", run, "../w").code == 0


@pytest.mark.parametrize("hashes", ["sha1", "sha256"])
def test_a_run_on_an_unborn_branch(exp_in: Callable[..., Program], tmp_path: Path, hashes: str) -> None:
    exp = exp_in("unborn", hashes)
    repo = exp.repo
    repo.write("a.py", "pass\n")
    name = exp.record("first")
    for folder, options in ((tmp_path / "a", ()), (tmp_path / "b", ("-b", "idea"))):
        assert exp("worktree", name, str(folder), *options).code == 0
        assert sorted(os.listdir(folder)) == [".git", "a.py"]
        assert at(repo, "status", "--porcelain", folder=folder) == ""
        assert at(repo, "rev-list", "--count", "HEAD", folder=folder) == "1"
    repo.fsck()


@pytest.mark.parametrize("kind", ["bare", "worktree", "submodule", "shallow"])
def test_from_other_kinds_of_repositories(
    exp_in: Callable[..., Program], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    exp = exp_in(kind)
    repo = exp.repo
    name = exp.record("one", "pass", "--isolated")
    if kind != "bare":
        monkeypatch.chdir(repo.path / "data")
    assert exp("worktree", name, str(tmp_path / "w")).code == 0
    assert (tmp_path / "w/train.py").read_text() == "print('training harder')\n"
    assert at(repo, "status", "--porcelain", folder=tmp_path / "w") == ""
    repo.fsck()


def test_nothing_is_run_for_the_run_of_another_person(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, grace = world.person("ada"), world.person("grace")
    told = tmp_path / "told"
    for person in (ada, grace):
        person.repo.git("config", "filter.loud.smudge", f"touch '{told}'; cat")
        hook = person.repo.path / ".git/hooks/post-checkout"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{told}'\n")
        hook.chmod(0o755)
    ada.repo.write(".gitattributes", "*.txt filter=loud\n")
    name = ada.record("shared")
    assert ada("worktree", name, str(tmp_path / "own")).code == 0
    assert told.exists()
    told.unlink()
    assert ada("push").code == 0
    assert grace("fetch").code == 0
    with monkeypatch.context() as her:
        her.setenv("GIT_AUTHOR_EMAIL", "grace@example.org")
        # Not even once she has edited it: the code stays what it was.
        assert grace("tag", name, "+seen").code == 0
        said = grace("worktree", name, str(tmp_path / "hers"))
    assert said.code == 0
    assert "was not recorded here: no filter of yours is run" in said.err
    assert not told.exists()
    assert (tmp_path / "hers/data/a b.txt").read_text() == "one\n"
    assert ada("archive", name).code == 0
    assert ada("worktree", name, str(tmp_path / "archived"), "-q").err == ""
    world.fsck(ada, grace)


def test_a_tree_that_no_git_would_write_is_refused(exp: Program, tmp_path: Path) -> None:
    """As somebody may send it where git does not check what it gets."""
    repo, run = exp.repo, exp.record("one")
    tree = repo.git_bytes("cat-file", "tree", f"exp/{run}^{{tree}}")
    below = repo.git("rev-parse", f"exp/{run}:data")
    evil = b"40000 ..\0" + bytes.fromhex(below) + tree
    root = repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input=evil)
    repo.git("update-ref", f"refs/exp/{run}", repo.git("commit-tree", root, "-m", "evil"))
    for said in (exp("worktree", run, "../w"), exp("branch", run, "idea")):
        assert (said.code, said.err.split("\n")[0]) == (2, "error: invalid name in a tree: '..'")
    assert not (tmp_path / "w").exists()


def test_after_a_kill_the_hint_clears_the_way(exp: Program, tmp_path: Path) -> None:
    repo, started = exp.repo, tmp_path / "started"
    repo.git("config", "filter.slow.smudge", f"touch '{started}'; sleep 60")
    repo.git("config", "filter.slow.clean", "cat")
    run = exp.record("one")
    repo.write(".git/info/attributes", "*.txt filter=slow\n")
    killed = subprocess.Popen(
        [*ARGV, "worktree", run, "../w", "-b", "idea"],
        cwd=repo.path,
        env=program_environ(repo.environ),
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    while not started.exists():
        assert killed.poll() is None
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    repo.write(".git/info/attributes", "")
    said = exp("worktree", run, "../w", "-b", "idea")
    assert said.code == 2
    assert said.err.endswith(f"hint: git worktree remove --force {tmp_path}/w\n")
    repo.git("worktree", "remove", "--force", f"{tmp_path}/w")
    assert exp("worktree", run, "../w", "-b", "idea").code == 0
    repo.fsck()


def test_a_filter_that_fails_leaves_nothing(exp: Program, tmp_path: Path) -> None:
    exp.repo.git("config", "filter.bad.smudge", "false")
    exp.repo.git("config", "filter.bad.required", "true")
    run = exp.record("one", f"print({sys.version_info[0]})")
    exp.repo.write(".git/info/attributes", "*.txt filter=bad\n")
    said = exp("worktree", run, "../w", "-b", "idea")
    assert said.code == 128
    assert not (tmp_path / "w").exists()
    assert exp.repo.git("worktree", "list").count("\n") == 0
    assert "refs/heads/idea" not in exp.repo.refs()
