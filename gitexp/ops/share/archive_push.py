"""Archives sent to a remote, whose own refs of the runs in them then are deleted.

The order keeps every run reachable there: bytes of artifacts, archives, and refs last, each only where it
still is at a commit that an archive on the remote leads to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from gitexp.errors import GitExpError
from gitexp.git.pushing import Fate, RefFate, RefPush
from gitexp.git.refs import ARCHIVE
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.held import list_tips
from gitexp.ops.share.archives import title
from gitexp.ops.share.pointers import pointers
from gitexp.ops.share.sending import Sender
from gitexp.ops.share.shelf import Due, Shelf
from gitexp.ops.versions import versions

_TRIES = 3


class Sent(NamedTuple):
    """What became of one archive."""

    name: RunName
    """Owner and month."""
    commit: Oid
    state: str
    """As the states of pushed runs are called."""
    reason: str = ""
    hint: str | None = None


def planned(shelf: Shelf) -> list[Sent]:
    """What would become of each archive, as far as it is known before what is there is fetched."""
    if not shelf.wanted:
        return []
    return [
        Sent(title(ref), tip, _foreseen(shelf.tips.get(ref), tip), "archive")
        for ref, tip in sorted(list_tips(shelf.repo).items())
    ]


def send_archives(shelf: Shelf, sender: Sender, keep: Collection[str], *, allow_missing: bool) -> list[Sent]:
    """What became of each archive that the remote had not, or not so.

    Then refs of runs are deleted there, but for those of `keep`, which are about to go on.
    """
    here = list_tips(shelf.repo) if shelf.wanted else {}
    same = [title(ref) for ref, tip in here.items() if shelf.tips.get(ref) == tip]
    results = {name: Sent(name, shelf.tips[ARCHIVE + name], "unchanged") for name in same}
    for _ in range(_TRIES):
        sent = _send(shelf, sender, allow_missing=allow_missing)
        results |= {one.name: one for one in sent}
        if not any(one.state == "conflict" for one in sent):
            break
        # Somebody else was faster: ours goes on from what is there now.
        shelf.look_again()
        shelf.bring_in(everything=False)
    hint = f"git exp fetch {shelf.remote.name}"
    faults = (Sent(title(ref), shelf.tips[ref], "refused", why, hint) for ref, why in shelf.faults.items())
    results |= {one.name: one for one in faults}
    if shelf.wanted:
        _delete_runs(shelf, sender, keep)
    return list(results.values())


def _send(shelf: Shelf, sender: Sender, *, allow_missing: bool) -> list[Sent]:
    due = shelf.due()
    lost = {} if allow_missing else _lost(shelf, due)
    ready = [one for one in due if one.ref not in lost]
    refs = [RefPush(shelf.namespace + title(one.ref), one.tip, one.there) for one in ready]
    fates = sender.send(refs) if refs else {}
    done = [_judged(one, fates[ref.ref], sender) for one, ref in zip(ready, refs, strict=True)]
    arrived = [one for one, sent in zip(ready, done, strict=True) if sent.state == _well(one)]
    shelf.tips |= {one.ref: one.tip for one in arrived}
    return done + [
        Sent(title(one.ref), one.tip, "missing artifacts", lost[one.ref].message, lost[one.ref].hint)
        for one in due
        if one.ref in lost
    ]


def _lost(shelf: Shelf, due: Sequence[Due]) -> dict[str, GitExpError]:
    """Sends the bytes of the runs in archives; why some archives lack any on the remote."""
    wanted = {one.ref: [each for run in one.runs for each in pointers(shelf.repo, run)] for one in due}
    objects = {each.oid: each for found in wanted.values() for each in found}
    if not objects:
        return {}
    from gitexp.ops.transfers import send

    failed = send(shelf.repo, shelf.remote, list(objects.values()))
    errors = {ref: [failed[one.oid] for one in found if one.oid in failed] for ref, found in wanted.items()}
    return {ref: found[0] for ref, found in errors.items() if found}


def _judged(one: Due, fate: RefFate, sender: Sender) -> Sent:
    if fate.fate is Fate.DONE:
        return Sent(title(one.ref), one.tip, _well(one), _counted(one))
    if fate.fate is Fate.STALE:
        return Sent(title(one.ref), one.tip, "conflict", "it has changed there since", "git exp push")
    hint = sender.failure.hint if fate.fate is Fate.UNTOLD and sender.failure else None
    if fate.fate is Fate.UNWELCOME:
        hint = f"git exp push {sender.remote.name} --layout branches"
    return Sent(title(one.ref), one.tip, "refused", fate.reason or "the server failed", hint)


def _foreseen(there: Oid | None, mine: Oid) -> str:
    return "new" if there is None else "unchanged" if there == mine else "updated"


def _well(one: Due) -> str:
    return "new" if one.there is None else "updated"


def _counted(one: Due) -> str:
    count = f", {len(one.runs)} run{'' if len(one.runs) == 1 else 's'} sent with it" if one.runs else ""
    return f"archive{count}"


def _delete_runs(shelf: Shelf, sender: Sender, keep: Collection[str]) -> None:
    """Deletes the remote's refs of runs that archives there hold, and tells of it."""
    held = shelf.held()
    place = {name: ref for name, ref in shelf.places.runs(shelf.runs).items() if ref not in keep}
    refs = [
        RefPush(place[name], None, shelf.runs[place[name]])
        for name, commit in held.items()
        if name in place and _leads_to(shelf, name, commit, shelf.runs[place[name]])
    ]
    if not refs:
        return
    fates = sender.send(refs)
    left = [fates[one.ref] for one in refs if fates[one.ref].fate is not Fate.DONE]
    where, gone = f"of archived runs on '{shelf.remote.name}'", len(refs) - len(left)
    if gone:
        were = "ref was" if gone == 1 else "refs were"
        shelf.repo.remark(f"{gone} {were} deleted {where}: its archives hold them")
    if left:
        stay = "ref stays" if len(left) == 1 else "refs stay"
        shelf.repo.remark(f"{len(left)} {stay} {where}: {left[0].reason or 'the server failed'}")


def _leads_to(shelf: Shelf, name: RunName, held: Oid, there: Oid) -> bool:
    """Whether the commit that an archive holds is what is there, or a later version of it."""
    try:
        return held == there or there in versions(shelf.repo.reader, held, name)
    except GitExpError:
        return False
