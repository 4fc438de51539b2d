"""Artifacts of recorded runs, as Python code reads them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gitexp
from tests.gitrepo import Repo

BIG = bytes(range(256)) * 20


@pytest.fixture
def run(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> gitexp.RecordedRun:
    monkeypatch.chdir(repo.path)
    repo.git("config", "exp.maxBlob", "1k")
    with gitexp.start(strict=True) as run:
        run.log_artifact(BIG, "out/big.bin")
        run.log_artifact(b"small", "out/deep/small.txt")
        run.log_artifact(b"{}", "scores.json")
    return gitexp.get_run()


def stored(repo: Repo) -> Path:
    (found,) = (path for path in (repo.path / ".git/lfs/objects").rglob("*") if path.is_file())
    return found


def test_one_is_read(run: gitexp.RecordedRun) -> None:
    assert run.read_artifact("out/big.bin") == BIG
    assert run.read_artifact("scores.json") == b"{}"
    with run.open_artifact("out/big.bin") as file:
        assert (file.read(3), file.seek(-1, os.SEEK_END), file.read()) == (BIG[:3], len(BIG) - 1, BIG[-1:])
    with pytest.raises(gitexp.GitExpError, match="'out' is a folder"):
        run.read_artifact("out")
    with pytest.raises(gitexp.GitExpError, match="has no artifact 'none'"):
        run.read_artifact("none")


def test_files_are_written(run: gitexp.RecordedRun, tmp_path: Path) -> None:
    got = tmp_path / "got"
    assert run.get("out/big.bin", to=got) == [got / "big.bin"]
    assert run.get("out", "scores.json", to=str(got)) == [
        got / "out/big.bin",
        got / "out/deep/small.txt",
        got / "scores.json",
    ]
    assert run.get(to=got)[0] == got / "out/big.bin"
    assert (got / "out/big.bin").read_bytes() == (got / "big.bin").read_bytes() == BIG
    (got / "scores.json").write_text("mine")
    with pytest.raises(gitexp.GitExpError, match="exists already, with other content"):
        run.get("scores.json", to=got)
    assert run.get("scores.json", to=got, force=True) == [got / "scores.json"]
    assert (got / "scores.json").read_text() == "{}"
    assert (got / "out/big.bin").stat().st_nlink == 1


def test_relative_folders_are_those_of_the_program(
    run: gitexp.RecordedRun, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    other = gitexp.get_run(run.name, repository=repo.path)
    assert [path.resolve() for path in other.get("scores.json")] == [tmp_path / "elsewhere/scores.json"]


@pytest.mark.parametrize("way", ["read_artifact", "open_artifact", "get"])
def test_damaged_bytes_are_refused(run: gitexp.RecordedRun, repo: Repo, way: str) -> None:
    path = stored(repo)
    path.chmod(0o600)
    path.write_bytes(b"X" + BIG[1:])
    with pytest.raises(gitexp.GitExpError, match=r"artifact 'out/big.bin' of run .* is damaged"):
        getattr(run, way)("out/big.bin")
    assert not (repo.path / "big.bin").exists()
    assert (repo.path / ".git/lfs/bad" / path.name).exists()
    with pytest.raises(gitexp.GitExpError, match=r"artifact 'out/big.bin' of run .* is not in this clone"):
        getattr(run, way)("out/big.bin")


def test_a_live_run_is_read_as_well(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    with gitexp.start() as run:
        run.log_artifact(b"now", "early.txt")
        assert gitexp.get_run(run.name).read_artifact("early.txt") == b"now"


def test_large_artifacts_are_never_whole_in_memory(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept, taken out, printed, opened: by a process that may have less memory than the file has bytes."""
    monkeypatch.chdir(repo.path)
    repo.write(".gitignore", "*.bin\n")
    size = 160 << 20
    with open("big.bin", "wb") as file:
        file.truncate(size)
        file.seek(size // 2)
        file.write(b"middle")
    code = f"""
import gitexp, resource
from gitexp.cli.boundary import run as exp
size = {size}
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + size // 2, now + size // 2))
try:
    bytes(size)
    raise SystemExit("there is no limit")
except MemoryError:
    pass
with gitexp.start(strict=True) as run:
    run.log_artifact("big.bin")
stored = gitexp.get_run(run.name)
(path,) = stored.get("big.bin", to={str(tmp_path / "api")!r})
with stored.open_artifact("big.bin") as file:
    file.seek(size // 2)
    assert file.read(6) == b"middle"
assert exp(["get", "-q", run.name, "-o", {str(tmp_path / "cli")!r}]) == 0
assert exp(["get", run.name + ":big.bin", "-o", "-"]) == 0
"""
    with (tmp_path / "printed").open("wb") as printed:
        subprocess.run([sys.executable, "-c", code], check=True, stdout=printed)
    expected = hashlib.sha256(Path("big.bin").read_bytes()).hexdigest()
    for path in (tmp_path / "api/big.bin", tmp_path / "cli/big.bin", tmp_path / "printed"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == expected
        path.unlink()
    repo.fsck()
