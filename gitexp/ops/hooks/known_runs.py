"""The runs with the code that is committed. A commit waits for the answer, so it may not take long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress

from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.git.reader import ObjectReader
from gitexp.git.refs import ARCHIVE, EXP, RunRefs, ask_listing, listing_of, parse_listing, split_listing
from gitexp.index.coded import Coded
from gitexp.index.database import Index
from gitexp.index.row import Row
from gitexp.model.files import RECORD_FOLDER, RUN_FILE
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.catalog import Place, brought, open_index
from gitexp.ops.read import StoredRun, Tails, current, list_all, live_names
from gitexp.repo import Repository

MOST = 100
"""Runs that are read into the index while a commit waits."""
_FEW = 16
"""Runs that are left to whoever lists runs next: only whether they speak of the code is looked at."""


def runs_with_code(repo: Repository, tree: Oid, reader: ObjectReader | None = None) -> list[StoredRun]:
    """The runs of exactly that code tree, newest first; `reader` is one that is open already.

    Raises GitExpError where the index lacks so many runs that to read them would take long.
    """
    runs, complete = _speaking_of(repo, tree, reader)
    if not complete:
        return list_all(repo).with_code(tree)
    return [run for run in runs if run.info.code.tree == tree]


def runs_from(repo: Repository, base: Oid) -> list[StoredRun]:
    """The runs that started from that commit, newest first, but for archived ones. Raises as above."""
    return [run for run in _speaking_of(repo, base)[0] if run.info.code.base == base]


def _speaking_of(
    repo: Repository, oid: Oid, reader: ObjectReader | None = None
) -> tuple[list[StoredRun], bool]:
    """The runs with refs whose `run.yaml` has the id, newest first, and whether no other run may have it."""
    # git and SQLite work side by side.
    answer = ask_listing(repo.git, ARCHIVE, EXP)
    index = open_index(repo)
    known = index.with_code(oid)
    tips, listing = split_listing(answer())
    found = {row.head.name: row for row in known.rows}
    everything = {*known.places, *((one.name, one.commit) for one in known.broken)}
    if listing_of(sorted(everything)) != listing:
        refs = parse_listing(listing)
        commits: dict[str, str] = dict(refs.runs)
        fresh = _fresh(repo, index, known, refs, set(refs.runs).difference(everything), oid, reader)
        kept = {name: row for name, row in found.items() if commits.get(name) == row.head.commit}
        found = {**kept, **fresh}
    runs = _stored(repo, found)
    complete = not tips or (not known.archived and tips.items() <= dict(known.archives).items())
    return sorted(runs, key=lambda run: (run.head.started, run.name), reverse=True), complete


def _fresh(
    repo: Repository,
    index: Index,
    known: Coded,
    refs: RunRefs,
    lacking: Set[Place],
    oid: Oid,
    reader: ObjectReader | None,
) -> Mapping[str, Row]:
    """Of the runs that the index lacks at least those that speak of the object, by their names."""
    if len(lacking) > MOST:
        raise GitExpError(
            f"{len(lacking)} runs are not in the index yet, so no run was looked for or recorded",
            hint="git exp ls puts them there",
        )
    if len(lacking) <= _FEW:
        with suppress(BrokenRecord, NotFound):  # one of them is damaged: the index is told so
            return _read(reader or repo.reader, sorted(lacking), oid)
    return brought(repo, index, known.places, known.broken, refs)[0]


def _read(reader: ObjectReader, places: Sequence[Place], oid: Oid) -> Mapping[str, Row]:
    texts = reader.blobs([(commit, f"{RECORD_FOLDER}/{RUN_FILE}") for _, commit in places])
    speaking = [place for place, text in zip(places, texts, strict=True) if text and oid.encode() in text]
    if not speaking:
        return {}
    from gitexp.ops.records import read_rows  # heavy, and most commits are the first with their code

    return {name: read for (name, _), read in read_rows(reader, speaking) if isinstance(read, Row)}


def _stored(repo: Repository, rows: Mapping[str, Row]) -> Sequence[StoredRun]:
    tails = Tails(repo, rows)
    live = live_names(repo)
    runs = []
    for head, _ in rows.values():
        run = StoredRun(repo, RunName(head.name), Oid(head.commit), head, tails)
        # What cannot be read is told by the commands that list it.
        try:
            runs.append(current(run) if head.name in live else run)
        except GitExpError:
            continue
    return runs
