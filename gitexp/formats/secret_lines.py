"""The lines of a file that hold what looks like a secret."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitexp.formats.binary import is_binary
from gitexp.formats.redact import Redactor
from gitexp.formats.secret_assignments import assigned


def secret_lines(
    redactor: Redactor, path: str, data: bytes, masked: Sequence[str], *, names: bool = True
) -> Iterator[tuple[int, str]]:
    """The numbers of the lines that hold a secret, and what it looks like.

    `masked` are names of params whose values are secret; without `names` no name in the file tells anything.
    """
    if is_binary(data):
        return
    text = data.decode("utf-8", "replace")
    given = dict(assigned(path, text, masked)) if names else {}
    whole = redactor.told(text)
    if whole is not None:
        told = ((number, redactor.told(line)) for number, line in enumerate(text.split("\n"), 1))
        found = {number: kind for number, kind in told if kind}
        given = found | given if found else {1: whole, **given}  # one that spans lines
    yield from sorted(given.items())
