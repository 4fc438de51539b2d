"""Whether a changed file says nothing but values that are known to have changed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gitexp.formats.line_diff import hunks
from gitexp.formats.making import Pair

_LEAST = 3
"""Characters of a line of text that is looked for in a value."""
_QUOTES = " \t\"'`,()[]{}\\"


def only_says(old: str, new: str, pairs: Iterable[Pair]) -> bool:
    """Whether each line that differs holds an old value and its new one, or is a line of such a value.

    So a prompt that stands in a program is not told twice: as the prompt, and as the code.
    """
    values = [(_as_said(one), _as_said(other)) for one, other in pairs if one and other]
    found = hunks(old.splitlines(), new.splitlines())
    return bool(found) and all(
        _are_said(gone, come, values) or _are_within(gone, come, values) for gone, come in found or ()
    )


def _as_said(text: str) -> set[str]:
    """How a value may be written in a program."""
    value = json.loads(text)
    if not isinstance(value, str):
        return {text, repr(value)}
    return {value, text[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]} - {""}


def _are_said(gone: list[str], come: list[str], values: list[tuple[set[str], set[str]]]) -> bool:
    """Whether the lines are the same once values take each other's place."""
    if len(gone) != len(come):
        return False
    return all(
        any(
            one.replace(old, new, 1) == other
            for olds, news in values
            for old in olds
            for new in news
            if old in one
        )
        for one, other in zip(gone, come, strict=True)
    )


def _are_within(gone: list[str], come: list[str], values: list[tuple[set[str], set[str]]]) -> bool:
    """Whether all of the lines are parts of one text's lines."""
    return any(
        all(_is_line_of(one, olds) for one in gone) and all(_is_line_of(one, news) for one in come)
        for olds, news in values
    )


def _is_line_of(line: str, texts: set[str]) -> bool:
    bare = line.strip(_QUOTES)
    return not line.strip() or (len(bare) >= _LEAST and any(bare in text for text in texts))
