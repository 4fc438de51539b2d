"""Git LFS pointers, version 1: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gitexp.formats.attributes import pattern
from gitexp.model.values import Digest

MAX_SIZE = 1024
"""Bytes; a longer file is never a pointer."""
CANONICAL_SIZES = range(126, 145)
"""Bytes of a pointer that `encode` makes: the size in it has 1 to 19 digits."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (0|[1-9][0-9]{0,18})\n"
)


def encode(oid: Digest, size: int) -> bytes:
    """The canonical pointer to `size` bytes with that sha256."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()


def decode(data: bytes) -> tuple[Digest, int] | None:
    """The oid and size that `data` points to; None where it is not a canonical pointer."""
    match = _POINTER.fullmatch(data)
    return (Digest(match[1].decode()), int(match[2])) if match else None


def attributes(paths: Iterable[str]) -> bytes:
    """A `.gitattributes` that makes git-lfs look after `paths`, which are relative to it."""
    lines = (f"{pattern(path)} filter=lfs diff=lfs merge=lfs -text" for path in sorted(paths))
    return "".join(line + "\n" for line in lines).encode()
