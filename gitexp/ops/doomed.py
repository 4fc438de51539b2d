"""Which objects go when runs go: those that only removed runs lead to."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture.live import all_live
from gitexp.errors import GitExpError
from gitexp.formats import pointer
from gitexp.git.packs import Pack, all_packs
from gitexp.git.reachable import Loner, all_objects, blobs, closure, loners, roots, walk
from gitexp.model.values import Digest, Oid
from gitexp.repo import Repository

INDEX_PATIENCE = 5.0
"""Seconds that an index lock of the user's is waited for."""
_RUN = re.compile(rb"^Exp-Run: (\S+)$", re.MULTILINE)
_NONCE = b"gitexp retry "
DIGEST = re.compile(rb"sha256:([0-9a-f]{64})")
"""What pointers hold, also those that are not canonical."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """What can be taken out of the object database."""

    objects: Mapping[Oid, int]
    """Bytes on disk of each."""
    packs: tuple[Pack, ...]
    """The packs that may be written anew, as they were before anything was looked at."""
    began: float
    """When that was, in seconds since 1970."""
    artifacts: frozenset[Digest]
    """What pointers among the objects point to, and nothing else in the repository."""


NOTHING = Doomed({}, (), 0.0, frozenset())


def hindrance(repo: Repository) -> str | None:
    """Why objects have to be left where they are; None where they need not."""
    objects = repo.layout.common_dir / "objects"
    if repo.layout.partial:
        return "this is a partial clone"
    if (objects / "info" / "alternates").exists():
        return "this repository borrows objects from another"
    if repo.config.bool("extensions.preciousObjects"):
        return "extensions.preciousObjects is set"
    if (objects / "pack" / "multi-pack-index.d").exists():
        return "its packs have an incremental index"
    return None


def find(
    repo: Repository,
    tips: Collection[Oid],
    refs: Collection[str],
    names: Collection[str],
    artifacts: Collection[Digest],
) -> Doomed:
    """What goes with the commits `tips`, the refs `refs` and all that was written for the runs `names`.

    `artifacts` are further candidates. Raises GitExpError where something is missing in the repository.
    """
    wait_for_index(repo)
    began, packs = time.time(), all_packs(repo.layout)
    needed = needs(repo, refs, names)
    graph = loners(repo.git, repo.layout, needed)
    ours = _ours(graph, tips, names)
    free = [pack for pack in packs if _is_free(repo, pack, names)]
    fixed = {oid for pack in packs if pack not in free for oid in pack.oids}
    # Whatever stays, though nothing needs it, must find what it points to.
    kept = closure(graph, [oid for oid in graph if oid not in ours or oid in fixed])
    objects = {oid: graph[oid].size for oid in ours - kept}
    small = [oid for oid in objects if graph[oid].kind == "blob" and graph[oid].size <= 2 * pointer.MAX_SIZE]
    return Doomed(objects, tuple(free), began, _artifacts(repo, objects, small, artifacts))


def needs(repo: Repository, refs: Collection[str], names: Collection[str]) -> set[Oid]:
    """Everything that anything but `refs`, and what ended runs `names` left, needs. Raises GitError."""
    live = [
        path for one in all_live(repo.live_root) if one.name not in names for path in one.path.glob("*.json")
    ]
    return walk(repo.git, repo.layout, roots(repo.git, repo.layout, refs, live))


def wait_for_index(repo: Repository) -> None:
    """Returns when no git of the user's is at work on an index. Raises GitExpError."""
    deadline = time.monotonic() + INDEX_PATIENCE
    while busy := [path for path in _index_locks(repo) if path.exists()]:
        if time.monotonic() > deadline:
            raise GitExpError(f"git is at work here: {str(busy[0])!r} exists", hint="git exp gc")
        time.sleep(0.05)


def _index_locks(repo: Repository) -> list[Path]:
    common = repo.layout.common_dir
    return [common / "index.lock", *(path / "index.lock" for path in common.glob("worktrees/*"))]


def _ours(graph: Mapping[Oid, Loner], tips: Collection[Oid], names: Collection[str]) -> set[Oid]:
    """All that was written for the runs: their commits, the snapshots beside them, the nonces of packs."""
    commits = closure(graph, [*tips, *_forerunners(graph, tips, names)])
    trees = [graph[oid].links[0] for oid in commits if graph[oid].kind == "commit" and graph[oid].links]
    snapshots = [code for tree in trees if tree in graph and (code := graph[tree].code)]
    nonces = [oid for oid, one in graph.items() if one.kind == "blob" and one.text.startswith(_NONCE)]
    return commits | closure(graph, [*snapshots, *nonces])


def _forerunners(graph: Mapping[Oid, Loner], tips: Collection[Oid], names: Collection[str]) -> list[Oid]:
    """Commits of the runs `names` that later ones replaced: where the same commits lead up to them."""
    wanted = {name.encode() for name in names}
    chain = {oid for oid in closure(graph, tips) if graph[oid].kind == "commit"}
    before = chain.union(*(graph[oid].links for oid in chain))
    found = []
    for oid, one in graph.items():
        if one.kind != "commit" or oid in chain:
            continue
        run = _RUN.search(one.text)
        subject = one.text.partition(b"\n\n")[2]
        # The first link is the tree.
        if (
            run
            and run[1] in wanted
            and subject.startswith(b"exp " + run[1])
            and before.issuperset(one.links[1:])
        ):
            found.append(oid)
    return found


def _is_free(repo: Repository, pack: Pack, names: Collection[str]) -> bool:
    """Whether nobody wants the pack left alone; what we keep for a run that is gone we no longer do."""
    if pack.foreign or pack.kept_for is None:
        return not pack.foreign
    here = {live.name for root in (repo.live_root, repo.done_root) for live in all_live(root)}
    return pack.kept_for in names or (pack.kept_for not in here and not pack.kept_for.startswith("edit "))


def _artifacts(
    repo: Repository, objects: Collection[Oid], small: Sequence[Oid], known: Collection[Digest]
) -> frozenset[Digest]:
    """Candidates that nothing points to any more: any object that stays counts, whoever needs it."""
    found = {*known, *(one[0] for data in blobs(repo.git, small) if (one := pointer.decode(data)))}
    return unpointed(repo, {one for one in found if repo.store.path(one).exists()}, objects)


def unpointed(
    repo: Repository, artifacts: Collection[Digest], without: Collection[Oid] = ()
) -> frozenset[Digest]:
    """Those of `artifacts` that no object of the repository names, but perhaps those of `without`."""
    found = set(artifacts)
    if not found:
        return frozenset()
    others = [
        oid
        for oid, kind, size, _ in all_objects(repo.git)
        if kind == "blob" and size <= pointer.MAX_SIZE and oid not in without
    ]
    for data in blobs(repo.git, others):
        found -= {Digest(digest.decode()) for digest in DIGEST.findall(data)}
    return frozenset(found)
