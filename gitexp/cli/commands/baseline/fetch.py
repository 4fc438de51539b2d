"""`git exp baseline fetch`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("fetch")
@click.argument("names", nargs=-1, metavar="[REMOTE] [NAME]...")
@click.option("--force", is_flag=True, help="Move it here though it was moved here, too.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what is there and not here.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each as JSON.")
@click.pass_obj
def command(session: Session, names: tuple[str, ...], force: bool, dry_run: bool, as_json: bool) -> int:
    """Bring baselines from a remote, each with its run.

    All of them without NAME. The record of each is checked before the baseline is seen. One that was moved
    here and there is a conflict, and stays as it is here; so does one that was taken away there. Exit code 3
    says that some were not brought. git exp undo takes it back.

    \b
    Examples:
      git exp baseline fetch
      git exp baseline fetch origin main --force
    """
    from gitexp.cli.commands.baseline.sharing import told
    from gitexp.cli.remote_words import split_words
    from gitexp.ops.share.baselines import fetch_baselines

    with session.repository() as repo:
        words = split_words(repo, names)
        outcomes = fetch_baselines(repo, words.remote, words.runs, force=force, dry_run=dry_run)
    return told(words.remote, outcomes, dry_run=dry_run, as_json=as_json)
