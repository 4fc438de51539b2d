"""Which runs have been on a remote: one that is there no more was removed there, and stays so.

`.git/exp/outbox/<address>.seen`, a name a line. Losing the file sends such a run again: nothing is lost.
"""

from __future__ import annotations

from gitexp.git.remotes import Remote
from gitexp.ops.share.memory import Memory
from gitexp.ops.share.outbox import outbox_file
from gitexp.repo import Repository


def seen_on(repo: Repository, remote: Remote) -> Memory:
    """The names, as they are called here, of runs that a remote has or had."""
    # A remote that is somewhere else now has had nothing.
    return Memory(outbox_file(repo, remote.push_url, "seen"))
