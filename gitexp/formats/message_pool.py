"""Lists of messages that repeat one another, each message once: a list is the beginning of an earlier one
and what comes after that. docs/data-model.md, section 21, specifies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import BrokenRecord
from gitexp.formats.canonical_json import digest
from gitexp.model.trace import Message
from gitexp.model.values import Value

KEY_DIGITS = 32
"""128 bits: nobody can make two messages that are taken for one."""


def message_of(value: Value) -> Message:
    return Message(digest(value)[:KEY_DIGITS], value)


@dataclass(slots=True)
class _Node:
    """A beginning that lists have in common."""

    list: int
    """The first list that begins so."""
    next: dict[str, _Node] = field(default_factory=dict)


@dataclass(slots=True)
class Pool:
    """Puts lists in, one after the other; `told` is given each message that is new."""

    told: Callable[[Message], None]
    _root: _Node = field(default_factory=lambda: _Node(0))
    _known: set[str] = field(default_factory=set)
    _lists: int = 0

    def put(self, messages: Sequence[Message]) -> list[Any]:
        """The list as it is written: `[number of an earlier list, how many of its messages, key, …]`, or
        the keys alone where no list begins as it does."""
        node, shared = self._root, 0
        for one in messages:
            if one.key not in node.next:
                break
            node, shared = node.next[one.key], shared + 1
        rest = messages[shared:]
        written: list[Any] = [node.list, shared] if shared else []
        for one in rest:
            if one.key not in self._known:
                self._known.add(one.key)
                self.told(one)
            node.next[one.key] = node = _Node(self._lists)
        self._lists += 1
        return [*written, *(one.key for one in rest)]

    def put_all(self, lists: Mapping[str, Sequence[Message]]) -> dict[str, list[Any]]:
        return {name: self.put(lists[name]) for name in sorted(lists)}


@dataclass(slots=True)
class Unpool:
    """Takes lists out again, in the order in which they were put in."""

    _messages: dict[str, Message] = field(default_factory=dict)
    _lists: list[tuple[Message, ...]] = field(default_factory=list)

    def tell(self, message: Message) -> None:
        self._messages[message.key] = message

    def take(self, written: object) -> tuple[Message, ...]:
        """Raises BrokenRecord for what refers to nothing."""
        if not isinstance(written, list):
            raise BrokenRecord("a list of messages is none")
        start: tuple[Message, ...] = ()
        if written and type(written[0]) is int:
            start, written = self._beginning(*written[:2]), written[2:]
        found = (*start, *self._each(written))
        self._lists.append(found)
        return found

    def take_all(self, lists: Mapping[str, Any]) -> dict[str, tuple[Message, ...]]:
        return {name: self.take(lists[name]) for name in sorted(lists)}

    def _beginning(self, number: int, count: object = None) -> tuple[Message, ...]:
        if type(count) is not int or not 0 <= number < len(self._lists):
            raise BrokenRecord(f"no list {number} of messages before this one")
        if not 0 <= count <= len(self._lists[number]):
            raise BrokenRecord(f"list {number} has not {count} messages")
        return self._lists[number][:count]

    def _each(self, keys: Iterable[object]) -> Iterable[Message]:
        for key in keys:
            if not isinstance(key, str) or key not in self._messages:
                raise BrokenRecord(f"no message {key!r:.80}")
            yield self._messages[key]
