"""What moving artifacts costs: one large one, many small ones, against `cp -r` and git-lfs; and hashing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks._measure import Chosen, Comparison, git, in_turns, process, tell

ROUNDS = 3
QUICK_SHARE = 64
"""By how much less is moved where only the working of it is shown."""


class Load(NamedTuple):
    """So many files of so many bytes."""

    name: str
    files: int
    size: int


LOADS = (Load("1 x 1 GiB", 1, 1 << 30), Load("10,000 x 4 KiB", 10_000, 4 << 10))


def main(chosen: Chosen) -> Iterator[Comparison]:
    """To and from a folder and a Git LFS server, for each load; then hashing alone."""
    for load in LOADS:
        load = scaled(load, chosen)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            repo = _run_with(place / "repo", load)
            yield from _moved(place, repo, load, chosen)
            if load.files == 1:
                yield _hashed(repo / "out" / "0.bin", chosen)


def scaled(load: Load, chosen: Chosen) -> Load:
    """The load, or less of it where only the working is shown."""
    if not chosen.quick:
        return load
    return load._replace(files=-(-load.files // QUICK_SHARE), size=load.size // QUICK_SHARE)


def _run_with(folder: Path, load: Load) -> Path:
    """A repository whose one run has the load as artifacts, every one of them in the store."""
    filled(folder, load)
    git(folder, "exp", "save", "--name", "load", "--output", "out")
    return folder


def filled(folder: Path, load: Load) -> Path:
    """A repository that has the load in its folder `out`, and would keep all of it in the store."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "exp.maxBlob", "1")
    (folder / ".gitignore").write_text("out/\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "project")
    out = folder / "out"
    out.mkdir()
    for number in range(load.files):
        with (out / f"{number}.bin").open("wb") as file:
            for _ in range(max(load.size >> 20, 1)):
                file.write(os.urandom(min(load.size, 1 << 20)))
    return folder


def _moved(place: Path, repo: Path, load: Load, chosen: Chosen) -> Iterator[Comparison]:
    """To and from a remote that is a folder, then by way of a Git LFS server."""
    store, copied = repo / ".git" / "lfs" / "objects", place / "copied"
    copy = process(place, "cp", "-r", store, copied)
    fresh = partial(_new_remotes, place, repo)
    yield from _both_ways(place, repo, f"{load.name}, folder", "cp -r", copy, copy, chosen, fresh)
    with _lfs_server(place / "server") as url:
        # With --all git-lfs looks at branches and tags only.
        run = git(repo, "for-each-ref", "--format=%(refname)", "refs/exp/").decode().strip()
        up = process(repo, "git", "lfs", "push", "theirs", run)
        down = process(place / "theirs", "git", "lfs", "fetch", "origin", run)
        fresh = partial(_new_remotes, place, repo, url)
        yield from _both_ways(place, repo, f"{load.name}, LFS server", "git lfs", up, down, chosen, fresh)


def _both_ways(
    place: Path,
    repo: Path,
    name: str,
    against: str,
    up: Callable[[], object],
    down: Callable[[], object],
    chosen: Chosen,
    fresh: Callable[[], object],
) -> Iterator[Comparison]:
    ours = process(repo, "git", "exp", "push", "ours")
    yield tell(f"upload, {name}", against, in_turns(ours, up, chosen.rounds(ROUNDS), fresh), budget=None)

    def clones() -> None:
        shutil.rmtree(place / "copied", ignore_errors=True)
        for side in ("ours", "theirs"):
            shutil.rmtree(place / side / ".git" / "lfs", ignore_errors=True)
        os.sync()

    for side in ("ours", "theirs"):
        clone = _clone(place, side, repo)
        git(clone, "fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
        assert git(clone, "for-each-ref", "refs/exp/"), "nothing was pushed: nothing is measured"
    ours = process(place / "ours", "git", "exp", "pull", "--artifacts")
    yield tell(f"download, {name}", against, in_turns(ours, down, chosen.rounds(ROUNDS), clones), budget=None)


def _clone(place: Path, side: str, repo: Path) -> Path:
    """A clone of the remote, with the settings for artifacts that the repository has."""
    clone = place / side
    shutil.rmtree(clone, ignore_errors=True)
    git(place, "clone", "-q", f"file://{place / side}.git", side)
    url = git(repo, "config", "--default", "", "--get", f"remote.{side}.lfsurl").decode().strip()
    if url:
        git(clone, "config", "remote.origin.lfsurl", url)
    return clone


def _new_remotes(place: Path, repo: Path, url: str | None = None) -> None:
    """Two remotes without artifacts, of which nothing is remembered."""
    shutil.rmtree(repo / ".git" / "exp" / "outbox", ignore_errors=True)
    shutil.rmtree(place / "copied", ignore_errors=True)
    shutil.rmtree(place / "server" / "objects", ignore_errors=True)
    for name in ("ours", "theirs"):
        shutil.rmtree(place / f"{name}.git", ignore_errors=True)
        git(place, "init", "-q", "--bare", "-b", "main", f"{name}.git")
        git(repo, "config", f"remote.{name}.url", f"file://{place / name}.git")
        git(repo, "push", "-q", name, "main", *([] if name == "ours" else ["refs/exp/*:refs/exp/*"]))
        if url is not None:
            git(repo, "config", f"remote.{name}.lfsurl", f"{url}/{name}")
    os.sync()


@contextmanager
def _lfs_server(folder: Path) -> Iterator[str]:
    """The address of dulwich's Git LFS server, in a process of its own; each path is a store."""
    command = [sys.executable, "-m", "benchmarks._lfs_server", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def _hashed(file: Path, chosen: Chosen) -> Comparison:
    from gitexp.artifacts.store import digest_file

    theirs = process(file.parent, "sha256sum", file)
    assert digest_file(file).oid == hashlib.sha256(file.read_bytes()).hexdigest()
    pairs = in_turns(lambda: digest_file(file), theirs, chosen.rounds(ROUNDS))
    return tell("hashing", "sha256sum", pairs, budget=None)
