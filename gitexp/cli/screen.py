"""Where output goes: a terminal with its width, colours and pager, or a pipe; decided as git decides it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

from gitexp.git.config import Config

_PAGER_FAILED = (126, 127)


class Screen(NamedTuple):
    """What a rendering has to fit."""

    width: int | None = None
    """Columns; None where nothing is to be cut, because no person looks at it directly."""
    colour: bool = False
    pager: str | None = None


def look(config: Config, environ: Mapping[str, str], *, use_pager: bool, colour: str | None = None) -> Screen:
    """The screen that stdout is; `colour` is what `--color` says: always, never, or auto.

    Raises GitError for settings that are not what they should be.
    """
    terminal = sys.stdout.isatty()
    paged = environ.get("GIT_PAGER_IN_USE") in ("1", "true")
    return Screen(
        width=_width(environ) if terminal or paged else None,
        colour=_colour(colour, config, environ, terminal or (paged and config.bool("color.pager", True))),
        pager=_pager(config, environ) if terminal and use_pager else None,
    )


def put(text: str, screen: Screen, environ: Mapping[str, str]) -> None:
    """Write a page of output, through the pager if there is one."""
    if screen.pager is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    defaults = {"LESS": "FRX", "LV": "-c"}
    process = subprocess.Popen(  # noqa: S602 (the user's own setting; git too hands it to the shell)
        screen.pager,
        shell=True,
        stdin=subprocess.PIPE,
        env={**defaults, **environ, "GIT_PAGER_IN_USE": "true"},
    )
    # The keyboard is the pager's now.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # A pager that was left early is no error.
        process.communicate(text.encode("utf-8", "backslashreplace"))
    finally:
        signal.signal(signal.SIGINT, before)
    if process.returncode in _PAGER_FAILED:
        sys.stdout.write(text)


def _width(environ: Mapping[str, str]) -> int:
    if environ.get("COLUMNS", "").isdigit():
        return max(20, int(environ["COLUMNS"]))
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _colour(when: str | None, config: Config, environ: Mapping[str, str], terminal: bool) -> bool:
    chosen = when or config.get("color.exp") or config.get("exp.color")
    wanted = (chosen or config.get("color.ui", "auto") or "auto").lower()
    if wanted == "always":
        return True
    if wanted in ("never", "false", "no", "off", "0"):
        return False
    return terminal and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"


def _pager(config: Config, environ: Mapping[str, str]) -> str | None:
    chosen = config.get("pager.exp", config.get("exp.pager"))
    if chosen is not None and chosen.lower() in ("false", "no", "off", "0", ""):
        return None
    if chosen is None or chosen.lower() in ("true", "yes", "on", "1"):
        chosen = environ.get("GIT_PAGER")
        if chosen is None:
            chosen = config.get("core.pager")
        if chosen is None:
            chosen = environ.get("PAGER", "less")
    return None if chosen in ("", "cat") else chosen
