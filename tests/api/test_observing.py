"""What this process reads while a run of it is live."""

from __future__ import annotations

import builtins
import errno
import io
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gitexp
from gitexp.capture.inotify import Watch
from gitexp.capture.shim import _gitexp_observe as own
from gitexp.errors import GitExpError
from tests.gitrepo import Repo


def state() -> tuple[Any, ...]:
    """What observing changes in a process."""
    functions = (io.open, builtins.open, os.open, os.chdir, os.fchdir, os._exit, os.execv, random.seed)
    return (*functions, dict(os.environ), list(sys.meta_path), set(os.supports_dir_fd))


def inputs(name: str | None) -> list[tuple[str, str, str]]:
    [run] = [one for one in gitexp.runs() if one.name == name]
    return [(one.role, one.name, one.how.value) for one in run.inputs]


@pytest.fixture
def data(here: Repo) -> Path:
    folder = here.path / "data"
    here.write(".gitignore", "data/\n")
    for name in ("before", "during", "nested", "child", "forked", "after", "declared"):
        here.write(f"data/{name}", name)
    return folder


def test_from_start_to_finish_and_no_longer(data: Path) -> None:
    before = state()
    (data / "before").read_text()
    with gitexp.start() as run:
        assert builtins.open is io.open is not before[0]
        random.seed(5)
        (data / "during").read_text()
        run.use("dataset", data / "declared")
        with gitexp.start(join=False) as inner:
            (data / "nested").read_text()
        subprocess.run([sys.executable, "-c", "open('data/child')"], cwd=data.parent, check=True)
        if (child := os.fork()) == 0:
            (data / "forked").read_text()
            os._exit(0)
        os.waitpid(child, 0)
    (data / "after").read_text()
    assert state() == before
    assert inputs(inner.name) == [("file", "data/nested", "observed")]
    observed = [("file", f"data/{name}", "observed") for name in ("child", "during", "forked", "nested")]
    seeds = ("seeds", "seeds", "observed")
    assert inputs(run.name) == [("dataset", "declared", "declared"), *observed, seeds]


def test_runs_may_end_in_any_order(data: Path) -> None:
    before = state()
    first, second = gitexp.start(), gitexp.start(join=False)
    first.finish()
    subprocess.run([sys.executable, "-c", "open('data/child')"], cwd=data.parent, check=True)
    second.finish()
    assert state() == before
    assert inputs(second.name) == [("file", "data/child", "observed")]
    assert inputs(first.name) == []


def test_a_run_goes_on_where_nothing_can_watch(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state()

    def full() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Watch, "_begin", lambda self, opened: full())
    with gitexp.start(trace="inotify") as run:
        (data / "during").read_text()
    monkeypatch.setattr(own, "add", lambda folder: full())
    with gitexp.start() as other:
        assert io.open is before[0]
    assert state() == before
    assert inputs(run.name) == [("file", "data/during", "observed")]
    [seen] = [one.env["trace"] for one in gitexp.runs() if one.name == run.name]
    assert "could not be watched" in seen["missed"][0]
    assert [one.status for one in gitexp.runs() if one.name == other.name] == ["finished"]


def test_it_can_be_left_out(data: Path, here: Repo) -> None:
    before = state()
    with gitexp.start(trace="off") as run:
        assert io.open is before[0]
        (data / "during").read_text()
    assert inputs(run.name) == []
    with pytest.raises(GitExpError, match=r"exp\.trace is 'no'"):
        gitexp.start(trace="no")
    assert state() == before


def test_a_program_that_joins_is_noted_once(data: Path, here: Repo) -> None:
    here.write("joins.py", "import gitexp\nwith gitexp.start() as run:\n    open('data/during')\n")
    subprocess.run(["git", "exp", "run", "-q", "--", sys.executable, "joins.py"], cwd=here.path, check=True)
    [run] = gitexp.runs()
    assert inputs(run.name) == [("file", "data/during", "observed")]
    assert run.env["trace"] == {"mode": "open"}
