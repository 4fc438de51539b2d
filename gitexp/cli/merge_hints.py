"""What to type where a merge has conflicts."""

from __future__ import annotations

import shlex

from gitexp.formats.assignment import join_key
from gitexp.ops.merging.choices import FILE_PREFIX
from gitexp.ops.merging.merge import Merged

_MOST = 8


def resolving(merged: Merged, *, go_on: bool) -> str:
    """A command that resolves every conflict, for the user to change; or the way into a worktree."""
    assert merged.conflicts is not None
    keys = [join_key(one.key) for one in merged.conflicts.keys]
    params = set(keys)
    words = [
        *keys,
        *(one.path if one.path not in params else FILE_PREFIX + one.path for one in merged.conflicts.files),
    ]
    start = (
        "git exp merge --continue" if go_on else f"git exp merge {' '.join(run.name for run in merged.runs)}"
    )
    if len(words) > _MOST:
        return f"{start} --worktree DIR" if len(merged.runs) == 2 and not go_on else f"{start} --ours KEY..."
    options = " ".join(f"--theirs {shlex.quote(word)}" for word in words)
    return f"{start} {options}, or --ours, or --set KEY=VALUE"
