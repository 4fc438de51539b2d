"""What is staged, written as a run that nobody executed."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture import interpreter
from gitexp.capture.interpreter import Interpreter
from gitexp.capture.snapshot import Snapshot
from gitexp.errors import InvalidName
from gitexp.formats.record import SERIES_FOLDER
from gitexp.model.names import RunName, new_id, new_name, slugify
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.times import format_time
from gitexp.ops.hooks.staged_files import StagedFiles
from gitexp.ops.inscribe import Inscription, inscribe
from gitexp.ops.operations import Kind
from gitexp.ops.surroundings import surroundings
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.model.history import Row

_DETACHED = "commit"


def record_state(repo: Repository, taken: Snapshot, files: StagedFiles) -> RunName:
    """The name of the new run. Raises BrokenFile, GitError, OSError."""
    record, rows = state_of(repo, taken, files)
    parents = (taken.base,) if taken.base else ()
    made = Inscription(record, taken.entries, taken.builder, parents, _series(rows))
    return inscribe(repo, _slug(repo), made, Kind.CAPTURE)[0]


def state_of(repo: Repository, taken: Snapshot, files: StagedFiles) -> tuple[Record, Sequence[Row]]:
    """The record of what is staged, and its series. Raises BrokenFile."""
    now = format_time(time.time())
    info = RunInfo(
        id=new_id(),
        name=new_name(),
        status=Status.CAPTURED,
        started=now,
        ended=now,
        code=Code(taken.tree, taken.base, taken.dirty),
    )
    results = files.read_results()
    environment = surroundings(repo, taken, _python(repo))
    record = Record(
        info=info,
        params=files.read_params(),
        metrics=results.metrics,
        inputs=_inputs(repo, files),
        env=environment.env,
        requirements=environment.requirements,
    )
    return record, results.rows


def _slug(repo: Repository) -> str:
    """The branch that is committed to; whoever lists runs then sees where the state belongs."""
    head = (repo.layout.git_dir / "HEAD").read_text("utf-8", "replace").rstrip("\n")
    branch = head.removeprefix("ref: refs/heads/")
    with suppress(InvalidName):
        return slugify(branch if branch != head else _DETACHED)
    return _DETACHED


# A commit waits for this: what only some projects have is imported where there is some of it.


def _inputs(repo: Repository, files: StagedFiles) -> tuple[Input, ...]:
    if not repo.settings.inputs:
        return ()
    from gitexp.ops.hooks.inputs import declared_inputs

    return tuple(declared_inputs(repo, files, repo.settings.inputs)[0])


def _series(rows: Sequence[Row]) -> dict[str, bytes]:
    """The files of the record that hold them."""
    if not rows:
        return {}
    from gitexp.formats.series import encode

    return {f"{SERIES_FOLDER}/{number:05}.csv": data for number, data in enumerate(encode(rows))}


def _python(repo: Repository) -> Interpreter | None:
    """The project's; not the one that a framework made for this hook alone."""
    found = interpreter.find(("python",), repo.cwd, repo.environ)
    if found and "PRE_COMMIT" in repo.environ and found.prefix.resolve() == Path(sys.prefix).resolve():
        return None
    return found
