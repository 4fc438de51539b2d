"""Errors that show where in the query they are."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import combining, east_asian_width

from gitexp.errors import QueryError
from gitexp.query.tree import Place

_WIDTH = 72


def fault(message: str, text: str, place: Place, *, hint: str | None = None) -> QueryError:
    """A QueryError at `place` of `text`: `message at column 12`, and the excerpt with its carets."""
    begin = min(place[0], len(text))
    end = max(min(place[1], len(text)), begin + 1)
    first = max(0, min(begin - _WIDTH // 2, len(text) - _WIDTH))
    shown = text[first : first + _WIDTH]
    # One character for one, or the carets would stand elsewhere.
    line = "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in shown)
    cut = begin - first
    carets = " " * _cells(line[:cut]) + "^" * max(1, _cells(f"{line} "[cut : end - first]))
    return QueryError(
        f"{message} at column {begin + 1}", column=begin + 1, excerpt=f"  {line}\n  {carets}", hint=hint
    )


def _cells(text: str) -> int:
    """How wide a terminal shows it."""
    return sum(0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text)


def quoted(text: str, longest: int = 60) -> str:
    """`text` as an error shows it."""
    return repr(text if len(text) <= longest else text[: longest - 3] + "...")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` was probably meant to be."""
    from difflib import get_close_matches

    known = sorted(set(words))
    close = get_close_matches(word[:200], known, 1, 0.6)
    if close:
        return close[0]
    last = word.rpartition(".")[2]
    same = [one for one in known if one.rpartition(".")[2] == last]
    return same[0] if same else None
