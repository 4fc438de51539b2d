"""Folders as artifacts: what is in them, whatever that is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

import gitexp
from gitexp.api.warning import GitExpWarning
from gitexp.artifacts.folders import files_below, identity
from gitexp.artifacts.store import digest_file
from gitexp.ops.declaring import input_of
from gitexp.repo import Repository
from tests.gitrepo import Repo

BIG = b"x" * 3000


@pytest.fixture
def out(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files that can be kept, one of them large."""
    monkeypatch.chdir(repo.path)
    repo.git("config", "exp.maxBlob", "1k")
    repo.write(".gitignore", "out\n")
    (repo.path / "out/deep").mkdir(parents=True)
    (repo.path / "out/deep/small.txt").write_bytes(b"small")
    (repo.path / "out/big.bin").write_bytes(BIG)
    return repo.path / "out"


def kept(out: Path) -> tuple[dict[str, bytes], list[str]]:
    """What a run keeps of the folder, and what it says about it."""
    with Repository.open() as repo, gitexp.start() as run:
        told = run._live().artifact(out, "out")
        repo.close()
    stored = gitexp.get_run(run.name)
    return {one.path[4:]: stored.read_artifact(one.path) for one in stored.artifacts}, told


BOTH = {"deep/small.txt": b"small", "big.bin": BIG}


def test_the_layout_stays(out: Path) -> None:
    assert kept(out) == (BOTH, [])


def test_a_link_to_a_file_is_that_file_and_one_to_a_folder_is_told(out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"linked")
    (out / "link").symlink_to(tmp_path / "elsewhere")
    (out / "deep/again").symlink_to(out)
    (out / "lost").symlink_to("nowhere")
    (out / "self").symlink_to("self")
    assert kept(out) == (
        {**BOTH, "link": b"linked"},
        [
            "'lost' is left out: it is a link that leads nowhere",
            "'self' is left out: it is a link that leads nowhere",
            "'again' is left out: it is a link to a folder",
        ],
    )


def test_what_is_no_file_is_told_and_nothing_waits_for_it(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(out / "pipe")
    monkeypatch.chdir(out)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    monkeypatch.undo()
    monkeypatch.chdir(out.parent)
    assert kept(out) == (BOTH, ["'pipe' is left out: it is a pipe", "'socket' is left out: it is a socket"])
    with gitexp.start() as run, pytest.warns(GitExpWarning, match="is no file that could be kept"):
        run.log_artifact("out/pipe")
    assert gitexp.get_run(run.name).artifacts == ()


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it may happen between the look and the reading."""
    os.mkfifo(out / "pipe")
    monkeypatch.setattr("gitexp.ops.keeping.files_below", lambda folder, remark: [folder / "pipe"])
    assert kept(out) == (
        {},
        ["'pipe' is left out: it is no file any more", "folder 'out' has no file that could be kept"],
    )


def test_a_name_that_cannot_stand_in_a_record_is_told(out: Path) -> None:
    (out / os.fsdecode(b"caf\xe9.bin")).write_bytes(BIG)
    (out / "aux.txt").write_bytes(b"device")
    (out / "a\nb").write_bytes(b"control")
    found, told = kept(out)
    assert found == BOTH
    assert [line.partition(" is left out: ")[0] for line in told] == [
        "'a\\nb'",
        "'aux.txt'",
        "'caf\ufffd.bin'",
    ]
    assert told[2].endswith("it is not UTF-8")


def test_a_file_that_vanishes_is_told(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(folder: Path, remark: object) -> list[Path]:
        return [folder / "big.bin", folder / "gone.bin"]

    monkeypatch.setattr("gitexp.ops.keeping.files_below", listed)
    assert kept(out) == ({"big.bin": BIG}, ["'gone.bin' is left out: No such file or directory"])


def test_an_empty_folder_is_told(out: Path) -> None:
    (out / "empty").mkdir()
    assert kept(out / "empty") == ({}, ["folder 'empty' has no file that could be kept"])


@pytest.mark.parametrize("size", [500, 3000])
def test_a_file_that_is_written_to_while_it_is_read_is_told(
    out: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = out / "changing"
    path.write_bytes(b"1" * size)
    real = os.fstat

    def and_write(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        if found.st_size == size:
            os.utime(path, (1, 1))
        return found

    monkeypatch.setattr(os, "fstat", and_write)
    found, told = kept(out)
    monkeypatch.undo()
    assert found == {**BOTH, "changing": b"1" * size}
    assert told == ["'changing' was written to while it was read: its parts may be of different times"]


def test_a_file_that_never_stops_growing_ends(out: Path) -> None:
    stop = threading.Event()

    def grow() -> None:
        with (out / "log.bin").open("ab", buffering=0) as file:
            while not stop.is_set() and file.tell() < 1 << 30:
                file.write(bytes(1 << 20))

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        found, _ = kept(out)
    finally:
        stop.set()
        writer.join()
    assert set(found) - {"log.bin"} == set(BOTH)
    assert set(found.get("log.bin", b"")) <= {0}


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become nobody")
def test_what_may_not_be_read_is_told(out: Path) -> None:
    (out / "secret.bin").write_bytes(BIG)
    (out / "secret.bin").chmod(0)
    (out / "closed").mkdir()
    (out / "closed").chmod(0)
    code = f"""
import os, sys
from pathlib import Path
from gitexp.artifacts.folders import files_below
from gitexp.artifacts.store import open_regular
os.setegid(65534), os.seteuid(65534)
told = []
for path in files_below(Path({str(out)!r}), told.append):
    try:
        open_regular(path).close()
        print(path.name)
    except OSError as error:
        print(path.name, error.strerror)
print(told)
"""
    for folder in (out, *out.parents):  # nobody has to be able to get there
        folder.chmod(folder.stat().st_mode | 0o055)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        "big.bin",
        "secret.bin Permission denied",
        "small.txt",
        "[\"'closed' is left out: Permission denied\"]",
    ]


def test_a_file_that_cannot_be_opened_does_not_cost_the_others(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitexp.ops import keeping

    opened = keeping.open_regular

    def refuse(path: Path) -> object:
        if path.name == "big.bin":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path)

    monkeypatch.setattr(keeping, "open_regular", refuse)
    assert kept(out) == ({"deep/small.txt": b"small"}, ["'big.bin' is left out: Permission denied"])
    with gitexp.start() as run, pytest.warns(GitExpWarning, match="PermissionError"):
        run.log_artifact("out/big.bin")
    assert gitexp.get_run(run.name).artifacts == ()


def test_the_command_line_tells_of_it_and_keeps_the_rest(out: Path, repo: Repo) -> None:
    os.mkfifo(out / "pipe")
    done = subprocess.run(
        ["git", "exp", "save", "--output", "out"], capture_output=True, text=True, check=True, cwd=repo.path
    )
    assert "warning: output 'out': 'pipe' is left out: it is a pipe\n" in done.stderr
    assert sorted(one.path for one in gitexp.get_run().artifacts) == ["out/big.bin", "out/deep/small.txt"]


def test_a_folder_has_one_identity_as_artifact_and_as_input(out: Path, tmp_path: Path) -> None:
    with gitexp.start() as run, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.log_artifact("out")
        run.use("dataset", out)
    stored = gitexp.get_run(run.name)
    (one,) = stored.inputs
    assert identity((file.oid, file.path[4:]) for file in stored.artifacts) == one.oid
    stored.get("out", to=tmp_path)
    with Repository.open() as repo:
        assert input_of(repo, "dataset", tmp_path / "out").oid == one.oid
    assert one.oid == identity(
        (digest_file(file).oid, str(file.relative_to(out))) for file in files_below(out)
    )


def test_many_small_files_are_waited_for_together(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(600):
        (out / f"{number}.txt").write_bytes(b"%d" % number)
    waits: list[int] = []
    monkeypatch.setattr("gitexp.syncing.sync_file_system", lambda path: bool(waits.append(1)) or True)
    monkeypatch.setattr("gitexp.syncing.sync", lambda path: waits.append(1))
    found, _ = kept(out)
    assert len(found) == 602
    assert len(waits) < 60


def test_a_folder_may_be_as_deep_as_it_can_get(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(1100):
        os.mkdir("d")
        os.chdir("d")
    monkeypatch.chdir(out.parent)
    found, told = kept(out.parent / "d")
    subprocess.run(["rm", "-r", "d"], check=True)  # too deep for what tidies up after tests
    assert found == {}
    assert len(told) <= 2
