"""Two versions of one archive brought together: a commit on top of both, with the files of both."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from gitexp.errors import BrokenRecord, NotFound
from gitexp.git.objects import ObjectBuilder
from gitexp.git.reader import ObjectReader
from gitexp.git.refs import ARCHIVE
from gitexp.model.values import Oid
from gitexp.ops.archive.listing import add_tree, read_parts
from gitexp.ops.archive.writing import Link, read_link, trailers

MAX_LINKS = 100_000
"""Commits of one archive; a longer chain is not followed."""


def links(reader: ObjectReader, tip: Oid, but: Collection[Oid] = ()) -> Iterator[Link | None]:
    """The commits of an archive, newest first, without those in `but` and what only these lead to.

    None stands for one that is not here: the clone is shallow. Raises NotFound where that is the tip,
    BrokenRecord.
    """
    waiting, seen = deque([tip]), {tip, *but}
    while waiting:
        oid = waiting.popleft()
        try:
            link = read_link(reader, oid)
        except NotFound:
            if oid == tip:
                raise
            yield None
            continue
        yield link
        waiting += (one for one in dict.fromkeys(link.archives) if one not in seen)
        seen.update(link.archives)
        if len(seen) - len(but) > MAX_LINKS:
            raise BrokenRecord(f"archive '{tip}' has more than {MAX_LINKS} commits")


def holds(reader: ObjectReader, tip: Oid, other: Oid) -> bool:
    """Whether the version `tip` of an archive is `other` or goes on from it. Raises as `links`."""
    return any(link is not None and link.oid == other for link in links(reader, tip))


def merged(reader: ObjectReader, builder: ObjectBuilder, ref: str, one: Oid, two: Oid) -> Oid:
    """What holds both versions: one of them, or a merge that is the same whoever makes it.

    Raises NotFound or BrokenRecord.
    """
    if holds(reader, one, two):
        return one
    if holds(reader, two, one):
        return two
    first, second = sorted((read_link(reader, one), read_link(reader, two)), key=lambda link: link.oid)
    parts = {*read_parts(reader, one), *read_parts(reader, two)}
    last = max(first, second, key=lambda link: (link.date, link.oid))
    title = ref.removeprefix(ARCHIVE)
    message = f"archive {title}: merge\n\n{trailers(title, 0)}"
    return builder.commit(add_tree(builder, parts), (first.oid, second.oid), last.author, last.date, message)
