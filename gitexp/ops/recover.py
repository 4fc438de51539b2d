"""Putting right what dead processes left: every command begins with `sweep`, `git exp recover` does it all.

A live directory goes this way: alive → sealed (its commit is in the repository) → done (a later command
found the commit whole) → removed (a day later, when no gc that began before the commit still runs).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from gitexp.capture import journal
from gitexp.capture.live import Live, all_live, sweep_rests
from gitexp.capture.liveness import Lock
from gitexp.capture.tracing import LEFT
from gitexp.errors import GitExpError
from gitexp.git.packfile import renew_pack
from gitexp.git.refs import read_ref, run_ref
from gitexp.git.write import KeptPack, kept_packs, remove_stale_lock, store, unkeep, verify
from gitexp.model.record import Status
from gitexp.model.values import Oid
from gitexp.ops import attention, isolate
from gitexp.ops.commit import STATUS_TRAILER
from gitexp.ops.recorded import trailers
from gitexp.ops.seal import Ending, extend, finish, hold_writing, noted_ending, take_back
from gitexp.ops.tidy import fold_packs, stale_files
from gitexp.ops.transaction import settle
from gitexp.ops.unreadable_live import set_aside
from gitexp.repo import Repository
from gitexp.sharing import make_folder, share

KEPT_SECONDS = 24 * 3600.0
MAX_DONE = 1000
"""Done directories are let go of early when there are more; then gc must not be running."""
MAX_KEPT = 50
"""Runs whose packs stay out of git's maintenance, when there are more done directories than that."""
MIN_KEPT_SECONDS = 60.0


class Outcome(str, Enum):
    SEALED = "sealed"
    """A dead run went into git as it was left."""
    HEALED = "healed"
    """Objects that had been lost were written again."""
    EXTENDED = "extended"
    """Rows that were logged after the end were added."""
    DISCARDED = "discarded"
    """A start that never finished was taken away."""
    TAKEN_BACK = "taken back"
    """A change of the working tree that was cut short; the name is that of the change."""
    LEFT = "left"
    """So too, but what somebody has changed meanwhile stays; `kept` has what had been there."""
    SET_ASIDE = "set aside"
    """Its live directory cannot be read; `kept` is where that is now."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done about one live directory."""

    name: str
    outcome: Outcome
    error: GitExpError | None = None
    left: tuple[str, ...] = ()
    """Paths of the working tree."""
    kept: Path | None = None
    notices: tuple[str, ...] = ()
    """What a person should know of what could not be kept."""


def sweep(repo: Repository) -> list[Recovered]:
    """What a command can put right in passing: dead runs sealed, ended ones verified; cheap without any."""
    if not attention.needed(repo):
        return []
    settle(repo)
    _clear_bisections(repo)
    results = [*_take_back(repo), *_attend(repo, all_live(repo.live_root))]
    if attention.due(repo.done_root):
        results += _let_go(repo)
    return results


def recover(repo: Repository) -> list[Recovered]:
    """Everything: also runs that were verified before are verified again and healed, and rests removed.

    What nothing can be made of is put aside.
    """
    for path in stale_files(repo):
        path.unlink(missing_ok=True)
    aside = [Recovered(name, Outcome.SET_ASIDE, kept=path) for name, path in set_aside(repo)]
    return aside + recover_runs(repo)


def recover_runs(repo: Repository) -> list[Recovered]:
    """Every run verified, whether it was before or not, and healed."""
    settle(repo)
    _clear_bisections(repo)
    return [
        *_take_back(repo),
        *_attend(repo, all_live(repo.live_root)),
        *_attend(repo, all_live(repo.done_root)),
        *_let_go(repo),
    ]


def _take_back(repo: Repository) -> list[Recovered]:
    """What a killed command did to the working tree, undone."""
    if not attention.applying(repo).exists():
        return []
    from gitexp.ops.apply import unfinished

    try:
        found = unfinished.settle(repo)
    except (GitExpError, OSError) as error:
        told = error if isinstance(error, GitExpError) else GitExpError(str(error))
        return [Recovered("", Outcome.FAILED, told)]
    if found is None:
        return []
    return [
        Recovered(
            found.what, Outcome.LEFT if found.left else Outcome.TAKEN_BACK, None, found.left, found.kept
        )
    ]


def _clear_bisections(repo: Repository) -> None:
    if attention.abandoned(repo):
        from gitexp.ops.bisect.search import clear_up  # hardly ever needed

        clear_up(repo)


def _attend(repo: Repository, folders: Iterable[Live]) -> list[Recovered]:
    results: list[Recovered] = []
    ended: list[tuple[Live, set[Oid]]] = []
    for live in folders:
        try:
            sealed = live.read_sealed()
            if sealed is None and (found := _attend_unsealed(repo, live)):
                results.append(found)
                sealed = live.read_sealed()
            if sealed is not None:
                ended.append((live, live.oids | {sealed.commit}))
        except (GitExpError, OSError) as error:
            results += _failure(live, error)
    return results + _verify(repo, ended)


def _attend_unsealed(repo: Repository, live: Live) -> Recovered | None:
    if live.alive():
        return None
    lock = Lock.take(live.owner)
    if lock is None:
        return None
    with lock:
        # Another command may have been here between the look and the lock.
        if live.read_sealed() is not None:
            return None
        return _bury(repo, live)


def _bury(repo: Repository, live: Live) -> Recovered:
    """Seal a run whose processes are all gone; the caller holds its lock."""
    if not (live.path / "start.json").exists():
        live.remove()
        return Recovered(live.name, Outcome.DISCARDED)
    with hold_writing(live):
        # Whoever wrote the ref held this lock, and so did its git: a lock file that is left has no owner.
        remove_stale_lock(repo.layout, run_ref(live.name))
    start = live.read_start()
    commit = read_ref(repo.git, run_ref(live.name))
    content = journal.read(live.journal)
    # A run that only an archive holds has no ref until its resumption has begun.
    never_began = commit is None or (bool(start.record.info.resumed) and commit == start.inherited)
    if never_began and not content.rows:
        isolate.remove_worktree(repo, live.name)
        take_back(repo, live)
        return Recovered(live.name, Outcome.DISCARDED)
    notices: list[str] = []
    if commit is not None and trailers(repo.reader, commit).get(STATUS_TRAILER) != Status.RUNNING.value:
        # It died between writing its last commit and noting so.
        isolate.remove_worktree(repo, live.name)
        extend(repo, live, notices)
    else:
        ending = noted_ending(content.rows) or Ending(Status.CRASHED, at=_last_sign(live, content.rows))
        notices += _note_observed(repo, live, content.rows)
        isolate.remove_worktree(repo, live.name)
        finish(repo, live, ending, notices)
    return Recovered(live.name, Outcome.SEALED, notices=tuple(notices))


def _note_observed(repo: Repository, live: Live, rows: Sequence[list[Any]]) -> list[str]:
    """While the files that it read in a worktree of its own are still there."""
    if not (live.path / LEFT).exists():
        return []
    from gitexp.ops.observing.left import note_left  # few runs die

    return note_left(repo, live, rows)


def _last_sign(live: Live, rows: list[list[Any]]) -> float:
    """When the run was last known to live: its last row, or its last output."""
    began, now = live.owner.stat().st_mtime, time.time()
    times = [file.stat().st_mtime for file in live.path.glob("console*")]
    # A user may give a row any time at all.
    times += [row[1] for row in rows[-1:] if began <= row[1] <= now]
    return max(times, default=began)


def _verify(repo: Repository, ended: list[tuple[Live, set[Oid]]]) -> list[Recovered]:
    """Look whether all objects written for the ended runs are there; one git process for all of them."""
    if not ended:
        return []
    results: list[Recovered] = []
    missing = verify(repo.git, set().union(*(oids for _, oids in ended)))
    for live, oids in ended:
        try:
            lock = Lock.take(live.owner)
            if lock is not None:
                with lock:
                    results += _settle(repo, live, lost=bool(oids & missing))
        except (GitExpError, OSError) as error:
            results += _failure(live, error)
    return results


def _settle(repo: Repository, live: Live, *, lost: bool) -> Iterator[Recovered]:
    """What is left to do for an ended run, until nothing is; the caller holds its lock."""
    sealed = live.read_sealed()
    if sealed is None:
        return
    if lost:
        _heal(repo, live)
        yield Recovered(live.name, Outcome.HEALED)
    if live.working():
        return
    notices: list[str] = []
    if live.sizes() != dict(sealed.sizes) and extend(repo, live, notices):
        yield Recovered(live.name, Outcome.EXTENDED, notices=tuple(notices))
    elif not lost and live.path.parent != repo.done_root:
        make_folder(repo.done_root)
        live.move(repo.done_root)


def _heal(repo: Repository, live: Live) -> None:
    """Write every object of the run again, from our own copies of its packs. Raises GitExpError."""
    for path in sorted(live.packs.glob("*.pack")):
        renewed = path.with_suffix(".renewed")
        renew_pack(path, renewed, os.urandom(8), repo.layout.object_format)
        kept = store(repo.git, repo.layout, renewed, keep=live.name)
        renewed.unlink()
        path.with_suffix(".name").write_text(kept.name)
    if verify(repo.git, live.oids):
        raise GitExpError(f"objects of run {live.name!r} are lost", hint="git fsck")


def _let_go(repo: Repository) -> list[Recovered]:
    """Take away the done directories that are old enough, and whatever was left half done."""
    for root in (repo.live_root, repo.done_root):
        sweep_rests(root)
    done = all_live(repo.done_root)
    if repo.done_root.is_dir():
        (repo.done_root / ".checked").touch()
        share(repo.done_root / ".checked")
    gc_running = (repo.layout.common_dir / "gc.pid").exists()
    old = [live for live in done if age(live) > KEPT_SECONDS]
    if len(done) - len(old) > MAX_DONE and not gc_running:
        young = sorted((live for live in done if live not in old), key=age, reverse=True)
        old += [live for live in young[:-MAX_DONE] if age(live) > MIN_KEPT_SECONDS]
    results = _attend(repo, old)
    troubled = {result.name for result in results}
    for live in old:
        # What still writes into the directory has rows to add to the run.
        if live.name not in troubled and not live.working():
            for name in live.kept:
                unkeep(repo.layout, KeptPack(name))
            live.remove()
    _let_go_of_strays(repo)
    if not gc_running:
        _let_go_of_packs(repo, [live for live in done if live not in old])
        fold_packs(repo)
    return results


def _let_go_of_packs(repo: Repository, done: list[Live]) -> None:
    """Unkeep packs early where there are many: their directories still can heal what a gc takes."""
    for live in sorted(done, key=age, reverse=True)[: -MAX_KEPT or None]:
        if live.kept and age(live) > MIN_KEPT_SECONDS:
            _forget_replaced(repo, live)
            for name in live.kept:
                unkeep(repo.layout, KeptPack(name))
            live.forget_kept()


def _forget_replaced(repo: Repository, live: Live) -> None:
    """From now on gc may take the objects of commits that were replaced; they are not lost then."""
    sealed = live.read_sealed()
    if sealed is None:
        return
    base = live.read_start().record.info.code.base
    listing = ("rev-list", "--objects", "--no-object-names", sealed.commit)
    found = repo.git.run(*listing, *(["--not", base] if base else [])).text.split()
    live.keep_oids({Oid(oid) for oid in found})


def _let_go_of_strays(repo: Repository) -> None:
    """Unkeep packs whose run has no directory any more: it died between writing one and noting it."""
    # Asked before the directories are: a run has one before it has a pack.
    kept = kept_packs(repo.layout)
    here = {live.name for root in (repo.live_root, repo.done_root) for live in all_live(root)}
    for name, run in kept.items():
        if run not in here:
            unkeep(repo.layout, KeptPack(name))


def age(live: Live) -> float:
    """Seconds since the run was sealed; 0 where that is not known."""
    try:
        return time.time() - (live.path / "sealed.json").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _failure(live: Live, error: Exception) -> list[Recovered]:
    if not live.path.exists():
        # Another command was faster, and has taken the directory away.
        return []
    told = error if isinstance(error, GitExpError) else GitExpError(str(error))
    return [Recovered(live.name, Outcome.FAILED, told)]
