"""A power cut while runs are recorded: what was acknowledged is there, and the user's git works."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import pytest

from tests.gitrepo import FILES, Repo, init
from tests.reliability.checks import (
    check_git,
    check_rows,
    common_dir,
    next_command,
    recover_all,
    start_recorder,
)
from tests.reliability.disks import make_ext4, mounted, power_off

SYNCED_SECONDS = 1.0
"""A row that is older survives."""


def test_a_power_cut_loses_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    _cut_often(tmp_path, environ, cuts=1)


@pytest.mark.long
def test_power_cuts_lose_nothing(tmp_path: Path, environ: dict[str, str]) -> None:
    finished = _cut_often(tmp_path, environ, cuts=8)
    assert finished > 8


def _cut_often(root: Path, environ: Mapping[str, str], *, cuts: int) -> int:
    """How many runs had finished before a cut, all of which are there after it."""
    image = root / "image"
    make_ext4(image, 96)
    chance = random.Random(cuts)
    finished: list[str] = []
    with mounted(root / "disk", "-o", "loop,commit=1", str(image)) as disk:
        main = init(disk / "main", environ)
        main.commit("first", FILES)
        main.write("new.py", "NEW = 1\n")
        init(disk / "remote.git", environ, "--bare")
        main.git("push", "--quiet", str(disk / "remote.git"), "HEAD:refs/heads/main")
        os.sync()
    for _ in range(cuts):
        with mounted(root / "disk", "-o", "loop,commit=1", str(image)) as disk:
            lines, cut = _record_until_cut(disk, environ, chance.uniform(0.8, 3.2))
        with mounted(root / "disk", "-o", "loop,commit=1", str(image)) as disk:
            finished += _check(Repo(disk / "main", environ), disk / "remote.git", lines, cut)
            _check_finished(Repo(disk / "main", environ), finished)
    return len(finished)


def _record_until_cut(
    disk: Path, environ: Mapping[str, str], seconds: float
) -> tuple[list[list[str]], float]:
    """What each recorder told, and when the power went by the clock that they tell."""
    # What they say of the disk that went is of no interest.
    recorders = [
        start_recorder(what, disk / "main", environ, stderr=DEVNULL)
        for what in ("forever", "forever", "one-long")
    ]
    try:
        for recorder in recorders:
            assert recorder.stdout
            assert recorder.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        cut = time.monotonic()
        power_off(disk)
    finally:
        _kill(recorders)
    return [_told(recorder) for recorder in recorders], cut


def _kill(recorders: Sequence[Popen[bytes]]) -> None:
    for recorder in recorders:
        os.killpg(recorder.pid, signal.SIGKILL)


def _told(recorder: Popen[bytes]) -> list[str]:
    with recorder:
        assert recorder.stdout
        return recorder.stdout.read().decode().splitlines()


def _check(repo: Repo, remote: Path, told: Sequence[Sequence[str]], cut: float) -> list[str]:
    """The runs that had finished before the cut, once all is found to be right."""
    assert [str(path) for path in (common_dir(repo) / "refs").rglob("*") if _is_empty(path)] == []
    next_command(repo)
    next_command(repo)
    finished = []
    for line in (*told[0], *told[1]):
        word, name, *at = line.split(" ")
        if word == "finished" and float(at[0]) < cut:
            finished.append(name)
    long = told[2]
    name = next((line.removeprefix("name ") for line in long if line.startswith("name ")), None)
    rows = [float(line.split(" ")[2]) for line in long if line.startswith("row ")]
    if name is not None and any(at < cut - SYNCED_SECONDS for at in rows):
        run = check_rows(repo, name, sum(at < cut - SYNCED_SECONDS for at in rows))
        assert run.status == "crashed"
    check_git(repo, remote)
    recover_all(repo)
    return finished


def _is_empty(path: Path) -> bool:
    return path.suffix != ".lock" and path.is_file() and path.stat().st_size == 0


def _check_finished(repo: Repo, names: Sequence[str]) -> None:
    for name in names:
        assert check_rows(repo, name, 30, most=30).status == "finished"


BATCH = 100
_MANY_REFS = """
import sys
from pathlib import Path
from gitexp.git.layout import discover
from gitexp.git.process import Git
from gitexp.git.refs import TRASH
from gitexp.git.write import RefUpdate, publish
import os
git, layout = Git(Path.cwd(), os.environ), discover(Path.cwd(), os.environ)
commit = git.run("rev-parse", "HEAD").text
print("ready", flush=True)
for number in range(10_000):
    updates = [RefUpdate(f"{TRASH}b{number}n{n}-aaaaaa", commit, None) for n in range(int(sys.argv[1]))]
    publish(git, layout, updates)
    print(number, flush=True)
"""


@pytest.mark.parametrize("cuts", [1, pytest.param(8, marks=pytest.mark.long)])
def test_many_refs_at_once_survive_a_power_cut(tmp_path: Path, environ: dict[str, str], cuts: int) -> None:
    image, chance = tmp_path / "image", random.Random(cuts)
    make_ext4(image, 192)
    with mounted(tmp_path / "disk", "-o", "loop,commit=1", str(image)) as disk:
        init(disk / "main", environ).commit("first", FILES)
        os.sync()
    kept = 0
    for _ in range(cuts):
        with mounted(tmp_path / "disk", "-o", "loop,commit=1", str(image)) as disk:
            acknowledged = _batches_until_cut(disk, environ, chance.uniform(0.3, 1.5))
        with mounted(tmp_path / "disk", "-o", "loop,commit=1", str(image)) as disk:
            main = Repo(disk / "main", environ)
            assert [str(path) for path in (main.path / ".git/refs").rglob("*") if _is_empty(path)] == []
            refs = main.refs("refs/exp-trash/")
            for number in range(acknowledged):
                names = {f"refs/exp-trash/b{number}n{n}-aaaaaa" for n in range(BATCH)}
                assert names <= set(refs), number
            kept += acknowledged
            main.fsck()
            for lock in (main.path / ".git").rglob("*.lock"):
                lock.unlink()  # which the next command of ours would do: there was no note of this one
            main.git("pack-refs", "--all")
            main.git("update-ref", "--stdin", input="".join(f"delete {ref}\n" for ref in refs))
            os.sync()
    assert kept >= cuts


def _batches_until_cut(disk: Path, environ: Mapping[str, str], seconds: float) -> int:
    """How many batches had been acknowledged when the power went."""
    child = Popen(
        [sys.executable, "-c", _MANY_REFS, str(BATCH)],
        cwd=disk / "main",
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        power_off(disk)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
    told = _told(child)
    return len(told)
