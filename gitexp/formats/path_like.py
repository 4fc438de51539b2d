"""Texts that look like the path of a file: where there is none, they are names that nobody meant."""

from __future__ import annotations

import re

from gitexp.model.roles import NAMED

_LONGEST = 255
_KNOWN = re.compile(
    r"\.(arrow|bin|csv|db|eval|feather|gguf|gz|h5|hdf5|html|j2|jinja2?|jsonl?|md|ndjson|np[yz]|onnx|parquet"
    r"|pdf|pickle|pkl|prompt|pth?|py|safetensors|sqlite|tar|tmpl|toml|tsv|txt|xml|xz|ya?ml|zip|zst)",
    re.IGNORECASE,
)
_ANY = re.compile(r".*(/|\.[A-Za-z][A-Za-z0-9]{0,7}$)")


def looks_like_path(role: str, text: str) -> bool:
    """Whether `text` is a path rather than a text or a name: one word with a slash or a suffix.

    Of several words it has to have both, and a suffix that is known; so, too, what is called by a name like
    `org/name` more often than by a file.
    """
    if len(text) > _LONGEST or not text.isprintable() or "://" in text:
        return False
    known = _KNOWN.fullmatch(text, text.rfind(".")) if "." in text else None
    if role in NAMED:
        return known is not None and " " not in text
    return bool(known and "/" in text) if " " in text else bool(known or _ANY.match(text))
