"""Which relative paths may stand in a record: those that no file system can be tricked with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitexp.errors import InvalidName

MAX_COMPONENT = 255
MAX_PATH = 4096
# What HFS+ ignores when it compares names; ".g<U+200C>it" is ".git" there.
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.I)


def safe_path(text: str) -> str:
    """`text` where it is a relative path with `/` that is safe everywhere. Raises InvalidName."""
    if not text or len(text.encode("utf-8", "surrogatepass")) > MAX_PATH:
        raise InvalidName(f"invalid path {text[:80]!r}")
    for part in text.split("/"):
        reason = _fault(part)
        if reason:
            raise InvalidName(f"invalid path {text!r}: {reason}", hint="use a relative path of plain names")
    return text


def folders_of(path: str) -> Iterator[str]:
    """Every folder that `path` stands in, the deepest first; the root is not among them."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def is_git(part: str) -> bool:
    """Whether some file system takes a name for `.git`."""
    folded = _folded(part)
    return folded == ".git" or re.fullmatch(r"git~[0-9]+", folded) is not None


def _folded(part: str) -> str:
    return _IGNORED_BY_HFS.sub("", part).lower().rstrip(". ")


def _fault(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"{part or 'an empty name'!r} is not allowed"
    if len(part.encode("utf-8", "surrogatepass")) > MAX_COMPONENT:
        return "a name is longer than 255 bytes"
    if "\\" in part or ":" in part or _CONTROL.search(part):
        return "backslash, colon and control characters are not allowed"
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in part):
        return "it is not UTF-8"
    if is_git(part):
        return "it would be taken for .git"
    if _DEVICE.fullmatch(_folded(part)):
        return "it is the name of a device on Windows"
    return None
