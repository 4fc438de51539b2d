"""`git exp run`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gitexp.cli import exit_codes
from gitexp.cli.options import recording_options
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.continuing import Origin
    from gitexp.ops.execute import Executed, Request
    from gitexp.repo import Repository


@click.command("run", context_settings={"allow_interspersed_args": False}, options_metavar="[OPTIONS] [--]")
@recording_options
@click.option(
    "-S",
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Run with another value of a param; +KEY=VALUE adds a new one. May be repeated. Implies --isolated.",
)
@click.option("--isolated", is_flag=True, help="Run in a worktree of its own, so that you can go on editing.")
@click.option("--resume", metavar="RUN", help="Go on with a run, under its name.")
@click.option("--fork", metavar="RUN", help="Start a new run from where another one was.")
@click.option(
    "--reuse", is_flag=True, help="Where a finished run has computed just this, tell it and compute nothing."
)
@click.option(
    "--no-content", is_flag=True, help="Of texts in traces of model calls, keep hashes in place of them."
)
@click.option(
    "--trace",
    type=click.Choice(["off", "open", "inotify"]),
    help="Note what the command reads: files that Pythons open (open, the default), and any program in the "
    "working tree (inotify), or nothing (off).",
)
@click.option("--draft", metavar="RUN", help="Run a draft, under its name; without CMD with its own command.")
@click.option("--trust", is_flag=True, help="With --draft: also where the merged runs are not by you.")
@click.argument("cmd", nargs=-1, type=click.UNPROCESSED, metavar="CMD...")
@click.pass_obj
def command(
    session: Session,
    cmd: tuple[str, ...],
    name: str | None,
    group: str | None,
    tags: tuple[str, ...],
    note: str | None,
    param_files: tuple[str, ...],
    metrics_files: tuple[str, ...],
    outputs: tuple[str, ...],
    uses: tuple[str, ...],
    quiet: bool,
    assignments: tuple[str, ...],
    isolated: bool,
    resume: str | None,
    fork: str | None,
    reuse: bool,
    no_content: bool,
    trace: str | None,
    draft: str | None,
    trust: bool,
) -> int:
    """Run a command and record it as a run.

    The code is recorded as it is at the start, uncommitted changes and untracked files included. Input,
    terminal, signals and the exit code pass through as if CMD had been typed alone. {key} in CMD stands for
    the value of a param. -S never changes your params file: the command runs in a worktree of its own, whose
    params file is edited. A draft of git exp merge runs in one as well; if it failed or was stopped, it can
    be run again from the start, under its name.

    With --reuse nothing runs and nothing is recorded where a finished run answers already: one of the same
    code, uncommitted changes included, the same command, folder and params, whose inputs are what they were.
    Its files are had with git exp get. What the project ignores and no run noted as input is not looked at.

    Files of OpenTelemetry spans that CMD leaves in the folder GITEXP_TRACE_DIR are kept as an artifact, and
    what they tell of calls of models becomes metrics, inputs and usage: git exp trace shows them. What was
    said in the calls never goes into git.

    \b
    Examples:
      git exp run -- python train.py
      git exp run --name baseline --tag paper -- python train.py --epochs 3
      git exp run -S lr=1e-3 -S +model.dropout=0.1 -- python train.py
      git exp run --metrics-file scores.json --output model.pt -- make
      git exp run --reuse -- python train.py
      git exp run --draft merged-otter
    """
    from gitexp.cli.drafts import run_draft
    from gitexp.errors import UsageError
    from gitexp.formats.assignment import parse_assignment
    from gitexp.model.calls import Content
    from gitexp.ops.execute import Request, execute

    if resume is not None and name is not None:
        raise UsageError("a resumed run keeps its name", hint="leave out --name, or use --fork")
    if trust and draft is None:
        raise UsageError("--trust is for drafts", hint="git exp run --draft RUN --trust")
    if reuse and (resume is not None or fork is not None):
        raise UsageError("--reuse excludes --resume and --fork", hint="git exp run -h")
    request = Request(
        cmd,
        slug=name,
        group=group,
        tags=tags,
        note=note,
        assignments=tuple(parse_assignment(text) for text in assignments),
        param_files=param_files,
        metrics_files=metrics_files,
        outputs=outputs,
        uses=uses,
        isolated=isolated,
        content=Content.HASHES if no_content else None,
        trace=trace,
    )
    with session.repository() as repo:
        if draft is not None:
            _check_draft(request, resume=resume, fork=fork, reuse=reuse)
            return run_draft(session, repo, draft, cmd, trust=trust, quiet=quiet, labels=request)
        request = replace(request, origin=_origin(repo, resume, fork))
        if reuse and cmd and _is_answered(repo, request, quiet):
            return exit_codes.OK
        done = execute(repo, request)
    tell_executed(cmd[0], done, quiet)
    return done.exit.shell_code


def _is_answered(repo: Repository, request: Request, quiet: bool) -> bool:
    """Whether a run has computed this already, after that was told."""
    from gitexp.cli.session import note, say
    from gitexp.ops.reuse import answer

    found = answer(repo, request)
    if found is None:
        return False
    note("nothing was computed: a finished run has this code, command, params and inputs")
    if not quiet:
        say(f"exp {found.name} reused: git exp show {found.name}")
    return True


def _check_draft(request: Request, *, resume: str | None, fork: str | None, reuse: bool) -> None:
    """Raises UsageError for what a draft has of its own."""
    from gitexp.errors import UsageError

    if resume is not None or fork is not None or reuse:
        raise UsageError("--draft excludes --resume, --fork and --reuse", hint="git exp run -h")
    if request.slug is not None:
        raise UsageError("a draft keeps its name", hint="leave out --name")
    if request.assignments or request.param_files:
        raise UsageError(
            "a draft has its params", hint="git exp merge A B --set KEY=VALUE makes another draft"
        )


def _origin(repo: Repository, resume: str | None, fork: str | None) -> Origin | None:
    from gitexp.errors import UsageError
    from gitexp.ops import continuing

    if resume is not None and fork is not None:
        raise UsageError("--resume and --fork exclude each other", hint="git exp run -h")
    if resume is not None:
        return continuing.resume(repo, resume, now=time.time())
    return continuing.fork(repo, fork) if fork is not None else None


def tell_executed(program: str, done: Executed, quiet: bool) -> None:
    """Says how a command went that was recorded."""
    from gitexp.cli.session import say, tell, warn
    from gitexp.errors import GitExpError

    for notice in done.notices:
        warn(GitExpError(notice))
    if done.exit.error is not None:
        reason = done.exit.error.strerror
        what = "command not found" if done.exit.shell_code == 127 else f"cannot run ({reason})"
        tell(GitExpError(f"{what}: {program!r}"))
    if done.error is not None:
        tell(done.error)
    elif not quiet:
        say(f"exp {done.name} {done.status.value}: git exp show {done.name}")
