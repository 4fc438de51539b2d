"""The commits that one run has had: its end, edits on top, checkpoints below."""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Iterator

from gitexp.errors import BrokenRecord, NotFound
from gitexp.formats.record import RUN, decode_info
from gitexp.git.objects import Identity, parents_in
from gitexp.git.reader import ObjectReader
from gitexp.model.names import RunName, twin_name
from gitexp.model.record import RunInfo
from gitexp.model.values import Oid

_AUTHOR = re.compile(rb"^author (.*?) ?<(.*)> (\d{1,12}) ", re.MULTILINE)
_MOST = 10_000
"""Versions of a run that are looked at; nobody edits one more often."""


def parents_of(reader: ObjectReader, commit: Oid) -> list[Oid]:
    """Raises NotFound, or BrokenRecord where `commit` is no commit."""
    kind, data = reader.read(commit)
    if kind != "commit":
        raise BrokenRecord(f"'{commit}' is not a commit", hint="git fsck")
    return parents_in(data.partition(b"\n\n")[0])


def author_of(reader: ObjectReader, commit: Oid) -> tuple[Identity, int]:
    """Who made a commit by its own word, and when, in seconds since 1970; nobody where that is unreadable.

    Raises NotFound.
    """
    _, data = reader.read(commit)
    match = _AUTHOR.search(data.partition(b"\n\n")[0])
    text = [part.decode("utf-8", "replace") for part in match.groups()] if match else ["", "", "0"]
    return Identity(text[0], text[1]), int(text[2])


def read_info(reader: ObjectReader, commit: Oid, name: str) -> RunInfo:
    """`run.yaml` of a commit. Raises BrokenRecord, NewerFormat or NotFound."""
    return decode_info(reader.blobs([(commit, f".exp/{RUN}")])[0], name=name)


def versions(reader: ObjectReader, commit: Oid, name: str) -> Iterator[Oid]:
    """`commit` and every earlier version of the same run, newest first as far as parents tell.

    What it was forked from and its base are other things. Raises BrokenRecord, NewerFormat or NotFound.
    """
    own = read_info(reader, commit, name).id
    waiting, seen = deque([commit]), {commit}
    while waiting and len(seen) <= _MOST:
        found = waiting.popleft()
        yield found
        for parent in parents_of(reader, found):
            if parent not in seen and _is_of(reader, parent, own, name):
                seen.add(parent)
                waiting.append(parent)


def version_name(name: RunName, commit: Oid) -> RunName:
    """What a version of a run is called where another version of it has its name already."""
    return twin_name(name, base64.b32encode(bytes.fromhex(commit)).decode().lower())


def _is_of(reader: ObjectReader, commit: Oid, own: str, name: str) -> bool:
    try:
        return read_info(reader, commit, name).id == own
    except (BrokenRecord, NotFound):  # the base, which carries no record; a shallow clone may lack it
        return False
