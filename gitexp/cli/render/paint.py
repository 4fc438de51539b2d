"""Colour, where there is any."""

from __future__ import annotations

from gitexp.model.record import Status

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}

STATUS = {
    Status.RUNNING: "yellow",
    Status.FINISHED: "green",
    Status.FAILED: "red",
    Status.KILLED: "magenta",
    Status.CRASHED: "magenta",
}


class Paint:
    """Wraps text in the escape sequences of a style; does nothing where colour is off."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, style: str | None, text: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[m" if self._on and style and text else text
