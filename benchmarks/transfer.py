"""What pushing artifacts costs: one large one, many small ones, against `cp -r` and git-lfs; and hashing."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
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
    """To a remote that is a folder, for each load; then hashing alone."""
    for load in LOADS:
        if chosen.quick:
            load = load._replace(files=-(-load.files // QUICK_SHARE), size=load.size // QUICK_SHARE)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            repo = _run_with(place / "repo", load)
            yield from _moved(place, repo, load, chosen)
            if load.files == 1:
                yield _hashed(repo / "out" / "0.bin", chosen)


def _run_with(folder: Path, load: Load) -> Path:
    """A repository whose one run has the load as artifacts, every one of them in the store."""
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
    git(folder, "exp", "save", "--name", "load", "--output", "out")
    return folder


def _moved(place: Path, repo: Path, load: Load, chosen: Chosen) -> Iterator[Comparison]:
    rounds = chosen.rounds(ROUNDS)
    store, copied = repo / ".git" / "lfs" / "objects", place / "copied"

    def fresh() -> None:
        shutil.rmtree(copied, ignore_errors=True)
        for name in ("ours", "theirs"):
            shutil.rmtree(place / f"{name}.git", ignore_errors=True)
            git(place, "init", "-q", "--bare", f"{name}.git")
            git(repo, "config", f"remote.{name}.url", f"file://{place / name}.git")
            git(repo, "push", "-q", name, "main")
        os.sync()

    up = process(repo, "git", "exp", "push", "ours")
    copy = process(place, "cp", "-r", store, copied)
    yield tell(f"upload, {load.name}", "cp -r", in_turns(up, copy, rounds, fresh), budget=None)
    yield tell(f"upload, {load.name}", "git lfs", in_turns(up, _lfs_push(repo), rounds, fresh), budget=None)


def _lfs_push(repo: Path) -> Callable[[], object]:
    script = "git push -q theirs 'refs/exp/*:refs/exp/*' && git lfs push theirs --all"
    return process(repo, "sh", "-c", script)


def _hashed(file: Path, chosen: Chosen) -> Comparison:
    from gitexp.artifacts.store import digest_file

    theirs = process(file.parent, "sha256sum", file)
    assert digest_file(file).oid == hashlib.sha256(file.read_bytes()).hexdigest()
    pairs = in_turns(lambda: digest_file(file), theirs, chosen.rounds(ROUNDS))
    return tell("hashing", "sha256sum", pairs, budget=None)
