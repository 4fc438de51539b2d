"""`git exp repro`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from gitexp.cli import exit_codes
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.repro.plan import Plan
    from gitexp.ops.repro.reproduce import Choices, Reproduced
    from gitexp.repo import Repository


@click.command("repro")
@click.argument("run", metavar="RUN")
@click.option("--on", metavar="REV", help="Run the old params and command on the code of another commit.")
@click.option("--env", "build", is_flag=True, help="Build the recorded environment, and run in it.")
@click.option("--trust", is_flag=True, help="Execute it although somebody else recorded it.")
@click.option(
    "--metrics-file",
    "metrics_files",
    metavar="FILE",
    multiple=True,
    help="A file that results are read from, as for git exp run. May be repeated.",
)
@click.option(
    "--output",
    "outputs",
    metavar="PATH",
    multiple=True,
    help="A file or folder to keep as an artifact, as for git exp run. May be repeated.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be executed.")
@click.option("-q", "--quiet", is_flag=True, help="Do not show what is executed, nor each metric.")
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as one JSON document.")
@click.pass_obj
def command(
    session: Session,
    run: str,
    on: str | None,
    build: bool,
    trust: bool,
    metrics_files: tuple[str, ...],
    outputs: tuple[str, ...],
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run a run once more, and say whether the same comes out.

    First it is shown what will be executed, what of that is other than it was, and what is missing: packages,
    inputs, artifacts. Then the same command runs on the same code with the same params, in a worktree of its
    own, with its inputs put back by their hashes; no hook and no filter runs. The result is a new run whose
    parent is the old one, with a verdict on each metric: identical, within noise ('noise' in .gitexp.yaml, or
    else what repeated runs show), different, or missing.

    A run that somebody else recorded, or that came from elsewhere under your name, is executed only with
    --trust, or where a key that you trust has signed its commit.

    It exits with 0 where every metric is identical or within noise, with 1 where one is different or missing,
    and with the code of the command where that fails.

    \b
    Examples:
      git exp repro brave-otter -n
      git exp repro brave-otter --env
      git exp repro @ --on HEAD
    """
    from gitexp.cli.json_output import put_json
    from gitexp.cli.reproduction_value import plan_value, reproduced_value
    from gitexp.ops.repro.plan import make_plan
    from gitexp.ops.repro.reproduce import reproduce
    from gitexp.ops.trust import check_code_trusted, check_trusted

    with session.repository() as repo:
        plan = make_plan(repo, run, on)
        if dry_run and as_json:
            put_json(plan_value(plan))
            return exit_codes.OK
        _show(plan, aloud=dry_run, quiet=quiet, building=build)
        if dry_run:
            return exit_codes.OK
        check_trusted(repo, plan.run, trust, retry=f"git exp repro {plan.run.name}")
        if on is not None:
            retry = f"git exp repro {plan.run.name} --on {shlex.quote(on)}"
            check_code_trusted(repo, plan.commit, trust, retry=retry)
        done = reproduce(repo, plan, _choices(repo, plan, build, metrics_files, outputs, as_json))
        _tell(plan, done, quiet)
        if as_json:
            put_json(reproduced_value(plan, done))
    return _exit_code(done)


def _show(plan: Plan, *, aloud: bool, quiet: bool, building: bool) -> None:
    """The plan, on stdout where it is all that was asked for; what is missing is said in any case."""
    from gitexp.cli.render.plan_page import plan_page
    from gitexp.cli.session import say, warn

    if aloud:
        print("\n".join(plan_page(plan)))
    elif not quiet:
        for line in plan_page(plan):
            say(line)
    for one in plan.shortcomings(building=building):
        warn(one)


def _choices(
    repo: Repository,
    plan: Plan,
    build: bool,
    metrics_files: tuple[str, ...],
    outputs: tuple[str, ...],
    as_json: bool,
) -> Choices:
    from gitexp.capture.spawn import OWN, Stdio
    from gitexp.ops.repro.reproduce import Choices, environment_for

    return Choices(
        environment=environment_for(repo, plan) if build else None,
        metrics_files=metrics_files,
        outputs=outputs,
        # What the command prints must not stand in the document.
        stdio=Stdio(stdout=2) if as_json else OWN,
    )


def _tell(plan: Plan, done: Reproduced, quiet: bool) -> None:
    from gitexp.cli.commands.run import tell_executed
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.render.verdict_page import verdict_rows, verdict_text
    from gitexp.cli.session import say, warn
    from gitexp.errors import GitExpError

    for notice in done.notices:
        warn(GitExpError(notice))
    found = done.reproduction
    if found is not None and not quiet:
        for line in verdict_rows(found, Paint(False)):
            say(line)
        say(f"verdict: {verdict_text(found, Paint(False))}")
    if done.executed.exit.stopped:
        say("no verdict: it was stopped")
    tell_executed(plan.command[0], done.executed, quiet)


def _exit_code(done: Reproduced) -> int:
    if done.executed.exit.shell_code:
        return done.executed.exit.shell_code
    found = done.reproduction
    return exit_codes.OK if found is not None and found.verdict.reproduced else exit_codes.ERROR
