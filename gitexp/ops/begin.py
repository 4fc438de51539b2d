"""Starting a run: the code fixed, a first commit on a ref of its own, a live directory for the rest."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture import interpreter, snapshot
from gitexp.capture.live import Live
from gitexp.capture.live_notes import Start
from gitexp.capture.liveness import Lock
from gitexp.capture.snapshot import Skipped, Snapshot
from gitexp.capture.span_folder import read_content, restrict_content
from gitexp.errors import GitExpError, RefChanged, StorageFull
from gitexp.formats import record as record_files
from gitexp.formats.fold import merged, with_earlier
from gitexp.formats.inputs import Known, lay_over
from gitexp.git.refs import run_ref
from gitexp.git.unmerged import left_unmerged
from gitexp.git.write import RefUpdate, publish
from gitexp.model.calls import Content, kept_of, strictest
from gitexp.model.names import RunName, new_id, new_name
from gitexp.model.record import Code, How, Input, Record, Results, RunInfo, Status
from gitexp.model.roles import UNTRACKED
from gitexp.model.times import format_time
from gitexp.model.values import Oid, Value
from gitexp.ops.commit import RecordTree, bring_in, write_commit
from gitexp.ops.quiet import storing
from gitexp.ops.recording import Recording
from gitexp.ops.seal import hold_writing, take_back
from gitexp.ops.surroundings import surroundings
from gitexp.ops.tidy import pack_refs
from gitexp.repo import RUN_VARIABLE, Repository

if TYPE_CHECKING:
    from gitexp.ops.continuing import Origin

_NAME_TRIES = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked of a new run."""

    slug: str | None = None
    title: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    ancestors: tuple[Oid, ...] = ()
    """Commits that the run's commit has as parents besides its base."""
    interpreter: interpreter.Interpreter | None = None
    """The Python that will run; None where it is not known."""
    in_process: bool = False
    """Whether this process is the one that runs: then its modules can be asked for seeds and flags."""
    origin: Origin | None = None
    """The run or checkpoint that this one continues from."""
    commit: str | None = None
    """A revision whose code is recorded instead of the working tree's, and which is the base."""
    code: Code | None = None
    """What is to be noted of the code of `commit`, where that is the commit of a run."""
    cwd: str | None = None
    """Where the command runs, relative to the root; None for the current folder."""
    results: Results = field(default_factory=Results)
    """What the command was said to leave."""
    inputs: tuple[Input, ...] = ()
    """What is known of its inputs before it begins."""
    notices: tuple[str, ...] = ()
    """What a person should know of that."""
    content: Content | None = None
    """What is kept of the texts in spans, at most; None where the settings say that."""
    rewrite: Callable[[Snapshot], Snapshot] | None = None
    """A change to make to the code before it is fixed: the params of `-S`."""


def begin(repo: Repository, wish: Wish) -> Recording:
    """A started run, durable and owned by this process.

    Raises GitExpError; then nothing of the run is left.
    """
    for _ in range(_NAME_TRIES):
        resumed = wish.origin.name if wish.origin and wish.origin.resume else None
        name = resumed or new_name(wish.slug)
        live = repo.live(name)
        try:
            lock = live.claim()
        except FileExistsError:
            if resumed:
                raise GitExpError(f"run {name!r} is still live here", hint="git exp recover") from None
            continue
        except OSError as error:
            raise _storage_error(repo.layout.common_dir, error) from None
        try:
            with storing(repo):
                return _begin(repo, wish, name, live, lock)
        except BaseException as error:
            with suppress(GitExpError, OSError):
                take_back(repo, live)
            lock.release()
            if isinstance(error, OSError):
                raise _storage_error(repo.layout.common_dir, error) from None
            if not isinstance(error, RefChanged) or resumed:
                raise
    raise GitExpError("cannot find a free name for the run", hint="git exp run --name NAME")


def _storage_error(folder: Path, error: OSError) -> StorageFull:
    """What it means that a file could not be written while a run was starting."""
    return StorageFull(f"cannot record in {str(folder)!r}: {error.strerror or error}")


def no_work_tree(repo: Repository) -> str:
    """Why the present state cannot be recorded."""
    if repo.layout.bare:
        return "this repository is bare: it has no working tree to record"
    return "this is not in a working tree, so there is nothing to record"


def _begin(repo: Repository, wish: Wish, name: RunName, live: Live, lock: Lock) -> Recording:
    started = time.time()
    taken = _snapshot(repo, wish, live)
    if wish.rewrite:
        taken = wish.rewrite(taken)
    repo.redactor = repo.redactor.knowing(wish.params)
    record = _record(repo, wish, name, started, taken)
    identity = repo.config.identity(repo.environ)
    author = (identity.name, identity.email)
    tree = RecordTree(taken.builder, dict(wish.origin.blobs) if wish.origin else {})
    for path, data in record_files.encode(record).items():
        tree.add(path, data)
    own = (taken.base,) if taken.base else ()
    parents = wish.origin.parents(taken.base) if wish.origin else (*own, *wish.ancestors)
    head = write_commit(
        taken.builder, taken.entries, tree, info=record.info, metrics={}, parents=parents, identity=author
    )
    start = Start(
        record=record,
        head=head,
        parents=parents,
        entries=tuple((e.mode, os.fsdecode(e.name), e.oid) for e in taken.entries),
        identity=author,
        inherited=wish.origin.commit if wish.origin else None,
    )
    restrict_content(live.path, _content(repo, wish))
    live.write_start(start)
    with hold_writing(live) as writing:
        bring_in(repo, live, taken.builder, writing)
        old = wish.origin.ref if wish.origin and wish.origin.resume else None
        publish(repo.git.holding(writing.descriptor), repo.layout, [RefUpdate(run_ref(name), head, old)])
    pack_refs(repo)
    shutil.rmtree(live.quarantine, ignore_errors=True)
    left = left_unmerged(repo.git, repo.layout) if wish.commit is None else []
    return Recording.owned(repo, live, lock, (*wish.notices, *_notices(taken.skipped, left)))


def _content(repo: Repository, wish: Wish) -> Content:
    """What is kept of texts, fixed now: whoever takes the spans up later may have other settings.

    A run that goes on keeps no more than it did before, and one inside of another no more than that.
    """
    outer = repo.environ.get(RUN_VARIABLE)
    earlier = wish.origin.record.artifacts if wish.origin and wish.origin.resume else ()
    above = read_content(Path(outer)) if outer else None
    return strictest(wish.content, repo.settings.traces, kept_of(earlier), above)


def _snapshot(repo: Repository, wish: Wish, live: Live) -> Snapshot:
    if wish.commit is not None:
        taken = snapshot.of_commit(repo.git, repo.layout, live.quarantine, wish.commit)
        return replace(taken, base=wish.code.base, dirty=wish.code.dirty) if wish.code else taken
    return working_tree(repo, live.quarantine)


def working_tree(repo: Repository, quarantine: Path) -> Snapshot:
    """The code as it is now in the user's working tree; see `snapshot.take`."""
    return snapshot.take(
        repo.git,
        repo.layout,
        quarantine,
        limit=repo.max_untracked,
        never=repo.settings.never_capture,
    )


def _record(repo: Repository, wish: Wish, name: RunName, started: float, taken: Snapshot) -> Record:
    old = wish.origin.record if wish.origin else None
    folder = None if wish.commit is None else wish.cwd or repo.layout.prefix.rstrip("/") or "."
    captured = surroundings(repo, taken, wish.interpreter, in_process=wish.in_process, folder=folder)
    code = Code(taken.tree, taken.base, taken.dirty)
    inputs: Known = {}
    for one in (*(old.inputs if old else ()), *_large_inputs(repo, taken), *wish.inputs):
        lay_over(inputs, one)
    given = repo.redactor.params(wish.params)
    assert isinstance(given, Mapping)
    params, changed = merged(old.params if old else {}, given)
    if wish.origin and wish.origin.resume and old:
        info = replace(
            old.info,
            status=Status.RUNNING,
            # A draft begins when it is run.
            started=old.info.started if old.info.status.executed else format_time(started),
            ended=None,
            exit_code=None,
            signal=None,
            failure=None,
            code=code,
            resumed=(*old.info.resumed, *filter(None, [wish.origin.resumption])),
            earlier_params=with_earlier(old.info.earlier_params, changed),
        )
    else:
        info = RunInfo(id=new_id(), name=name, status=Status.RUNNING, started=format_time(started), code=code)
        if old:
            info = replace(info, resumed=old.info.resumed)  # the rows that were abandoned come along
    info = replace(
        info,
        command=recorded_command(repo, wish.command) or info.command,
        cwd=wish.cwd or repo.relative(repo.cwd) or ".",
        results=wish.results,
        parents=info.parents + tuple(p for p in _parents(wish) if p not in info.parents),
        title=wish.title or info.title,
        group=wish.group or info.group,
        tags=tuple(sorted({*info.tags, *wish.tags})),
        note=wish.note or info.note,
    )
    resumed = old if old and wish.origin and wish.origin.resume else None
    return Record(
        info=info,
        params=params,
        metrics=old.metrics if old else {},
        inputs=tuple(inputs.values()),
        env=captured.env,
        artifacts=old.artifacts if old else (),
        requirements=captured.requirements,
        # A fork has what the other one had, but it was not the one that took these steps.
        steps=resumed.steps if resumed else (),
        steps_left_out=resumed.steps_left_out if resumed else 0,
    )


def recorded_command(repo: Repository, command: Sequence[str]) -> tuple[str, ...]:
    """What a record says of a command that runs in the current folder."""
    return tuple(repo.redactor.argv(_portable(repo, command)))


def _portable(repo: Repository, command: Sequence[str]) -> list[str]:
    """A command without what only this machine knows: program folder, working tree, home."""
    home = repo.environ.get("HOME", "").rstrip("/")
    words = []
    for index, word in enumerate(command):
        option, equals, path = word.partition("=") if word.startswith("-") else ("", "", word)
        if option and not equals:
            option, path = "", word
        inside = repo.relative(Path(path)) if path.startswith("/") else None
        if inside is not None:
            path = os.path.relpath(inside, repo.layout.prefix or ".")
        elif path.startswith("/") and index == 0:
            path = os.path.basename(path)
        elif home and path.startswith(home + "/"):
            path = "~" + path[len(home) :]
        words.append(option + equals + path)
    return words


def _parents(wish: Wish) -> tuple[str, ...]:
    forked = (wish.origin.name,) if wish.origin and not wish.origin.resume else ()
    return (*forked, *wish.parents)


def _large_inputs(repo: Repository, taken: Snapshot) -> Iterator[Input]:
    """Untracked files that were too large for git, by hash."""
    for one in taken.skipped:
        if one.reason == "large" and repo.layout.top is not None:
            found = repo.digests.file(repo.layout.top / one.path)
            yield Input(UNTRACKED, one.path, one.path, found.oid, found.size, how=How.OBSERVED)


def _notices(skipped: Sequence[Skipped], unmerged: Sequence[str]) -> list[str]:
    """What a person should know of files that are not in the snapshot, or not as they are to be."""
    each = [("unmerged", path) for path in unmerged] + [(one.reason, one.path) for one in skipped]
    told = []
    for reason, text in (
        ("large", "too large for git, recorded by hash"),
        ("secret", "may hold secrets, not captured"),
        ("unreadable", "cannot be read, not captured"),
        ("unmerged", "in conflict still, recorded as it stands there"),
    ):
        if paths := [path for why, path in each if why == reason]:
            more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            told.append(f"{', '.join(map(repr, paths[:3]))}{more}: {text}")
    return told
