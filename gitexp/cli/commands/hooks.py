"""`git exp hooks`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitexp.cli import exit_codes
from gitexp.cli.options import dry_run_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.hooks.installing import Done
    from gitexp.ops.hooks.state import HookState
    from gitexp.repo import Repository


@click.command("hooks")
@click.argument("action", type=click.Choice(["install", "uninstall", "status"]), metavar="ACTION")
@dry_run_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of what is done.")
@click.option("--json", "as_json", is_flag=True, help="Print how each hook stands as one JSON document.")
@click.pass_obj
def command(session: Session, action: str, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Have git call git exp when it commits and pushes: install.

    ACTION is install, uninstall or status. A small script goes into the folder in which git looks for hooks
    (core.hooksPath is honoured). A hook that is there stays: it is called first, and where it fails nothing
    else is done. Where the files of that folder are in git, as with husky, the line to add is printed
    instead. pre-commit and prek stay as they are, and can call our hooks themselves: their ids are exp-guard,
    exp-capture, exp-link and exp-push. uninstall puts back what was there. Where git exp is not found, what
    was there before is called alone. Our merge and diff drivers are made known to git and forgotten likewise:
    see git exp driver. git config exp.hooks false switches all off, git config exp.hook.guard false one.

    \b
    Examples:
      git exp hooks install
      git exp hooks status
      git exp hooks uninstall
    """
    from gitexp.ops.hooks.installing import install, uninstall
    from gitexp.ops.hooks.state import look

    with session.repository() as repo:
        if action == "status":
            return _put_status(repo, look(repo), as_json=as_json)
        done = (install if action == "install" else uninstall)(repo, dry_run=dry_run)
        if as_json:
            _put_status(repo, [one.hook for one in done], as_json=True)
        code = _tell(done, action, dry_run=dry_run, quiet=quiet or as_json)
        if action == "install" and not (quiet or as_json):
            _tell_frameworks(done)
            _tell_shared(repo, done)
    return code


def _tell(done: Sequence[Done], action: str, *, dry_run: bool, quiet: bool) -> int:
    from gitexp.cli.session import say, tell

    verb = f"{'would be ' if dry_run else ''}{action}ed"
    for one in done:
        if one.error is not None:
            tell(one.error)
        elif not quiet:
            say(f"{one.hook.name}: {verb if one.changed else 'as it was'}{_aside(one.hook)}")
    return exit_codes.ERROR if any(one.error for one in done) else exit_codes.OK


def _tell_frameworks(done: Sequence[Done]) -> None:
    """How a framework can be had to list ours among its hooks."""
    from gitexp.cli.session import note, say
    from gitexp.ops.hooks.framework import CONFIGS, lines
    from gitexp.ops.hooks.table import hooks_of

    chained = [one.hook for one in done if one.changed and one.hook.framework]
    if not chained:
        return
    names = list(dict.fromkeys(hook for one in chained for hook in hooks_of(one.name)))
    note(f"{chained[0].framework} calls them. To see them among its hooks instead, put into {CONFIGS[0]}:")
    for text in lines(names):
        say(text)


def _tell_shared(repo: Repository, done: Sequence[Done]) -> None:
    """That other repositories get them, too."""
    from gitexp.cli.session import note
    from gitexp.ops.hooks.folder import find_folder

    folder = find_folder(repo)
    if not folder.own and repo.relative(folder.path) is None and any(one.changed for one in done):
        note(
            f"'{folder.path}' (core.hooksPath) is not this repository's own: git calls them in all that "
            "use it, and they do nothing where git exp was never used"
        )


def _aside(hook: HookState) -> str:
    from gitexp.ops.hooks.state import State

    before = hook.before.name if hook.before is not None else None
    if before and not hook.state.is_ours:
        return f", {before} is left from before"
    after = f", after {before}" if before else ""
    if hook.state is State.CALLED or (hook.framework and hook.state.works):
        return f", called by {hook.framework or 'what stands there'}{after}"
    return after


def _put_status(repo: Repository, hooks: Sequence[HookState], *, as_json: bool) -> int:
    from gitexp.cli.json_output import put_json
    from gitexp.cli.safe_text import safe
    from gitexp.cli.session import note
    from gitexp.ops.hooks.drivers import registered
    from gitexp.ops.hooks.folder import find_folder

    folder = find_folder(repo)
    if as_json:
        value = {"folder": str(folder.path), "own": folder.own, "drivers": registered(repo)}
        put_json({**value, "hooks": [_value(one) for one in hooks]})
        return exit_codes.OK
    print(f"hooks are in {safe(_shown(folder.path, repo))}{'' if folder.own else ' (core.hooksPath)'}")
    for one in hooks:
        print(f"  {one.name:<18}  {one.state.value}{safe(_aside(one))}")
    print(f"merge and diff drivers are {'' if registered(repo) else 'not '}registered")
    if not repo.config.bool("exp.hooks", True):
        note("ours do nothing, because exp.hooks is false")
    return exit_codes.OK


def _value(hook: HookState) -> dict[str, object]:
    return {
        "name": hook.name,
        "state": hook.state.value,
        "path": str(hook.path),
        "before": str(hook.before) if hook.before else None,
        "framework": hook.framework,
    }


def _shown(path: Path, repo: Repository) -> str:
    return repo.relative(path) or str(path)
