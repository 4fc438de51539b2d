"""Recording changes nothing of the user's, and takes the working tree exactly as `git add -A` would."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

import gitexp
from gitexp.model.names import RunName
from gitexp.model.record import Status
from gitexp.ops.begin import Wish, begin
from gitexp.ops.seal import Ending
from gitexp.repo import Repository
from tests.gitrepo import Repo
from tests.reliability.checks import ROOT, check_rows, common_dir, next_command, users_things
from tests.reliability.recorder import value
from tests.reliability.states import STATES


@pytest.mark.parametrize("state", STATES)
def test_recording_leaves_the_users_things_alone(tmp_path: Path, environ: dict[str, str], state: str) -> None:
    if state == "lfs" and shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed")
    repo = STATES[state](tmp_path, environ)
    before = users_things(repo)
    name = _record(repo)
    assert users_things(repo) == before
    next_command(repo)
    next_command(repo)
    assert users_things(repo) == before
    check_rows(repo, name, 3, most=3)
    assert _code_tree(repo, name) == _whole_tree(repo, tmp_path / "whole")
    assert users_things(repo) == before
    repo.fsck()


def _record(repo: Repo) -> RunName:
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("untouched"))
        for step in range(3):
            recording.metrics(value(step), step, 1_700_000_000.0 + step)
        recording.checkpoint()
        recording.finish(Ending(Status.FINISHED))
        return recording.name


def _code_tree(repo: Repo, name: str) -> str:
    """The tree of the run without its record; that the record tells the same is checked on the way."""
    listed = repo.git("ls-tree", "--full-tree", f"exp/{name}").splitlines()
    code = "".join(f"{line}\n" for line in listed if not line.endswith("\t.exp"))
    assert len(code.splitlines()) == len(listed) - 1
    tree = repo.git("mktree", "--missing", input=code)
    assert gitexp.get_run(name, repository=repo.path).info.code.tree == tree
    return tree


def _whole_tree(repo: Repo, scratch: Path) -> str:
    """What `git add -A` makes of the working tree, with an index and objects elsewhere."""
    (scratch / "objects").mkdir(parents=True)
    top = Repo(Path(repo.git("rev-parse", "--show-toplevel")), repo.environ)
    index = Path(repo.git("rev-parse", "--path-format=absolute", "--git-path", "index"))
    if index.exists():
        shutil.copy2(index, scratch / "index")
    aside = {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(common_dir(repo).resolve() / "objects"),
    }
    top.git("-c", "core.splitIndex=false", "add", "-A", **aside)
    return top.git("write-tree", "--missing-ok", **aside)


HOOK = """\
#!/bin/sh
exec env PYTHONPATH='{root}' '{python}' -m tests.reliability.recorder whole-life
"""


@pytest.mark.parametrize("hook", ["pre-commit", "post-commit", "post-checkout"])
def test_recording_inside_a_hook(repo: Repo, hook: str) -> None:
    repo.write("train.py", "print('committed')\n")
    repo.git("add", "train.py")
    repo.write("params.yaml", "lr: 0.7\n")
    script = repo.write(f".git/hooks/{hook}", HOOK.format(root=ROOT, python=sys.executable))
    script.chmod(0o755)
    if hook == "post-checkout":
        repo.git("checkout", "--quiet", "-b", "other")
    else:
        repo.git("commit", "--quiet", "-m", "with a hook", "train.py")
    (run,) = gitexp.runs(repository=repo.path)
    assert run.status == "finished"
    assert repo.git("show", f"{run.commit}:params.yaml") == "lr: 0.7"
    assert repo.git("show", f"{run.commit}:train.py") == "print('committed')"
    assert " M params.yaml" in repo.git("status", "--porcelain").splitlines()
    repo.fsck()


def test_what_is_too_large_is_recorded_by_hash(repo: Repo) -> None:
    repo.write("large.bin", b"\0" * ((10 << 20) + 1))
    repo.write("fits.bin", b"\1" * (10 << 20))
    run = gitexp.get_run(_record(repo), repository=repo.path)
    listed = repo.git("ls-tree", "-r", "--name-only", run.commit).splitlines()
    assert "fits.bin" in listed
    assert "large.bin" not in listed
    (large,) = run.inputs
    assert (large.path, large.size) == ("large.bin", (10 << 20) + 1)
    assert large.oid == hashlib.sha256(b"\0" * ((10 << 20) + 1)).hexdigest()


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n-----END"
SECRETS = {
    ".env": "TOKEN=hush\n",
    "certs/server.pem": "pem\n",
    "deploy key": KEY,
    "conf/.env.local": "A=hush\n",
}


@pytest.mark.parametrize("state", ["untracked", "staged", "tracked"])
@pytest.mark.parametrize("kind", ["plain", "split index", "unborn", "unborn sha256"])
def test_secrets_are_never_captured(tmp_path: Path, environ: dict[str, str], kind: str, state: str) -> None:
    repo = STATES["messy" if kind == "plain" else kind](tmp_path, environ)
    for path, text in SECRETS.items():
        repo.write(path, "public\n" if state == "tracked" else text)
    if state == "tracked":
        repo.commit("with secrets")
        for path, text in SECRETS.items():
            repo.write(path, text)
    elif state == "staged":
        repo.git("add", "--", *SECRETS)
        if kind == "split index":
            repo.git("update-index", "--split-index")
    name = _record(repo)
    listed = repo.git("ls-tree", "-r", "--name-only", "-z", f"exp/{name}").split("\0")
    assert "train.py" in listed
    for path in SECRETS:
        if state == "tracked":
            assert repo.git("show", f"exp/{name}:{path}") == "public"
        else:
            assert path not in listed
    assert "hush" not in repo.git("log", "--all", "-p", f"exp/{name}")


def test_the_same_record_twice_is_the_same_commit(repo: Repo) -> None:
    from gitexp.ops import seal

    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("twice"))
        recording.metrics(value(0), 0, 1_700_000_000.0)
        ending = Ending(Status.FINISHED, at=1_700_000_001.0)
        first = recording.finish(ending)
        repo.git("update-ref", f"refs/exp/{recording.name}", recording.live.read_start().head)
        assert seal.finish(opened, recording.live, ending) == first
