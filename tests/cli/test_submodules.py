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
