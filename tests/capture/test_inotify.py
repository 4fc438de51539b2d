"""Which files any program opens, as Linux tells."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import threading
from pathlib import Path

import pytest

from gitexp.capture.inotify import Watch
from gitexp.capture.reports import Observed


def watched(*roots: Path) -> tuple[Watch, Observed]:
    found = Observed()
    return Watch(roots, found.saw_read, found.saw_written), found


def test_readers_of_any_kind_are_seen(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    for folder in (root / "below", root / "venv", root / ".git", elsewhere):
        folder.mkdir(parents=True)
        (folder / "data").write_text("1")
    (root / "venv" / "pyvenv.cfg").touch()
    (root / "linked").symlink_to(elsewhere)
    (root / "loop").symlink_to(root)
    watch, found = watched(root, root / "below")
    held = (root / "held").open("w+")
    with watch:
        names = ("below/data", "venv/data", ".git/data", "linked/data")
        subprocess.run(["cat", *names], cwd=root, check=True, capture_output=True)
        (root / "made").write_text("1")
        still = (root / "held").open()
    assert watch.problems == []
    assert set(found.reads) == {f"{root}/{name}" for name in ("below/data", "linked/data", "held")}
    assert set(found.writes) == {f"{root}/made"}
    still.close()
    held.close()


def test_the_limit_of_folders_is_told(tmp_path: Path, monkeypatch: object) -> None:
    from gitexp.capture import inotify

    for number in range(4):
        (tmp_path / str(number)).mkdir()
    monkeypatch.setattr(inotify, "_MOST_FOLDERS", 3)  # type: ignore[attr-defined]
    watch, _ = watched(tmp_path)
    with watch:
        pass
    assert watch.problems == ["only 3 folders are watched"]


def test_what_cannot_be_watched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    def busy(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    before = os.listdir("/proc/self/fd")
    for place, name, fail in ((os, "pipe", full), (threading.Thread, "start", busy)):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, fail)
            watch, _ = watched(tmp_path)
            with watch:
                pass
        assert len(watch.problems) == 1
        assert "could not be watched" in watch.problems[0]
    assert os.listdir("/proc/self/fd") == before


def test_a_program_with_many_files_open_is_watched(tmp_path: Path) -> None:
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed[0], 1200), allowed[1]))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    (tmp_path / "data").touch()
    watch, found = watched(tmp_path)
    try:
        with watch:
            (tmp_path / "data").read_text()
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
    assert set(found.reads) == {f"{tmp_path}/data"}
