"""What the user says is to be taken where runs conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from gitexp.errors import UsageError
from gitexp.formats.assignment import Assignment, join_key, split_key
from gitexp.model.values import Value

FILE_PREFIX = "path:"
"""What marks the name of a file, where it could be taken for a param."""


class Side(Enum):
    OURS = "ours"
    """What the runs before come to: the first run, where there are two."""
    THEIRS = "theirs"
    """The run that brings the conflict."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value of the user's own."""

    value: Value


Choice: TypeAlias = Side | Given


@dataclass(frozen=True, slots=True)
class Choices:
    ours: tuple[str, ...] = ()
    """Params by their dotted keys, and paths of files."""
    theirs: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    def check(self) -> None:
        """Raises UsageError where two things are said of one key."""
        keys = [*self.ours, *self.theirs, *(join_key(one.key) for one in self.assignments)]
        for key in keys:
            if keys.count(key) > 1:
                raise UsageError(f"{key!r} is resolved twice", hint="git exp merge -h")
            if key.startswith(FILE_PREFIX) and key not in (*self.ours, *self.theirs):
                raise UsageError(f"a file has no value: {key!r}", hint=f"--ours {key}, or --theirs {key}")

    @property
    def words(self) -> tuple[str, ...]:
        """All that was said with `--ours` and `--theirs`, as it was typed."""
        return (*self.ours, *self.theirs)

    def of_param(self, key: tuple[str, ...]) -> Choice | None:
        for one in self.assignments:
            if one.key == key:
                return Given(one.value)
        return self._side(lambda word: not word.startswith(FILE_PREFIX) and _key(word) == key)

    def of_file(self, path: str) -> Side | None:
        side = self._side(lambda word: word.removeprefix(FILE_PREFIX) == path)
        return side if isinstance(side, Side) else None

    def also(self, side: Side, words: Iterable[str]) -> Choices:
        """What is said here, and that `words` are to be taken from `side`."""
        if side is Side.OURS:
            return replace(self, ours=(*self.ours, *words))
        return replace(self, theirs=(*self.theirs, *words))

    def _side(self, means: Callable[[str], bool]) -> Side | None:
        if any(map(means, self.ours)):
            return Side.OURS
        return Side.THEIRS if any(map(means, self.theirs)) else None


def unmet(choices: Choices, params: Iterable[tuple[str, ...]], paths: Iterable[str]) -> list[str]:
    """The words of `--ours` and `--theirs` that none of these conflicts is called."""
    keys, files = set(params), set(paths)
    return [
        word
        for word in choices.words
        if word.removeprefix(FILE_PREFIX) not in files
        and (word.startswith(FILE_PREFIX) or _key(word) not in keys)
    ]


def _key(word: str) -> tuple[str, ...] | None:
    try:
        return split_key(word)
    except UsageError:  # a path may be no key at all
        return None
