"""Runs taken out of the archives that hold them: their listings say so from then on."""

from __future__ import annotations

from collections.abc import Sequence

from gitexp.git.objects import ObjectBuilder
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.held import current, holders
from gitexp.ops.archive.writing import FAN_IN, Draft
from gitexp.repo import Repository


def removals(repo: Repository, builder: ObjectBuilder, names: Sequence[RunName]) -> list[RefUpdate]:
    """What the refs of archives are to become so that none holds these runs; new objects go to the builder.

    Raises NotFound, BrokenRecord.
    """
    archives = current(repo)
    drafts: dict[str, Draft] = {}
    for one in (one for found in holders(archives, names).values() for one in found):
        if one.ref not in drafts:
            drafts[one.ref] = Draft.on(repo.reader, one.ref, Oid(archives.known[one.ref].tip))
        drafts[one.ref].removed.append((one.placed.head.name, one.commit))
    author = repo.config.identity(repo.environ)
    return [
        RefUpdate(ref, draft.commit(builder, author, FAN_IN), draft.before and draft.before.oid)
        for ref, draft in drafts.items()
    ]
