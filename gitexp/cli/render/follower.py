"""Growing output, line by line, as `git exp logs -f` shows it."""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable

from gitexp.capture import terminal_log
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe

_REDRAW = "\r\x1b[K"
_LONGEST = 1 << 16
"""Characters: a line that has not ended by then is shown as one."""


class Follower:
    """Turns raw output into text that may be shown: each line reduced to what was left of it in the end.

    On a screen the line that has not ended yet, such as a progress bar, is drawn again as it changes.
    """

    def __init__(self, width: int | None, redact: Callable[[str], str]) -> None:
        self._width = width
        self._redact = redact
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    def feed(self, data: bytes) -> str:
        """What to write now."""
        *lines, self._rest = (self._rest + self._decode(data)).split("\n")
        if len(self._rest) > _LONGEST:
            lines, self._rest = [*lines, self._rest], ""
        done = "".join(self._line(line) + "\n" for line in lines)
        if self._width is None:
            return done
        return _REDRAW + done + cut(self._line(self._rest), self._width)

    def end(self) -> str:
        """What to write when nothing comes any more."""
        if not self._rest:
            return ""
        line = self._line(self._rest)
        return f"{line}\n" if self._width is None else f"{_REDRAW}{line}\n"

    def _line(self, raw: str) -> str:
        text = terminal_log.reduce(raw.encode("utf-8", "replace")).decode()
        return safe(self._redact(text), lines=True)
