"""`git exp run --reuse`: a run that has computed the same before answers instead of computing again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.capture import snapshot
from gitexp.capture.snapshot import Snapshot
from gitexp.formats.assignment import flatten
from gitexp.formats.identity import identity
from gitexp.formats.secret_shapes import MASK
from gitexp.model.record import Input, Pin
from gitexp.model.roles import FILE, UNTRACKED
from gitexp.model.submodules import altered
from gitexp.ops import params
from gitexp.ops.alike import Task, doing, inputs_of
from gitexp.ops.begin import recorded_command, working_tree
from gitexp.ops.execute import told_inputs
from gitexp.ops.first_params import redacted
from gitexp.ops.read import StoredRun
from gitexp.ops.repro.variables import deciding_variables
from gitexp.ops.surroundings import surroundings
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.ops.execute import Request


def answer(repo: Repository, request: Request) -> StoredRun | None:
    """The newest finished run of just this code, command, folder, params, inputs and variables, if any.

    Nothing is written. Raises GitExpError as starting the run would.
    """
    changes = params.change(params.read_params_files(repo, request.param_files), request.assignments)
    shown = redacted(repo, changes.params)
    folder = Path(tempfile.mkdtemp(prefix="gitexp-"))
    try:
        taken = _taken(repo, folder / "objects", changes.files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    command = recorded_command(repo, params.substitute(request.command, shown))
    deciding = _deciding(repo, taken)
    if deciding is None or _is_masked([*command, *map(str, flatten(shown).values())]):
        return None
    task = Task(taken.tree, command, repo.relative(repo.cwd) or ".", shown)
    large = {one.path for one in taken.skipped if one.reason == "large"}
    told, _ = told_inputs(repo, request)
    found = (run for run in doing(repo, task) if _same_surroundings(repo, run, deciding))
    return next((run for run in found if _same_inputs(repo, run, large) and _has(run, told)), None)


def _deciding(repo: Repository, taken: Snapshot) -> dict[str, str] | None:
    """The variables that results may depend on; None where not all that decides would be recorded."""
    if altered({"submodules": taken.submodules}):
        return None
    found = deciding_variables(repo, surroundings(repo, taken, None).env)
    declared = (name for name in repo.environ for one in repo.settings.variables if fnmatchcase(name, one))
    if _is_masked(found.values()) or not found.keys() >= set(declared):
        return None
    return found


def _same_surroundings(repo: Repository, run: StoredRun, deciding: Mapping[str, str]) -> bool:
    return deciding_variables(repo, run.whole.env) == deciding


def _is_masked(texts: Iterable[str]) -> bool:
    """Whether a secret is among them: whether it is the same one cannot be told."""
    return any(MASK in text for text in texts)


def _taken(repo: Repository, quarantine: Path, changed: Mapping[str, bytes]) -> Snapshot:
    """The code that would run."""
    from gitexp.ops.execute import rewritten

    if repo.layout.top is None:
        return rewritten(repo.git, snapshot.of_commit(repo.git, repo.layout, quarantine), changed)
    return rewritten(repo.git, working_tree(repo, quarantine), changed)


def _same_inputs(repo: Repository, run: StoredRun, large: set[str]) -> bool:
    """Whether every input of the run that is a file still is what it was, and no large file has come."""
    inputs = inputs_of(run)
    known = {one.path for one in inputs if one.role == UNTRACKED}
    files = (one for one in inputs if one.oid or one.role == FILE)
    return large == known and all(_is_as_it_was(repo, one) for one in files)


def _has(run: StoredRun, told: Iterable[Input]) -> bool:
    """Whether the run depended on all that is said of the inputs now."""
    known = {(one.role, identity(one)) for one in inputs_of(run)}
    return all((one.role, identity(one)) in known for one in told)


def _is_as_it_was(repo: Repository, one: Input) -> bool:
    """Not so for a file outside of the working tree: where that was is not recorded; nor for one that was
    written to while the run read it."""
    if one.path is None or one.oid is None or one.pin is Pin.INFERRED or repo.layout.top is None:
        return False
    path = repo.layout.top / one.path
    try:
        found = repo.digests.of(path)
    except OSError:
        return False
    return found.oid == one.oid
