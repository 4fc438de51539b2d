"""Labels of runs edited after the fact: each edit a commit on top of the run, or a row in its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gitexp.errors import GitExpError, NotFound, RefChanged
from gitexp.formats.redact import Redactor
from gitexp.git.objects import ObjectBuilder
from gitexp.git.refs import run_ref
from gitexp.git.write import RefUpdate
from gitexp.model.labels import Edit
from gitexp.model.names import RunName
from gitexp.model.record import RunInfo
from gitexp.model.values import Oid
from gitexp.ops.absent import telling
from gitexp.ops.archive.names import Places, places
from gitexp.ops.change import change
from gitexp.ops.commit import stored, trailing
from gitexp.ops.live_labels import relabel
from gitexp.ops.operations import Operation, Relabelling
from gitexp.ops.operations import log as log_operation
from gitexp.ops.tidy import fold_packs
from gitexp.ops.tip import Tip
from gitexp.ops.turns import outrun, turns
from gitexp.repo import Repository

EDIT_TRAILER = "Exp-Edit"


class Target(Protocol):
    @property
    def name(self) -> RunName: ...


@dataclass(frozen=True, slots=True)
class Annotated:
    """What became of one run."""

    name: RunName
    before: RunInfo | None = None
    after: RunInfo | None = None
    """None where the run could not be edited."""
    commit: Oid | None = None
    """The new commit; None where nothing changed, nothing was to be written, or the run is still live."""
    error: GitExpError | None = None

    @property
    def changed(self) -> bool:
        return self.after is not None and self.after != self.before


@dataclass
class _Work:
    """The edit of many runs, under way."""

    repo: Repository
    edit: Edit
    dry_run: bool
    logged: bool
    done: dict[RunName, Annotated] = field(default_factory=dict)
    live: list[Relabelling] = field(default_factory=list)


def annotate(
    repo: Repository,
    runs: Sequence[Target],
    edit: Edit,
    *,
    dry_run: bool = False,
    logged: bool = True,
) -> list[Annotated]:
    """What became of each run, in their order, each once; a run that cannot be edited stops no other.

    All new commits come in one pack and one transaction, with a constant number of git processes. The labels
    of a run that is live here go into its journal. Secrets in texts are masked. Without `logged` it is
    nothing that undo takes back. Raises GitError or OSError where nothing could be written.
    """
    work = _Work(repo, masked(edit, repo.redactor), dry_run, logged)
    names = list(dict.fromkeys(run.name for run in runs))
    for name in names:
        _edit_live(work, name)
    pending: list[RunName] = []
    for _ in turns(repo):
        pending = [name for name in names if name not in work.done]
        try:
            _edit_commits(work, pending)
            break
        except RefChanged:
            # Somebody else was faster at one of them: all are edited anew, as they are now.
            continue
    else:
        raise outrun(pending)
    if any(work.done[name].commit for name in names):
        fold_packs(repo)
    return [work.done[name] for name in names]


def masked(edit: Edit, redactor: Redactor) -> Edit:
    """The edit with secrets in its texts masked, as recording does."""
    texts = {
        key: redactor.text(value)
        for key in ("title", "note", "append_note", "group")
        if isinstance(value := getattr(edit, key), str)
    }
    return replace(edit, add_tags=tuple(map(redactor.text, edit.add_tags)), **texts)  # type: ignore[arg-type]


def _edit_live(work: _Work, name: RunName) -> None:
    try:
        found = relabel(work.repo, name, work.edit, dry_run=work.dry_run)
    except GitExpError as error:
        work.done[name] = Annotated(name, error=error)
        return
    if found is None:
        return
    before, after = found.before, found.after
    work.done[name] = Annotated(name, before, after)
    if before != after:
        work.live.append(found.noted(name))


def _edit_commits(work: _Work, names: Sequence[RunName]) -> None:
    builder = ObjectBuilder(work.repo.layout.object_format)
    own, tips = places(work.repo) if names else Places({}, {})
    found = {name: _edited(work, builder, tips, name) for name in names}
    # An archived run gets a ref of its own with the edit, which wins over the archive.
    updates = tuple(
        RefUpdate(run_ref(name), one.commit, own.get(name)) for name, one in found.items() if one.commit
    )
    if work.dry_run:
        work.done |= {name: replace(one, commit=None) for name, one in found.items()}
        return
    told = _told(work.edit, len(updates) + len(work.live))
    operation = Operation(told, updates, tuple(work.live))
    if updates:
        with stored(work.repo, builder):
            change(work.repo, updates, operation if work.logged else None)
    elif work.live and work.logged:
        log_operation(work.repo, operation)
    work.done |= found


def _edited(work: _Work, builder: ObjectBuilder, tips: Mapping[RunName, Oid], name: RunName) -> Annotated:
    try:
        if name not in tips:
            raise NotFound(f"run {name!r} is gone", hint=f"git exp restore {name}")
        with telling(work.repo, name):
            tip = Tip.read(work.repo, tips[name], name)
        after = work.edit.applied(tip.info)
        if after == tip.info:
            return Annotated(name, after, after)
        author = work.repo.config.identity(work.repo.environ)
        commit = tip.commit_with(builder, after, author, _message(after, work.edit))
        return Annotated(name, tip.info, after, commit)
    except GitExpError as error:
        return Annotated(name, error=error)


def _message(info: RunInfo, edit: Edit) -> str:
    return f"exp {info.name}: {edit}\n\n{trailing(info)}{EDIT_TRAILER}: {', '.join(edit.kinds)}\n"


def _told(edit: Edit, count: int) -> str:
    return f"{edit} on {count} run{'' if count == 1 else 's'}"
