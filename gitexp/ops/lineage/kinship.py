"""How runs come from the `parents` of their records: forked, merged, or started inside of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitexp.errors import NotFound
from gitexp.model.lineage import Kinship, Lineage, Side
from gitexp.ops.commit import RUN_TRAILER
from gitexp.ops.read import StoredRun
from gitexp.ops.recorded import origins, trailers


def told_apart(found: Lineage, runs: Mapping[str, StoredRun]) -> Lineage:
    """`found` with what kind of kin each is, as far as the commits that tell it are here."""
    asked: dict[str, set[str]] = {}
    for kin in found.kin:
        if kin.kind is Kinship.PARENT:
            asked.setdefault(kin.new, set()).add(kin.old)
    kinds = {(old, new): kind for new, olds in asked.items() for old, kind in _kinds(runs[new], olds).items()}
    return replace(found, above=_told(found.above, kinds), below=_told(found.below, kinds))


def _told(side: Side, kinds: Mapping[tuple[str, str], Kinship]) -> Side:
    return {
        place: one._replace(
            kin=tuple(kin._replace(kind=kinds.get((kin.old, kin.new), kin.kind)) for kin in one.kin)
        )
        for place, one in side.items()
    }


def _kinds(run: StoredRun, parents: set[str]) -> dict[str, Kinship]:
    """What each of its parents is to a run: those that its first commit stands on, it was made of."""
    reader = run.repo.reader
    try:
        under = {trailers(reader, one).get(RUN_TRAILER) for one in origins(reader, run.name, run.commit)}
    except NotFound:  # the clone is shallow
        return {}
    # All that it names, not those that were asked for: what is seen of a lineage changes no kind.
    made = Kinship.MERGED if len(under.intersection(run.info.parents)) > 1 else Kinship.FORKED
    return {one: made if one in under else Kinship.NESTED for one in parents}
