"""Running a draft, and telling how what came out compares with the runs that were merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.cli.session import Session
    from gitexp.ops.execute import Request
    from gitexp.repo import Repository


def run_draft(
    session: Session,
    repo: Repository,
    text: str,
    command: Sequence[str],
    *,
    trust: bool,
    quiet: bool,
    labels: Request | None = None,
) -> int:
    """The exit code of the draft's command. Raises as `draft_request` and `execute`."""
    from gitexp.cli.commands.run import tell_executed
    from gitexp.cli.session import note
    from gitexp.ops.execute import Request, execute
    from gitexp.ops.merging.running import draft_request

    request = draft_request(repo, text, command, trust=trust, labels=labels or Request(()))
    done = execute(repo, request)
    tell_executed(request.command[0], done, quiet)
    if not quiet and done.commit is not None:
        _compare(repo, done.name)
        if done.exit.shell_code:
            note(
                f"git exp run --draft {done.name} runs it again; git exp undo makes it the draft that it was"
            )
    return done.exit.shell_code


def _compare(repo: Repository, name: str) -> None:
    """The metrics against each run that was merged. On stderr: stdout is the command's."""
    import sys

    from gitexp.cli.render.comparison import guess, measure_rows
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.safe_text import safe
    from gitexp.ops.merging.running import against_parents

    lines: list[str] = []
    guessed: dict[str, None] = {}
    for one in against_parents(repo, name):
        lines.append(f"against {safe(one.name)}:")
        metrics = one.found.metrics
        lines += measure_rows(metrics, Paint(False), None) if metrics else ["  no metrics"]
        guessed |= dict.fromkeys(guess(one.found))
    for line in (*lines, *guessed):
        print(line, file=sys.stderr)
