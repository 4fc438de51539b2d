"""What can stand in a comparison: a run, a commit, or the working tree as it is now."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.model.record import Status
from gitexp.model.values import Oid
from gitexp.ops.compare import Side, side_of
from gitexp.ops.first_params import redacted
from gitexp.ops.resolve import run_or_commit, tell_called_so
from gitexp.ops.resting import fitting_run
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.ops.read import StoredRun

# What only the working tree and bare commits need is imported where they are asked for: runs are the rule.
WORKING_TREE = "."


class Kind(str, Enum):
    RUN = "run"
    COMMIT = "commit"
    WORKING_TREE = "working tree"


@dataclass(frozen=True, slots=True)
class Comparand:
    """One side of a comparison, and what it is called."""

    label: str
    """The name of the run, or what was typed for a commit."""
    kind: Kind
    side: Side
    tree: Oid
    """What git compares: a commit, or the tree of the working tree's files."""
    commit: Oid | None = None
    """None for the working tree."""
    status: Status | None = None
    stale: str | None = None
    """Why the record does not speak for the code that it stands beside; None where it does."""


@dataclass(frozen=True, slots=True)
class Comparands:
    each: tuple[Comparand, ...]
    inside: Mapping[str, str]
    """The environment in which git sees the objects of all of them."""


@contextmanager
def comparands(repo: Repository, texts: Sequence[str]) -> Iterator[Comparands]:
    """What each of `texts` stands for: a run, else a revision, or the working tree for `.`.

    The objects of the working tree are in a folder of their own, which goes away at the end.
    Raises NotFound, Ambiguous, UsageError, BrokenRecord, BrokenFile or GitError.
    """
    if WORKING_TREE not in texts:
        yield Comparands(tuple(_committed(repo, text) for text in texts), {})
        return
    folder = Path(tempfile.mkdtemp(prefix="gitexp-"))
    try:
        now, inside = _working_tree(repo, folder / "objects")
        each = (now if text == WORKING_TREE else _committed(repo, text) for text in texts)
        yield Comparands(tuple(each), inside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _committed(repo: Repository, text: str) -> Comparand:
    found = run_or_commit(repo, text)
    if not isinstance(found, str):
        return of_run(found)
    run = fitting_run(repo, text)
    if run is not None:
        return of_run(run)
    tell_called_so(repo, text, ())
    return _bare_commit(repo, text, found)


def of_run(run: StoredRun) -> Comparand:
    """Raises NotFound or BrokenRecord."""
    from gitexp.ops.staleness import why_stale

    whole = run.whole
    return Comparand(
        label=run.name,
        kind=Kind.RUN,
        side=side_of(whole, _code_tree(run.repo, run.commit)),
        tree=run.commit,
        commit=run.commit,
        status=whole.info.status,
        stale=why_stale(run),
    )


def _bare_commit(repo: Repository, text: str, commit: Oid) -> Comparand:
    """A commit without a record: its code, and the params in the files that it holds."""
    side = Side(_code_tree(repo, commit), redacted(repo, _params_at(repo, commit)))
    return Comparand(text, Kind.COMMIT, side, commit, commit)


def _working_tree(repo: Repository, quarantine: Path) -> tuple[Comparand, Mapping[str, str]]:
    from gitexp.capture import interpreter, packages, snapshot
    from gitexp.ops import params

    taken = snapshot.take(
        repo.git,
        repo.layout,
        quarantine,
        limit=repo.max_untracked,
        never=repo.settings.never_capture,
    )
    for kind, data in taken.builder.objects.values():
        repo.git.run(
            *("-c", "core.fsync=none", "hash-object", "-w", "-t", kind.decode(), "--stdin"),
            input=data,
            env=taken.inside,
        )
    found = interpreter.find(("python",), repo.cwd, repo.environ)
    side = Side(
        taken.tree,
        redacted(repo, params.merged(params.read_params_files(repo))),
        requirements=packages.requirements(packages.scan(found.site_packages)) if found else None,
    )
    return Comparand(WORKING_TREE, Kind.WORKING_TREE, side, taken.tree), taken.inside


def _params_at(repo: Repository, commit: Oid) -> dict[str, Any]:
    """The params that a run of that commit would have had."""
    from gitexp.ops import params
    from gitexp.ops.committed import params_files_at

    return params.merged(params_files_at(repo, commit, repo.layout.prefix))


def _code_tree(repo: Repository, commit: Oid) -> Oid:
    from gitexp.ops.staleness import code_tree

    return code_tree(repo, commit)
