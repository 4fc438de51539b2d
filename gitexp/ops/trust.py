"""Whose code a run would execute, and whether that may be done without asking.

Names and times in a commit can be forged. Three things can not: that this clone itself recorded the commit
(its log of operations has the id), that a key which the user trusts signed it, and that the user says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import BrokenRecord, GitExpError, NotFound
from gitexp.formats.record import RUN
from gitexp.git.objects import Identity
from gitexp.model.names import RunName
from gitexp.model.record import RunInfo, Status
from gitexp.model.values import Oid
from gitexp.ops import operations
from gitexp.ops.archive.names import all_runs
from gitexp.ops.drafts import merged_runs
from gitexp.ops.operations import Kind
from gitexp.ops.read import StoredRun, load
from gitexp.ops.staleness import is_stale
from gitexp.ops.tip import Tip
from gitexp.ops.versions import author_of, parents_of
from gitexp.repo import Repository

TRUST_EMAIL = "exp.trustEmail"
"""The setting that takes the author's address as proof enough."""
_MIN_TRUST = "gpg.minTrustLevel"


class Standing(str, Enum):
    """What speaks for executing a run."""

    OWN = "own"
    """The user recorded it in this clone."""
    SIGNED = "signed"
    """A key that the user trusts has signed it."""
    CLAIMED = "claimed"
    """It bears the user's name, which anybody can write, and came from elsewhere."""
    FOREIGN = "foreign"
    """Somebody else recorded it."""

    @property
    def trusted(self) -> bool:
        return self in (Standing.OWN, Standing.SIGNED)


_WORST_LAST = tuple(Standing)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the code and the command of a run come from."""

    name: RunName
    """The run that the rest is said of: a draft is as the worst of those that were merged."""
    standing: Standing
    author: Identity
    commit: Oid
    """The version of the run that made them what they are: those on top edit labels, or add results here."""


def provenance(repo: Repository, run: StoredRun) -> Provenance:
    """Where what `run` would execute comes from. Raises BrokenRecord or NotFound."""
    return _worst(repo, run, _Here.of(repo))


@dataclass(frozen=True, slots=True)
class _Here:
    """The commits that this clone itself has made, as far as its log goes back."""

    recorded: frozenset[Oid]
    graded: frozenset[Oid]
    """They have other results than the run below them, and nothing else."""

    @classmethod
    def of(cls, repo: Repository) -> _Here:
        made = [
            (one.what, change.new)
            for one in operations.read(repo)
            # To undo the resumption of somebody's run brings back what they recorded.
            if one.kind in (Kind.CHANGE, Kind.CAPTURE)
            for change in one.changes
            if change.new is not None
        ]
        results = (operations.REGRADING, operations.ATTACHING)
        return cls(
            frozenset(new for what, new in made if what.startswith(operations.RECORDING)),
            frozenset(new for what, new in made if what.startswith(results)),
        )


def _worst(repo: Repository, run: StoredRun, own: _Here) -> Provenance:
    found = [_judged(repo, run.name, commit, own.recorded) for commit in _makers(repo, run, own.graded)]
    # Where two edits were merged both sides hold the same: one to be trusted is enough.
    best = next((one for one in found if one.standing.trusted), found[0])
    if run.record.info.status is not Status.DRAFT:
        return best
    # Whoever merges has not read, let alone executed, what they merge.
    merged = [_worst(repo, one, own) for one in merged_runs(repo, run)]
    return max((best, *merged), key=lambda one: _WORST_LAST.index(one.standing))


def check_trusted(repo: Repository, run: StoredRun, trust: bool, *, retry: str | None = None) -> None:
    """Raises GitExpError where `run` must not be executed unless the user trusts it.

    `retry` is the command to type then, without the `--trust` that is added to it.
    """
    if trust:
        return
    found = provenance(repo, run)
    if found.standing.trusted:
        return
    start, dashes, command = (retry or f"git exp repro {run.name}").partition(" -- ")
    hint = f"{start} --trust{dashes}{command}, after reading what it will execute"
    who = f"{found.author.name} <{found.author.email}>"
    if found.standing is Standing.CLAIMED:
        message = f"run {found.name!r} says that it is by {who}, but this clone did not record it"
    else:
        message = f"run {found.name!r} is by {who}, not by you"
    raise GitExpError(message, hint=hint)


def check_code_trusted(repo: Repository, commit: Oid, trust: bool, *, retry: str) -> None:
    """As `check_trusted`, of the run that has `commit`; any other commit is the user's to choose."""
    if trust:
        return
    name = next((name for name, tip in all_runs(repo).items() if tip == commit), None)
    if name is None and repo.reader.resolve(commit, f"{RECORD_FOLDER.decode()}/{RUN}") is None:
        return
    run = load(repo, commit, name or commit, name)
    # A record that git has brought beside other code says nothing of who that is by.
    if name is not None or not is_stale(run):
        check_trusted(repo, run, trust, retry=retry)


def _judged(repo: Repository, name: RunName, commit: Oid, own: frozenset[Oid]) -> Provenance:
    author, _ = author_of(repo.reader, commit)
    mine = author.email.lower() == repo.config.identity(repo.environ).email.lower()
    if mine and (commit in own or (author.email and repo.config.bool(TRUST_EMAIL))):
        return Provenance(name, Standing.OWN, author, commit)
    if _is_signed(repo, commit):
        return Provenance(name, Standing.SIGNED, author, commit)
    return Provenance(name, Standing.CLAIMED if mine else Standing.FOREIGN, author, commit)


def _is_signed(repo: Repository, commit: Oid) -> bool:
    """Whether a key that the user trusts has signed it; git alone would take any key that is known."""
    header = repo.reader.read(commit)[1].partition(b"\n\n")[0]
    if b"\ngpgsig" not in header:
        return False
    least = () if repo.config.get(_MIN_TRUST) else ("-c", f"{_MIN_TRUST}=marginal")
    return repo.git.run(*least, "verify-commit", commit, check=False).code == 0


def _makers(repo: Repository, run: StoredRun, graded: frozenset[Oid]) -> Iterator[Oid]:
    """The versions of the run below which something else is another than labels, or results from here."""
    waiting, seen = [run.commit], {run.commit}
    while waiting:
        tip = Tip.read(repo, waiting.pop(0), run.name)
        same = [one for one in parents_of(repo.reader, tip.oid) if _executes_same(repo, one, tip, graded)]
        if not same:
            yield tip.oid
        waiting += [parent for parent in same if parent not in seen]
        seen.update(same)


def _executes_same(repo: Repository, parent: Oid, after: Tip, graded: frozenset[Oid]) -> bool:
    """Whether `after` is the run at `parent` with other labels, or is one of `graded`."""
    with suppress(BrokenRecord, NotFound):  # the base; a shallow clone may lack it
        before = Tip.read(repo, parent, after.info.name)
        only_labels = before.same_but_labels(after) and _bare(before.info) == _bare(after.info)
        return only_labels or after.oid in graded
    return False


def _bare(info: RunInfo) -> RunInfo:
    """What a run is without its labels, and the verdict on it."""
    return replace(info, title=None, group=None, tags=(), note=None, star=False, reproduction=None)
