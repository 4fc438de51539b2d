"""Writes the YAML that records are kept in.

It is the part of YAML that 1.1 and 1.2 readers agree on: block style, two spaces, one key per line, strings
quoted wherever some reader would make something else of them. Written out in `docs/data-model.md`.
`canonical_reader` reads exactly this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from gitexp.errors import BrokenRecord
from gitexp.model.values import Value

MAX_DEPTH = 64
"""How deep collections may be nested."""

_LONGEST_KEY = 1000
"""YAML allows 1,024 characters before the `:` of a simple key; longer ones are written with `? `."""

LONGEST_DECIMAL = 4300
"""Python refuses to read longer decimal integers; longer ones are written in hexadecimal."""

_SPECIAL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_BEYOND_JSON = "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
_LONE_SURROGATE = "[\ud800-\udfff]"
_PLAIN = f"(?=[A-Za-z_/\xa1-\U0010ffff])[^\t\n{_SPECIAL}]+"
_RETYPED = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf", "infinity")
)
# Sets of so many characters take Python a millisecond each to compile, and most texts are ASCII.
_ASCII_SPECIAL = re.compile("[\x00-\x08\x0b-\x1f\x7f]").search
_ASCII_PLAIN = re.compile("[A-Za-z_/][ -~]*").fullmatch


def dump(value: Mapping[str, Value]) -> bytes:
    """`value` as UTF-8 YAML, keys in the order given.

    A lone surrogate, which no UTF-8 file can hold, is written as the six characters `\\udc80`.
    Raises BrokenRecord where it is nested deeper than `MAX_DEPTH`, TypeError for what is not a Value.
    """
    if not value:
        return b"{}\n"
    lines: list[str] = []
    _write_mapping(value, "", "", lines)
    lines.append("")
    return "\n".join(lines).encode("utf-8")


def _write_mapping(value: Mapping[str, Value], first: str, pad: str, lines: list[str]) -> None:
    """Adds the lines of a mapping whose keys stand at `pad`; `first` comes before the first key."""
    _check_depth(pad)
    lead = first or pad
    for key, item in value.items():
        text = _text(key)
        if len(text) > _LONGEST_KEY:
            lines.append(f"{lead}? {text}")
            lead, text = pad, ""
        _write(item, f"{lead}{text}:", pad, lines, inline=False)
        lead = pad


def _write_sequence(value: Sequence[Value], first: str, pad: str, lines: list[str]) -> None:
    _check_depth(pad)
    lead = first or pad
    for item in value:
        _write(item, f"{lead}-", pad, lines, inline=True)
        lead = pad


def _write(item: Value, head: str, pad: str, lines: list[str], *, inline: bool) -> None:
    """Adds `item` after `head`; a collection starts in the same line where `inline` says so."""
    if isinstance(item, str):
        lines.append(f"{head} {_string(item, pad)}")
    elif item is None or isinstance(item, (bool, int, float)):
        lines.append(f"{head} {word(item)}")
    elif not isinstance(item, (Mapping, Sequence)) or isinstance(item, (bytes, bytearray)):
        raise TypeError(f"cannot write {type(item).__name__} as YAML")
    elif not item:
        lines.append(f"{head} {'{}' if isinstance(item, Mapping) else '[]'}")
    else:
        if not inline:
            lines.append(head)
        first = f"{head} " if inline else ""
        if isinstance(item, Mapping):
            _write_mapping(item, first, f"{pad}  ", lines)
        else:
            _write_sequence(item, first, f"{pad}  ", lines)


def word(value: bool | float | None) -> str:
    """`value` as both YAML 1.1 and 1.2 read it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # 4,300 digits are a little more than 14,284 bits.
        return int.__repr__(value) if value.bit_length() < 14_284 else hex(value)
    text = float.__repr__(value)
    if text[-1] in "nf":
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[text]
    # A YAML 1.1 reader takes 1e-05 for text: it wants the point.
    return text if "." in text else text.replace("e", ".0e")


def _string(text: str, pad: str) -> str:
    """`text` for a value: plain, quoted, or as a literal block below its line."""
    if "\n" not in text or find_special(text):
        return _text(text)
    body = text.rstrip("\n")
    start = body.lstrip("\n")[:1]
    if not start:
        return _text(text)
    chomp = {0: "-", 1: ""}.get(len(text) - len(body), "+")
    indent = f"\n{pad}  "
    block = re.sub(r"\n(?=[^\n])", indent, f"\n{body}")
    hint = "2" if start in " \t" else ""
    return f"|{hint}{chomp}{block}" + "\n" * (len(text) - len(body) - 1)


def _text(text: str) -> str:
    """`text` on one line: as it is where every reader takes it for that text, else quoted."""
    return text if is_plain(text) else quote(text)


def quote(text: str) -> str:
    """`text` in double quotes, on one line."""
    if text.isascii():
        return json.dumps(text).replace("\x7f", "\\u007f")
    text = re.sub(_LONE_SURROGATE, lambda m: f"\\u{ord(m[0]):04x}", text)
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(_BEYOND_JSON, lambda m: f"\\u{ord(m[0]):04x}", quoted)


def find_special(text: str) -> re.Match[str] | None:
    """What is never written as it is: control characters, line breaks of YAML 1.1, what is no character."""
    return _ASCII_SPECIAL(text) if text.isascii() else re.search(f"[{_SPECIAL}]", text)


def is_plain(text: str) -> bool:
    """Whether every reader takes `text`, as it stands, for that text."""
    if text.isidentifier():  # the usual case, and much faster to tell
        return len(text) > 8 or text.lower() not in _RETYPED
    found = _ASCII_PLAIN(text) if text.isascii() else re.fullmatch(_PLAIN, text)
    return found is not None and ": " not in text and " #" not in text and text[-1] not in ": "


def _check_depth(pad: str) -> None:
    if len(pad) >= 2 * MAX_DEPTH:
        raise BrokenRecord(f"cannot write values nested more than {MAX_DEPTH} deep")
