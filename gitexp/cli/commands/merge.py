"""`git exp merge`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.merging.choices import Choices
    from gitexp.ops.merging.merge import Merged
    from gitexp.repo import Repository


@click.command("merge")
@click.argument("runs", metavar="A B [C]...", nargs=-1)
@click.option("--name", metavar="NAME", help="Words that the draft's name begins with.")
@click.option("--run", "execute", is_flag=True, help="Run the draft, and say how it compares with each run.")
@click.option("--trust", is_flag=True, help="With --run: also where the runs are not by you.")
@click.option(
    "--ours",
    metavar="KEY|FILE",
    multiple=True,
    help="Resolve the conflict of a param or a file with what A has. May be repeated.",
)
@click.option(
    "--theirs",
    metavar="KEY|FILE",
    multiple=True,
    help="Resolve it with what the run has that brings the conflict. May be repeated.",
)
@click.option(
    "--set",
    "assignments",
    metavar="KEY=VALUE",
    multiple=True,
    help="Give a param another value, in conflict or not; +KEY=VALUE adds one. May be repeated.",
)
@click.option("--worktree", metavar="DIR", help="Resolve the conflicts with git, in a new worktree at DIR.")
@click.option("--continue", "go_on", is_flag=True, help="In that worktree: make the draft of its index.")
@click.option("--abort", is_flag=True, help="In that worktree: take it away.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be merged.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of it as one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but conflicts.")
@click.pass_obj
def command(
    session: Session,
    runs: tuple[str, ...],
    name: str | None,
    execute: bool,
    trust: bool,
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    assignments: tuple[str, ...],
    worktree: str | None,
    go_on: bool,
    abort: bool,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Merge runs into a draft: a run that is yet to be executed.

    Code is merged by git, params by key, both from what the runs have in common; your params files keep their
    comments. A draft has no metrics: a merge never makes up a result. --run or git exp run --draft executes
    it. Nothing of yours is touched, and no merge driver that is configured runs.

    Where runs changed one param or the same lines of a file, and not alike, that is a conflict: it is shown
    with the results of each run, nothing is written, and the exit code is 1. KEY is a dotted param or the
    path of a file; path:FILE is always a file. More than two runs are merged one after the other: then --ours
    stands for what the runs before come to.

    \b
    Examples:
      git exp merge wide-otter deep-lynx
      git exp merge wide-otter deep-lynx --theirs lr --ours src/model.py --run
      git exp merge @ @~1 @~2 --set seed=3 --name all-three
      git exp merge wide-otter deep-lynx --worktree ../resolve
    """
    from gitexp.errors import UsageError
    from gitexp.formats.assignment import parse_assignment
    from gitexp.ops.merging.choices import Choices

    if (go_on or abort) and (runs or worktree is not None or go_on is abort):
        raise UsageError(
            "--continue and --abort stand alone, in the worktree of a merge", hint="git exp merge -h"
        )
    if worktree is not None and (execute or dry_run or as_json):
        raise UsageError(
            "--worktree only lays the merge out", hint="git exp merge --continue there makes the draft"
        )
    if execute and (dry_run or as_json):
        raise UsageError("--run talks while it runs", hint="git exp run --draft, once there is a draft")
    if trust and not execute:
        raise UsageError("--trust is for --run", hint="git exp run --draft RUN --trust")
    choices = Choices(ours, theirs, tuple(parse_assignment(text, "--set") for text in assignments))
    with session.repository() as repo:
        if abort:
            return _abort(repo)
        if worktree is not None:
            return _open(session, repo, runs, choices, assignments, Path(worktree), name, quiet)
        if execute:
            typed = {
                "--name": (name,) if name else (),
                "--ours": ours,
                "--theirs": theirs,
                "--set": assignments,
            }
            _check_trusted(repo, runs, typed, trust)
        merged = _merged(repo, runs, choices, name=name, go_on=go_on, dry_run=dry_run)
        if as_json:
            _put_json(merged)
        elif merged.conflicts is not None or not quiet:
            _put_page(session, repo, merged)
        if merged.conflicts is not None:
            return _tell_conflicts(merged, go_on=go_on)
        if not as_json:
            _tell(merged, quiet=quiet, dry_run=dry_run)
            if go_on and not dry_run and not quiet:
                _tell_rest(repo)
        return _run(session, repo, merged, trust=trust, quiet=quiet) if execute else 0


def _merged(
    repo: Repository, runs: tuple[str, ...], choices: Choices, *, name: str | None, go_on: bool, dry_run: bool
) -> Merged:
    if go_on:
        from gitexp.ops.merging.worktree import continue_worktree

        return continue_worktree(repo, choices, slug=name, dry_run=dry_run)
    from gitexp.ops.merging.merge import merge_runs

    return merge_runs(repo, runs, choices, slug=name, dry_run=dry_run)


def _run(session: Session, repo: Repository, merged: Merged, *, trust: bool, quiet: bool) -> int:
    """The exit code of the draft's command; 0 where it has been run before, and came to its end."""
    from gitexp.cli.drafts import run_draft
    from gitexp.errors import GitExpError
    from gitexp.model.record import Status

    draft = merged.draft
    assert draft is not None
    status = draft.existing.info.status if draft.existing is not None else Status.DRAFT
    if status is Status.FINISHED:
        return 0
    if status is not Status.DRAFT:
        again = "repro" if status.ended and status is not Status.CAPTURED else "show"
        raise GitExpError(
            f"run {draft.name!r} is {status.value}: it is not run again", hint=f"git exp {again} {draft.name}"
        )
    return run_draft(session, repo, str(draft.name), (), trust=trust, quiet=quiet)


def _check_trusted(
    repo: Repository, runs: tuple[str, ...], choices: Mapping[str, tuple[str, ...]], trust: bool
) -> None:
    from gitexp.ops.resolve import resolve
    from gitexp.ops.trust import check_trusted

    options = [word for option, words in choices.items() for each in words for word in (option, each)]
    retry = shlex.join(("git", "exp", "merge", *runs, *options, "--run"))
    for text in runs:
        check_trusted(repo, resolve(repo, text), trust, retry=retry)


def _open(
    session: Session,
    repo: Repository,
    runs: tuple[str, ...],
    choices: Choices,
    assignments: tuple[str, ...],
    place: Path,
    name: str | None,
    quiet: bool,
) -> int:
    from gitexp.cli.session import note, say
    from gitexp.ops.merging.worktree import open_worktree

    opened = open_worktree(repo, runs, choices, assignments, place, name)
    if not quiet:
        _put_page(session, repo, opened.merged)
        for key in opened.elsewhere:
            note(
                f"param {key!r} is in no file: give git exp merge --continue --ours, --theirs or --set for it"
            )
        say(f"the merge is in {str(opened.place)!r}: edit, git add, then git exp merge --continue there")
    return 0


def _tell_rest(repo: Repository) -> None:
    from gitexp.cli.session import say

    say(f"git worktree remove --force {shlex.quote(str(repo.layout.top))} takes this worktree away")


def _abort(repo: Repository) -> int:
    from gitexp.cli.session import say
    from gitexp.ops.merging.worktree import abort_worktree

    say(f"the worktree {str(abort_worktree(repo))!r} is gone, and the merge with it")
    return 0


def _put_json(merged: Merged) -> None:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.merge_value import merge_value

    put_json(merge_value(merged))


def _put_page(session: Session, repo: Repository, merged: Merged) -> None:
    from gitexp.cli.render.merge_page import merge_page
    from gitexp.cli.screen import look, put

    screen = look(repo.config, session.environ, use_pager=False)
    lines = merge_page(merged, screen)
    put("".join(f"{line}\n" for line in lines), screen, session.environ)


def _tell_conflicts(merged: Merged, *, go_on: bool) -> int:
    from gitexp.cli.merge_hints import resolving
    from gitexp.cli.session import tell, warn
    from gitexp.errors import GitExpError

    assert merged.conflicts is not None
    for word in merged.unmet:
        warn(GitExpError(f"{word!r} is not in conflict"))
    count = merged.conflicts.count
    message = f"{count} conflict{'' if count == 1 else 's'}: nothing was written"
    tell(GitExpError(message, hint=resolving(merged, go_on=go_on)))
    return GitExpError.exit_code


def _tell(merged: Merged, *, quiet: bool, dry_run: bool) -> None:
    from gitexp.cli.session import say, warn
    from gitexp.errors import GitExpError

    draft = merged.draft
    assert draft is not None
    for notice in draft.notices:
        warn(GitExpError(notice))
    if quiet:
        return
    if draft.existing is not None:
        status = draft.existing.info.status.value
        say(f"exp {draft.name} {status}: it already has this code and these params")
    elif not dry_run:
        say(f"exp {draft.name} draft: git exp run --draft {draft.name}")
