"""exp-capture: the state that is about to be committed, recorded as a run or found among those there are."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from gitexp.capture.snapshot import Snapshot, staged
from gitexp.errors import GitError, GitExpError, StorageFull
from gitexp.model.names import RunName
from gitexp.ops.evidence import best_first
from gitexp.ops.hooks import pending
from gitexp.ops.hooks.known_runs import runs_with_code
from gitexp.ops.hooks.pending import Pending
from gitexp.ops.hooks.staged_files import StagedFiles
from gitexp.ops.hooks.table import Answer, Call
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository

# Most commits have nothing to record: what that needs is imported where there is something.
_MERGING = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "SQUASH_MSG")
"""While one of these is there, git has put the files together: results in them are not those of this code."""


def run(repo: Repository, call: Call) -> Answer:
    """Refuses where it is to be strict and inputs are missing, and what is less complete than is asked for.

    Raises GitExpError, OSError.
    """
    if repo.layout.top is None:
        return Answer()
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder, ExitStack() as until_end:
        index = staged(repo.git, repo.layout, Path(folder) / "objects")
        try:
            taken, reader = until_end.enter_context(index)
        except StorageFull:
            raise
        except GitError:  # a conflict that is not resolved: git will not commit it either
            return Answer()
        files = StagedFiles(reader)
        settings = files.settings
        refusals = _missing(repo, files) if call.strict or (settings and settings.capture.strict) else ()
        return Answer(refusals=tuple(refusals or _link(repo, taken, files)))


def _link(repo: Repository, taken: Snapshot, files: StagedFiles) -> list[GitExpError]:
    """Leaves the note which run it is, after recording it if there is none and it is worth one.

    Why it is refused instead, where less is known of it than the project asks for.
    """
    known = _known(repo, taken, files)
    if (refusal := _incomplete(repo, taken, files, known)) is not None:
        return [refusal]
    name = known.name if known is not None else recorded(repo, taken, files)
    needed = name is not None or files.head_names_runs()
    pending.leave(repo, Pending(taken.tree, name) if needed else None)
    return []


def _incomplete(
    repo: Repository, taken: Snapshot, files: StagedFiles, known: StoredRun | None
) -> GitExpError | None:
    settings = files.settings
    if settings is None or not settings.audit.demands or (known is None and not _is_wanted(repo, files)):
        return None
    from gitexp.ops.hooks import completeness

    _use_settings(repo, files)
    return completeness.of_run(repo, known) if known else completeness.of_state(repo, taken, files)


def recorded(repo: Repository, taken: Snapshot, files: StagedFiles) -> RunName | None:
    """The new run of what is staged; None where it is not worth one. Raises GitExpError, OSError."""
    if not _is_wanted(repo, files):
        return None
    from gitexp.ops.hooks.recorded_state import record_state

    _use_settings(repo, files)
    name = record_state(repo, taken, files)
    repo.remark(f"what is committed is recorded as run '{name}'")
    return name


def _missing(repo: Repository, files: StagedFiles) -> list[GitExpError]:
    from gitexp.ops.hooks.inputs import declared_inputs

    settings = files.settings
    _, missing = declared_inputs(repo, files, settings.inputs if settings else {})
    return [
        GitExpError(
            f"input {one.role} {one.name!r} is missing, and what is committed depends on it",
            hint="bring it back, or take it out of inputs in .gitexp.yaml",
        )
        for one in missing
    ]


def _is_wanted(repo: Repository, files: StagedFiles) -> bool:
    """Whether the commit is to be recorded where no run has its state."""
    settings = files.settings
    when = settings.capture.when if settings else "changed"
    if when == "never" or any((repo.layout.git_dir / name).exists() for name in _MERGING):
        return False
    return when == "always" or bool(files.metrics_files()) or any(map(files.changed, files.params_files()))


def _known(repo: Repository, taken: Snapshot, files: StagedFiles) -> StoredRun | None:
    """The best of the runs with this code and these params; a run may have more params than files have."""
    found = [run for run in runs_with_code(repo, taken.tree, files.reader) if run.head.status != "draft"]
    if not found and not files.metrics_files():
        return None
    from gitexp.ops.first_params import began_with, redacted
    from gitexp.ops.hooks.own_results import run_of_results
    from gitexp.ops.staleness import speaks

    _use_settings(repo, files)
    params = redacted(repo, files.read_params())
    if not found:
        return run_of_results(repo, taken, files, params)
    fitting = [run for run in found if speaks(run) and began_with(run, params)]
    return next(iter(best_first(fitting)), None)


def _use_settings(repo: Repository, files: StagedFiles) -> None:
    """Those that are staged hold for all that is recorded. What is unknown in them other commands tell."""
    from gitexp.formats.settings import Settings

    repo.settings = replace(files.settings or Settings(), unknown=())
