"""The runs that others are held against: refs that people move, and nothing moves by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import GitExpError, NotFound, UsageError
from gitexp.git.refs import baseline_ref, read_ref
from gitexp.git.write import RefUpdate
from gitexp.model.names import BaselineName, RunName, parse_baseline
from gitexp.model.record import Record, Status
from gitexp.model.values import Oid
from gitexp.ops.archive.names import all_runs
from gitexp.ops.baseline_refs import baselines
from gitexp.ops.change import change
from gitexp.ops.operations import Operation
from gitexp.ops.read import StoredRun, load
from gitexp.ops.versions import versions
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Baseline:
    """One baseline, and the run that it stands for."""

    name: BaselineName
    commit: Oid
    record: Record | None = None
    """What it holds; None where that cannot be read."""
    error: GitExpError | None = None
    tip: Oid | None = None
    """What the run of that name is here now; None where there is none."""


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one baseline."""

    name: BaselineName
    before: Oid | None
    after: Oid | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the reflog of a baseline."""

    commit: Oid
    who: str
    at: float
    """Seconds since 1970."""
    why: str


def list_baselines(repo: Repository) -> list[Baseline]:
    """Every baseline with its record; one that cannot be read hides no other."""
    found = baselines(repo)
    here = all_runs(repo) if found else {}
    return [_read(repo, name, commit, here) for name, commit in found.items()]


def resolve(repo: Repository, text: str) -> StoredRun:
    """The run that the baseline `text` stands for, as it was when it was made that.

    Raises InvalidName, NotFound, BrokenRecord or NewerFormat.
    """
    name = parse_baseline(text)
    commit = read_ref(repo.git, baseline_ref(name))
    if commit is None:
        raise NotFound(f"no baseline {name!r}", hint=_others(repo, name))
    if repo.reader.header(commit)[0] != "commit":
        raise NotFound(f"baseline {name!r} is not a commit", hint=f"git exp baseline unset {name}")
    return load(repo, commit, f"baseline:{name}")


def set_baseline(repo: Repository, text: str, run: StoredRun, *, dry_run: bool = False) -> Move:
    """The baseline moved to the commit of `run`, whichever that is: nothing but this moves it.

    Raises InvalidName, UsageError where the run has not ended or the commit is none of its own, RefChanged.
    """
    name = parse_baseline(text)
    _check(repo, name, run)
    before = read_ref(repo.git, baseline_ref(name))
    return _moved(repo, Move(name, before, run.commit), f"baseline set {name} {run.name}", dry_run)


def unset_baseline(repo: Repository, text: str, *, dry_run: bool = False) -> Move:
    """The baseline taken away; its run stays. Raises InvalidName, NotFound, RefChanged."""
    name = parse_baseline(text)
    before = read_ref(repo.git, baseline_ref(name))
    if before is None:
        raise NotFound(f"no baseline {name!r}", hint=_others(repo, name))
    return _moved(repo, Move(name, before, None), f"baseline unset {name}", dry_run)


def move_all(repo: Repository, moves: Sequence[Move], why: str) -> None:
    """The moves in one transaction, told in the log and in the reflogs. Raises RefChanged."""
    updates = tuple(RefUpdate(baseline_ref(one.name), one.after, one.before) for one in moves if one.changed)
    if updates:
        change(repo, updates, Operation(why, updates), why=why)


def history(repo: Repository, name: BaselineName) -> list[Entry]:
    """Where the baseline has been, newest first, as far as this clone has moved it."""
    form = "--format=%H%x00%gn%x00%gd%x00%gs"
    result = repo.git.run("log", "-g", form, "--date=unix", baseline_ref(name), "--", check=False)
    rows = (line.split("\0") for line in result.lines)
    return [
        Entry(Oid(row[0]), row[1], _time(row[2]), row[3])
        for row in rows
        if result.code == 0 and len(row) == 4
    ]


def _read(repo: Repository, name: BaselineName, commit: Oid, here: Mapping[RunName, Oid]) -> Baseline:
    try:
        record = load(repo, commit, f"baseline:{name}").record
    except GitExpError as error:
        return Baseline(name, commit, error=error)
    return Baseline(name, commit, record, tip=here.get(record.info.name))


def _check(repo: Repository, name: BaselineName, run: StoredRun) -> None:
    status = run.record.info.status
    if status in (Status.RUNNING, Status.DRAFT):
        how = "still running" if status is Status.RUNNING else "a draft"
        raise UsageError(f"run {run.name!r} is {how}", hint=f"git exp show {run.name}")
    if not run.own and not _is_its_own(repo, run):
        raise UsageError(
            f"commit '{run.commit[:10]}' carries the record of run {run.name!r}, but is none of its commits",
            hint=f"git exp baseline set {name} {run.name}",
        )
    if status is not Status.FINISHED:
        repo.remark(f"run {run.name!r} is {status.value}")


def _is_its_own(repo: Repository, run: StoredRun) -> bool:
    """Whether a commit that was found otherwise than by the run's name is one of the run's."""
    tip = all_runs(repo, run.name).get(run.name)
    return tip is not None and run.commit in versions(repo.reader, tip, run.name)


def _moved(repo: Repository, move: Move, why: str, dry_run: bool) -> Move:
    if not dry_run:
        move_all(repo, [move], why)
    return move


def _others(repo: Repository, name: str) -> str:
    names = list(baselines(repo))
    return f"there is: {', '.join(names)}" if names else f"git exp baseline set {name} RUN"


def _time(selector: str) -> float:
    """`refs/exp-baseline/main@{1700000000}`."""
    digits = selector.rpartition("{")[2].rstrip("}")
    return float(digits) if digits.isdecimal() else 0.0
