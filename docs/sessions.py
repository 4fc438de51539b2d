"""The sessions in the pages: each command in a `console` block is run, in a repository for the page.

A page begins with its project: blocks below a line `<!-- file: PATH -->`. What stands before the first
session is committed; later ones are written when their turn comes. Lines that begin with `$ ` are commands,
`> ` goes on with one, and everything else is what they printed. A command whose output ends in `^C` gets a
terminal, and Ctrl-C once it has painted. Where an error is shown, the command has to fail.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gitexp.demo.stage import environment, run_names

PAGES = ("README.md", "docs/guide.md", "docs/recipes.md")
"""Those that have sessions."""

_BLOCK = re.compile(r"(?:<!-- file: (?P<path>\S+) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```\n", re.M | re.S)
_NAME = re.compile(r"\b([a-z]+)-[a-z2-7]{6}\b")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_INTERRUPT = "^C\n"
_PATIENCE = 20.0
"""Seconds that a command may take to paint something."""

_AUTHOR = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


@dataclass(frozen=True, slots=True)
class Told:
    """A command and what it printed, stdout and stderr."""

    command: str
    output: str

    @property
    def fails(self) -> bool:
        return re.search("^error: ", self.output, re.M) is not None


def sessions(page: str) -> list[Told]:
    """Every command of a page, and what stands below it."""
    return [
        told
        for block in _BLOCK.finditer(page)
        if block["kind"] == "console"
        for told in _parse(block["text"])
    ]


def replayed(page: str) -> str:
    """The page with what its commands print now. Raises RuntimeError for one that should not fail."""
    with tempfile.TemporaryDirectory() as folder:
        stage = _Stage(Path(folder))
        return _BLOCK.sub(stage.play, page)


def form(page: str) -> list[Told]:
    """The sessions of a page without what is different each time."""
    return [
        Told(_NAME.sub(r"\1-NAME", told.command), _form(told.output, told.command)) for told in sessions(page)
    ]


def _form(text: str, command: str) -> str:
    """Without ids, names, times, sizes on disk and widths."""
    text = _NAME.sub(r"\1-NAME", text)
    text = re.sub(r"(?<![\w.])[0-9a-f]{7,64}\b", "ID", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?\b", "DATE", text)
    text = re.sub(r"\b(now|\d+(\.\d+)?(ms|s|m|h|d))( ago)?\b", "AGE", text)
    text = re.sub(r"\b\d+(\.\d+)? (bytes?|[kKMG]?i?B)\b", "SIZE", text)
    text = re.sub(r"-{3,}", "---", text)
    return re.sub(r"[ \t]+", " ", text)


def _parse(text: str) -> Iterator[Told]:
    told: Told | None = None
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            if told:
                yield _trimmed(told)
            told = Told(line[2:].rstrip("\n"), "")
        elif told and not told.output and line.startswith("> "):
            told = replace(told, command=f"{told.command}\n{line[2:].rstrip()}")
        else:
            assert told, "a session begins with a command"
            told = replace(told, output=told.output + line)
    if told:
        yield _trimmed(told)


def _trimmed(told: Told) -> Told:
    """Without the empty line before the next command."""
    return replace(told, output=re.sub(r"\n\n\Z", "\n", told.output))


class _Stage:
    """The repository of a page."""

    def __init__(self, folder: Path) -> None:
        self.place, shims = folder / "project", folder / "bin"
        for path in (self.place, shims):
            path.mkdir()
        self.environ = {**environment(shims, os.environ), **_AUTHOR, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.begun = False

    def play(self, block: re.Match[str]) -> str:
        """The block as it should be."""
        if block["path"]:
            (self.place / block["path"]).write_text(block["text"])
        if block["kind"] != "console":
            return block[0]
        self._begin()
        told = [self._tell(one) for one in _parse(block["text"])]
        return f"```console\n{_blank_between(told)}```\n"

    def _begin(self) -> None:
        if not self.begun:
            for line in ("git init -q -b main", "git add .", "git commit -q -m 'Fit a line'"):
                _run(line, self.place, self.environ)
        self.begun = True

    def _tell(self, told: Told) -> Told:
        names = run_names(self.place, self.environ)
        command = _NAME.sub(lambda name: names.get(name[1], name[0]), told.command)
        if told.output.endswith(_INTERRUPT):
            return Told(command, _interrupted(command, self.place, self.environ) + _INTERRUPT)
        return Told(command, _run(command, self.place, self.environ, fails=told.fails))


def _blank_between(told: list[Told]) -> str:
    """The text of a block: an empty line after what printed something."""
    parts = []
    for one in told:
        parts.append("$ " + one.command.replace("\n", "\n> ") + f"\n{one.output}")
        if one.output and one is not told[-1]:
            parts.append("\n")
    return "".join(parts)


def _run(line: str, place: Path, environ: Mapping[str, str], *, fails: bool = False) -> str:
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=place,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if fails != (done.returncode != 0):
        raise RuntimeError(f"exit code {done.returncode} of: {line}\n{done.stdout}")
    return done.stdout


def _interrupted(line: str, place: Path, environ: Mapping[str, str]) -> str:
    """What a command first paints on a terminal."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}"],
        cwd=place,
        env={**environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "24"},
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(its)
    painted = b""
    with process, open(ours, "rb", buffering=0) as terminal, suppress(OSError):  # EIO: it is closed
        while select.select([terminal], [], [], 0.5 if b"\n" in painted else _PATIENCE)[0]:
            painted += terminal.read(4096)
        process.send_signal(signal.SIGINT)
    text = painted.decode().replace("\r\n", "\n").rsplit("\x1b[H")[1]
    return "".join(line.rstrip() + "\n" for line in _ESCAPE.sub("", text).splitlines())
