"""A branch at a run: the user's own, to go on from."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import GitError, NotFound, UsageError
from gitexp.git.objects import ObjectBuilder
from gitexp.git.refs import read_ref
from gitexp.git.write import make_branch
from gitexp.model.names import RunName
from gitexp.model.times import parse_time
from gitexp.model.values import Oid
from gitexp.ops.authors import code_author
from gitexp.ops.commit import RUN_TRAILER, stored
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import code_tree, is_stale
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class CodeCommit:
    """The code of a run without its record, as a commit."""

    oid: Oid
    base: Oid | None
    """The commit that the run started from; None on an unborn branch, or where it is `lost`."""
    lost: bool
    """Whether that commit is not in this clone."""
    builder: ObjectBuilder
    """Holds what the repository may not have yet."""

    def kept(self, repo: Repository) -> AbstractContextManager[None]:
        """With the commit in the repository, and kept there until something points to it."""
        return stored(repo, self.builder) if self.builder.objects else nullcontext()


@dataclass(frozen=True, slots=True)
class Branched:
    """A branch that was made or moved."""

    branch: str
    run: RunName
    commit: Oid
    before: Oid | None
    """Where the branch was; None where it is new."""


def branch(run: StoredRun, text: str, *, with_record: bool = False, force: bool = False) -> Branched:
    """The new branch called `text` at the code of the run, or at its own commit `with_record`.

    A branch that exists is moved only with `force`, and never where it is checked out. Raises GitError in
    git's words, StorageFull.
    """
    repo = run.repo
    name = branch_name(repo, text)
    before = read_ref(repo.git, f"refs/heads/{name}")
    if before is not None and not force:
        raise branch_exists(name, f"git exp branch {run.name} {shlex.quote(name)} --force")
    code = None if with_record else code_commit(run)
    commit = code.oid if code else run.commit
    with code.kept(repo) if code else nullcontext():
        make_branch(repo.git, repo.layout, name, commit, force=force)
    return Branched(name, run.name, commit, before)


def branch_name(repo: Repository, text: str) -> str:
    """The branch that git takes `text` for. Raises GitError."""
    return repo.git.run("check-ref-format", "--branch", text).text


def branch_exists(name: str, hint: str) -> GitError:
    return GitError(f"a branch named {name!r} already exists", hint=hint)


def code_commit(run: StoredRun) -> CodeCommit:
    """The code of a run as a commit: the base itself where that is the code, else a commit on top of it.

    It is of the run's author, at the time of the run's start: the same for everybody who asks.
    """
    repo, info = run.repo, run.record.info
    if is_stale(run):
        raise UsageError(
            f"commit '{run.commit[:10]}' has other code than run {info.name!r}",
            hint=f"git exp branch {info.name} NAME",
        )
    builder = ObjectBuilder(repo.layout.object_format)
    base = _base(run)
    lost = base is None and info.code.base is not None
    if base is not None and code_tree(repo, base) == info.code.tree:
        return CodeCommit(base, base, lost, builder)
    root = repo.reader.entries(root_tree(run))
    tree = builder.tree(entry for entry in root if entry.name != RECORD_FOLDER)
    message = f"code of exp {info.name}\n\n{RUN_TRAILER}: {info.name}\n"
    parents = (base,) if base is not None else ()
    oid = builder.commit(tree, parents, code_author(run), parse_time(info.started), message)
    return CodeCommit(oid, base, lost, builder)


def root_tree(run: StoredRun) -> Oid:
    """The tree of the run's commit, its record included."""
    root = run.repo.reader.resolve(run.commit, "")
    assert root is not None
    return root.oid


def _base(run: StoredRun) -> Oid | None:
    base = run.record.info.code.base
    try:
        return base if base is not None and run.repo.reader.header(base)[0] == "commit" else None
    except NotFound:
        return None
