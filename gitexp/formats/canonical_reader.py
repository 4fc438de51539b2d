"""Reads the YAML that `canonical.dump` writes; anything else is handed on to the general reader."""

from __future__ import annotations

import json.decoder
import re
from collections.abc import Callable, Mapping

from gitexp.errors import BrokenRecord
from gitexp.formats.canonical import LONGEST_DECIMAL, MAX_DEPTH, find_special, is_plain
from gitexp.model.values import Value

_SCAN_STRING: Callable[[str, int], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]
_QUOTED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"').match
_INTEGER = re.compile(r"0|-?[1-9][0-9]*").fullmatch
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:e[-+][0-9]{2,})?").fullmatch
_HEX = re.compile(r"-?0x[1-9a-f][0-9a-f]*").fullmatch
_SURROGATE_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]").search
_NO_KEY = ("", " ", ".")
_NO_TEXT = frozenset("-.0123456789[{")
_HEADERS = ("|", "|-", "|+", "|2", "|2-", "|2+")
_SINGLE = frozenset((str, int, float, bool, type(None)))
_WORDS: Mapping[str, Value] = {"null": None, "true": True, "false": False}
_POINTED = {".nan": float("nan"), ".inf": float("inf"), "-.inf": float("-inf")}


MAX_SIZE = 16 << 20
"""Bytes of a record's file as `dump` writes it."""

MAX_SCALAR = 2 << 20
"""Characters of one text."""


_seen: dict[str, tuple[int, str, Value]] = {}
"""Line -> its indent, key and single value: records of one project have most of their lines in common."""
_SEEN_LINES, _SEEN_LENGTH = 4096, 100


class NotCanonical(Exception):
    """The text is not what `dump` would have written; it may still be YAML."""


def load(data: bytes, *, what: str, limit: int = MAX_SIZE) -> Value:
    """The value of one of our own files; `what` names it in errors. Raises BrokenRecord.

    YAML that `dump` has not written is accepted where it is plain enough: see `yaml.load_foreign`.
    """
    if len(data) > limit:
        raise BrokenRecord(f"{what!r} is too large: {len(data)} bytes, where {limit} are allowed")
    try:
        return read(data, longest=MAX_SCALAR)
    except NotCanonical:
        # Heavy, and never needed for what we wrote ourselves.
        from gitexp.formats.yaml import load_foreign

        return load_foreign(data, what=what)


def read(data: bytes, *, longest: int) -> Value:
    """The value that `dump` wrote as `data`.

    Raises NotCanonical where it is not as `dump` writes it, or has a text of more than `longest` characters.
    """
    if not data.endswith(b"\n"):
        raise NotCanonical
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotCanonical from None
    if find_special(text):
        raise NotCanonical
    if text == "{}\n":
        return {}
    lines = text.split("\n")
    lines[-1] = "."  # stops every loop below: no line of ours starts with it
    reader = _Reader(lines, longest)
    result = reader.mapping(0)
    if reader.at != len(lines) - 1:
        raise NotCanonical
    return result


class _Reader:
    """Reads one node after the other; `at` is the line that is next."""

    __slots__ = ("_lines", "_longest", "at")

    def __init__(self, lines: list[str], longest: int) -> None:
        self._lines = lines
        self._longest = longest
        self.at = 0

    def node(self, indent: int) -> Value:
        """The collection whose first line is next and starts at `indent`."""
        line = self._lines[self.at]
        if indent >= 2 * MAX_DEPTH:
            raise NotCanonical
        return self.sequence(indent) if line.startswith("- ", indent) else self.mapping(indent)

    def mapping(self, indent: int) -> dict[str, Value]:
        lines = self._lines
        pad = " " * indent
        result: dict[str, Value] = {}
        while True:
            line = lines[self.at]
            seen = _seen.get(line)
            if seen is not None and seen[0] == indent:
                if seen[1] in result:
                    raise NotCanonical
                result[seen[1]] = seen[2]
                self.at += 1
                continue
            if not line.startswith(pad) or line[indent : indent + 1] in _NO_KEY:
                break
            key, _, rest = line[indent:].partition(": ")
            if not rest or not is_plain(key):
                key, rest = self._key(line, indent)
            if key in result:
                raise NotCanonical
            on_one_line = lines[self.at] is line
            self.at += 1
            at = self.at
            result[key] = value = self._value(rest, indent) if rest else self.node(indent + 2)
            if on_one_line and rest and self.at == at and len(line) < _SEEN_LENGTH and type(value) in _SINGLE:
                _remember(line, indent, key, value)
        if not result:
            raise NotCanonical
        return result

    def sequence(self, indent: int) -> list[Value]:
        lines = self._lines
        dash = " " * indent + "- "
        result: list[Value] = []
        while (line := lines[self.at]).startswith(dash):
            rest = line[indent + 2 :]
            if _opens_collection(rest):
                lines[self.at] = " " * (indent + 2) + rest
                result.append(self.node(indent + 2))
            else:
                self.at += 1
                result.append(self._value(rest, indent))
        return result

    def _key(self, line: str, indent: int) -> tuple[str, str]:
        """The key that starts at `indent`, and what stands behind its `: `."""
        if line.startswith("? ", indent):
            self.at += 1
            key, tail = line[indent + 2 :], self._lines[self.at]
            if not tail.startswith(" " * indent + ":"):
                raise NotCanonical
            return self._text(key), _after_colon(tail, indent)
        if line[indent] == '"':
            match = _QUOTED(line, indent)
            if match is None or line[match.end() : match.end() + 1] != ":":
                raise NotCanonical
            return self._text(match[0]), _after_colon(line, match.end())
        end = line.find(": ", indent)
        if end < 0:
            end = len(line) - 1
        key = line[indent:end]
        if not is_plain(key):
            raise NotCanonical
        return key, _after_colon(line, end)

    def _value(self, text: str, indent: int) -> Value:
        """The value written as `text` in a collection at `indent`; its first line has been taken."""
        first = text[:1]
        if first == "|":
            return self._literal(text, " " * (indent + 2))
        if first in _NO_TEXT:
            return _no_text(text)
        return _WORDS[text] if text in _WORDS else self._text(text)

    def _text(self, text: str) -> str:
        if text[:1] == '"':
            try:
                value, end = _SCAN_STRING(text, 1)
            except ValueError:
                raise NotCanonical from None
            if end != len(text) or len(value) > self._longest or _SURROGATE_ESCAPE(text):
                raise NotCanonical
            return value
        if not text or len(text) > self._longest or not is_plain(text):
            raise NotCanonical
        return text

    def _literal(self, header: str, pad: str) -> str:
        chomp = header.lstrip("|2")
        if header not in _HEADERS:
            raise NotCanonical
        start = self.at
        while not (line := self._lines[self.at]) or line.startswith(pad):
            self.at += 1
        body = [line[len(pad) :] for line in self._lines[start : self.at]]
        blank = 0
        while body and not body[-1]:
            body.pop()
            blank += 1
        text = "\n".join(body)
        opening = text.lstrip("\n")[:1]
        if not opening or ("2" in header) != (opening in " \t") or (chomp == "+") != (blank > 0):
            raise NotCanonical
        if len(text) > self._longest:
            raise NotCanonical
        return text if chomp == "-" else text + "\n" * (1 + blank)


def _remember(line: str, indent: int, key: str, value: Value) -> None:
    if len(_seen) >= _SEEN_LINES:
        _seen.clear()
    _seen[line] = indent, key, value


def _no_text(text: str) -> Value:
    if _FLOAT(text):
        return float(text)
    if _INTEGER(text) and len(text.lstrip("-")) <= LONGEST_DECIMAL:
        return int(text)
    if text in _POINTED:
        return _POINTED[text]
    if _HEX(text):
        return int(text, 16)
    if text not in ("[]", "{}"):
        raise NotCanonical
    return [] if text == "[]" else {}


def _after_colon(line: str, colon: int) -> str:
    """What stands behind the `:` at `colon`; empty where the line ends there."""
    tail = line[colon:]
    if tail == ":":
        return ""
    if not tail.startswith(": ") or len(tail) < 3:
        raise NotCanonical
    return tail[2:]


def _opens_collection(text: str) -> bool:
    """Whether an item that starts so is a collection, written from its first line on."""
    if text.startswith('"'):
        match = _QUOTED(text)
        return match is not None and text[match.end() : match.end() + 1] == ":"
    return text.startswith(("- ", "? ")) or ": " in text or text.endswith(":")
