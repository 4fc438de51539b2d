"""Colour, where there is any."""

from __future__ import annotations

from enum import Enum

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}


class _Styles(dict[str, str]):
    """Asked with a text or with an enum of texts, whose hash is not that of its text."""

    def __missing__(self, key: str) -> str:
        if isinstance(key, Enum):
            return self[key.value]
        raise KeyError(key)


STATUS = _Styles(
    running="yellow",
    finished="green",
    failed="red",
    killed="magenta",
    crashed="magenta",
    draft="cyan",
    captured="dim",
)
"""Status -> style."""
VERDICT = {"better": "green", "worse": "red"}
"""What became of a metric -> style."""


class Paint:
    """Wraps text in the escape sequences of a style; does nothing where colour is off."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, style: str | None, text: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[m" if self.on and style and text else text
