"""The runs with the code that is committed: the same as a listing finds, and in little time."""

from __future__ import annotations

import pytest

from gitexp.model.values import Oid
from gitexp.ops.hooks import known_runs
from gitexp.ops.hooks.known_runs import runs_with_code
from gitexp.ops.read import list_all
from tests.cli.program import Program
from tests.gitrepo import Repo
from tests.hooks.evidence import code, opened, runs


def check(repo: Repo) -> set[str]:
    """The names that are found, of which a listing has the same; each of them may be the first to ask."""
    tree = Oid(code(repo))
    with opened(repo) as one, opened(repo) as other:
        found = [(run.name, run.commit, run.record) for run in runs_with_code(one, tree)]
        assert found == [(run.name, run.commit, run.record) for run in list_all(other).with_code(tree)]
        return {name for name, _, _ in found}


def test_the_same_as_in_a_listing(exp: Program) -> None:
    repo = exp.repo
    assert check(repo) == set()
    first, second, third = (exp.record(name) for name in ("first", "second", "third"))
    assert check(repo) == {first, second, third}
    assert exp("tag", second, "+good").code == 0
    repo.git("update-ref", "-d", f"refs/exp/{third}")
    assert check(repo) == {first, second}
    repo.write("train.py", "print('other')\n")
    exp.record("other")
    assert check(repo) == {first, second}
    assert exp("archive", first).code == 0
    assert check(repo) == {first, second}
    # A ref that is no run of this name, a broken one, and an index that is gone.
    repo.git("update-ref", "refs/exp/broken-abcdef", "HEAD")
    assert check(repo) == {first, second}
    (repo.path / ".git" / "exp" / "index.sqlite").unlink()
    assert check(repo) == {first, second}


def test_a_commit_does_not_wait_for_an_index_that_is_missing(
    exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {exp.record(name) for name in ("first", "second", "third")}
    index = exp.repo.path / ".git" / "exp" / "index.sqlite"
    index.unlink(missing_ok=True)
    monkeypatch.setattr(known_runs, "MOST", 2)
    exp.repo.write("params.yaml", "lr: 0.2\n")
    exp.repo.git("add", "params.yaml")
    said = exp("hook", "capture")
    assert said.code == 0
    assert said.err == (
        "warning: 3 runs are not in the index yet, so no run was looked for or recorded\n"
        "hint: git exp ls puts them there\n"
    )
    assert (runs(exp.repo), index.exists()) == (known, False)
    assert exp("ls").code == 0
    assert exp("hook", "capture").code == 0
    assert len(runs(exp.repo) - known) == 1
