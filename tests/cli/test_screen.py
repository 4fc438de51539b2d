"""Colours, width and pager are chosen as git chooses them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.cli.screen import Screen, look, put
from gitexp.git.config import Config
from tests.cli.program import ARGV, Program, program_environ


class Terminal:
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


def config(**values: str) -> Config:
    return Config({key.replace("_", "."): (value,) for key, value in values.items()})


def test_a_pipe_is_plain() -> None:
    assert look(config(), {"TERM": "xterm"}, use_pager=True) == Screen(None, False, None)


@pytest.mark.parametrize(
    ("settings", "environ", "colour"),
    [
        ({}, {"TERM": "xterm"}, True),
        ({}, {"TERM": "dumb"}, False),
        ({}, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"color_ui": "false"}, {"TERM": "xterm"}, False),
        ({"color_ui": "never"}, {"TERM": "xterm"}, False),
        ({"color_ui": "never", "color_exp": "auto"}, {"TERM": "xterm"}, True),
        ({"exp_color": "never"}, {"TERM": "xterm"}, False),
        ({"color_ui": "always"}, {"TERM": "dumb"}, True),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], environ: dict[str, str], colour: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert look(config(**settings), environ, use_pager=True).colour is colour


def test_colour_may_be_forced_into_a_pipe() -> None:
    assert look(config(color_ui="always"), {}, use_pager=True).colour
    assert look(config(), {"GIT_PAGER_IN_USE": "true", "TERM": "xterm"}, use_pager=True).colour


@pytest.mark.parametrize(
    ("settings", "environ", "pager"),
    [
        ({}, {}, "less"),
        ({}, {"PAGER": "more"}, "more"),
        ({"core_pager": "delta"}, {"PAGER": "more"}, "delta"),
        ({"core_pager": "delta"}, {"GIT_PAGER": "most"}, "most"),
        ({"pager_exp": "false"}, {}, None),
        ({"exp_pager": "bat -p"}, {"GIT_PAGER": "most"}, "bat -p"),
        ({"exp_pager": "true"}, {"PAGER": "more"}, "more"),
        ({}, {"GIT_PAGER": "cat"}, None),
        ({}, {"GIT_PAGER": ""}, None),
    ],
)
def test_pager(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], environ: dict[str, str], pager: str | None
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert look(config(**settings), environ, use_pager=True).pager == pager
    assert look(config(**settings), environ, use_pager=False).pager is None


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert look(config(), {"COLUMNS": "123"}, use_pager=True).width == 123
    assert look(config(), {}, use_pager=True).width == 80


def test_the_pager_is_given_the_text(
    tmp_path: Path, environ: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    pager = f"cat > {tmp_path}/paged; echo $LESS $LV $GIT_PAGER_IN_USE >> {tmp_path}/paged"
    environ.pop("LESS", None)
    put("däta\n", Screen(80, True, pager), environ)
    assert (tmp_path / "paged").read_text() == "däta\nFRX -c true\n"
    put("more\n", Screen(80, True, "no-such-pager-here"), environ)
    assert capfd.readouterr().out == "more\n"
    put("x" * (1 << 20), Screen(80, True, "true"), environ)


def test_a_table_on_a_terminal_fits_it(exp: Program, environ: dict[str, str]) -> None:
    exp.repo.write("params.yaml", "".join(f"param_number_{i}: {i}\n" for i in range(20)))
    exp.record("first")
    controller, terminal = pty.openpty()
    environ |= {"TERM": "xterm", "COLUMNS": "70", "GIT_PAGER": "cat"}
    process = subprocess.Popen(
        [*ARGV, "ls"], cwd=exp.repo.path, env=program_environ(environ), stdout=terminal
    )
    os.close(terminal)
    shown = b""
    try:
        while part := os.read(controller, 4096):
            shown += part
    except OSError:  # Linux says EIO where others say the end
        pass
    os.close(controller)
    assert process.wait() == 0
    lines = shown.decode().replace("\r", "").splitlines()
    assert "\x1b[1mRUN\x1b[m" in lines[0]
    assert all(len(plain(line)) <= 70 for line in lines[:2])
    assert "more columns do not fit" in lines[2]


def plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)
