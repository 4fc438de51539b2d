"""The process that sends runs which pushed commits mention:
`python -m gitexp.cli.mentioned_push FOLDER SECONDS REMOTE RUN...`.

It is started by gitexp itself, in a session without a terminal; what it says goes where git talks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.repo import Repository


def main(folder: str, seconds: int, name: str, runs: Collection[str]) -> None:
    """Pushes those of `runs` that are here and have ended. What goes wrong is a warning."""
    from gitexp.cli.limited import limit
    from gitexp.cli.session import Session, warn
    from gitexp.errors import GitExpError
    from gitexp.repo import process_environment

    os.chdir(folder)
    limit(seconds, f"it took longer than {seconds} s")
    try:
        with Session(process_environment()).repository(sweep=False) as repo:
            _push(repo, name, runs)
    except (GitExpError, OSError) as error:
        limit(0, "")
        warn(
            GitExpError(f"the runs of these commits were not all sent: {error}", hint=f"git exp push {name}")
        )


def _push(repo: Repository, name: str, runs: Collection[str]) -> None:
    from gitexp.cli.outcomes import tell_outcomes
    from gitexp.git.remotes import find_remote
    from gitexp.ops.share.push import Options, State, push
    from gitexp.ops.share.wanted import ended_runs

    remote = find_remote(repo.git, repo.config, name, push=True)
    repo.progress = None
    wanted = [run for run in ended_runs(repo) if run.name in runs]
    outcomes = push(repo, remote, wanted, Options(hold_secrets=True)) if wanted else []
    if any(one.state.sent or one.state.failed for one in outcomes):
        tell_outcomes(remote, outcomes, named=(State.NEW, State.UPDATED), dry_run=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:])
