"""Links of code that lead out of the working tree, in a worktree that lies elsewhere.

A relative one, as to `../datasets`, would lead to nothing from there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def lead_on(top: Path, root: Path, paths: Iterable[str]) -> list[str]:
    """Those of the links at `paths` in the worktree `root` that now lead where they lead below `top`.

    What they lead to is not touched, nor looked at: the links may be other people's.
    """
    changed = []
    for path in paths:
        with suppress(OSError):
            target = os.readlink(root / path)
            there = os.path.normpath(os.path.join(os.path.dirname(path), target))
            if os.path.isabs(target) or there.split("/")[0] != "..":
                continue
            own = os.readlink(top / path) if (top / path).is_symlink() else target
            (root / path).unlink()
            # In a worktree of ours, in which another run is started, it was led on before.
            (root / path).symlink_to(own if os.path.isabs(own) else _place(top, root, there))
            changed.append(path)
    return changed


def _place(top: Path, root: Path, there: str) -> Path:
    """Where a path leads from the user's root; one that comes back into it stays in the worktree."""
    led = Path(os.path.normpath(top / there))
    return root / led.relative_to(top) if led.is_relative_to(top) else led
