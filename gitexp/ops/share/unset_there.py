"""`git exp baseline unset --remote`: a baseline taken away on a remote, and on that alone."""

from __future__ import annotations

from collections.abc import Mapping

from gitexp.errors import NotFound
from gitexp.git.pushing import RefPush
from gitexp.git.refs import baseline_ref, read_ref
from gitexp.git.remotes import Remote, list_remote, toward
from gitexp.model.names import BaselineName, RunName, parse_baseline
from gitexp.model.values import Oid
from gitexp.ops.share.layout import baseline_places
from gitexp.ops.share.outbox import Outbox, outbox
from gitexp.ops.share.push import Outcome, State
from gitexp.ops.share.remove_there import after_removal
from gitexp.ops.share.sending import Sender
from gitexp.repo import Repository
from gitexp.sharing import make_folder

_FETCH = "git exp baseline fetch"


def unset_there(
    repo: Repository, remote: Remote, text: str, *, force: bool = False, dry_run: bool = False
) -> Outcome:
    """What became of the baseline on the remote; what is here stays.

    One that was moved there since this clone last saw it stays without `force`. Raises InvalidName, NotFound
    where the remote has none of that name, RemoteError, GitError or OSError.
    """
    name = parse_baseline(text)
    git = toward(repo.git, repo.environ)
    make_folder(repo.home)
    with outbox(repo, remote.name) as memory:
        there = list_remote(git, remote, baseline_places(repo.config, remote.name).refs([name]), push=True)
        if not there:
            raise NotFound(
                f"no baseline {name!r} on {remote.name!r}", hint=f"git exp baseline push {remote.name} -n"
            )
        here = read_ref(repo.git, baseline_ref(name))
        outcome = _judged(name, there, {here, memory.baselines.get(name)}, force=force)
        if dry_run or outcome.state.failed:
            return outcome
        refs = [RefPush(ref, None, oid) for ref, oid in there.items()]
        outcome = after_removal(outcome, refs, Sender(repo, git, remote, memory).send(refs), _FETCH)
        if outcome.state is State.REMOVED:
            _remember(memory, name, outcome.commit if here else None)
    return outcome


def _judged(name: BaselineName, there: Mapping[str, Oid], known: set[Oid | None], *, force: bool) -> Outcome:
    commit = next(iter(there.values()))
    if force or known.issuperset(there.values()):
        return Outcome(RunName(name), commit, State.REMOVED)
    reason = "the remote has moved it to what this clone has not seen"
    return Outcome(RunName(name), commit, State.CONFLICT, reason, f"{_FETCH}, or --force")


def _remember(memory: Outbox, name: BaselineName, commit: Oid | None) -> None:
    """The next push must not bring it back where it still is here; where it is not, a new one is new."""
    if commit is None:
        memory.baselines.pop(name, None)
    else:
        memory.baselines[name] = commit
    memory.save()
