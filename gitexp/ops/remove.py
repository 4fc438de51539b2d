"""Runs put into the trash and taken out of it; only their refs are looked at, so any record will do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from gitexp.errors import GitExpError, NotFound, RefChanged, UsageError
from gitexp.git.objects import ObjectBuilder
from gitexp.git.refs import TRASH, dropped_ref, is_ours, list_runs, name_in, run_ref, trash_ref
from gitexp.git.write import RefUpdate, verify
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.annotate import Target
from gitexp.ops.archive.held import held
from gitexp.ops.archive.names import Places, all_runs, places
from gitexp.ops.archive.removing import removals
from gitexp.ops.baseline_refs import baselines_of
from gitexp.ops.change import change
from gitexp.ops.choose import match
from gitexp.ops.commit import stored
from gitexp.ops.operations import Operation
from gitexp.ops.turns import outrun, turns
from gitexp.repo import Repository

Refs: TypeAlias = dict[RunName, Oid]


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one run."""

    name: RunName
    commit: Oid | None = None
    error: GitExpError | None = None


@dataclass(frozen=True, slots=True)
class Trashed:
    """A removed run."""

    name: RunName
    commit: Oid
    subject: str
    """The first line of its commit: text that others may have written."""


def remove(repo: Repository, runs: Sequence[Target], *, dry_run: bool = False) -> list[Moved]:
    """Each run moved into the trash, all in one transaction; a live one is refused, and a baseline.

    The listings of the archives that hold it name it no more, though their history keeps its commit.

    Where the trash has another run of that name, that one is kept aside until gc. Of a run whose commit is
    damaged or gone nothing can be kept: `repo.lasting` says so. Raises GitError or OSError.
    """
    commits = all_runs(repo)
    damaged = verify(repo.git, {commits[run.name] for run in runs if run.name in commits})
    plan = partial(_removal, baselines=baselines_of(repo), damaged=damaged)
    results = _moved(repo, "rm", [run.name for run in runs], plan, dry_run=dry_run, archives=True)
    lost = [one for one in results if one.error is None and one.commit in damaged]
    if lost and not dry_run:
        repo.lasting = GitExpError(
            f"nothing of run {lost[0].name!r} could be kept: its commit {lost[0].commit} is damaged",
            hint="git fsck",
        )
    return results


def restore(repo: Repository, names: Sequence[RunName], *, dry_run: bool = False) -> list[Moved]:
    """Each run taken out of the trash, all in one transaction. Raises GitError or OSError."""
    return _moved(repo, "restore", names, _restoration, dry_run=dry_run)


def list_trash(repo: Repository) -> list[Trashed]:
    """Every removed run, in the order of names; one git process."""
    listing = repo.git.run("for-each-ref", "--format=%(objectname) %(refname) %(contents:subject)", TRASH)
    found = []
    for line in listing.stdout.decode("utf-8", "replace").split("\n")[:-1]:
        oid, ref, *subject = line.split(" ", 2)
        if is_ours(ref):
            found.append(Trashed(name_in(ref), Oid(oid), "".join(subject)))
    return found


def choose_trashed(repo: Repository, texts: Sequence[str]) -> list[RunName]:
    """The removed runs that `texts` name: names, beginnings of names, or `@` for the one removed last.

    Raises NotFound or Ambiguous.
    """
    names = [one.name for one in list_trash(repo)]
    return list(dict.fromkeys(_trashed(repo, names, text) for text in texts))


def _trashed(repo: Repository, names: Sequence[RunName], text: str) -> RunName:
    found = _last_removed(repo, names) if text == "@" else match(names, text)
    if found is not None:
        return found
    if (filed := match([*held(repo)], text)) is not None:
        raise NotFound(
            f"run {filed!r} was not removed, but archived", hint=f"git exp archive --restore {filed}"
        )
    if not names:
        raise NotFound(f"no run {text!r}: the trash is empty", hint="git exp ls")
    raise NotFound(f"no removed run matches {text!r}", hint="git exp restore --list")


def _last_removed(repo: Repository, names: Sequence[RunName]) -> RunName | None:
    from gitexp.ops import operations

    there = {trash_ref(name): name for name in names}
    for operation in reversed(operations.read(repo)):
        for one in operation.changes:
            if one.ref in there and one.new is not None:
                return there[one.ref]
    return names[-1] if names else None


Plan: TypeAlias = Callable[[Repository, RunName, Places, Refs], "list[RefUpdate]"]


def _moved(
    repo: Repository,
    what: str,
    names: Sequence[RunName],
    plan: Plan,
    *,
    dry_run: bool,
    archives: bool = False,
) -> list[Moved]:
    """What became of each run. With `archives` those of them that archives hold leave these."""
    names = list(dict.fromkeys(names))
    for _ in turns(repo):
        here, trash = places(repo), dict(list_runs(repo.git, TRASH).runs)
        builder = ObjectBuilder(repo.layout.object_format)
        results: list[Moved] = []
        updates: list[RefUpdate] = []
        for name in names:
            try:
                updates += plan(repo, name, here, trash)
                results.append(Moved(name, here.every.get(name) or trash.get(name)))
            except GitExpError as error:
                results.append(Moved(name, error=error))
        if archives:
            updates += removals(repo, builder, [one.name for one in results if one.error is None])
        try:
            if updates and not dry_run:
                with stored(repo, builder) if builder.oids else nullcontext():
                    change(repo, updates, Operation(_told(what, results), tuple(updates)))
            return results
        except RefChanged:
            # Somebody else changed one of them in between: all are looked at again.
            continue
    raise outrun(names)


def _removal(
    repo: Repository,
    name: RunName,
    here: Places,
    trash: Refs,
    *,
    baselines: Mapping[str, Sequence[str]],
    damaged: Collection[Oid],
) -> list[RefUpdate]:
    if name not in here.every:
        raise NotFound(
            f"run {name!r} is gone", hint="git exp restore --list" if name in trash else "git exp ls"
        )
    check_ended(repo, name)
    if name in baselines:
        told = ", ".join(map(repr, baselines[name]))
        raise UsageError(
            f"run {name!r} is the baseline {told}", hint=f"git exp baseline unset {baselines[name][0]}"
        )
    commit, other = here.every[name], trash.get(name)
    updates = [RefUpdate(run_ref(name), None, commit)] if name in here.own else []
    if other != commit and commit not in damaged:
        updates.append(RefUpdate(trash_ref(name), commit, other))
    if other not in (None, commit) and commit not in damaged:
        updates.append(RefUpdate(dropped_ref(name, other), other, None))
    return updates


def _restoration(repo: Repository, name: RunName, here: Places, trash: Refs) -> list[RefUpdate]:
    if name not in trash:
        raise NotFound(f"run {name!r} is not in the trash", hint="git exp restore --list")
    updates = [RefUpdate(trash_ref(name), None, trash[name])]
    if name not in here.every:
        updates.append(RefUpdate(run_ref(name), trash[name], None))
    elif here.every[name] != trash[name]:
        raise UsageError(f"there is another run {name!r}", hint=f"git exp rm {name}")
    return updates


def check_ended(repo: Repository, name: RunName) -> None:
    """Raises UsageError where the run is live here, or something still logs to it."""
    live = repo.live(name)
    if not live.path.is_dir():
        return
    if live.read_sealed() is None:
        raise UsageError(f"run {name!r} is still running", hint="stop it first, or let it end")
    if live.working():
        raise UsageError(f"a process still logs to run {name!r}", hint="stop it first, or let it end")


def _told(what: str, results: Sequence[Moved]) -> str:
    names = [one.name for one in results if one.error is None]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{what} {' '.join(names[:2])}{more}"
