"""Who wrote the code of a run, as its commits say."""

from __future__ import annotations

from gitexp.git.objects import Identity
from gitexp.ops.read import StoredRun
from gitexp.ops.staleness import code_tree
from gitexp.ops.versions import author_of, versions


def code_author(run: StoredRun) -> Identity:
    """The author of the first version of the run with the code it has now; edits of labels are no matter."""
    reader, code = run.repo.reader, code_tree(run.repo, run.commit)
    same = [one for one in versions(reader, run.commit, run.name) if code_tree(run.repo, one) == code]
    return author_of(reader, same[-1])[0]
