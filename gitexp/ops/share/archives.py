"""Archives of a remote brought into this clone: checked, then published or merged, and the runs in them told.

A ref of a run's own stays, and wins over what archives say; where an archive has a later version of the run,
the ref goes on to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from gitexp.errors import GitExpError
from gitexp.git.objects import ObjectBuilder
from gitexp.git.process import Git
from gitexp.git.refs import (
    ARCHIVE,
    TRASH,
    dropped_ref,
    incoming_archive_ref,
    list_runs,
    parse_archive,
    ref_values,
    run_ref,
    trash_ref,
)
from gitexp.git.remotes import Remote
from gitexp.git.write import RefUpdate
from gitexp.index.archived import Placed
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.checking import added, check_holds
from gitexp.ops.archive.held import Archives, Held, current, list_tips, standing
from gitexp.ops.archive.merging import holds, merged
from gitexp.ops.archive.names import places
from gitexp.ops.change import change
from gitexp.ops.commit import stored
from gitexp.ops.operations import Operation
from gitexp.ops.share.incoming import bring
from gitexp.ops.share.reconcile import Here, State, Verdict, judged
from gitexp.ops.tidy import fold_packs
from gitexp.repo import Repository


def on_remote(found: Mapping[str, Oid], namespace: str) -> dict[str, Oid]:
    """The archives among the refs of a remote, as their refs are called here."""
    return {ARCHIVE + ref[len(namespace) :]: oid for ref, oid in found.items() if ref.startswith(namespace)}


def receive(
    repo: Repository,
    git: Git,
    remote: Remote,
    namespace: str,
    there: Mapping[str, Oid],
    *,
    dry_run: bool = False,
) -> list[Verdict]:
    """What became of each archive that is `there`: by its ref here, its tip on the remote.

    The caller holds the lock of fetching, and clears the incoming namespace. `git` is one from
    `remotes.toward`. Raises GitError or OSError.
    """
    mine = list_tips(repo)
    verdicts = [_unnamed(ref, oid) for ref, oid in there.items() if parse_archive(ref) is None]
    named = {ref: oid for ref, oid in there.items() if parse_archive(ref) is not None}
    lacking = {ref: oid for ref, oid in named.items() if not _has(repo, mine.get(ref), oid)}
    verdicts += [
        Verdict(State.UNCHANGED, title(ref), oid) for ref, oid in named.items() if ref not in lacking
    ]
    if dry_run:
        states = {ref: State.UPDATED if ref in mine else State.NEW for ref in lacking}
        return [*verdicts, *(Verdict(state, title(ref), lacking[ref]) for ref, state in states.items())]
    sources = {ref: namespace + title(ref) for ref in lacking}
    targets = {ref: incoming_archive_ref(remote.name, ref) for ref in lacking}
    fetched = bring(repo, git, remote, {sources[ref]: (targets[ref], lacking[ref]) for ref in lacking})
    for state, errors in ((State.INVALID, fetched.refused), (State.FAILED, fetched.failed)):
        for ref in [ref for ref, source in sources.items() if source in errors]:
            verdicts.append(Verdict(state, title(ref), lacking.pop(ref), errors[sources[ref]].message))
    return verdicts + _published(repo, remote, mine, [targets[ref] for ref in lacking])


def title(ref: str) -> RunName:
    """What an archive is called where runs are told: no run has a name with a slash."""
    return RunName(ref.removeprefix(ARCHIVE))


def _has(repo: Repository, mine: Oid | None, theirs: Oid) -> bool:
    try:
        return mine is not None and (mine == theirs or holds(repo.reader, mine, theirs))
    except GitExpError:
        return False


def _unnamed(ref: str, oid: Oid) -> Verdict:
    return Verdict(State.INVALID, RunName(ref), oid, "no archive is called so")


def _invalid(ref: str, oid: Oid, reason: str) -> Verdict:
    return Verdict(State.INVALID, title(ref), oid, reason)


class _Arrival(NamedTuple):
    """An archive that is sound."""

    ref: str
    tip: Oid
    """What the ref is to become."""
    state: State
    runs: Sequence[Placed]
    """Its runs that this clone did not have in it, or not so."""
    fewer: int
    """How many it has lost."""

    @property
    def verdict(self) -> Verdict:
        if self.state is State.NEW:
            told = _count(len(self.runs))
        else:
            more = [f"{_count(len(self.runs))} more"] if self.runs or not self.fewer else []
            told = ", ".join([*more, *([f"{_count(self.fewer)} fewer"] if self.fewer else [])])
        return Verdict(self.state, title(self.ref), self.tip, f"archive, {told}")


def _count(runs: int) -> str:
    return f"{runs} run{'' if runs == 1 else 's'}"


def _published(
    repo: Repository, remote: Remote, mine: Mapping[str, Oid], incoming: Sequence[str]
) -> list[Verdict]:
    """What became of the archives that stand in the `incoming` refs."""
    # What came in is in packs that an open reader may not have seen.
    vars(repo).pop("reader", None)
    prefix = incoming_archive_ref(remote.name, ARCHIVE)
    values = ref_values(repo.git, [prefix]) if incoming else {}
    tips = {ARCHIVE + one.removeprefix(prefix): values[one] for one in incoming if one in values}
    if not tips:
        return []
    before = current(repo, mine)
    builder = ObjectBuilder(repo.layout.object_format)
    arrivals, verdicts = _arrivals(repo, builder, before, mine, tips)
    if arrivals:
        _publish(repo, remote, builder, before, mine, arrivals)
    return [*verdicts, *(one.verdict for one in arrivals)]


def _arrivals(
    repo: Repository,
    builder: ObjectBuilder,
    before: Archives,
    mine: Mapping[str, Oid],
    tips: Mapping[str, Oid],
) -> tuple[list[_Arrival], list[Verdict]]:
    """The archives at `tips` that are sound, and what is wrong with the others."""
    # The index takes them in, under the tips that their refs are about to have.
    read = current(repo, {**mine, **tips})
    faults = {ref: error.message for ref, error in read.broken}
    arrivals: list[_Arrival] = []
    for ref in (ref for ref in tips if ref not in faults):
        own = mine.get(ref)
        new = added(read.known[ref], before.known.get(ref))
        try:
            check_holds(repo.reader, tips[ref], new, own)
            tip = merged(repo.reader, builder, ref, own, tips[ref]) if own else tips[ref]
        except GitExpError as error:
            faults[ref] = error.message
            continue
        state = State.NEW if own is None else State.UPDATED if tip == tips[ref] else State.MERGED
        # What a diverged one lacks it may never have had.
        gone = added(before.known[ref], read.known[ref]) if state is State.UPDATED else ()
        names = {one.head.name for one in read.known[ref].runs}
        arrivals.append(_Arrival(ref, tip, state, new, sum(one.head.name not in names for one in gone)))
    return arrivals, [_invalid(ref, tips[ref], reason) for ref, reason in faults.items() if ref in tips]


def _publish(
    repo: Repository,
    remote: Remote,
    builder: ObjectBuilder,
    before: Archives,
    mine: Mapping[str, Oid],
    arrivals: Sequence[_Arrival],
) -> None:
    """The archives' refs and those of runs that are touched, changed in one transaction."""
    moved = [RefUpdate(one.ref, one.tip, mine.get(one.ref)) for one in arrivals]
    count = f"{len(moved)} archive{'' if len(moved) == 1 else 's'}"
    # Merges have to be in the repository before they can be read.
    with stored(repo, builder) if builder.oids else nullcontext():
        after = current(repo, {**mine, **{one.ref: one.tip for one in arrivals}})
        edits = ObjectBuilder(repo.layout.object_format)
        runs = [run for one in arrivals for run in one.runs]
        updates = (*moved, *_run_updates(repo, edits, after, runs), *_discards(repo, before, after))
        with stored(repo, edits) if edits.oids else nullcontext():
            change(repo, updates, Operation(f"fetch {count} from {remote.name}", updates))
    fold_packs(repo)


def _run_updates(
    repo: Repository, builder: ObjectBuilder, after: Archives, runs: Sequence[Placed]
) -> list[RefUpdate]:
    """What refs are to become so that versions of `runs` that archives now list are not lost to others."""
    own, every = places(repo)
    held, known = standing(after), dict(every)
    here = Here(repo, known, {}, builder)
    touched: dict[RunName, Oid] = {}
    for run in runs:
        name, commit = RunName(run.head.name), Oid(run.head.commit)
        if known.setdefault(name, commit) == commit:
            continue
        found = judged(here, name, commit)
        if found.state is State.RENAMED and name not in own:
            continue  # two runs that only archives hold are told apart by those
        if found.state.changes:
            known[found.name] = found.commit
        touched[found.name] = known[found.name]
    return [
        RefUpdate(run_ref(name), commit, own.get(name))
        for name, commit in touched.items()
        if commit != (own.get(name) or (held[name].commit if name in held else None))
    ]


def _discards(repo: Repository, before: Archives, after: Archives) -> list[RefUpdate]:
    """Refs for the runs that others have taken out of archives and that nothing else here holds, until gc."""
    held, now = standing(before), standing(after)
    commits = {one.commit for one in now.values()}
    gone = [one for name, one in held.items() if name not in now and one.commit not in commits]
    if not gone:
        return []
    own, trash = dict(list_runs(repo.git).runs), dict(list_runs(repo.git, TRASH).runs)
    return [
        RefUpdate(_discarded(trash, one), one.commit, None)
        for one in gone
        if one.name not in own and trash.get(one.name) != one.commit
    ]


def _discarded(trash: Mapping[RunName, Oid], one: Held) -> str:
    return dropped_ref(one.name, one.commit) if one.name in trash else trash_ref(one.name)
