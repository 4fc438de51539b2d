"""The program under test, called in this process, and what it said made comparable."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitexp.cli.boundary import run
from tests.gitrepo import Repo

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What one call left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        def refuse(token: str) -> None:
            raise AssertionError(f"{token} is not JSON")

        return json.loads(self.out, parse_constant=refuse)

    @property
    def name(self) -> str:
        """The run that the last line of stderr tells of."""
        return re.findall(r"^exp (\S+) ", self.err, re.MULTILINE)[-1]


class Program:
    """`exp("ls", "--json")` calls the program in the repository and returns what it left."""

    def __init__(self, repo: Repo, capture: pytest.CaptureFixture[str]) -> None:
        self.repo = repo
        self._capture = capture

    def __call__(self, *arguments: str) -> Said:
        self._capture.readouterr()
        code = run(arguments)
        said = self._capture.readouterr()
        assert "Traceback" not in said.err, said.err
        return Said(code, said.out, said.err)

    def record(self, slug: str, code: str = "pass", *options: str) -> str:
        """The name of a new run of a Python program."""
        said = self("run", "--name", slug, *options, "--", sys.executable, "-c", code)
        return said.name


def program_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """For calling `python -m gitexp.cli.main` as a process of its own."""
    return {**environ, "PYTHONPATH": str(ROOT)}


def killed(exp: Program, environ: dict[str, str], script: str = "") -> str:
    """The name of a run whose processes were all killed, after it had gone through a script of the shell."""
    process = subprocess.Popen(
        [*ARGV, "run", "--name", "dead", "--", "sh", "-c", f"{script} echo printed; sleep 60"],
        cwd=exp.repo.path,
        env=program_environ(environ),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as out:
        assert out.readline() == b"printed\n"
        os.killpg(process.pid, signal.SIGKILL)
        out.read()  # ends when the last of them is gone
        process.wait()
    return next((exp.repo.path / ".git" / "exp" / "live").glob("dead-*")).name


def end_group(process: subprocess.Popen[bytes], by: signal.Signals) -> None:
    """Signals a process that leads its group, and waits until all of the group are gone."""
    os.killpg(process.pid, by)
    process.wait()
    with suppress(ProcessLookupError):
        while True:
            os.killpg(process.pid, 0)
            time.sleep(0.01)


ARGV = [sys.executable, "-m", "gitexp.cli.main"]


def forge(repo: Repo, source: str, target: str, files: Mapping[str, str | bytes]) -> str:
    """The commit of a new run `target`: a copy of `source` in which `files` of the record are others."""
    index = {"GIT_INDEX_FILE": str(repo.path / ".git" / "forged-index")}
    repo.git("read-tree", f"refs/exp/{source}", **index)
    for path, data in files.items():
        blob = repo.git("hash-object", "-w", "--stdin", input=data)
        repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},.exp/{path}", **index)
    tree = repo.git("write-tree", **index)
    os.unlink(index["GIT_INDEX_FILE"])
    commit = repo.git("commit-tree", tree, "-m", f"exp {target}\n\nExp-Run: {target}\nExp-Status: finished")
    repo.git("update-ref", f"refs/exp/{target}", commit)
    return commit


_CHANGING = (
    (r"\b([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{10})\b", "<hash>"),
    (r"\b([a-z]+)-[a-z2-7]{6}\b", r"\1-XXXXXX"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 \([^)]*\)", "<when>"),
    (r"^(Took +)[\d.]+s", r"\1<duration>"),
    (r"^(Packages|Environment)\n(  .*\n)+", r"\1\n  <machine>\n"),
    (r" *\b(\d{1,2}[sm]|now)(?=  )", " <age>"),
    (re.escape(sys.executable), "python"),
)


def normal(text: str) -> str:
    """`text` with names, ids, times and the machine made the same everywhere."""
    for pattern, replacement in _CHANGING:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text
