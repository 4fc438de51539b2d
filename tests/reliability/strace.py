"""A finish under strace: its system calls counted, or one of them met by a signal or an error."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gitrepo import Repo
from tests.reliability.checks import ROOT

STRACE = shutil.which("strace")
CHANGES = "%file,write,pwrite64,fsync,fdatasync,ftruncate,close"
"""What is counted when something is to be killed: all that may leave a trace on the disk."""
WRITES = "write,pwrite64,fsync,fdatasync,ftruncate,/^open,/^mkdir,/^rename,/^link"
"""What a full or failing disk refuses."""

# git in the path of the finisher: the call of that number runs under strace, `$STRACED_WITH` says how.
_GIT = """\
#!/bin/sh
printf x >> "$STRACED_COUNT"
if [ "$(wc -c < "$STRACED_COUNT")" -ne "$STRACED_CALL" ]; then exec {git} "$@"; fi
if [ -z "$STRACED_TOGETHER" ]; then exec {strace} -qq -o "$STRACED_LOG" -e "$STRACED_WITH" {git} "$@"; fi
{strace} -qq -o "$STRACED_LOG" -e "$STRACED_WITH" {git} "$@"
code=$?
if [ $code -gt 128 ]; then kill -9 $PPID; fi
exit $code
"""


@dataclass(frozen=True)
class Point:
    """Something to happen: in the finishing process itself (call 0) or in the n-th git program of it."""

    call: int
    number: int
    what: str
    """`signal=KILL`, `error=ENOSPC`, …"""
    calls: str = CHANGES
    together: bool = False
    """Whether the finishing process is killed with its git."""
    onwards: bool = False
    """Whether each later call meets the same."""

    @property
    def expression(self) -> str:
        return f"inject={self.calls}:{self.what}:when={self.number}{'+' if self.onwards else ''}"


def skip_without_strace() -> None:
    if STRACE is None:
        pytest.skip("strace is not installed")
    probe = subprocess.run([STRACE, "-qq", "-o", os.devnull, "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"strace may not trace here: {probe.stderr.decode().strip()}")


class Finisher:
    """The warm process that finishes prepared runs."""

    def __init__(self, process: subprocess.Popen[str], scratch: Path, environ: Mapping[str, str]) -> None:
        self._process = process
        self._scratch = scratch
        self._environ = environ
        self._tools = scratch / "tools"
        self._tools.mkdir()
        git = self._tools / "git"
        git.write_text(_GIT.format(git=shutil.which("git"), strace=STRACE))
        git.chmod(0o755)

    def finish(self, repo: Repo, name: str, point: Point) -> int:
        """The wait status of a process that finishes the run and meets `point`."""
        return self._run(repo, name, point.call, point.expression, os.devnull, together=point.together)

    def count(self, repo: Repo, name: str, call: int, calls: str) -> int:
        """How many system calls of the kind `calls` there are to meet."""
        log = self._scratch / "log"
        log.unlink(missing_ok=True)
        assert self._run(repo, name, call, f"trace={calls}", str(log)) == 0
        return len(re.findall(r"^\w+\(", log.read_text(), re.MULTILINE)) if log.exists() else 0

    def _run(
        self, repo: Repo, name: str, call: int, expression: str, log: str, *, together: bool = False
    ) -> int:
        go, count = self._scratch / "go", self._scratch / "count"
        go.unlink(missing_ok=True)
        count.unlink(missing_ok=True)
        os.mkfifo(go)
        environ = {
            **self._environ,
            "PATH": f"{self._tools}:{self._environ['PATH']}",
            "STRACED_COUNT": str(count),
            "STRACED_CALL": str(call + OPENING if call else 0),
            "STRACED_TOGETHER": "yes" if together else "",
            "STRACED_WITH": expression,
            "STRACED_LOG": log,
        }
        order = {"path": str(repo.path), "name": name, "go": str(go), "environ": environ}
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        child = int(self._process.stdout.readline())
        with _attached(child, expression, log) if call == 0 else nullcontext():
            # For writing alone this would wait for a reader, which may have been killed on its way.
            opened = os.open(go, os.O_RDWR)
            try:
                return int(self._process.stdout.readline())
            finally:
                os.close(opened)


OPENING = 1
"""git programs that run before the finish begins."""


@contextmanager
def finisher(scratch: Path, environ: Mapping[str, str]) -> Iterator[Finisher]:
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.finisher"],
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield Finisher(process, scratch, environ)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


@contextmanager
def _attached(process: int, expression: str, log: str) -> Iterator[None]:
    assert STRACE
    command = [STRACE, "-o", log, "-e", expression, "-p", str(process)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        said = tracer.stderr.readline()
        assert "attached" in said, said
        yield
