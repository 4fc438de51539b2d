"""On a full disk tag, rm and gc change nothing or all, and free what they promised once there is room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import gitexp
from gitexp.cli.boundary import run
from tests.gitrepo import FILES, init
from tests.ops.recorded import record
from tests.reliability.checks import locks
from tests.reliability.disks import mounted


def test_changes_on_a_full_disk(
    tmp_path: Path,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8m", "tmpfs") as disk:
        repo = init(disk / "main", environ)
        repo.commit("first", FILES)
        monkeypatch.chdir(repo.path)
        kept = record("kept")
        (repo.path / "only.bin").write_bytes(os.urandom(1_000_000))
        gone = record("gone")
        for step, ballast in ((["tag", "kept", "+a"], True), (["rm", "gone"], True), (["rm", "gone"], False)):
            before = repo.refs()
            if ballast:
                fill(disk / "ballast")
                code = run(step)
                said = capfd.readouterr().err
                (disk / "ballast").unlink()
                assert code == 128, said
                assert said.startswith("error: ")
                assert repo.refs() == before
            else:
                assert run(step) == 0
        fill(disk / "ballast")
        run(["gc"])
        repo.git("fsck", "--strict", "--no-progress")
        (disk / "ballast").unlink()
        assert run(["gc"]) == 0
        assert run(["tag", "kept", "+a"]) == 0
        repo.git("fsck", "--strict", "--no-progress")
        assert locks(repo) == []
        assert [one.name for one in gitexp.runs()] == [kept]
        assert gitexp.get_run(kept).tags == ("a",)
        said = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectsize)").split()
        assert "1000000" not in said, gone
        monkeypatch.chdir(tmp_path)


def fill(path: Path) -> None:
    """Takes every byte that is left on the disk."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
