"""Baselines sent to a remote and brought from one; they move only where nobody else has moved them.

A clone remembers what each baseline was when both sides last agreed. Whoever differs from that has moved it;
where both have, nothing moves without `force`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitexp.errors import GitExpError, NotFound
from gitexp.git.process import Git
from gitexp.git.pushing import Fate, RefFate, RefPush
from gitexp.git.refs import incoming_baseline_ref, is_baseline
from gitexp.git.remotes import Remote, list_remote, toward
from gitexp.model.names import BaselineName, RunName, parse_baseline
from gitexp.model.values import Oid
from gitexp.ops.baseline import Move, move_all, resolve
from gitexp.ops.baseline_refs import baselines
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.share.incoming import bring, receiving
from gitexp.ops.share.inspect import inspect
from gitexp.ops.share.layout import Places, baseline_places
from gitexp.ops.share.outbox import Outbox, outbox
from gitexp.ops.share.push import Options, Outcome, State, push
from gitexp.ops.share.sending import Sender
from gitexp.ops.versions import read_info
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_FETCH, _PUSH, _FORCE = "git exp baseline fetch", "git exp baseline push", "--force"


@dataclass(frozen=True, slots=True)
class _Known:
    """One baseline as it is here, there, and when both last agreed."""

    name: BaselineName
    here: Oid | None
    there: Oid | None
    agreed: Oid | None


def push_baselines(
    repo: Repository,
    remote: Remote,
    names: Sequence[str] = (),
    *,
    force: bool = False,
    options: Options,
) -> list[Outcome]:
    """What became of each baseline there, all or those of `names`; their runs go first, where they lack.

    Without `names` those that are there and not here are told of, too; they stay.
    Raises NotFound, InvalidName, SecretsFound, RemoteError, GitError or OSError.
    """
    here = _wanted(repo, names)
    sent = _runs_sent(repo, remote, here, options) if here else {}
    git = toward(repo.git, repo.environ)
    with outbox(repo, remote.name) as memory:
        where, there = _on_remote(repo, git, remote, push=True)
        outcomes: dict[BaselineName, Outcome] = {}
        due: dict[str, Outcome] = {}
        refs: list[RefPush] = []
        for name, commit in here.items():
            refname, theirs = there.get(name, (where.own + name, None))
            known = _Known(name, commit, theirs, memory.baselines.get(name))
            outcome = sent.get(name) or _judged_push(known, force=force, named=bool(names))
            outcomes[name] = outcome
            if outcome.state.sent:
                due[refname] = outcome
                refs.append(RefPush(refname, commit, theirs))
        if not options.dry_run:
            fates = Sender(repo, git, remote, memory).send(refs) if refs else {}
            for ref, outcome in due.items():
                outcomes[BaselineName(outcome.name)] = _told(outcome, fates[ref])
            _agree(memory, [one for one in outcomes.values() if one.state.there and not one.reason])
        left = {} if names else {name: oid for name, (_, oid) in there.items() if name not in here}
        others = [_left(remote, name, oid, memory) for name, oid in left.items()]
    return [*outcomes.values(), *others]


def fetch_baselines(
    repo: Repository,
    remote: Remote,
    names: Sequence[str] = (),
    *,
    force: bool = False,
    dry_run: bool = False,
) -> list[Outcome]:
    """What became of each baseline here, all of the remote or those of `names`, after a check of their runs.

    Raises NotFound, InvalidName, RemoteError, RefChanged, GitError or OSError.
    """
    wanted = [parse_baseline(name) for name in names]
    git = toward(repo.git, repo.environ)
    make_folder(repo.home)
    with outbox(repo, remote.name) as memory, receiving(repo, remote):
        there = _on_remote(repo, git, remote, push=False)[1]
        if missing := [name for name in wanted if name not in there]:
            raise NotFound(f"no baseline {missing[0]!r} on {remote.name!r}", hint=_FETCH + f" {remote.name}")
        here = baselines(repo)
        gone = [] if wanted else [name for name in here if name in memory.baselines and name not in there]
        outcomes = [_outcome(name, here[name], State.REMOVED, "it stays here") for name in gone]
        known = [
            _Known(name, here.get(name), oid, memory.baselines.get(name))
            for name, (_, oid) in there.items()
            if not wanted or name in wanted
        ]
        judged = {one.name: _judged_fetch(one, force=force, named=bool(names)) for one in known}
        if not dry_run:
            _bring(repo, git, remote, there, judged)
            told = (one for one in judged.values() if one.state.there and not one.reason)
            moves = [Move(one.name, one.here, one.there) for one in known if judged[one.name].state.sent]
            move_all(repo, moves, f"baseline fetch {' '.join(one.name for one in moves)} from {remote.name}")
            _agree(memory, list(told))
    return [*judged.values(), *outcomes]


def _wanted(repo: Repository, names: Sequence[str]) -> dict[BaselineName, Oid]:
    here = baselines(repo)
    return {name: resolve(repo, name).commit for name in map(parse_baseline, names)} if names else here


def _runs_sent(
    repo: Repository, remote: Remote, here: Mapping[BaselineName, Oid], options: Options
) -> dict[BaselineName, Outcome]:
    """Pushes the runs of the baselines, and says for which baselines that was not possible."""
    stored: dict[BaselineName, StoredRun] = {}
    failed: dict[BaselineName, Outcome] = {}
    for name, commit in here.items():
        try:
            stored[name] = resolve(repo, name)
        except GitExpError as error:
            failed[name] = _outcome(name, commit, State.REFUSED, error.message, error.hint)
    # The run may have been edited since: then it goes as it is now, and takes the baseline's commit along.
    now = {run.name: run for run in list_all(repo).runs} if stored else {}
    sending = {run.name: now.get(run.name, run) for run in stored.values()}
    done = {one.name: one for one in push(repo, remote, list(sending.values()), replace(options, again=True))}
    for name, run in stored.items():
        outcome = done[run.name]
        if not outcome.state.there:
            reason = f"its run {run.name}: {outcome.reason or outcome.state.value}"
            failed[name] = _outcome(name, run.commit, outcome.state, reason, outcome.hint)
    return failed


def _on_remote(
    repo: Repository, git: Git, remote: Remote, *, push: bool
) -> tuple[Places, dict[BaselineName, tuple[str, Oid]]]:
    """Where the remote keeps baselines, and each that it has: its ref and its commit. Raises RemoteError."""
    where = baseline_places(repo.config, remote.name)
    found: dict[BaselineName, tuple[str, Oid]] = {}
    for ref, oid in list_remote(git, remote, where.patterns, push=push).items():
        name = where.name_in(ref)
        if is_baseline(name) and (name not in found or ref.startswith(where.own)):
            found[BaselineName(name)] = ref, oid
    return where, found


def _left(remote: Remote, name: BaselineName, commit: Oid, memory: Outbox) -> Outcome:
    """What is there and not here: nobody said that it is to go."""
    reason = f"it is not here: {_FETCH} brings it"
    if name in memory.baselines:
        way = f"git exp baseline unset --remote {remote.name} {name}"
        reason = f"it was taken away here: {way} takes it away there"
    return _outcome(name, commit, State.UNCHANGED, reason)


def _judged_push(one: _Known, *, force: bool, named: bool) -> Outcome:
    """What is to become of a baseline there."""
    assert one.here is not None
    if one.there == one.here:
        return _outcome(one.name, one.here, State.UNCHANGED)
    if one.there is None:
        if one.agreed is None or named or force:
            return _outcome(one.name, one.here, State.NEW)
        return _outcome(one.name, one.here, State.REMOVED, f"{_PUSH} REMOTE {one.name} sends it again")
    if force or one.there == one.agreed:
        return _outcome(one.name, one.here, State.UPDATED)
    if one.here == one.agreed:
        return _outcome(one.name, one.here, State.CONFLICT, "it was moved there", _FETCH)
    reason = "it was moved there, too" if one.agreed else "the remote has another run under that name"
    return _outcome(one.name, one.here, State.CONFLICT, reason, f"{_FETCH} {_FORCE}, or {_PUSH} {_FORCE}")


def _judged_fetch(one: _Known, *, force: bool, named: bool) -> Outcome:
    """What is to become of a baseline here."""
    assert one.there is not None
    if one.there == one.here:
        return _outcome(one.name, one.there, State.UNCHANGED)
    if one.here is None:
        if one.agreed is None or named or force:
            return _outcome(one.name, one.there, State.NEW)
        return _outcome(
            one.name,
            one.there,
            State.UNCHANGED,
            f"it was taken away here: {_FETCH} REMOTE {one.name} brings it",
        )
    if force or one.here == one.agreed:
        return _outcome(one.name, one.there, State.UPDATED)
    if one.there == one.agreed:
        return _outcome(one.name, one.there, State.UNCHANGED, f"it was moved here: {_PUSH}")
    reason = "it was moved here, too" if one.agreed else "here it is another run"
    return _outcome(one.name, one.there, State.CONFLICT, reason, f"{_FETCH} {_FORCE}, or {_PUSH} {_FORCE}")


def _outcome(
    name: BaselineName, commit: Oid, state: State, reason: str = "", hint: str | None = None
) -> Outcome:
    return Outcome(RunName(name), commit, state, reason, hint)


def _bring(
    repo: Repository,
    git: Git,
    remote: Remote,
    there: Mapping[BaselineName, tuple[str, Oid]],
    judged: dict[BaselineName, Outcome],
) -> None:
    """Fetches what is to be here, and judges anew what is not sound."""
    due = {there[name][0]: name for name, one in judged.items() if one.state.sent}
    places = {ref: (incoming_baseline_ref(remote.name, name), there[name][1]) for ref, name in due.items()}
    fetched = bring(repo, git, remote, places) if places else None
    faults = {**fetched.refused, **fetched.failed} if fetched else {}
    vars(repo).pop("reader", None)  # what came in is in packs that an open reader may not have seen
    for ref, name in due.items():
        error = faults.get(ref) or _fault(repo, name, there[name][1])
        if error is not None:
            judged[name] = replace(judged[name], state=State.REFUSED, reason=error.message, hint=error.hint)


def _fault(repo: Repository, name: BaselineName, commit: Oid) -> GitExpError | None:
    """Why a commit is not let in as a baseline."""
    try:
        run = read_info(repo.reader, commit, name).name
        return inspect(repo.reader, [(run, commit)]).get(run)
    except GitExpError as error:
        return error


def _told(outcome: Outcome, fate: RefFate) -> Outcome:
    if fate.fate is Fate.DONE:
        return outcome
    if fate.fate is Fate.STALE:
        reason = "the remote has changed since it was asked"
        return replace(outcome, state=State.CONFLICT, reason=reason, hint=_FETCH)
    return replace(outcome, state=State.REFUSED, reason=fate.reason or "the server failed")


def _agree(memory: Outbox, outcomes: Sequence[Outcome]) -> None:
    """Remember what both sides now have."""
    agreed = {str(one.name): one.commit for one in outcomes}
    if memory.baselines | agreed != memory.baselines:
        memory.baselines |= agreed
        memory.save()
