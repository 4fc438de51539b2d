"""`git exp baseline push`."""

from __future__ import annotations

import click

from gitexp.cli.session import Session


@click.command("push")
@click.argument("names", nargs=-1, metavar="[REMOTE] [NAME]...")
@click.option("--force", is_flag=True, help="Move it there though somebody else has moved it.")
@click.option("--allow", is_flag=True, help="Push its run though lines of that look like secrets.")
@click.option("--allow-missing", is_flag=True, help="Push its run though artifacts cannot be sent.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be pushed.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each as JSON.")
@click.pass_obj
def command(
    session: Session,
    names: tuple[str, ...],
    force: bool,
    allow: bool,
    allow_missing: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Send baselines to a remote, their runs first.

    All of them without NAME. A baseline moves there only from where it was when this clone last saw it: one
    that somebody else has moved since is a conflict, and stays. Exit code 3 says that some were not pushed.
    Those that are there and not here stay, and are told of.

    \b
    Examples:
      git exp baseline push
      git exp baseline push origin main
    """
    from gitexp.cli.commands.baseline.sharing import told
    from gitexp.cli.remote_words import split_words
    from gitexp.ops.share.baselines import push_baselines
    from gitexp.ops.share.push import Options

    options = Options(dry_run=dry_run, allow_secrets=allow, allow_missing=allow_missing)
    with session.repository() as repo:
        words = split_words(repo, names, push=True)
        outcomes = push_baselines(repo, words.remote, words.runs, force=force, options=options)
    return told(words.remote, outcomes, dry_run=dry_run, as_json=as_json)
