"""What rm and restore say of the runs that they moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.cli import exit_codes

if TYPE_CHECKING:
    from gitexp.ops.remove import Moved

_SHOWN = 20


def moved_value(one: Moved, done: str) -> dict[str, str | None]:
    """What became of one run, for JSON."""
    state, reason = (done, None) if one.error is None else ("refused", one.error.message)
    return {"name": one.name, "commit": one.commit, "state": state, "reason": reason}


def tell_moved(results: Sequence[Moved], *, done: str, dry_run: bool) -> int:
    """Says what became of each run; the code of the first error."""
    from gitexp.cli.session import say, tell

    code = exit_codes.OK
    moved = [one.name for one in results if one.error is None]
    for one in results:
        if one.error is not None:
            tell(one.error)
            code = code or one.error.exit_code
    verb = f"would be {done}" if dry_run else done
    for name in moved[:_SHOWN]:
        say(f"exp {name} {verb}")
    if len(moved) > _SHOWN:
        say(f"and {len(moved) - _SHOWN} more {verb}: {len(moved)} in all")
    return code
