"""`git exp ls --watch`: the list painted again and again until Ctrl-C."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, NoReturn

from gitexp.errors import UsageError

if TYPE_CHECKING:
    from gitexp.cli.list_runs import Options
    from gitexp.cli.session import Session

_ENTER = "\x1b[?1049h\x1b[?25l"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_USUAL_HEIGHT = 24
_HOME, _END_OF_LINE, _BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


def watch(session: Session, options: Options, seconds: float) -> None:
    """Paint the list every so many seconds until Ctrl-C. Raises UsageError where there is no terminal."""
    if not sys.stdout.isatty():
        raise UsageError("--watch needs a terminal", hint="git exp ls")
    told = io.StringIO()
    frame = _frame(session, options, told)
    try:
        with _other_screen():
            while True:
                _paint(frame)
                time.sleep(seconds)
                frame = _frame(session, options, told)
    except KeyboardInterrupt:
        pass
    finally:
        # What was told meanwhile would have been painted over.
        sys.stderr.write("".join(dict.fromkeys(told.getvalue().splitlines(keepends=True))))


def _frame(session: Session, options: Options, told: io.StringIO) -> list[str]:
    """The lines of the list as it is now; dead runs are put right, and what is said of them is kept."""
    from gitexp.cli.list_runs import page_of
    from gitexp.cli.screen import look
    from gitexp.cli.session import warn
    from gitexp.ops.read import list_all

    # Opened anew each time: what was cached of refs and packs is not what there is now.
    with redirect_stderr(told), session.repository() as repo:
        found = list_all(repo)
        for _, error in found.broken:
            warn(error)
        screen = look(repo.config, session.environ, use_pager=False, colour=options.colour)
        page = page_of(repo, found, options, screen)
        lines = "".join(page.parts).splitlines()
    return lines or [page.note or "no run"]


def _paint(lines: list[str]) -> None:
    """Each line is written over the old one, and only what is left over is cleared: nothing flickers."""
    height = os.get_terminal_size(sys.stdout.fileno()).lines or _USUAL_HEIGHT
    if len(lines) > height:
        lines = [*lines[: height - 1], f"({len(lines) - height + 1} more lines)"]
    sys.stdout.write(_HOME + "\r\n".join(line + _END_OF_LINE for line in lines) + _BELOW)
    sys.stdout.flush()


@contextmanager
def _other_screen() -> Iterator[None]:
    """The terminal's second screen, without a cursor; the first one comes back as it was."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    sys.stdout.write(_ENTER)
    try:
        yield
    finally:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)
