"""What is text and what is not."""

from __future__ import annotations

_LOOKED_AT = 8000


def is_binary(data: bytes) -> bool:
    """Whether a file is no text, as git decides it: by a NUL near its beginning."""
    return b"\0" in data[:_LOOKED_AT]
