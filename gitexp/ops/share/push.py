"""`git exp push`: what the remote lacks, the bytes of artifacts first and refs last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from gitexp.errors import GitExpError
from gitexp.git.pushing import Fate, RefFate, RefPush
from gitexp.git.remotes import Remote, toward
from gitexp.model.names import RunName, slug_of, twin_name
from gitexp.model.values import Oid
from gitexp.ops.archive.names import all_runs
from gitexp.ops.read import StoredRun
from gitexp.ops.share.archive_push import planned, send_archives
from gitexp.ops.share.delivery import Delivery, deliver
from gitexp.ops.share.layout import Places
from gitexp.ops.share.outbox import Outbox, outbox
from gitexp.ops.share.secrets import check, scan
from gitexp.ops.share.seen import seen_on
from gitexp.ops.share.sending import Sender
from gitexp.ops.share.shelf import Shelf, shelf_of
from gitexp.ops.versions import read_info, version_name, versions
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_FETCH = "git exp fetch"
_ANOTHER = "the remote has another run of that name"
_EDITED = "it was edited there too"


class State(str, Enum):
    """What became of one run."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FILED = "in an archive"
    """It is on the remote with an archive that goes there."""
    REMOVED = "removed there"
    """It was on the remote once: it is sent again only where it is named."""
    ABSENT = "not there"
    ARCHIVED = "archived there"
    """An archive there holds it, from which it cannot be removed alone."""
    CONFLICT = "conflict"
    """The remote has something else under that name; nothing was changed there."""
    REFUSED = "refused"
    """By the host, or it failed."""
    HELD = "held back"
    """It holds what looks like a secret."""
    MISSING = "missing artifacts"
    """Bytes that its record points to are neither here nor there, or could not be sent."""

    @property
    def failed(self) -> bool:
        return self in (State.ARCHIVED, State.CONFLICT, State.REFUSED, State.HELD, State.MISSING)

    @property
    def sent(self) -> bool:
        return self in (State.NEW, State.UPDATED)

    @property
    def there(self) -> bool:
        """Whether the remote has the run."""
        return self.sent or self in (State.UNCHANGED, State.FILED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run, or would."""

    name: RunName
    commit: Oid
    state: State
    reason: str = ""
    """Why not; it may be text of the host's."""
    hint: str | None = None

    @property
    def is_archive(self) -> bool:
        """Whether this is told of an archive, named by owner and month, and not of a run."""
        return "/" in self.name


@dataclass(frozen=True, slots=True)
class Options:
    """What a push may do beside the usual."""

    dry_run: bool = False
    allow_missing: bool = False
    """Whether runs go whose artifacts the remote store lacks."""
    allow_secrets: bool = False
    """Whether runs go that hold what looks like a secret."""
    hold_secrets: bool = False
    """Whether such runs alone stay; else one of them stops the push."""
    again: bool = False
    """Whether runs go that were removed there."""
    archives: bool = False
    """Whether the archives of this clone go, too."""
    artifacts: bool = False
    """Whether bytes are looked for there of which it is known, or taken on trust, that they are there."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One run on its way."""

    run: StoredRun
    outcome: Outcome
    ref: RefPush | None = None
    """What is to be pushed; None where nothing is."""

    def ended(self, state: State, reason: str = "", hint: str | None = None) -> _Step:
        return _Step(self.run, Outcome(self.run.name, self.run.commit, state, reason, hint))


def push(
    repo: Repository, remote: Remote, runs: Sequence[StoredRun], options: Options = Options()
) -> list[Outcome]:
    """What became of each run, in their order, then of archives. Other runs of the remote are never touched,
    but that its refs of runs go which an archive there holds.

    Raises SecretsFound, RemoteError where the remote cannot be asked, GitError or OSError.
    """
    git = toward(repo.git, repo.environ)
    make_folder(repo.home)
    with outbox(repo, remote.name) as memory:
        shelf, seen = shelf_of(repo, git, remote, wanted=options.archives), seen_on(repo, remote)
        if not options.dry_run:
            known = shelf.there
            shelf.bring_in(everything=any(run.commit not in known for run in runs))
        there = shelf.there
        unwanted = frozenset() if options.again else seen.words - shelf.names
        plan = _Plan(repo, shelf.places, shelf.runs, there, shelf.going, memory, unwanted)
        steps = [plan.step(run) for run in runs]
        if options.hold_secrets:
            steps = _held_back(repo, steps, there)
        elif not options.allow_secrets:
            new = [step.run for step in steps if step.ref is not None]
            check(repo, [*new, *shelf.unsent], there)
        if options.dry_run:
            filed = planned(shelf)
        else:
            sender = Sender(repo, git, remote, memory)
            keep = {step.ref.ref for step in steps if step.ref is not None}
            filed = send_archives(shelf, sender, keep, allow_missing=options.allow_missing)
            steps = [*_with_bytes(repo, remote, steps, options), *_filed(repo, remote, shelf, options)]
            steps = _sent(sender, steps)
            seen.add(step.run.name for step in steps if step.outcome.state.there)
    archives = [Outcome(one.name, one.commit, State(one.state), one.reason, one.hint) for one in filed]
    return [*(step.outcome for step in steps), *archives]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done for each run, from what the remote has."""

    repo: Repository
    places: Places
    there: Mapping[str, Oid]
    commits: Collection[Oid]
    """Everything that the remote has, under whatever name."""
    going: Collection[Oid]
    """What it gets in archives."""
    memory: Outbox
    seen: Collection[str]
    """Runs that are not sent again."""

    def step(self, run: StoredRun) -> _Step:
        start = _Step(run, Outcome(run.name, run.commit, State.UNCHANGED))
        if run.commit in self.commits:
            return start
        if run.commit in self.going:
            return start.ended(State.FILED)
        # A run that was renamed on its way here has its old name there, or the one that it has as a twin.
        info = run.info
        twin = twin_name(info.name, info.id)
        refs = self.places.refs(dict.fromkeys((run.name, info.name, twin)))
        earlier: Collection[Oid] | None = None
        for ref in refs:
            if ref not in self.there:
                continue
            earlier = earlier if earlier is not None else self._versions(run.name, run.commit)
            if self.there[ref] in earlier or self.memory.running.get(ref) == self.there[ref]:
                return _planned(start, RefPush(ref, run.commit, self.there[ref]), State.UPDATED)
        for ref in self.places.refs([run.name]):
            if ref in self.there:
                conflict = self._conflict(start, self.there[ref])
                if conflict.outcome.reason == _EDITED:
                    return self._apart(conflict, self.there[ref], earlier or ())
                return self._beside(conflict, twin)
        if run.name in self.seen:
            return start.ended(State.REMOVED)
        return _planned(start, RefPush(refs[0], run.commit, None), State.NEW)

    def _beside(self, conflict: _Step, twin: RunName) -> _Step:
        """Where another run has the name there, ours goes under that of a twin, if that is free."""
        ref, run = self.places.own + twin, conflict.run
        if conflict.outcome.reason != _ANOTHER or ref in self.there:
            return conflict
        told = f"another run is called {run.name} there: sent as {twin}"
        return _Step(run, Outcome(run.name, run.commit, State.NEW, told), RefPush(ref, run.commit, None))

    def _apart(self, conflict: _Step, theirs: Oid, earlier: Collection[Oid]) -> _Step:
        """Where both sides changed a run and a fetch could not merge them, ours goes beside theirs.

        Whoever fetches it calls it the same.
        """
        run = conflict.run
        for one in (run.commit, *earlier):
            place = self.places.own + version_name(run.name, one)
            if place in self.there:
                found = RefPush(place, run.commit, self.there[place])
                return _planned(conflict, found, State.UPDATED) if found.expected in earlier else conflict
        if not self._stands_here(run, theirs):
            return conflict
        name = version_name(run.name, run.commit)
        told = f"{run.name} is there as others have it: sent as {name}"
        ref = RefPush(self.places.own + name, run.commit, None)
        return _Step(run, Outcome(run.name, run.commit, State.NEW, told), ref)

    def _stands_here(self, run: StoredRun, theirs: Oid) -> bool:
        """Whether a fetch has given their version a name of its own."""
        return any(
            theirs in self._versions(name, commit)
            for name, commit in all_runs(self.repo, f"{slug_of(run.name)}-").items()
            if name != run.name and slug_of(name) == slug_of(run.name)
        )

    def _versions(self, name: str, commit: Oid) -> Collection[Oid]:
        try:
            return set(versions(self.repo.reader, commit, name))
        except GitExpError:
            return ()

    def _conflict(self, start: _Step, theirs: Oid) -> _Step:
        reader, run = self.repo.reader, start.run
        try:
            if run.commit in versions(reader, theirs, run.name):
                return start.ended(State.UNCHANGED, "a later version is there", _FETCH)
            same = read_info(reader, theirs, run.name).id == run.info.id
        except GitExpError:
            return start.ended(State.CONFLICT, "the remote has another version", _FETCH)
        reason = _EDITED if same else _ANOTHER
        return start.ended(State.CONFLICT, reason, _FETCH)


def _planned(step: _Step, ref: RefPush, state: State) -> _Step:
    return _Step(step.run, replace(step.outcome, state=state), ref)


def _held_back(repo: Repository, steps: Sequence[_Step], there: Collection[Oid]) -> list[_Step]:
    """The steps, where runs that hold what looks like a secret go no further; each place is told."""
    new = [step.run for step in steps if step.ref is not None]
    if not scan(repo, new, there):
        return list(steps)
    # What several runs have is told of one of them: each is looked at for itself.
    found = {run.name: findings for run in new if (findings := scan(repo, [run], there))}
    for finding in (one for findings in found.values() for one in findings):
        repo.remark(str(finding))
    reasons = {name: str(findings[0]).removeprefix(f"run {name}: ") for name, findings in found.items()}
    return [
        step.ended(State.HELD, reasons[step.run.name], "git exp push --allow")
        if step.run.name in reasons
        else step
        for step in steps
    ]


def _filed(repo: Repository, remote: Remote, shelf: Shelf, options: Options) -> list[_Step]:
    """What is to be told of the bytes of runs that went in archives, now or long ago."""
    runs = shelf.filed()
    if not runs:
        return []
    steps = [_Step(run, Outcome(run.name, run.commit, State.UNCHANGED)) for run in runs]
    return [step for step in _with_bytes(repo, remote, steps, options) if step.outcome.reason]


def _with_bytes(repo: Repository, remote: Remote, steps: Sequence[_Step], options: Options) -> list[_Step]:
    """The steps after artifacts were sent: runs whose bytes are not there go no further."""
    due = [step.run for step in steps if step.ref is not None]
    there = [step.run for step in steps if step.ref is None and step.outcome.state.there]
    found = deliver(repo, remote, due, there, asked=options.artifacts)
    return [_judged(step, found, allow_missing=options.allow_missing) for step in steps]


def _judged(step: _Step, found: Delivery, *, allow_missing: bool) -> _Step:
    errors, sent = found.failed.get(step.run.commit), found.sent.get(step.run.commit)
    if errors and not allow_missing:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return step.ended(State.MISSING, errors[0].message + more, errors[0].hint)
    if sent and step.ref is None:
        return step.ended(step.outcome.state, f"{sent} artifact{'' if sent == 1 else 's'} sent")
    return step


def _sent(sender: Sender, steps: Sequence[_Step]) -> list[_Step]:
    """The steps after their refs were pushed."""
    refs = [step.ref for step in steps if step.ref is not None]
    fates = sender.send(refs) if refs else {}
    _remember(sender.outbox, steps, fates)
    return [step if step.ref is None else _told(step, fates[step.ref.ref], sender) for step in steps]


def _remember(memory: Outbox, steps: Sequence[_Step], fates: Mapping[str, RefFate]) -> None:
    """Note which runs the remote now has in a state that their end will replace."""
    before = dict(memory.running)
    for step in steps:
        if step.ref is None or fates[step.ref.ref].fate is not Fate.DONE:
            continue
        if step.run.info.status.ended:
            memory.running.pop(step.ref.ref, None)
        else:
            memory.running[step.ref.ref] = step.run.commit
    if memory.running != before:
        memory.save()


def _told(step: _Step, fate: RefFate, sender: Sender) -> _Step:
    if fate.fate is Fate.DONE:
        return step
    if fate.fate is Fate.STALE:
        return step.ended(State.CONFLICT, "the remote has changed since it was asked", "git exp push")
    if fate.fate is Fate.UNWELCOME:
        hint = f"git exp push {sender.remote.name} --layout branches"
        return step.ended(State.REFUSED, f"the host takes no such ref: {fate.reason}", hint)
    way = sender.failure.hint if fate.fate is Fate.UNTOLD and sender.failure else None
    return step.ended(State.REFUSED, fate.reason or "the server failed", way)
