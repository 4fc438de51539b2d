"""`git exp fetch`: what a remote has and this clone lacks, checked before it is published."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from gitexp.errors import InvalidName, NotFound, RefChanged
from gitexp.git.objects import ObjectBuilder
from gitexp.git.process import Git
from gitexp.git.refs import ARCHIVE, EXP, TRASH, incoming_ref, list_runs, run_ref
from gitexp.git.remotes import Remote, list_remote, toward
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName, parse_name
from gitexp.model.values import Oid
from gitexp.ops.archive.held import current
from gitexp.ops.archive.names import all_runs, places
from gitexp.ops.change import change
from gitexp.ops.commit import stored
from gitexp.ops.operations import Operation
from gitexp.ops.read import StoredRun
from gitexp.ops.select import Selection
from gitexp.ops.share.archives import on_remote, receive
from gitexp.ops.share.incoming import bring, cleared, incoming, receiving
from gitexp.ops.share.inspect import inspect
from gitexp.ops.share.layout import Layout, archive_namespaces, has_layout, is_run, set_layout
from gitexp.ops.share.layout import places as places_on
from gitexp.ops.share.reconcile import Here, State, Verdict, judged
from gitexp.ops.share.seen import seen_on
from gitexp.ops.tidy import fold_packs
from gitexp.repo import Repository


class NoSuchRun(NotFound):
    """Nothing on the remote begins with what was asked for."""

    def __init__(self, remote: Remote, name: str) -> None:
        super().__init__(
            f"no run on {remote.name!r} begins with {name!r}", hint=f"git exp fetch {remote.name} -n"
        )
        self.name = name


_TRIES = 5
"""Of publishing, while somebody else changes runs here."""


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
    Raises NoSuchRun, RemoteError, GitError, QueryError or OSError.
    """
    git = toward(repo.git, repo.environ)
    with receiving(repo, remote):
        found = _Found.ask(repo, git, remote)
        wanted = {name: oid for name, oid in found.runs.items() if not names or name.startswith(tuple(names))}
        elsewhere = [name for name in names if not any(one.startswith(name) for one in wanted)]
        # All of them come with all runs, or where one that is asked for is not found without them.
        archives = found.archives if elsewhere or (not names and query is None) else {}
        filed = receive(repo, git, remote, found.shelf, archives, dry_run=dry_run)
        filed += _in_archives(repo, remote, elsewhere, filed, dry_run=dry_run)
        here = {commit: name for name, commit in all_runs(repo).items()} if wanted else {}
        lacking, verdicts = _parsed({name: oid for name, oid in wanted.items() if oid not in here})
        verdicts += [Verdict(State.UNCHANGED, here[oid], oid) for name, oid in wanted.items() if oid in here]
        if dry_run:
            return [*verdicts, *_foreseen(repo, lacking, here.values()), *filed]
        refs = {found.refs[name]: name for name in lacking}
        places = {ref: (incoming_ref(remote.name, name), lacking[name]) for ref, name in refs.items()}
        fetched = bring(repo, git, remote, places)
        if len(fetched.failed) == len(places) > 0:
            raise next(iter(fetched.failed.values()))
        left = {refs[ref] for ref in (*fetched.refused, *fetched.failed)}
        arrived = {name: oid for name, oid in lacking.items() if name not in left}
        for state, errors in ((State.INVALID, fetched.refused), (State.FAILED, fetched.failed)):
            told = ((refs[ref], error.message) for ref, error in errors.items())
            verdicts += [Verdict(state, name, lacking[name], message) for name, message in told]
        verdicts += _published(repo, remote, found, arrived, query) if arrived else []
        seen_on(repo, remote).add(one.name for one in verdicts if one.state.here)
        _learn_layout(repo, remote, found, [*verdicts, *filed])
    return verdicts + filed


def _foreseen(repo: Repository, lacking: Mapping[RunName, Oid], here: Collection[RunName]) -> list[Verdict]:
    """What becomes of runs as far as their names tell: an update may turn out to be a merge, or a twin."""
    trash = dict(list_runs(repo.git, TRASH).runs)
    names, found = frozenset(here), []
    for name, oid in lacking.items():
        state = State.UPDATED if name in names else State.REMOVED if name in trash else State.NEW
        found.append(Verdict(state, name, oid))
    return found


def _in_archives(
    repo: Repository, remote: Remote, names: Sequence[str], filed: Sequence[Verdict], *, dry_run: bool
) -> list[Verdict]:
    """Those of the runs asked for that are here already, in archives that the remote has, too.

    Raises NoSuchRun for the first that it has not, if all of its archives are here now.
    """
    known = current(repo).known if names and filed else {}
    listed = [(one.state, known[ARCHIVE + one.name]) for one in filed if ARCHIVE + one.name in known]
    held = [(placed.head, state) for state, archive in listed for placed in archive.runs]
    certain = not any(one.state.failed or (dry_run and one.state.changes) for one in filed)
    for name in names:
        if certain and not any(head.name.startswith(name) for head, _ in held):
            came = [one.name for one in filed if one.state.changes]
            if came:
                repo.remark(
                    f"archives of {remote.name!r} were fetched to look for {name!r}: {', '.join(came)}"
                )
            raise NoSuchRun(remote, name)
    found = {
        head.name: Verdict(State.UNCHANGED, RunName(head.name), Oid(head.commit))
        for head, state in held
        if state is State.UNCHANGED and head.name.startswith(tuple(names))
    }
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Found:
    """What a remote has."""

    refs: Mapping[str, str]
    """Name -> ref."""
    runs: Mapping[str, Oid]
    """Name -> what it points to."""
    shelf: str
    """What the refs of archives begin with."""
    archives: Mapping[str, Oid]
    """Each archive, by its ref here."""

    @classmethod
    def ask(cls, repo: Repository, git: Git, remote: Remote) -> _Found:
        """Raises RemoteError."""
        where, shelves = places_on(repo.config, remote.name), archive_namespaces(repo.config, remote.name)
        there = list_remote(git, remote, [*where.patterns, *(f"{shelf}*" for shelf in shelves)])
        shelf = next((shelf for shelf in shelves if on_remote(there, shelf)), shelves[0])
        refs = where.runs(ref for ref in there if not ref.startswith(shelves))
        return cls(refs, {name: there[ref] for name, ref in refs.items()}, shelf, on_remote(there, shelf))


def _learn_layout(repo: Repository, remote: Remote, found: _Found, verdicts: Sequence[Verdict]) -> None:
    """Remember that a remote keeps runs as branches, where nobody has said how it keeps them."""
    usual = found.shelf == ARCHIVE and found.archives
    if has_layout(repo.config, remote.name) or usual or any(map(_is_usual, found.refs.values())):
        return
    if any(one.state.here for one in verdicts):
        set_layout(repo, remote.name, Layout.BRANCHES)
        repo.remark(
            f"remote '{remote.name}' keeps runs as branches exp/NAME; this is remembered "
            f"(remote.{remote.name}.expLayout)"
        )


def _is_usual(ref: str) -> bool:
    return ref.startswith(EXP)


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
    there = incoming(repo, remote)
    refs = {name: incoming_ref(remote.name, name) for name in arrived}
    commits = {
        name: there[ref]
        for name, ref in refs.items()
        if ref in there and is_run(repo.reader, found.refs[name], there[ref])
    }
    faults = inspect(repo.reader, list(commits.items()))
    verdicts = [Verdict(State.INVALID, name, commits[name], error.message) for name, error in faults.items()]
    sound = [StoredRun(repo, name, oid) for name, oid in commits.items() if name not in faults]
    if query is not None:
        sound = Selection(query).of(sound)
    for _ in range(_TRIES):
        try:
            return verdicts + _settled(repo, remote, sound)
        except RefChanged as error:
            # Somebody changed one of them here in between: all are judged again.
            failure = error
    raise failure


def _settled(repo: Repository, remote: Remote, sound: Sequence[StoredRun]) -> list[Verdict]:
    """What became of the runs; those that change have done so, all in one transaction."""
    builder = ObjectBuilder(repo.layout.object_format)
    own, runs = places(repo)
    trash = dict(list_runs(repo.git, TRASH).runs)
    here = Here(repo, runs, trash, builder)
    judgements = _each_once([judged(here, run.name, run.commit) for run in sound])
    updates = tuple(
        RefUpdate(run_ref(one.name), one.commit, own.get(one.name)) for one in judgements if one.state.changes
    )
    if updates:
        with stored(repo, builder) if builder.oids else nullcontext():
            count = f"{len(updates)} run{'' if len(updates) == 1 else 's'}"
            # In one transaction with what they came in by: loose refs are packed after it.
            change(
                repo,
                [*updates, *cleared(repo, remote)],
                Operation(f"fetch {count} from {remote.name}", updates),
            )
        fold_packs(repo)
    return judgements


def _each_once(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, where a run that came under two names changes once: the next fetch merges the other."""
    changed: set[RunName] = set()
    found: list[Verdict] = []
    for one in verdicts:
        if one.state.changes and one.name in changed:
            one = replace(one, state=State.FAILED, reason="it came under two names: git exp fetch")
        changed |= {one.name} if one.state.changes else set()
        found.append(one)
    return found
