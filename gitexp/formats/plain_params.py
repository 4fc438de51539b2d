"""A params file that is as plain as most are, read without what reads all YAML: loading that takes long."""

from __future__ import annotations

from gitexp.formats.canonical import find_special
from gitexp.formats.canonical_reader import NotCanonical, read
from gitexp.model.values import Value

_SUFFIXES = (".yaml", ".yml")
_LONGEST = 1000
"""Characters of a line: YAML has limits of its own that are not looked at here."""
_OPENING = "\"'|>"
"""What opens texts of which a `#` or an empty line may be part."""


def parse(path: str, data: bytes) -> dict[str, Value]:
    """The mapping in a params file of any format. Raises BrokenFile, as `params_file.parse` does."""
    plain = read_plain(data) if path.endswith(_SUFFIXES) else None
    if plain is not None:
        return plain
    from gitexp.formats import params_file

    return params_file.parse(path, data)


def read_plain(data: bytes) -> dict[str, Value] | None:
    """The mapping in a YAML file, where each line means the same to every reader; None where not."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    if max(map(len, lines)) > _LONGEST or find_special(text):  # in a comment, too, that ends a line
        return None
    told = "".join(f"{line}\n" for line in map(_without_comment, lines) if line)
    # The first that opens a text stands where comments are still what they look like.
    has_texts = any(one in told for one in _OPENING)
    try:
        value = read(data if has_texts else told.encode(), longest=_LONGEST)
    except NotCanonical:
        return None
    return value if isinstance(value, dict) else None


def _without_comment(line: str) -> str:
    return "" if line.lstrip(" ").startswith("#") else line.partition(" #")[0].rstrip(" ")
