"""Ctrl-C in what runs in a worktree of its own: the whole process group is told, and the run is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.cli.ideas import clean, lay
from tests.cli.program import ARGV, program_environ
from tests.cli.sharing import refs

CODE = """\
import json, os, pathlib, time
json.dump({"acc": len(os.listdir())}, open("metrics.json", "w"))
if "exp/worktrees" in os.getcwd() and os.path.exists(os.environ["WAIT"]):
    pathlib.Path(os.environ["WAIT"] + ".begun").touch()
    time.sleep(60)
"""


@pytest.fixture
def wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file is there, the command waits once it has begun in a worktree of its own."""
    path = tmp_path / "wait"
    path.touch()
    monkeypatch.setenv("WAIT", str(path))
    return path


def interrupted(exp: Program, wait: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and stderr of a call whose process group has SIGINT once its command runs."""
    environ = exp.repo.environ | {"PATH": os.environ["PATH"], "WAIT": str(wait)}
    process = subprocess.Popen(
        [*ARGV, *arguments],
        env=program_environ(environ),
        cwd=exp.repo.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    begun = wait.with_name("wait.begun")
    while not begun.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    err = process.communicate()[1].decode()
    begun.unlink()
    return process.returncode, err


def check_killed(exp: Program, name: str, said: tuple[int, str]) -> None:
    code, err = said
    assert code == 128 + signal.SIGINT, err
    assert "error:" not in err
    assert list((exp.repo.path / ".git/exp/worktrees").iterdir()) == []
    assert exp.repo.git("worktree", "list").count("\n") == 0
    run = exp("show", name, "--json").json
    assert (run["status"], run["signal"]) == ("killed", "SIGINT")
    exp.repo.fsck()


def ran(exp: Program, slug: str) -> str:
    said = exp("run", "--name", slug, "--", sys.executable, "train.py")
    assert said.code == 0, said.err
    return said.name


def test_a_reproduction(exp: Program, wait: Path) -> None:
    exp.repo.write("train.py", CODE)
    old = ran(exp, "old")
    said = interrupted(exp, wait, "repro", old)
    (name,) = (one for one in refs(exp.repo) if one != old)
    check_killed(exp, name, said)


def drafted(exp: Program) -> str:
    exp.repo.commit("project", {"train.py": CODE})
    for one in ("first", "second"):
        lay(exp.repo, {f"{one}.py": "x\n"})
        ran(exp, one)
        clean(exp.repo)
    return exp("merge", "first", "second").name


def test_a_draft(exp: Program, wait: Path) -> None:
    name = drafted(exp)
    said = interrupted(exp, wait, "run", "--draft", name)
    check_killed(exp, name, said)
    assert f"git exp run --draft {name} runs it again" in said[1]
    draft = exp.repo.git("rev-parse", f"exp/{name}~1")
    stopped = exp.repo.git("rev-parse", f"exp/{name}")
    exp("tag", name, "again")

    # It runs from the start once more, on top of what was stopped.
    wait.unlink()
    said = exp("run", "--draft", name)
    assert (said.code, said.name) == (0, name)
    run = exp("show", name, "--json").json
    assert (run["status"], run["tags"], run["metrics"]) == ("finished", ["again"], {"acc": 7})
    assert draft in exp.repo.git("rev-list", f"exp/{name}").split()
    assert exp.repo.git("rev-parse", f"exp/{name}~2") == stopped
    assert exp("run", "--draft", name).code == 2
    assert exp("undo").code == 0
    assert exp("show", name, "--json").json["status"] == "killed"
    exp.repo.fsck()


def test_a_draft_that_failed_is_run_again_with_another_command(exp: Program, wait: Path) -> None:
    name = drafted(exp)
    failing = "import json; json.dump({'bad': 1}, open('metrics.json', 'w')); raise SystemExit(4)"
    assert exp("run", "--draft", name, "--", sys.executable, "-c", failing).code == 4
    wait.unlink()
    assert exp("run", "--draft", name).code == 0
    run = exp("show", name, "--json").json
    assert (run["status"], list(run["metrics"]), run["command"][-1]) == ("finished", ["acc"], "train.py")
    # One that was never a draft is none for having failed.
    other = exp("run", "--", sys.executable, "-c", "raise SystemExit(1)").name
    assert exp("run", "--draft", other).code == 2
