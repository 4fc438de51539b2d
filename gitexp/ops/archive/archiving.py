"""Runs moved under archives: their refs go, and they themselves stay as they are, under the same names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gitexp.errors import GitError, GitExpError, InvalidName, NotFound, RefChanged, UsageError
from gitexp.formats.archive import MAX_SIZE
from gitexp.git.objects import ObjectBuilder
from gitexp.git.refs import archive_ref, list_runs, parse_archive, run_ref
from gitexp.git.write import RefUpdate, verify
from gitexp.index.row import Row
from gitexp.model.names import MAX_SLUG, RunName, slugify
from gitexp.model.values import Oid
from gitexp.ops.absent import absent
from gitexp.ops.annotate import Target
from gitexp.ops.archive.held import Archives, Held, current, standing
from gitexp.ops.archive.writing import FAN_IN, MIN_FAN_IN, Draft, line_of, size_of
from gitexp.ops.catalog import catalog
from gitexp.ops.change import change
from gitexp.ops.commit import stored
from gitexp.ops.operations import Operation
from gitexp.ops.read import Tails, list_all
from gitexp.ops.remove import check_ended
from gitexp.ops.tidy import fold_packs
from gitexp.ops.tip import time_of
from gitexp.ops.turns import outrun, turns
from gitexp.repo import Repository

OLDER_THAN, KEEP = 30 * 86400.0, 500
"""Seconds, and newest runs, that are left alone where nobody says otherwise."""
ROOM = 25_000
"""Runs from which on an archive takes no more: the next ones go into another of that month."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one run."""

    name: RunName
    commit: Oid | None = None
    archive: str | None = None
    """The ref of the archive that holds it; None where it could not be archived."""
    changed: bool = True
    """Whether anything was, or would be, done."""
    error: GitExpError | None = None


def old_runs(repo: Repository, *, older_than: float | None, keep: int | None) -> list[StoredName]:
    """The runs with refs of their own that ended `older_than` seconds ago or more, but for the newest `keep`.

    Where neither is given, OLDER_THAN and KEEP count.
    """
    if older_than is None and keep is None:
        older_than, keep = OLDER_THAN, KEEP
    living = _living(repo)
    runs = [run for run in list_all(repo).runs if run.name in living]
    now = time.time()
    return [
        StoredName(run.name)
        for run in runs[keep or 0 :]
        if run.head.ended is not None and now - run.head.ended >= (older_than or 0.0)
    ]


class StoredName(NamedTuple):
    """A run by its name alone."""

    name: RunName


def archive(
    repo: Repository, runs: Sequence[Target], *, fan_in: int | None = None, dry_run: bool = False
) -> list[Filed]:
    """Each run moved under an archive, all in one transaction.

    The archive is that of the month in which the run started, and of this user. A run that an archive holds
    already loses its ref alone. A commit of an archive has at most `fan_in` parents, by itself as many as
    `exp.archiveFanIn` says. Raises GitError or OSError; then nothing was done.
    """
    fan_in = _fan_in(repo) if fan_in is None else fan_in
    names = list(dict.fromkeys(run.name for run in runs))
    results = _retried(repo, names, lambda: _archived(repo, names, fan_in, dry_run))
    if not dry_run and any(one.changed for one in results):
        fold_packs(repo)
    return results


def restore(repo: Repository, names: Sequence[RunName], *, dry_run: bool = False) -> list[Filed]:
    """Each archived run given a ref of its own again, all in one transaction; archives stay as they are.

    Raises GitError or OSError.
    """
    unique = list(dict.fromkeys(names))
    return _retried(repo, unique, lambda: _brought_back(repo, unique, dry_run))


def _retried(repo: Repository, names: Sequence[RunName], attempt: Callable[[], list[Filed]]) -> list[Filed]:
    for _ in turns(repo):
        try:
            return attempt()
        except RefChanged:
            # Somebody else changed one of them in between: all are looked at again.
            continue
    raise outrun(names)


def _brought_back(repo: Repository, names: Sequence[RunName], dry_run: bool) -> list[Filed]:
    here, held = _living(repo), standing(current(repo))
    lost = verify(repo.git, {held[name].commit for name in names if name in held and name not in here})
    results = [_restored(repo, here, held, lost, name) for name in names]
    updates = tuple(RefUpdate(run_ref(one.name), one.commit, None) for one in results if one.changed)
    if updates and not dry_run:
        change(repo, updates, Operation(_told("restore from the archive", results), updates))
    return results


def _fan_in(repo: Repository) -> int:
    """Raises GitError for a setting that cannot be."""
    key = "exp.archiveFanIn"
    number = repo.config.int(key, FAN_IN)
    if not MIN_FAN_IN <= number <= FAN_IN:
        raise GitError(
            f"bad config value '{number}' for '{key}': {MIN_FAN_IN} to {FAN_IN}", hint=f"git config {key} 64"
        )
    return number


def owner_of(repo: Repository) -> str:
    """Whose archives this user's are: the e-mail address or name, as a part of a ref."""
    identity = repo.config.identity(repo.environ)
    for text in (identity.email, identity.name):
        try:
            return slugify(text[-MAX_SLUG:])
        except InvalidName:
            continue
    return "unknown"


def _archived(repo: Repository, names: Sequence[RunName], fan_in: int, dry_run: bool) -> list[Filed]:
    here, archives = _living(repo), current(repo)
    rows = _rows(repo, names)
    held = standing(archives)
    drafts = _Drafts(repo, archives)
    results = [_filed(repo, here, held, rows, drafts, name) for name in names]
    deleted = [RefUpdate(run_ref(one.name), None, one.commit) for one in results if one.changed]
    if dry_run or not deleted:
        return results
    builder = ObjectBuilder(repo.layout.object_format)
    author = repo.config.identity(repo.environ)
    moved = [
        RefUpdate(draft.ref, draft.commit(builder, author, fan_in), draft.before and draft.before.oid)
        for draft in drafts.changed()
    ]
    operation = Operation(_told("archive", results), (*moved, *deleted))
    if not moved:
        change(repo, operation.changes, operation)
        return results
    with stored(repo, builder):
        change(repo, operation.changes, operation)
    return results


def _filed(
    repo: Repository,
    here: Mapping[RunName, Oid],
    held: Mapping[RunName, Held],
    rows: Mapping[str, Row],
    drafts: _Drafts,
    name: RunName,
) -> Filed:
    before = held.get(name)
    if name not in here:
        if before is not None:
            return Filed(name, before.commit, before.ref, changed=False)
        gone = NotFound(f"run {name!r} is gone", hint=f"git exp restore {name}")
        return Filed(name, changed=False, error=gone)
    commit = here[name]
    if before is not None and before.commit == commit:
        return Filed(name, commit, before.ref)
    try:
        check_ended(repo, name)
        return Filed(name, commit, drafts.add(name, _row(rows, name, commit), max(0, time_of(repo, commit))))
    except RefChanged:
        raise
    except GitExpError as error:
        return Filed(name, changed=False, error=error)


def _row(rows: Mapping[str, Row], name: RunName, commit: Oid) -> Row:
    """Raises RefChanged where the run has changed meanwhile, UsageError where it cannot be archived."""
    row = rows.get(name)
    if row is None:
        raise UsageError(f"run {name!r} cannot be read, and so not be listed", hint=f"git exp show {name}")
    if row.head.commit != commit:
        raise RefChanged(f"run {name!r} was changed meanwhile", hint="git exp archive -n")
    if row.head.ended is None or row.head.status == "running":
        raise UsageError(f"run {name!r} has not ended", hint=f"git exp show {name}")
    return row


def _restored(
    repo: Repository,
    here: Mapping[RunName, Oid],
    held: Mapping[RunName, Held],
    lost: set[Oid],
    name: RunName,
) -> Filed:
    if name in here:
        return Filed(name, here[name], changed=False)
    if name not in held:
        error: GitExpError = NotFound(f"run {name!r} is in no archive", hint="git exp ls")
    elif held[name].commit in lost:
        error = absent(repo, name)
    else:
        return Filed(name, held[name].commit, held[name].ref)
    return Filed(name, changed=False, error=error)


class _Drafts:
    """New versions of this user's archives, one for each month and number that gets runs."""

    def __init__(self, repo: Repository, archives: Archives) -> None:
        self._reader = repo.reader
        self._owner = owner_of(repo)
        self._known = archives.known
        self._broken = {ref for ref, _ in archives.broken}
        self._drafts: dict[str, Draft] = {}
        self._numbers: dict[str, int] = {}
        """Of each month's archive that runs are added to."""

    def add(self, name: RunName, row: Row, at: int) -> str:
        """The archive that takes the run. Raises UsageError where it is too large to be listed."""
        line = line_of(row, at)
        if size_of(line) > MAX_SIZE * 3 // 4:
            raise UsageError(f"run {name!r} is too large for a listing", hint=f"git exp show {name}")
        draft = self._open(time.strftime("%Y-%m", time.gmtime(row.head.started)))
        draft.lines.append(line)
        return draft.ref

    def changed(self) -> Iterable[Draft]:
        return [draft for draft in self._drafts.values() if draft.lines]

    def _open(self, month: str) -> Draft:
        """The archive of that month that has room: the last one, or one after it."""
        number = self._numbers.get(month) or self._last_number(month)
        while (draft := self._draft(month, number)) is None or not self._room(draft):
            number += 1
        self._numbers[month] = number
        return draft

    def _last_number(self, month: str) -> int:
        found = map(parse_archive, (*self._known, *self._broken))
        return max((one[2] for one in found if one and one[:2] == (self._owner, month)), default=1)

    def _draft(self, month: str, number: int) -> Draft | None:
        """None for an archive that cannot be read: nothing is added to it."""
        ref = archive_ref(self._owner, month, number)
        if ref in self._broken:
            return None
        if ref not in self._drafts:
            known = self._known.get(ref)
            self._drafts[ref] = Draft.on(self._reader, ref, Oid(known.tip) if known else None)
        return self._drafts[ref]

    def _room(self, draft: Draft) -> bool:
        known = self._known.get(draft.ref)
        return len(draft.lines) + (len(known.runs) if known else 0) < ROOM


def _living(repo: Repository) -> dict[RunName, Oid]:
    """Every run with a ref of its own; one git process."""
    return dict(list_runs(repo.git).runs)


def _rows(repo: Repository, names: Sequence[RunName]) -> dict[str, Row]:
    """The rows of those runs that can be read, as the index has them."""
    wanted = set(map(str, names))
    found = catalog(repo)
    tails = Tails(repo, found.fresh)
    rows = ((head, tails.of(head)) for head in found.heads if head.name in wanted)
    return {head.name: Row(head, tail) for head, tail in rows if tail is not None}


def _told(what: str, results: Sequence[Filed]) -> str:
    names = [one.name for one in results if one.changed]
    return f"{what} {names[0]}" if len(names) == 1 else f"{what} {len(names)} runs"
