"""With our hooks and without them the index, the commits and the working tree are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.ops.hooks.framework import CONFIGS
from tests.gitrepo import Repo, make
from tests.hooks.commits import CONFIG, STORY, WAYS, commit, state
from tests.hooks.evidence import code, message, names

PLACES = {"main": "plain", "linked worktree": "worktree", "submodule": "submodule"}
# Each place and each way once; all of them together are for the long tests.
_USUAL = {("main", "pre-commit"), ("linked worktree", "plain"), ("submodule", "core.hooksPath")}
CELLS = [
    pytest.param(place, way, marks=() if (place, way) in _USUAL else pytest.mark.long)
    for place in PLACES
    for way in WAYS
]


def _prepared(root: Path, kind: str, environ: dict[str, str]) -> Repo:
    repo = make(kind, root, environ)
    repo.commit("the hooks of a framework", {CONFIGS[0]: CONFIG})
    return repo


@pytest.mark.parametrize(("place", "way"), CELLS)
def test_hooks_change_nothing(place: str, way: str, tmp_path: Path, environ: dict[str, str]) -> None:
    with_hooks = _prepared(tmp_path / "with", PLACES[place], environ)
    without = _prepared(tmp_path / "without", PLACES[place], environ)
    WAYS[way](with_hooks)
    for step in STORY:
        step(with_hooks)
        step(without)
        assert state(with_hooks) == state(without), step.__name__
    _is_recorded(with_hooks)
    _is_guarded(with_hooks)
    with_hooks.fsck()


def _is_recorded(repo: Repo) -> None:
    """The state of a commit is a run, and its message names it, once."""
    repo.write("params.yaml", "lr: 0.7\n")
    repo.write("train.py", "print('not committed')\n")
    assert commit(repo, "-m", "recorded", "params.yaml").returncode == 0
    (name,) = names(repo)
    assert message(repo) == f"recorded\n\nExp-Run: {name}\n"
    record = repo.git("cat-file", "-p", f"refs/exp/{name}:.exp/run.yaml")
    assert "status: captured\n" in record
    assert code(repo) in record
    assert commit(repo, "--amend", "-m", "amended").returncode == 0
    assert names(repo) == [name]
    repo.git("checkout", "-q", "train.py")


def _is_guarded(repo: Repo) -> None:
    """The hooks were there all the time: what they refuse is refused, unless they are left out."""
    repo.write("params.yaml", 'lr: 0.2\napi_key: "abcdEFGH12345678"\n')
    before = repo.git("rev-parse", "HEAD")
    refused = commit(repo, "-m", "a secret", "params.yaml")
    assert refused.returncode == 1
    assert "'params.yaml' line 2 looks like" in refused.stderr + refused.stdout
    assert "abcdEFGH12345678" not in refused.stderr + refused.stdout
    assert repo.git("rev-parse", "HEAD") == before
    assert commit(repo, "-m", "skipped", "params.yaml", GITEXP_SKIP="1").returncode == 0
    repo.write("params.yaml", 'lr: 0.3\napi_key: "abcdEFGH12345678"\n')
    assert commit(repo, "-n", "-m", "not verified", "params.yaml").returncode == 0
