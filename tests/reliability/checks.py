"""What must be true of a repository and the user's things in it, whatever happened to a recorder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import gitexp
from gitexp.ops.recover import Outcome, Recovered, recover, sweep
from gitexp.repo import Repository
from tests.gitrepo import Repo
from tests.reliability.recorder import value

ROOT = Path(__file__).parents[2]


def start_recorder(
    what: str, cwd: Path, environ: Mapping[str, str], *, stderr: int | None = None
) -> subprocess.Popen[bytes]:
    """A recorder in a process group of its own, so that its git programs can be killed with it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.recorder", what],
        cwd=cwd,
        env={**environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def next_command(repo: Repo) -> list[Recovered]:
    """What every command does first; nothing of it may fail."""
    with Repository.open(repo.path, repo.environ) as opened:
        results = sweep(opened)
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    assert not failed, [f"{one.name}: {one.error}" for one in failed]
    return results


def recover_all(repo: Repo) -> list[Recovered]:
    with Repository.open(repo.path, repo.environ) as opened:
        results = recover(opened)
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    assert not failed, [f"{one.name}: {one.error}" for one in failed]
    return results


def check_rows(repo: Repo, name: str, acknowledged: int, *, most: int | None = None) -> gitexp.RecordedRun:
    """The run, found to have the rows 0 to `acknowledged` and nothing but rows that were logged."""
    run = gitexp.get_run(name, repository=repo.path)
    rows = [(row.step, dict(row.values)) for row in run.history().rows()]
    assert len(rows) >= acknowledged, f"{name}: {acknowledged} rows acknowledged, {len(rows)} kept"
    assert most is None or len(rows) <= most
    assert rows == [(step, value(step)) for step in range(len(rows))]
    return run


def check_git(repo: Repo, remote: Path) -> None:
    """The user's git works: fsck, gc, fetch, push; and no lock is in its way."""
    assert locks(repo) == []
    repo.fsck()
    repo.git("gc", "--quiet")
    repo.git("fetch", "--quiet", str(remote), "refs/heads/*:refs/remotes/there/*")
    repo.git("push", "--quiet", str(remote), "refs/exp/*:refs/exp/*")
    repo.fsck()


def locks(repo: Repo) -> list[str]:
    """Those that stand in anybody's way: the scratch of an apply that died is nobody's any more."""
    found = common_dir(repo).rglob("*.lock")
    return sorted(path.name for path in found if not path.name.startswith("index-"))


def common_dir(repo: Repo) -> Path:
    return repo.path / repo.git("rev-parse", "--git-common-dir")


def users_things(repo: Repo) -> dict[str, object]:
    """All that recording may not touch: HEAD, index, stash, reflogs, status, branches, files, times."""
    git_dir = repo.path / repo.git("rev-parse", "--absolute-git-dir")
    common = common_dir(repo)
    index = git_dir / "index"
    things: dict[str, object] = {
        "HEAD": (git_dir / "HEAD").read_bytes(),
        "index": index.read_bytes() if index.exists() else None,
        "index time": index.stat().st_mtime_ns if index.exists() else None,
        "logs": {str(path): path.read_bytes() for path in _files(common / "logs")},
        "refs": {k: v for k, v in repo.refs().items() if not k.startswith("refs/exp")},
        "operation": sorted(path.name for path in git_dir.iterdir() if path.name.isupper()),
    }
    if repo.git("rev-parse", "--is-bare-repository") == "false":
        things["status"] = repo.git(
            "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--ignored"
        )
        things["files"] = dict(_tree(repo.path))
    return things


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file())


def _tree(root: Path) -> Iterator[tuple[str, object]]:
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if ".git" in path.relative_to(root).parts:
            continue
        stat = path.lstat()
        if path.is_symlink():
            yield name, (os.readlink(path), stat.st_mtime_ns)
        elif path.is_file():
            yield name, (stat.st_mode, stat.st_mtime_ns, path.read_bytes())
        else:
            yield name, (stat.st_mode, stat.st_mtime_ns)
