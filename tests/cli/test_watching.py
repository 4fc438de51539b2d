"""`git exp ls --watch` on a real terminal, with a run that goes on."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

import gitexp
from tests.cli.program import ARGV, Program, program_environ

Watch = Callable[..., "Watcher"]


class Watcher:
    """The program on a terminal of its own."""

    def __init__(self, exp: Program, *arguments: str) -> None:
        self._controller, terminal = pty.openpty()
        environ = {**os.environ, "TERM": "xterm", "COLUMNS": "90"}
        self.process = subprocess.Popen(
            [*ARGV, "ls", "--watch=0.2", *arguments],
            cwd=exp.repo.path,
            env=program_environ(environ),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            # Whoever runs the tests in the background ignores it, and that would be inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(terminal)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read until `text` was painted. Raises AssertionError where that does not happen."""
        end = time.monotonic() + 20
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            self.read()

    def read(self) -> bool:
        """False at the end. Raises AssertionError where nothing comes for long."""
        assert select.select([self._controller], [], [], 20)[0], self.seen
        try:
            part = os.read(self._controller, 4096)
        except OSError:  # Linux says EIO where others say the end
            return False
        self.seen += part.decode("utf-8", "replace")
        return bool(part)

    def close(self) -> int:
        while self.read():
            pass
        os.close(self._controller)
        return self.process.wait(20)


@pytest.fixture
def watch(exp: Program) -> Iterator[Watch]:
    """Starts the program; it is ended with the test."""
    started: list[Watcher] = []

    def start(*arguments: str) -> Watcher:
        started.append(Watcher(exp, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def live(exp: Program) -> Iterator[gitexp.Run]:
    run = gitexp.start("live", params={"epochs": 50})
    yield run
    run.finish()


def test_a_live_run_moves_and_a_new_one_appears(exp: Program, watch: Watch, live: gitexp.Run) -> None:
    live.log({"acc": 0.1}, step=3)
    watcher = watch()
    watcher.until("running 3/50")
    live.log({"acc": 0.2}, step=12)
    watcher.until("running 12/50")
    exp.record("another")
    watcher.until("another-")
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.close() == 0
    assert watcher.seen.startswith("\x1b[?1049h\x1b[?25l")
    assert watcher.seen.endswith("\x1b[?25h\x1b[?1049l")
    # Painted over, never cleared: that would flicker.
    assert "\x1b[2J" not in watcher.seen


def test_a_signal_too_gives_the_terminal_back(exp: Program, watch: Watch) -> None:
    exp.record("one")
    watcher = watch()
    watcher.until("one-")
    watcher.process.terminate()
    assert watcher.close() == 128 + signal.SIGTERM
    assert watcher.seen.endswith("\x1b[?25h\x1b[?1049l")


def test_an_error_is_told_before_anything_is_painted(exp: Program, watch: Watch) -> None:
    exp.record("one")
    watcher = watch("nokey < 1")
    assert watcher.close() == 2
    assert "\x1b[?1049h" not in watcher.seen
    assert "error: unknown key 'nokey'" in watcher.seen


def test_json_tells_the_progress(exp: Program, live: gitexp.Run) -> None:
    live.log({"acc": 0.1}, step=7)
    (run,) = exp("ls", "--json").json["runs"]
    elapsed = run["progress"].pop("elapsed")
    assert run["progress"] == {"step": 7, "total": 50}
    assert elapsed >= 0
    assert "running 7/50" in exp("ls").out
