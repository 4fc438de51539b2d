"""What commands say of runs that they changed on a remote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from gitexp.cli import exit_codes

if TYPE_CHECKING:
    from gitexp.git.remotes import Remote
    from gitexp.ops.share.push import Outcome, State

_SHOWN = 20
"""Runs that went well and are told by name."""


def put_outcomes(remote: Remote, outcomes: Sequence[Outcome], *, archives: bool = False) -> None:
    """Prints them as JSON; with `archives` those of archives, too."""
    from gitexp.cli.json_output import put_json
    from gitexp.cli.state_counts import by_kind

    values = [outcome_value(one) for one in outcomes]
    runs, others = by_kind(zip(outcomes, values, strict=True))
    put_json({"remote": remote.name, "runs": runs, **({"archives": others} if archives else {})})


def outcome_value(one: Outcome) -> dict[str, str | None]:
    """What became of one run, for JSON."""
    return {"name": one.name, "commit": one.commit, "state": one.state.value, "reason": one.reason or None}


def tell_outcomes(
    remote: Remote, outcomes: Sequence[Outcome], *, named: Collection[State], dry_run: bool
) -> int:
    """Says what became of the runs and gives the exit code; of those that went well only some by name, and
    only those in a state of `named`."""
    from gitexp.cli.session import say
    from gitexp.cli.state_counts import state_counts
    from gitexp.ops.share.push import State

    failed = [one for one in outcomes if one.state.failed]
    well = [one for one in outcomes if one.state in named or (one.reason and not one.state.failed)]
    for one in [*well[:_SHOWN], *failed]:
        say(f"{one.state.value}  {one.name}" + (f": {one.reason}" if one.reason else ""))
    if len(well) > _SHOWN:
        say(f"and {len(well) - _SHOWN} more")
    for hint in dict.fromkeys(one.hint for one in failed if one.hint):
        say(f"hint: {hint}")
    would = " would have" if dry_run else ""
    say(f"{remote.name}{would}: {state_counts(outcomes, State)}")
    return exit_codes.REMOTE if failed else exit_codes.OK
