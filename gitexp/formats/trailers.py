"""The message of a commit that names its runs: `Exp-Run: NAME` lines, among git's comments or not."""

from __future__ import annotations

import re
from collections.abc import Collection

from gitexp.errors import InvalidName
from gitexp.model.names import RunName, parse_name

# `git merge --squash` indents the messages that it puts together.
_NAMED = re.compile(rb"^[ \t]*Exp-Run:[ \t]*([a-z0-9-]+)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_OWN = re.compile(rb"^Exp-Run:[ \t]*([a-z0-9-]+)[ \t\r]*(?:\n|\Z)", re.MULTILINE | re.IGNORECASE)
_SIGNED = re.compile(rb"^signed-off-by: ", re.IGNORECASE)
_CUT = rb" ------------------------ >8 ------------------------"


def line(name: RunName) -> str:
    """What names the run in a message."""
    return f"Exp-Run: {name}"


def named(message: bytes) -> tuple[RunName, ...]:
    """Every run that a message names, wherever the line stands, in that order; others' lines are no names."""
    found: dict[RunName, None] = {}
    for match in _NAMED.finditer(message):
        try:
            found[parse_name(match[1].decode())] = None
        except InvalidName:
            continue
    return tuple(found)


def lines(message: bytes) -> set[str]:
    """The runs that lines of the message's own name: not those that were indented."""
    return {match[1].decode() for match in _OWN.finditer(message)}


def without(message: bytes, names: Collection[str]) -> bytes:
    """The message without its own lines that name these runs; every other byte as it was."""
    return _OWN.sub(lambda match: b"" if match[1].decode() in names else match[0], message)


def says_nothing(message: bytes, template: bytes, comment: bytes = b"#") -> bool:
    """Whether git will refuse the message: it has only the template, sign-offs, comments and blanks."""
    rest = _text(message, comment)
    beginning = _text(template, comment)
    if rest[: len(beginning)] == beginning:
        rest = rest[len(beginning) :]
    return all(_SIGNED.match(line) for line in rest)


def _text(message: bytes, comment: bytes) -> list[bytes]:
    """The lines that git will keep, without what is blank."""
    kept = []
    for line in message.split(b"\n"):
        if line == comment + _CUT:
            break
        if line.strip() and not line.startswith(comment):
            kept.append(line.rstrip())
    return kept
