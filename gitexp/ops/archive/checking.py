"""An archive that came from elsewhere, looked through before anybody sees it: all that it says is data."""

from __future__ import annotations

from collections.abc import Iterable

from gitexp.errors import BrokenRecord
from gitexp.git.reader import ObjectReader
from gitexp.index.archived import Archived, Placed
from gitexp.model.values import Oid
from gitexp.ops.archive.merging import links


def check_holds(reader: ObjectReader, tip: Oid, listed: Iterable[Placed], mine: Oid | None) -> None:
    """Raises BrokenRecord where an archive lists a run at a commit that it does not keep reachable.

    What the version `mine` holds, which is here already, stays reachable in any case. The runs of commits
    that a shallow clone lacks cannot be told, and are let pass.
    """
    known = [link for link in links(reader, mine) if link is not None] if mine else []
    held: set[str] = {run for link in known for run in link.runs}
    for link in links(reader, tip, [link.oid for link in known]):
        if link is None:
            return
        held.update(link.runs)
    for one in listed:
        if one.head.commit not in held:
            raise BrokenRecord(f"it lists run {one.head.name!r} at a commit that it does not hold")


def added(now: Archived, before: Archived | None) -> list[Placed]:
    """The runs, and versions of runs, that an archive has got since `before`."""
    known = {(one.head.name, one.head.commit) for one in before.runs} if before else set()
    return [one for one in now.runs if (one.head.name, one.head.commit) not in known]
