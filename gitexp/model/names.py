"""Names and ids of runs: how they are made and when they are valid."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NewType

from gitexp.errors import InvalidName

RunName = NewType("RunName", str)
"""`<slug>-<suffix>`, only `[a-z0-9-]`; identifies a run for ever."""

RunId = NewType("RunId", str)
"""80 random bits as 16 base32 characters; tells twins of one name apart."""

BaselineName = NewType("BaselineName", str)
"""A name that people gave to the run that others are held against: `main`, `release-1`."""

SUFFIX_LENGTH = 6
MAX_SLUG = 60
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-[a-z2-7]{6}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)


def new_name(slug: str | None = None) -> RunName:
    """A fresh name from `slug`, or from two random words."""
    return RunName(f"{slugify(slug) if slug else _two_words()}-{_random(SUFFIX_LENGTH)}")


def new_id() -> RunId:
    return RunId(_random(16))


def twin_name(name: RunName, run_id: str) -> RunName:
    """What the run with that id is called where another one has its name already."""
    return RunName(f"{slug_of(name)}-{run_id[:SUFFIX_LENGTH]}")


def is_twin(name: str, other: str) -> bool:
    """Whether a run recorded as `other` may be called `name`: its own, or one that `twin_name` gives it."""
    return slug_of(name) == slug_of(other)


def slug_of(name: str) -> str:
    """What twins have in common."""
    return name[: -SUFFIX_LENGTH - 1]


def parse_name(text: str) -> RunName:
    """`text` as a RunName. Raises InvalidName."""
    if len(text) > MAX_SLUG + 1 + SUFFIX_LENGTH or not _NAME.fullmatch(text):
        raise InvalidName(
            f"invalid run name {text!r}",
            hint="a run name is words of a-z and 0-9 joined by '-', then 6 characters: brave-otter-3f2ak7",
        )
    return RunName(text)


def parse_baseline(text: str) -> BaselineName:
    """`text` as a BaselineName. Raises InvalidName."""
    if len(text) > MAX_SLUG or not _SLUG.fullmatch(text):
        raise InvalidName(
            f"invalid name of a baseline {text!r}",
            hint="it is words of a-z and 0-9 joined by '-': main, release-1",
        )
    return BaselineName(text)


def parse_id(text: str) -> RunId:
    """`text` as a RunId. Raises InvalidName."""
    if not _ID.fullmatch(text):
        raise InvalidName(f"invalid run id {text!r}")
    return RunId(text)


def slugify(text: str) -> str:
    """`text` folded to `[a-z0-9-]`, without accents. Raises InvalidName if nothing is left, or too much."""
    slug = re.sub(r"[^a-z0-9]+", "-", _ascii(text).lower()).strip("-")
    if not slug or len(slug) > MAX_SLUG:
        raise InvalidName(
            f"cannot make a run name of {text!r}",
            hint=f"use 1 to {MAX_SLUG} of a-z, 0-9 and '-'",
        )
    return slug


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    import unicodedata

    return re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text.casefold()))


def _two_words() -> str:
    from gitexp.model.words import ADJECTIVES, ANIMALS

    return f"{_choice(ADJECTIVES)}-{_choice(ANIMALS)}"


def _random(length: int) -> str:
    return "".join(_BASE32[byte & 31] for byte in os.urandom(length))


def _choice(words: Sequence[str]) -> str:
    # `secrets` would do, but takes longer to import than a run to be named.
    return words[int.from_bytes(os.urandom(4), "big") % len(words)]
