"""On a full disk apply and undo change nothing or all of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitexp.cli.boundary import run
from tests.gitrepo import FILES, init
from tests.ops.recorded import record
from tests.reliability.disks import mounted
from tests.reliability.test_full_disk_changes import fill
from tests.worktree import walk


def test_apply_on_a_full_disk(
    tmp_path: Path,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=16m", "tmpfs") as disk:
        repo = init(disk / "main", environ)
        repo.commit("first", {**FILES, "old/big.bin": os.urandom(400_000)})
        monkeypatch.chdir(repo.path)
        repo.git("rm", "-qr", "old")
        for number in range(4):
            repo.write(f"new/{number}.bin", os.urandom(300_000))
        name = record("full")
        repo.git("reset", "-q", "--hard")
        repo.git("clean", "-fdq")
        before, ends = walk(repo.path), []
        for room in range(0, 5_000_000, 600_000):
            leave(disk / "ballast", room)
            ends.append(run(["apply", name]))
            said = capfd.readouterr().err
            if ends[-1]:
                assert said.startswith("error: "), said
                assert "hint: " in said
                assert walk(repo.path) == before
                (disk / "ballast").unlink()
                continue
            after = walk(repo.path)
            (disk / "ballast").unlink()
            for left in range(0, 1_000_000, 200_000):
                leave(disk / "ballast", left)
                code = run(["undo"])
                assert walk(repo.path) == (after if code else before)
                (disk / "ballast").unlink()
                if not code:
                    break
            assert code == 0
            run(["gc", "-n"])
        assert set(ends) == {0, 128}
        assert not (repo.path / ".git/exp/applying.json").exists()
        repo.fsck()
        monkeypatch.chdir(tmp_path)


def leave(ballast: Path, room: int) -> None:
    """Fill the disk but for so many bytes."""
    fill(ballast)
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - room))
