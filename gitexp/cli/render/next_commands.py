"""What to type after having looked at a run."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.model.calls import KIND
from gitexp.model.record import Status
from gitexp.ops.examine import Examined

_SHORT = 10


def next_commands(found: Examined) -> Iterator[tuple[str, str]]:
    """Commands and what they are for. A name and hashes are all that they hold of the record."""
    info = found.record.info
    name = info.name
    revision = f"exp/{name}" if found.has_ref else found.run.commit[:_SHORT]
    if found.run.live:
        yield f"git exp logs -f {name}", "what it prints"
    elif info.status is Status.DRAFT:
        yield f"git exp run --draft {name}", "its command, in a worktree of its own"
    elif info.status.executed and info.status is not Status.FINISHED:
        yield f"git exp logs {name}", "what it printed"
    if found.stale and found.has_ref:
        yield f"git exp show {name}", "the run, with the code that it is of"
    if found.suites:
        yield f"git exp eval show {name}", "its evaluations"
    if any(one.kind == KIND for one in found.record.artifacts):
        yield f"git exp trace {name}", "its calls of models and tools"
    if info.status is Status.FINISHED and (found.suites or (info.parents and found.record.metrics)):
        yield f"git exp why {name}", "why its score is what it is"
    if found.record.artifacts or any(not one.none for one in found.record.inputs):
        yield f"git exp lineage {name}", "what it came from, and what came of it"
    if not info.knows_code:
        return
    if info.code.dirty and info.code.base and info.source is None:
        base = info.code.base[:_SHORT]
        what = "its changes" if info.status is Status.CAPTURED else "its uncommitted changes"
        yield (
            f"git diff {base} {revision} -- ':!/.exp'",
            what,
        )
    yield f"git exp diff {name} .", "what has changed since"
    yield f"git exp branch {name} BRANCH", "its code on a branch"
