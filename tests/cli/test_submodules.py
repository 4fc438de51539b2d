"""Code in submodules: what ran there is what the commit says, or the run says that it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.gitrepo import Repo, init

TRAIN = "import gitexp, sys\nsys.path.insert(0, 'lib')\nimport m\ngitexp.start().log({'loss': m.V})\n"
RUN = ("--", "python", "t.py")


@pytest.fixture
def lib(exp: Program, tmp_path: Path) -> Repo:
    """The checkout of a submodule, in which V is 1; `t.py` logs it."""
    inner = init(tmp_path / "inner", exp.repo.environ)
    inner.commit("first", {"m.py": "V = 1\n", ".gitignore": "__pycache__\n*.so\n"})
    exp.repo.git("submodule", "--quiet", "add", str(inner.path), "lib")
    exp.repo.commit("with a submodule", {"t.py": TRAIN, ".gitignore": "__pycache__\n"})
    return Repo(exp.repo.path / "lib", exp.repo.environ)


def test_a_run_with_changes_in_a_submodule_is_not_that_of_the_commit(exp: Program, lib: Repo) -> None:
    exp("hooks", "install")
    exp.repo.write("params.yaml", "lr: 2\n")
    lib.write("m.py", "V = 99\n")
    dirty = exp("run", "--name", "dirty", *RUN).name
    assert "no evidence for a commit: submodule 'lib' had other files" in exp("show", dirty).out
    lib.git("checkout", "-q", ".")
    exp.repo.commit("lr 2")
    assert dirty not in exp.repo.git("log", "-1", "--format=%B")
    assert dirty not in [one["name"] for one in exp("ls", "--commit", "HEAD", "--json").json["runs"]]
    clean = exp("run", "--name", "clean", *RUN).name
    said = exp("show", "HEAD", "--json").json
    assert (said["name"], said["stale"]) == (clean, False)
    exp.repo.git("commit", "-q", "--allow-empty", "-m", f"named\n\nExp-Run: {dirty}")
    told = {one["name"]: one["stale"] for one in exp("ls", "--commit", "HEAD", "--json").json["runs"]}
    assert (told[dirty], told[clean]) == (True, False)
    verdict = exp("repro", dirty, "--json").json["reproduction"]["metrics"]["loss"]
    assert (verdict["verdict"], verdict["old"], verdict["new"]) == ("different", 99, 1)


def loss_of(exp: Program, run: str) -> float:
    return exp("show", run, "--json").json["metrics"]["loss"]


def test_a_worktree_has_the_submodule_of_its_code(exp: Program, lib: Repo, tmp_path: Path) -> None:
    first = lib.git("rev-parse", "HEAD")
    deep = init(tmp_path / "deep", exp.repo.environ)
    deep.commit("deep", {"d.py": "V = 3\n"})
    lib.git("submodule", "--quiet", "add", str(deep.path), "inner")
    lib.commit("nested", {"m.py": "from inner.d import V\n"})
    marks = f"open({str(tmp_path / 'ran')!r}, 'w')"
    hook = lib.path / lib.git("rev-parse", "--git-path", "hooks/post-checkout")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/usr/bin/env python3\n{marks}\n")
    hook.chmod(0o755)
    exp.repo.commit("bump")
    lib.write("build.so", "built")
    code = TRAIN + "import os; gitexp.log({'so': os.path.exists('lib/build.so')}); open('lib/new', 'w')\n"
    exp.repo.commit("more", {"t.py": code})
    old = exp("run", "--isolated", *RUN)
    assert (old.code, loss_of(exp, old.name)) == (0, 3), old.err
    lib.git("checkout", "-q", first)
    (tmp_path / "ran").unlink()
    lib.write("staged.txt", "mine\n")
    lib.git("add", "staged.txt")
    index = lib.path / lib.git("rev-parse", "--git-path", "index")
    before = index.read_bytes()
    said = exp("repro", old.name)
    assert said.code == 0, said.err
    assert index.read_bytes() == before
    lib.git("rm", "-q", "-f", "staged.txt")
    assert "submodule" not in said.err
    assert exp("show", said.name, "--json").json["env"]["submodules"]["lib"]["dirty"] is False
    exp.repo.git("submodule", "--quiet", "deinit", "--force", "lib")
    metrics = exp("repro", old.name, "--json").json["reproduction"]["metrics"]
    assert metrics["loss"]["verdict"] == "identical"
    assert (metrics["so"]["old"], metrics["so"]["new"]) == (True, False)  # it was the user's own
    assert not (tmp_path / "ran").exists()
    assert not (lib.path / "new").exists()
    assert exp.repo.git("worktree", "list").count("\n") == 0
    exp.repo.fsck()


def test_a_bisection_finds_the_bump(exp: Program, lib: Repo) -> None:
    good = exp.repo.commit("x1", {"x": "1"})
    lib.commit("worse", {"m.py": "V = 5\n"})
    bump = exp.repo.commit("bump")
    exp.repo.commit("x2", {"x": "2"})
    said = exp("bisect", good, "HEAD", "-m", "loss", *RUN)
    assert said.out.startswith(f"{bump} is the first bad commit"), said.err


def test_where_the_commit_is_not_here_it_is_no_evidence(exp: Program, lib: Repo) -> None:
    first = lib.git("rev-parse", "HEAD")
    old = exp("run", *RUN).name
    good = exp.repo.git("rev-parse", "HEAD")
    lib.git("checkout", "-q", "--orphan", "other")
    lib.commit("other", {"m.py": "V = 50\n"})  # of another size: else Python may take it for what it compiled
    bad = exp.repo.commit("bump")
    lib.git("branch", "-q", "-D", "main")
    lib.git("update-ref", "-d", "refs/remotes/origin/main")
    lib.git("symbolic-ref", "-d", "refs/remotes/origin/HEAD")
    lib.git("reflog", "expire", "--expire=now", "--all")
    lib.git("gc", "-q", "--prune=now")
    now = lib.git("rev-parse", "HEAD")
    said = exp("repro", old, "--json")
    told = f"submodule 'lib' is at {now[:10]} here, and was at {first[:10]}"
    assert said.code == 1
    assert f"warning: {told}\n" in said.err
    assert said.json["reproduction"]["lacking"] == [told]
    new = exp("show", said.json["name"], "--json").json
    assert new["env"]["submodules"]["lib"] == {"commit": first, "dirty": True, "instead": now}
    assert f"by {new['name']}: different ({told})" in exp("show", old).out
    assert [one["name"] for one in exp("ls", "--commit", good, "--json").json["runs"]] == [old]
    exp("rm", old)
    said = exp("bisect", good, bad, "-m", "loss", *RUN)
    assert f"{good!r} cannot be measured: submodule 'lib' is not here at {first[:10]}" in said.err
