"""The runs of a repository as the index has them, after it was brought up to date with the refs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from gitexp.errors import BrokenRecord, GitExpError, NewerFormat, NotFound
from gitexp.git.refs import (
    ARCHIVE,
    BASELINE,
    EXP,
    RunRefs,
    ask_listing,
    baselines_in,
    listing_of,
    parse_listing,
    split_listing,
)
from gitexp.index.database import BrokenRun, Changes, Contents, Index, Key
from gitexp.index.row import Head, Row
from gitexp.model.names import BaselineName, RunName
from gitexp.model.values import Oid
from gitexp.ops.absent import named
from gitexp.repo import ARCHIVED_NAMES, Repository

_STARTED_AND_NAME = itemgetter(Head._fields.index("started"), Head._fields.index("name"))

_MANY = 2000
"""Runs whose reading takes long enough to be told of."""

Place: TypeAlias = tuple[RunName, Oid]


class Catalog(NamedTuple):
    """All runs that could be read, and why the others could not."""

    heads: Sequence[Head]
    """Newest first."""
    broken: Sequence[tuple[str, GitExpError]]
    """Name and reason."""
    fresh: dict[str, Row]
    """Those that were read just now, by name: they need not be in the index."""
    refs: int = 0
    """How many runs have refs of their own."""
    baselines: Mapping[BaselineName, Oid] = {}
    """What they point to."""


def open_index(repo: Repository) -> Index:
    return Index(repo.home / "index.sqlite")


def catalog(repo: Repository) -> Catalog:
    """Every run, whatever HEAD is. Only what the index does not know is read from git."""
    # git and SQLite work side by side.
    answer = ask_listing(repo.git, ARCHIVE, BASELINE, EXP)
    index = open_index(repo)
    known = index.read()
    whole = answer()
    tips, listing = split_listing(whole)
    if _listed(known) == listing:
        found = _catalog(known.heads, [(one.name, _told(one)) for one in known.broken], {})
    else:
        found = _refreshed(repo, index, known, parse_listing(listing))
    found = found._replace(refs=listing.count(b"\n"), baselines=baselines_in(whole))
    if tips:
        return _with_archives(repo, found, tips)
    with suppress(OSError):
        (repo.home / ARCHIVED_NAMES).unlink(missing_ok=True)
    return found


def _with_archives(repo: Repository, found: Catalog, tips: Mapping[str, Oid]) -> Catalog:
    """The catalog with the runs that only archives hold: a ref of a run's own always wins."""
    from gitexp.ops.archive.held import current, standing  # most repositories have no archive

    archives = current(repo, tips)
    here = {head.name for head in found.heads}.union(name for name, _ in found.broken)
    more = [one.head for name, one in standing(archives).items() if name not in here]
    rows = archives.fresh
    fresh = {**{head.name: rows[head.name] for head in more if head.name in rows}, **found.fresh}
    broken = [(ref, _unreadable(ref, error)) for ref, error in archives.broken]
    whole = _catalog([*found.heads, *more], [*found.broken, *broken], fresh)
    return whole._replace(refs=found.refs, baselines=found.baselines)


def _catalog(
    heads: Sequence[Head], broken: Sequence[tuple[str, GitExpError]], fresh: dict[str, Row]
) -> Catalog:
    return Catalog(
        sorted(heads, key=_STARTED_AND_NAME, reverse=True),
        sorted(broken, key=lambda one: one[0]),
        fresh,
    )


def _listed(known: Contents) -> bytes:
    """The listing of refs that the contents would be all of."""
    runs = [(run.name, run.commit) for part in (known.heads, known.broken) for run in part]
    return listing_of(sorted(runs))


def _refreshed(repo: Repository, index: Index, known: Contents, refs: RunRefs) -> Catalog:
    """The catalog after what the index lacks was read from git, and what it has too much was dropped."""
    places = [(head.name, head.commit) for head in known.heads]
    fresh, failed = brought(repo, index, places, known.broken, refs)
    commits: dict[str, str] = dict(refs.runs)
    kept = [head for head in known.heads if commits.get(head.name) == head.commit]
    failed += [(ref, _stranger(ref)) for ref in refs.strangers]
    return _catalog([*kept, *(row.head for row in fresh.values())], failed, fresh)


def brought(
    repo: Repository, index: Index, known: Sequence[Key], broken: Sequence[BrokenRun], refs: RunRefs
) -> tuple[dict[str, Row], list[tuple[str, GitExpError]]]:
    """Brings the index, which has the `known` and the `broken` runs, up to date with the refs.

    Gives the rows that were read for it, and why other runs cannot be read.
    """
    commits: dict[str, str] = dict(refs.runs)
    still = [one for one in broken if commits.get(one.name) == one.commit]
    seen = {name for name, commit in known if commits.get(name) == commit} | {one.name for one in still}
    fresh, failed = _read(repo, [run for run in refs.runs if run[0] not in seen])
    # A run of which an earlier commit is known goes too, where the one that it has now cannot be read.
    gone = [name for name, commit in known if commits.get(name) != commit and name not in fresh]
    lasting = [*still, *(_lasting(name, commits[name], error) for name, error in failed if _lasts(error))]
    if fresh or gone or set(lasting) != set(broken):
        index.write(Changes(gone, list(fresh.values()), lasting))
    return fresh, failed + [(one.name, _told(one)) for one in still]


def _read(repo: Repository, places: Sequence[Place]) -> tuple[dict[str, Row], list[tuple[str, GitExpError]]]:
    """The rows of the runs at `places`, and why others cannot be read."""
    fresh: dict[str, Row] = {}
    failed: list[tuple[str, GitExpError]] = []
    for (name, _), read in _readings(repo, places) if places else ():
        if isinstance(read, Row):
            fresh[name] = read
        else:
            failed.append((name, named(name, read)))
    return fresh, failed


def _readings(repo: Repository, places: Sequence[Place]) -> Iterable[tuple[Place, Row | GitExpError]]:
    # What reads records is heavy, and not needed where nothing has changed.
    from gitexp.ops.records import read_rows
    from gitexp.ops.shared_reading import WORTH, read_shared

    if len(places) >= _MANY:
        repo.remark(f"reading {len(places)} runs into the index")
    if repo.processes > 1 and len(places) >= 2 * WORTH:
        return read_shared(repo.open_reader, places, repo.processes)
    return read_rows(repo.reader, places)


def _lasts(error: GitExpError) -> bool:
    """Not so for a missing object, which may be back, and a newer format: gitexp may have been upgraded."""
    return not isinstance(error, (NotFound, NewerFormat))


def _lasting(name: str, commit: str, error: GitExpError) -> BrokenRun:
    return BrokenRun(name, commit, json.dumps([error.message, error.hint]))


def _told(one: BrokenRun) -> GitExpError:
    try:
        message, hint = json.loads(one.error)
    except (ValueError, TypeError):  # the index itself is damaged
        message, hint = f"run {one.name!r} cannot be read", None
    return BrokenRecord(message, hint=hint)


def _unreadable(ref: str, error: GitExpError) -> BrokenRecord:
    title = ref.removeprefix(ARCHIVE)
    return BrokenRecord(f"archive '{title}' cannot be read: {error.message}", hint=error.hint)


def _stranger(ref: str) -> BrokenRecord:
    return BrokenRecord(f"ref {ref!r} is not a run", hint=f"git update-ref -d {ref}")
