"""What is said of baselines that were pushed or fetched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.git.remotes import Remote
    from gitexp.ops.share.push import Outcome


def told(remote: Remote, outcomes: Sequence[Outcome], *, dry_run: bool, as_json: bool) -> int:
    """The exit code, after everything was said."""
    from gitexp.cli.json_output import put_json
    from gitexp.cli.outcomes import outcome_value, tell_outcomes
    from gitexp.cli.session import note
    from gitexp.ops.share.push import State

    if as_json:
        put_json({"remote": remote.name, "baselines": [outcome_value(one) for one in outcomes]})
    if not outcomes:
        note("no baseline here, and none there")
        return 0
    return tell_outcomes(remote, outcomes, named=(State.NEW, State.UPDATED, State.REMOVED), dry_run=dry_run)
