"""`git exp bisect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitexp.cli import exit_codes
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.bisect.bisect import Found, Step

_SHORT = 10


@click.command("bisect", context_settings={"allow_interspersed_args": True}, options_metavar="[OPTIONS]")
@click.argument("good", metavar="GOOD")
@click.argument("bad", metavar="BAD")
@click.option("-m", "--metric", metavar="METRIC", required=True, help="The metric that tells good from bad.")
@click.option("--threshold", metavar="X", type=float, help="What still is good, instead of the middle.")
@click.option("--trust", is_flag=True, help="Execute the runs at the ends although others recorded them.")
@click.option("-q", "--quiet", is_flag=True, help="Do not tell of each step.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as one JSON document.")
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, metavar="[-- CMD...]")
@click.pass_obj
def command(
    session: Session,
    good: str,
    bad: str,
    cmd: tuple[str, ...],
    metric: str,
    threshold: float | None,
    trust: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Find the commit that made a metric worse.

    GOOD and BAD are runs or revisions. git bisect chooses the commits between them; each is measured by CMD,
    or else by the command of the runs at the ends, in a worktree of its own, and recorded as a run of a group
    of this bisection. A finished run of just that code, command and params is taken instead of running it
    again. A commit is good whose metric is nearer to that of GOOD, or on its side of --threshold; one where
    the command fails, or does not give the metric, is skipped.

    Your working tree, HEAD and a bisection of your own stay as they are. It exits with 1 where too many
    commits had to be skipped to tell which one it was.

    \b
    Examples:
      git exp bisect baseline @ --metric accuracy
      git exp bisect v1.0 HEAD --metric loss -- python train.py --epochs 1
    """
    from gitexp.cli.json_output import put_json
    from gitexp.ops.bisect.bisect import Question, bisect

    question = Question(good, bad, metric, threshold, cmd, trust)
    with session.repository() as repo:
        found = bisect(repo, question, (lambda step: None) if quiet else (lambda step: _tell(metric, step)))
    if as_json:
        put_json(_value(found))
    else:
        print("\n".join(_lines(found)))
    return exit_codes.OK if found.outcome.first_bad else exit_codes.ERROR


def _tell(metric: str, step: Step) -> None:
    from gitexp.cli.session import say

    one = step.measured
    told = one.reason if one.value is None else f"{metric} {one.value:.6g}"
    how = f", {'as measured by' if one.reused else 'run'} {one.run}" if one.run else ""
    say(f"{step.word:<5} {one.commit[:_SHORT]} {told}{how}: {step.subject}")


def _lines(found: Found) -> list[str]:
    """What was found, in the words of git bisect."""
    from gitexp.cli.safe_text import safe

    if found.outcome.first_bad is None:
        return [
            "The first bad commit could be any of:",
            *found.outcome.possible,
            "The others could not be measured.",
        ]
    lines = [f"{found.outcome.first_bad} is the first bad commit", f"  {safe(found.subject)}"]
    if found.before is not None and found.after is not None:
        change = f"{found.before.value:.6g} -> {found.after.value:.6g}"
        lines.append(f"  {safe(found.metric)} {change}: git exp diff {found.before.run} {found.after.run}")
    return lines


def _value(found: Found) -> dict[str, object]:
    from gitexp.cli.json_output import strict
    from gitexp.ops.bisect.measuring import Measured

    def measured(one: Measured | None) -> dict[str, object] | None:
        if one is None:
            return None
        known = {"commit": one.commit, "value": one.value, "run": one.run or None, "reused": one.reused}
        return {**known, "reason": one.reason or None}

    return strict(
        {
            "metric": found.metric,
            "group": found.group,
            "threshold": found.judge.threshold,
            "good": measured(found.good),
            "bad": measured(found.bad),
            "steps": [
                {**(measured(step.measured) or {}), "verdict": step.word, "subject": step.subject}
                for step in found.steps
            ],
            "first_bad": found.outcome.first_bad,
            "subject": found.subject or None,
            "before": measured(found.before),
            "after": measured(found.after),
            "possible": list(found.outcome.possible),
        }
    )
