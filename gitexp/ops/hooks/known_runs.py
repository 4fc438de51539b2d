"""The runs with the code that is committed. A commit waits for the answer, so it may not take long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitexp.errors import GitExpError
from gitexp.git.refs import ARCHIVE, EXP, ask_listing, listing_of, parse_listing, split_listing
from gitexp.index.coded import Coded
from gitexp.index.database import Index
from gitexp.index.row import Row
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.catalog import brought, open_index
from gitexp.ops.read import StoredRun, Tails, current, list_all, live_names
from gitexp.repo import Repository

MOST = 100
"""Runs that are read into the index while a commit waits."""


def runs_with_code(repo: Repository, tree: Oid) -> list[StoredRun]:
    """The runs of exactly that code tree, newest first.

    Raises GitExpError where the index lacks so many runs that to read them would take long.
    """
    runs, complete = _speaking_of(repo, tree)
    if not complete:
        return list_all(repo).with_code(tree)
    return [run for run in runs if run.info.code.tree == tree]


def runs_from(repo: Repository, base: Oid) -> list[StoredRun]:
    """The runs that started from that commit, newest first, but for archived ones. Raises as above."""
    return [run for run in _speaking_of(repo, base)[0] if run.info.code.base == base]


def _speaking_of(repo: Repository, oid: Oid) -> tuple[list[StoredRun], bool]:
    """The runs with refs whose `run.yaml` has the id, newest first, and whether no other run may have it."""
    # git and SQLite work side by side.
    answer = ask_listing(repo.git, ARCHIVE, EXP)
    index = open_index(repo)
    known = index.with_code(oid)
    tips, listing = split_listing(answer())
    runs = _stored(repo, _rows(repo, index, known, listing))
    complete = not tips or (not known.archived and tips.items() <= dict(known.archives).items())
    return sorted(runs, key=lambda run: (run.head.started, run.name), reverse=True), complete


def _rows(repo: Repository, index: Index, known: Coded, listing: bytes) -> Mapping[str, Row]:
    """The runs that may have the code, by their names; then the index knows all that have refs."""
    found = {row.head.name: row for row in known.rows}
    everything = [*known.places, *((one.name, one.commit) for one in known.broken)]
    if listing_of(sorted(everything)) == listing:
        return found
    refs = parse_listing(listing)
    lacking = len(set(refs.runs).difference(everything))
    if lacking > MOST:
        raise GitExpError(
            f"{lacking} runs are not in the index yet, so no run was looked for or recorded",
            hint="git exp ls puts them there",
        )
    fresh, _ = brought(repo, index, known.places, known.broken, refs)
    commits: dict[str, str] = dict(refs.runs)
    return {**{name: row for name, row in found.items() if commits.get(name) == row.head.commit}, **fresh}


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
