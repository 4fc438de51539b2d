"""`git exp save`: the present state and its results, recorded as a finished run."""

from __future__ import annotations

from dataclasses import dataclass

from gitexp.capture import interpreter
from gitexp.errors import NoWorkTree
from gitexp.model.names import RunName
from gitexp.model.record import Failure, Status
from gitexp.model.values import Oid
from gitexp.ops import declaring, params, results
from gitexp.ops.begin import Wish, begin, no_work_tree
from gitexp.ops.seal import Ending
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What to record beside the code; paths are relative to the current folder."""

    slug: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    param_files: tuple[str, ...] = ()
    metrics_files: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    """Inputs as ROLE=WHAT."""


@dataclass(frozen=True, slots=True)
class Saved:
    name: RunName
    commit: Oid
    notices: tuple[str, ...]
    """What a person should know of it."""


def save(repo: Repository, request: SaveRequest) -> Saved:
    """The new run. Raises GitExpError or OSError; a run that was begun is then recorded as failed."""
    top = repo.layout.top
    if top is None:
        raise NoWorkTree(no_work_tree(repo), hint="git worktree add PATH")
    inputs, told = declaring.told(repo, request.uses)
    files = params.read_params_files(repo, request.param_files)
    recording = begin(
        repo,
        Wish(
            slug=request.slug,
            group=request.group,
            tags=request.tags,
            note=request.note,
            params=params.merged(files),
            inputs=tuple(inputs),
            notices=tuple(told),
            interpreter=interpreter.find(("python",), repo.cwd, repo.environ),
        ),
    )
    try:
        expected = results.expect(repo, top, repo.cwd, request.metrics_files, request.outputs)
        notices = results.collect(recording, expected, top, fresh=False)
    except BaseException as error:
        recording.fail(Failure(type(error).__name__, str(error)))
        recording.finish(Ending(Status.FAILED))
        raise
    commit = recording.finish(Ending(Status.FINISHED))
    return Saved(recording.name, commit, (*recording.notices, *notices))
