"""Runs that nobody executes, each written as one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from gitexp.errors import GitExpError, RefChanged
from gitexp.formats import record as record_files
from gitexp.git.objects import Entry, ObjectBuilder
from gitexp.git.refs import run_ref
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName, new_id, new_name
from gitexp.model.record import Record
from gitexp.model.values import Oid
from gitexp.ops.change import change
from gitexp.ops.commit import RecordTree, stored, write_commit
from gitexp.ops.operations import RECORDING, Kind, Operation
from gitexp.repo import Repository

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Inscription:
    """What a run is made of whose name is not known yet."""

    record: Record
    """Its name and id are replaced by new ones; params are masked as recording does."""
    entries: tuple[Entry, ...]
    """The root of the code tree."""
    builder: ObjectBuilder
    """Holds every object of the code that the repository does not have yet."""
    parents: tuple[Oid, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What else stands in the record, by its path below `.exp/`."""


def inscribe(
    repo: Repository, slug: str | None, made: Inscription, kind: Kind = Kind.CHANGE
) -> tuple[RunName, Oid]:
    """The name and the commit of the new run, durable when this returns; `kind` is what the log has it as.

    Raises GitError or OSError.
    """
    params = repo.redactor.knowing(made.record.params).params(made.record.params)
    assert isinstance(params, Mapping)
    for _ in range(_TRIES):
        name = new_name(slug)
        info = replace(made.record.info, id=new_id(), name=name)
        commit = _commit(repo, replace(made.record, info=info, params=params), made)
        update = RefUpdate(run_ref(name), commit, None)
        with stored(repo, made.builder), suppress(RefChanged):
            change(repo, [update], Operation(f"{RECORDING}{name}", (update,), kind=kind))
            return name, commit
    raise GitExpError("cannot find a free name for the run", hint="try again")


def _commit(repo: Repository, record: Record, made: Inscription) -> Oid:
    tree = RecordTree(made.builder)
    files: Sequence[tuple[str, bytes]] = [*record_files.encode(record).items(), *made.files.items()]
    for path, data in files:
        tree.add(path, data)
    identity = repo.config.identity(repo.environ)
    return write_commit(
        made.builder,
        made.entries,
        tree,
        info=record.info,
        metrics=record.metrics,
        parents=made.parents,
        identity=(identity.name, identity.email),
    )
