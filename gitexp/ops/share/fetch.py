"""`git exp fetch`: what a remote has and this clone lacks, checked before it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from gitexp.capture.liveness import Lock
from gitexp.errors import InvalidName
from gitexp.git.fetching import fetch as fetch_refs
from gitexp.git.objects import ObjectBuilder
from gitexp.git.process import Git
from gitexp.git.refs import EXP, INCOMING, TRASH, incoming_ref, list_runs, ref_values, run_ref
from gitexp.git.remotes import Remote, list_remote, toward
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName, parse_name
from gitexp.model.values import Oid
from gitexp.ops.annotate import stored
from gitexp.ops.change import change
from gitexp.ops.operations import Operation
from gitexp.ops.read import StoredRun
from gitexp.ops.select import Selection
from gitexp.ops.share.inspect import inspect
from gitexp.ops.share.layout import Layout, has_layout, is_run, places, set_layout
from gitexp.ops.share.reconcile import Here, State, Verdict, judged
from gitexp.ops.share.seen import Seen
from gitexp.ops.tidy import fold_packs
from gitexp.repo import Repository


def fetch(
    repo: Repository,
    remote: Remote,
    names: Sequence[str] = (),
    query: str | None = None,
    *,
    dry_run: bool = False,
) -> list[Verdict]:
    """What became of each run of the remote that was asked for: all, those that begin with one of `names`,
    or those that `query` finds.

    No run of this clone is lost: edits of both sides are merged, and another run of one name gets another.
    Raises RemoteError, GitError, QueryError or OSError.
    """
    git = toward(repo.git, repo.environ)
    with fetching(repo):
        found = _Found.ask(repo, git, remote)
        wanted = {name: oid for name, oid in found.runs.items() if not names or name.startswith(tuple(names))}
        here = {commit: name for name, commit in list_runs(repo.git).runs}
        lacking, verdicts = _parsed({name: oid for name, oid in wanted.items() if oid not in here})
        verdicts += [Verdict(State.UNCHANGED, here[oid], oid) for name, oid in wanted.items() if oid in here]
        if dry_run:
            return [*verdicts, *(Verdict(State.NEW, name, oid) for name, oid in lacking.items())]
        try:
            refs = {found.refs[name]: name for name in lacking}
            fetched = fetch_refs(git, remote, {ref: incoming_ref(remote.name, refs[ref]) for ref in refs})
            left = {refs[ref] for ref in (*fetched.refused, *fetched.failed)}
            arrived = {name: oid for name, oid in lacking.items() if name not in left}
            if fetched.failed and not arrived and not fetched.refused:
                raise next(iter(fetched.failed.values()))
            for state, errors in ((State.INVALID, fetched.refused), (State.FAILED, fetched.failed)):
                told = ((refs[ref], error.message) for ref, error in errors.items())
                verdicts += [Verdict(state, name, lacking[name], message) for name, message in told]
            verdicts += _published(repo, remote, found, arrived, query)
        finally:
            clear_incoming(repo, remote)
        Seen(repo, remote).add(one.name for one in verdicts if one.state.here)
        _learn_layout(repo, remote, found, verdicts)
    return verdicts


def fetching(repo: Repository) -> AbstractContextManager[object]:
    """For whoever fetches into the incoming namespace, alone."""
    repo.home.mkdir(exist_ok=True)
    return Lock.take(repo.home / "fetch.lock", wait=True) or nullcontext()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a remote has."""

    refs: Mapping[str, str]
    """Name -> ref."""
    runs: Mapping[str, Oid]
    """Name -> what it points to."""

    @classmethod
    def ask(cls, repo: Repository, git: Git, remote: Remote) -> _Found:
        """Raises RemoteError."""
        where = places(repo.config, remote.name)
        there = list_remote(git, remote, where.patterns)
        refs = where.runs(there)
        return cls(refs, {name: there[ref] for name, ref in refs.items()})


def _learn_layout(repo: Repository, remote: Remote, found: _Found, verdicts: Sequence[Verdict]) -> None:
    """Remember that a remote keeps runs as branches, where nobody has said how it keeps them."""
    if has_layout(repo.config, remote.name) or any(ref.startswith(EXP) for ref in found.refs.values()):
        return
    if any(one.state.here for one in verdicts):
        set_layout(repo, remote.name, Layout.BRANCHES)
        repo.remark(
            f"remote '{remote.name}' keeps runs as branches exp/NAME; this is remembered "
            f"(remote.{remote.name}.expLayout)"
        )


def _parsed(found: Mapping[str, Oid]) -> tuple[dict[RunName, Oid], list[Verdict]]:
    """What can be a run, and the rest."""
    runs: dict[RunName, Oid] = {}
    bad: list[Verdict] = []
    for name, oid in found.items():
        try:
            runs[parse_name(name)] = oid
        except InvalidName as error:
            bad.append(Verdict(State.INVALID, RunName(name), oid, error.message))
    return runs, bad


def _published(
    repo: Repository, remote: Remote, found: _Found, arrived: Mapping[RunName, Oid], query: str | None
) -> list[Verdict]:
    """What became of the runs that are in the incoming namespace now."""
    # What came in is in packs that an open reader may not have seen.
    vars(repo).pop("reader", None)
    incoming = _incoming(repo, remote)
    refs = {name: incoming_ref(remote.name, name) for name in arrived}
    commits = {
        name: incoming[ref]
        for name, ref in refs.items()
        if ref in incoming and is_run(repo.reader, found.refs[name], incoming[ref])
    }
    faults = inspect(repo.reader, list(commits.items()))
    verdicts = [Verdict(State.INVALID, name, commits[name], error.message) for name, error in faults.items()]
    sound = [StoredRun(repo, name, oid) for name, oid in commits.items() if name not in faults]
    if query is not None:
        sound = Selection(query).of(sound)
    builder = ObjectBuilder(repo.layout.object_format)
    runs, trash = dict(list_runs(repo.git).runs), dict(list_runs(repo.git, TRASH).runs)
    here = Here(repo, runs, trash, builder)
    judgements = [judged(here, run.name, run.commit) for run in sound]
    updates = tuple(
        RefUpdate(run_ref(one.name), one.commit, runs.get(one.name))
        for one in judgements
        if one.state.changes
    )
    if updates:
        with stored(repo, builder) if builder.oids else nullcontext():
            count = f"{len(updates)} run{'' if len(updates) == 1 else 's'}"
            change(repo, updates, Operation(f"fetch {count} from {remote.name}", updates))
        fold_packs(repo)
    return verdicts + judgements


def _incoming(repo: Repository, remote: Remote) -> dict[str, Oid]:
    return ref_values(repo.git, [f"{INCOMING}{remote.name}/"])


def clear_incoming(repo: Repository, remote: Remote) -> None:
    """Nothing unchecked stays, nor what a fetch that was killed left."""
    left = _incoming(repo, remote)
    if left:
        change(repo, [RefUpdate(ref, None, oid) for ref, oid in left.items()])
