"""`git exp rm --remote`: runs removed on a remote, and on that alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gitexp.errors import Ambiguous, GitExpError, NotFound
from gitexp.git.pushing import Fate, RefFate, RefPush
from gitexp.git.refs import TRASH, list_runs
from gitexp.git.remotes import Remote, toward
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.names import all_runs
from gitexp.ops.choose import Chosen, choose, match
from gitexp.ops.share.archives import title
from gitexp.ops.share.outbox import Outbox, outbox
from gitexp.ops.share.push import Outcome, State
from gitexp.ops.share.seen import seen_on
from gitexp.ops.share.sending import Sender
from gitexp.ops.share.shelf import Shelf, shelf_of
from gitexp.ops.versions import read_info, versions
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_FETCH = "git exp fetch"


def choose_known(
    repo: Repository, remote: Remote, texts: Sequence[str], query: str | None = None
) -> list[Chosen]:
    """The runs that are asked for, as `choose` finds them; also those in the trash, by name.

    Raises NotFound for what this clone has never had, Ambiguous, UsageError or QueryError.
    """
    if query is not None or not texts:
        return choose(repo, texts, query)
    trash = dict(list_runs(repo.git, TRASH).runs)
    found = [_one(repo, remote, trash, text) for text in texts]
    return list({one.name: one for one in found}.values())


def _one(repo: Repository, remote: Remote, trash: Mapping[RunName, Oid], text: str) -> Chosen:
    try:
        return choose(repo, [text])[0]
    except Ambiguous:
        raise
    except NotFound as error:
        name = match(list(trash), text)
        if name is None:
            raise NotFound(error.message, hint=f"git exp fetch {remote.name}") from None
        return Chosen(name, trash[name])


def remove_there(
    repo: Repository, remote: Remote, runs: Sequence[Chosen], *, dry_run: bool = False
) -> list[Outcome]:
    """What became of each run on the remote, in their order; this clone keeps what it has of them.

    What was edited there since it was fetched stays. Raises RemoteError where the remote cannot be asked,
    GitError or OSError.
    """
    git = toward(repo.git, repo.environ)
    make_folder(repo.home)
    with outbox(repo, remote.name) as memory:
        shelf = shelf_of(repo, git, remote, wanted=False)
        listings = shelf.listings()
        here = all_runs(repo) if listings else {}
        steps = [_filed(shelf, listings, here, run) or _step(repo, shelf, memory, run) for run in runs]
        if not dry_run:
            refs = [ref for _, refs in steps for ref in refs]
            fates = Sender(repo, git, remote, memory).send(refs) if refs else {}
            steps = [(after_removal(outcome, refs, fates, _FETCH), refs) for outcome, refs in steps]
            _remember(repo, remote, memory, steps)
    return [outcome for outcome, _ in steps]


def _filed(
    shelf: Shelf,
    listings: Mapping[str, Mapping[RunName, Oid] | None],
    here: Collection[RunName],
    run: Chosen,
) -> tuple[Outcome, list[RefPush]] | None:
    """Where an archive there holds a run, which only a version without it, pushed from here, lets go of."""
    remote, names = shelf.remote.name, _names(shelf.repo, run)
    for ref, listed in listings.items():
        if listed is not None and not names.keys().isdisjoint(listed):
            hint = f"git exp push {remote}"
            reason = f"the archive {title(ref)} there holds it"
            way = f"git exp rm {run.name} && {hint}" if run.name in here else hint
            return Outcome(run.name, run.commit, State.ARCHIVED, reason, way), []
    unknown = next((ref for ref, listed in listings.items() if listed is None), None)
    if unknown is None or any(ref in shelf.runs for ref in shelf.places.refs(names)):
        return None
    reason = f"the archive {title(unknown)} there is not known here: it may hold it"
    return Outcome(run.name, run.commit, State.CONFLICT, reason, f"{_FETCH} {remote}"), []


def _step(repo: Repository, shelf: Shelf, memory: Outbox, run: Chosen) -> tuple[Outcome, list[RefPush]]:
    """What is to become of a run, and the refs that are to go."""
    where, there, known = shelf.places, shelf.runs, _known(repo, run)
    refs = [ref for ref in where.refs(_names(repo, run)) if ref in there]
    ours = [ref for ref in refs if there[ref] in known or memory.running.get(ref) == there[ref]]
    if ours:
        gone = [RefPush(ref, None, there[ref]) for ref in ours]
        return Outcome(run.name, run.commit, State.REMOVED), gone
    if any(where.name_in(ref) == run.name for ref in refs):
        reason = "the remote has a version that is not known here"
        return Outcome(run.name, run.commit, State.CONFLICT, reason, _FETCH), []
    return Outcome(run.name, run.commit, State.ABSENT), []


def _names(repo: Repository, run: Chosen) -> dict[str, None]:
    """What it may be called there: one that was renamed on its way here has its old name."""
    try:
        return dict.fromkeys((run.name, read_info(repo.reader, run.commit, run.name).name))
    except GitExpError:
        return {run.name: None}


def _known(repo: Repository, run: Chosen) -> Collection[Oid]:
    try:
        return set(versions(repo.reader, run.commit, run.name))
    except GitExpError:  # a record that cannot be read can be removed all the same
        return {run.commit}


def after_removal(
    outcome: Outcome, refs: Sequence[RefPush], fates: Mapping[str, RefFate], fetch: str
) -> Outcome:
    """The outcome after the push: one ref that stays is enough for a failure. `fetch` is what then helps."""
    for one in refs:
        fate = fates[one.ref]
        if fate.fate is Fate.STALE:
            reason = "the remote has changed since it was asked"
            return Outcome(outcome.name, outcome.commit, State.CONFLICT, reason, fetch)
        if fate.fate is not Fate.DONE:
            reason = fate.reason or "the server failed"
            return Outcome(outcome.name, outcome.commit, State.REFUSED, reason)
    return outcome


def _remember(
    repo: Repository, remote: Remote, memory: Outbox, steps: Sequence[tuple[Outcome, Sequence[RefPush]]]
) -> None:
    """The next push must not bring them back."""
    gone = [(outcome, refs) for outcome, refs in steps if outcome.state is State.REMOVED]
    seen_on(repo, remote).add(outcome.name for outcome, _ in gone)
    refs = {one.ref for _, refs in gone for one in refs}
    if not refs.isdisjoint(memory.running):
        memory.running = {ref: oid for ref, oid in memory.running.items() if ref not in refs}
        memory.save()
