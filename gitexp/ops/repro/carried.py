"""The params of a run brought to other code, key by key, into the params files that it has there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitexp.formats.assignment import Assignment, flatten, join_key, split_key
from gitexp.formats.secret_shapes import MASK
from gitexp.model.record import Code, Record
from gitexp.model.values import Oid, Value, same
from gitexp.ops import params
from gitexp.ops.committed import params_files_at
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import code_tree
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Carried:
    """Code to run, and the params for it."""

    commit: Oid
    code: Code
    params: Mapping[str, Value]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Params files of that code with the values of the run; comments and all else as they were."""
    added: tuple[str, ...] = ()
    """Params that no file of that code had."""


def carry(repo: Repository, run: StoredRun, record: Record, commit: Oid) -> Carried:
    """The code of `commit` with the params that `run` had in its files. Raises BrokenFile.

    Keys that only the other code has stay; those that it does not have are added to its first file. What the
    run's code logged by itself, and no file held, the other code has to log by itself as well.
    """
    folder = "" if record.info.cwd == "." else f"{record.info.cwd}/"
    old = flatten(params.merged(params_files_at(repo, run.commit, folder)))
    files = params_files_at(repo, commit, folder)
    now = flatten(params.merged(files))
    if not files:
        return Carried(commit, Code(code_tree(repo, commit), commit), {})
    # A params file that the project ignores is in no commit; the record knows what it said.
    logged = {k: v for k, v in flatten(record.params).items() if k in now and not _is_masked(v)}
    wanted = {**logged, **old}
    changed = {key: value for key, value in wanted.items() if key not in now or not same(now[key], value)}
    assignments = [Assignment(split_key(key), value, add=True) for key, value in changed.items()]
    changes = params.change(files, assignments)
    dirty = bool(changes.files)
    added = tuple(join_key(split_key(key)) for key in changed if key not in now)
    return Carried(commit, Code(code_tree(repo, commit), commit, dirty), changes.params, changes.files, added)


def _is_masked(value: Value) -> bool:
    return isinstance(value, str) and MASK in value
