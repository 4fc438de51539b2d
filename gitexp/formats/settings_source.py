"""The text of `.gitexp.yaml` as values that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from gitexp.errors import BrokenFile
from gitexp.formats.settings import FILE
from gitexp.model.values import Value

if TYPE_CHECKING:
    from gitexp.formats.yaml_nodes import Node, Place

Path: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Source:
    """The values of the file; each is asked for by its path of keys."""

    root: Mapping[str, Value]
    places: Mapping[Path, Place]
    """Where each key stands."""
    unknown: list[BrokenFile] = field(default_factory=list)
    """What `check` found."""

    @classmethod
    def read(cls, data: bytes) -> Source:
        """Raises BrokenFile for what is no mapping of settings."""
        # Where there is no such file nothing is to be parsed, and YAML takes long to import.
        from gitexp.formats import yaml
        from gitexp.formats.yaml_nodes import Fault, Reader

        node = yaml.compose_user(data.decode("utf-8", "replace"), what=FILE)
        if node is None:
            return cls({}, {})
        try:
            value = Reader(yaml.MAX_VALUES).value(node)
        except Fault as fault:
            raise BrokenFile(_at(fault.line, fault.column, fault.problem)) from None
        if not isinstance(value, Mapping):
            raise BrokenFile(f"{FILE!r} is not a mapping", hint="write 'key: value' lines")
        return cls(value, dict(_places(node, ())))

    def value(self, *path: str) -> Value:
        """None where nothing stands there. Raises BrokenFile where what is above it is no mapping."""
        above = self.mapping(*path[:-1])
        return above.get(path[-1])

    def mapping(self, *path: str) -> Mapping[str, Value]:
        if not path:
            return self.root
        found = self.value(*path)
        if found is None or found is False:
            return {}
        if not isinstance(found, Mapping):
            raise self.broken(
                path, f"{path[-1]!r} is not a mapping", hint="write 'key: value' lines below it"
            )
        return found

    def text(self, *path: str) -> str | None:
        found = self.value(*path)
        if found is None or isinstance(found, str):
            return found
        raise self.broken(path, f"{path[-1]!r} is not a text")

    def texts(self, *path: str) -> tuple[str, ...]:
        """A list of texts, or one text."""
        found = self.value(*path)
        if found is None or found is False:
            return ()
        if isinstance(found, str):
            return (found,)
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            return tuple(str(item) for item in found)
        raise self.broken(path, f"{path[-1]!r} is not a list of strings")

    def count(self, *path: str) -> int | None:
        found = self.value(*path)
        if found is None or (isinstance(found, int) and not isinstance(found, bool) and found >= 0):
            return found
        raise self.broken(path, f"{path[-1]!r} is not a number of runs")

    def flag(self, *path: str, default: bool) -> bool:
        found = self.value(*path)
        if found is None or isinstance(found, bool):
            return default if found is None else found
        raise self.broken(path, f"{path[-1]!r} is neither true nor false")

    def choice(self, *path: str, words: Sequence[str]) -> str:
        """One of `words`, the first without any."""
        found = self.value(*path)
        if found is None:
            return words[0]
        if isinstance(found, str) and found in words:
            return found
        raise self.broken(path, f"{path[-1]!r} is {found!r}", hint=f"use {' or '.join(words)}")

    def check(self, path: Path, known: Sequence[str]) -> None:
        """Note every key below `path` that is not one of `known`."""
        for key in self.mapping(*path):
            if key not in known:
                near = get_close_matches(key[:200], known, 1, 0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
                where = f" in {'.'.join(path)!r}" if path else ""
                self.unknown.append(self.broken((*path, key), f"unknown setting {key!r}{where}", hint=hint))

    def broken(self, path: Path, problem: str, hint: str | None = None) -> BrokenFile:
        """An error at the key `path`."""
        place = self.places.get(path)
        if place is None:  # it came by way of a merge key
            return BrokenFile(f"{FILE!r}: {problem}", hint=hint)
        return BrokenFile(_at(place.line + 1, place.column + 1, problem), hint=hint)


def _at(line: int, column: int, problem: str) -> str:
    return f"{FILE!r} line {line}, column {column}: {problem}"


def _places(node: Node, above: Path) -> Iterator[tuple[Path, Place]]:
    from gitexp.formats.yaml_nodes import MappingNode, ScalarNode

    if not isinstance(node, MappingNode):
        return
    for key, item in node.items:
        if isinstance(key, ScalarNode):
            path = (*above, key.text)
            yield path, key.place
            yield from _places(item, path)
