"""exp-link: a commit's message names the run of what is committed.

It is done when the message is written, so that an empty one still stops the commit; from then on the line
goes wherever git carries the message: through amend, rebase, cherry-pick and squash.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from gitexp.capture.durable import write_durably
from gitexp.capture.snapshot import Snapshot, staged
from gitexp.formats.trailers import lines, named, without
from gitexp.git.read_catfile import CatFileReader
from gitexp.git.refs import commit_of
from gitexp.model.names import RunName
from gitexp.ops.hooks import pending
from gitexp.ops.hooks.known_runs import runs_with_code
from gitexp.ops.hooks.message import is_nothing, with_line
from gitexp.ops.hooks.pending import Pending
from gitexp.ops.hooks.table import Answer, Call
from gitexp.repo import Repository


def run(repo: Repository, call: Call) -> Answer:
    """Never refuses. Raises GitExpError, OSError; then the message is as it was."""
    noted = pending.take(repo) if call.arguments else None
    if noted is None or repo.layout.top is None:
        return Answer()
    path = repo.cwd / call.arguments[0]
    before = path.read_bytes()
    if is_nothing(repo, before):
        return Answer()
    with (
        tempfile.TemporaryDirectory(prefix="gitexp-") as folder,
        staged(repo.git, repo.layout, Path(folder) / "objects") as (taken, reader),
    ):
        if taken.tree != noted.tree:  # another hook has changed what is staged
            return Answer()
        outdated = _outdated(repo, before, noted)
        if outdated and noted.run is None:
            noted = noted._replace(run=_of_amended(repo, taken, reader))
    after = _linked(repo, without(before, outdated), noted)
    if after != before:
        write_durably(path, after)
    return Answer()


def _of_amended(repo: Repository, taken: Snapshot, reader: CatFileReader) -> RunName | None:
    """The new run of an amended commit: what it changes is seen against the parent of what it replaces."""
    if commit_of(repo.git, "HEAD^2") is not None:  # what git has put together is nobody's result
        return None
    from gitexp.ops.hooks.capture import recorded
    from gitexp.ops.hooks.staged_files import StagedFiles
    from gitexp.ops.staleness import code_tree

    base = commit_of(repo.git, "HEAD^")
    dirty = base is None or code_tree(repo, base) != taken.tree
    files = StagedFiles(reader, "HEAD^")
    return recorded(repo, replace(taken, base=base, dirty=dirty), files)


def _outdated(repo: Repository, message: bytes, noted: Pending) -> set[str]:
    """The runs whose lines come from the commit that is amended, and that are of its code and not of this."""
    names = lines(message) - {noted.run or ""}
    head = commit_of(repo.git, "HEAD") if names else None
    if head is None:
        return set()
    names &= lines(repo.reader.read(head)[1].partition(b"\n\n")[2])
    if not names:
        return set()
    from gitexp.ops.staleness import code_tree  # heavy, and only needed where a commit with a line is amended

    tree = code_tree(repo, head)
    if tree == noted.tree:
        return set()
    return names & {str(run.name) for run in runs_with_code(repo, tree)}


def _linked(repo: Repository, message: bytes, noted: Pending) -> bytes:
    """The message with the line, unless a line of its own names that run, or another one of this code."""
    if noted.run is None or noted.run in lines(message):
        return message
    run = noted.run
    if mentioned := named(message):
        of_code = {one.name for one in runs_with_code(repo, noted.tree)}
        if not of_code.isdisjoint(lines(message)):
            return message
        # Of a squashed commit: `git merge --squash` indents what it puts together.
        run = next((name for name in reversed(mentioned) if name in of_code), run)
    return with_line(repo, message, run)
