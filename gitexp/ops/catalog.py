"""The runs of a repository as the index has them, after it was brought up to date with the refs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from gitexp.errors import BrokenRecord, GitExpError, NewerFormat, NotFound
from gitexp.git.refs import RunRefs, listing_line, parse_listing, ref_listing
from gitexp.index.database import BrokenRun, Changes, Contents, Index
from gitexp.index.row import Head, Row
from gitexp.repo import Repository


class Catalog(NamedTuple):
    """All runs that could be read, and why the others could not."""

    heads: Sequence[Head]
    """Newest first."""
    broken: Sequence[tuple[str, GitExpError]]
    """Name and reason."""
    fresh: dict[str, Row]
    """Those that were read just now, by name: they need not be in the index."""


def open_index(repo: Repository) -> Index:
    return Index(repo.home / "index.sqlite")


def catalog(repo: Repository) -> Catalog:
    """Every run, whatever HEAD is. Only what the index does not know is read from git."""
    listing = ref_listing(repo.git)
    index = open_index(repo)
    known = index.read()
    if _listed(known) == listing:
        return Catalog(_newest_first(known.heads), [(one.name, _told(one)) for one in known.broken], {})
    return _refreshed(repo, index, known, parse_listing(listing))


def _listed(known: Contents) -> bytes:
    """The listing of refs that the contents would be all of."""
    names = sorted((run[0], run[1]) for part in (known.heads, known.broken) for run in part)
    return "".join([listing_line(*pair) for pair in names]).encode()


def _refreshed(repo: Repository, index: Index, known: Contents, refs: RunRefs) -> Catalog:
    # What reads records is not needed where nothing has changed.
    from gitexp.ops.records import read_rows

    commits: dict[str, str] = dict(refs.runs)
    kept = [head for head in known.heads if commits.get(head.name) == head.commit]
    broken = [one for one in known.broken if commits.get(one.name) == one.commit]
    seen = {run.name for part in (kept, broken) for run in part}
    fresh: dict[str, Row] = {}
    failed: list[tuple[str, GitExpError]] = [(ref, _stranger(ref)) for ref in refs.strangers]
    for (name, commit), read in read_rows(repo.reader, [run for run in refs.runs if run[0] not in seen]):
        if isinstance(read, Row):
            fresh[name] = read
            continue
        failed.append((name, read))
        # An object that is missing may be back, and gitexp upgraded, without any ref having moved.
        if not isinstance(read, (NotFound, NewerFormat)):
            broken.append(BrokenRun(name, commit, _kept(read)))
    gone = [head.name for head in known.heads if head.name not in commits]
    if fresh or gone or set(broken) != set(known.broken):
        index.write(Changes(gone, list(fresh.values()), broken))
    failed += [(one.name, _told(one)) for one in broken if one.name in seen]
    return Catalog(_newest_first([*kept, *(row.head for row in fresh.values())]), failed, fresh)


def _newest_first(heads: Sequence[Head]) -> list[Head]:
    return sorted(heads, key=lambda head: (head.started, head.name), reverse=True)


def _stranger(ref: str) -> BrokenRecord:
    return BrokenRecord(f"ref {ref!r} is not a run", hint=f"git update-ref -d {ref}")


def _kept(error: GitExpError) -> str:
    return json.dumps([error.message, error.hint])


def _told(one: BrokenRun) -> GitExpError:
    try:
        message, hint = json.loads(one.error)
    except ValueError:  # the index itself is damaged
        message, hint = f"run {one.name!r} cannot be read", None
    return BrokenRecord(message, hint=hint)
