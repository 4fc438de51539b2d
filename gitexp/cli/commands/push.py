"""`git exp push`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.cli.remote_words import Words
    from gitexp.git.remotes import Remote
    from gitexp.ops.choose import Chosen
    from gitexp.ops.read import StoredRun
    from gitexp.repo import Repository


@click.command("push")
@click.argument("names", nargs=-1, metavar="[REMOTE] [RUN]...")
@click.option("--where", metavar="QUERY", help="Push the runs that a query finds.")
@click.option("--all", "everything", is_flag=True, help="Push runs that are still running, too.")
@click.option(
    "--artifacts", is_flag=True, help="See that the bytes of runs that are there already are there, too."
)
@click.option(
    "--allow-missing", is_flag=True, help="Push runs though bytes of their artifacts cannot be sent."
)
@click.option("--allow", is_flag=True, help="Push runs though lines of theirs look like secrets.")
@click.option("--again", is_flag=True, help="Push runs that were removed there, too.")
@click.option(
    "--layout",
    type=click.Choice(["refs", "branches"]),
    help="Keep runs on the remote as refs/exp/NAME or as branches exp/NAME, from now on.",
)
@click.option(
    "--auto",
    is_flag=False,
    flag_value="",
    metavar="[never|finish|batch]",
    help="From now on push runs by themselves: never, when one ends, or those together that end within a "
    "minute. Without a value the present policy is printed.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be pushed.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each run as JSON.")
@click.pass_obj
def command(
    session: Session,
    names: tuple[str, ...],
    where: str | None,
    everything: bool,
    artifacts: bool,
    allow_missing: bool,
    allow: bool,
    again: bool,
    layout: str | None,
    auto: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Send runs to a remote, the bytes of their artifacts first.

    Without a RUN or --where all runs that have ended are pushed. REMOTE is the name of a git remote; without
    it git's own choice is taken. Nobody else's run is ever overwritten: a run that has been edited on both
    sides is a conflict until it was fetched. What was removed there stays so, but for --again and for what
    is named. What was cut off goes on where it was. Large artifacts go to the Git LFS server of the remote,
    into the remote where that is a folder, or to the folder or bucket that git config exp.artifacts names.
    Bytes that are missing there of runs which are on the remote already follow: everything is looked for of
    runs that are named, or with --artifacts of all; else what is here and was not found there before.
    Records, and what a run's code adds to its base, are searched for secrets first; a finding stops the
    push. Exit code 3 says that some runs were not pushed.

    --auto without a RUN or --where only sets the policy. Such a push is made in the background and asks for
    no password. Runs that hold what looks like a secret stay, and the others go. Where there is no network,
    the next one takes along what is left. What failed is told by the next command.

    \b
    Examples:
      git exp push
      git exp push origin brave-otter best:acc
      git exp push --where 'is:starred' -n
      git exp push --auto batch
    """
    from gitexp.cli.outcomes import put_outcomes, tell_outcomes
    from gitexp.cli.session import note, say
    from gitexp.cli.suggestion import suggest_archive
    from gitexp.ops.archive.held import list_tips
    from gitexp.ops.share.layout import Layout, set_layout
    from gitexp.ops.share.push import Options, State, push
    from gitexp.ops.share.unsent import forget

    with session.repository() as repo:
        if auto is not None:
            _set_auto(repo, auto, names)
            if not names and where is None:
                return 0
        remote, runs, whole = _chosen(repo, names, where, everything)
        if layout is not None:
            set_layout(repo, remote.name, Layout(layout))
        if not runs and not (whole and list_tips(repo)) and not as_json:
            note("no run to push")
            return 0
        forget(repo)
        again = again or (where is None and not whole)
        options = Options(
            dry_run=dry_run,
            allow_missing=allow_missing,
            allow_secrets=allow,
            again=again,
            archives=whole,
            artifacts=artifacts or not whole,
        )
        outcomes = push(repo, remote, runs, options)
        suggest_archive(repo, lambda: len(runs))
    if as_json:
        put_outcomes(remote, outcomes, archives=True)
    code = tell_outcomes(remote, outcomes, named=(State.NEW, State.UPDATED, State.REMOVED), dry_run=dry_run)
    if any(one.state is State.REMOVED for one in outcomes):
        say(f"hint: git exp push {remote.name} --again")
    return code


def _set_auto(repo: Repository, text: str, names: Sequence[str]) -> None:
    """Sets the policy and says what it means; without one prints that which holds."""
    from gitexp.cli.session import say, warn
    from gitexp.errors import GitExpError, UsageError
    from gitexp.git.remotes import remote_names
    from gitexp.ops.share.auto import Policy, policy_of, set_policy, wait_of

    if not text:
        print(policy_of(repo.config).value)
        return
    if text not in list(Policy):
        raise UsageError(f"--auto is never, finish or batch, not {text!r}", hint="git exp push --auto batch")
    if len(names) == 1 and names[0] in remote_names(repo.config):
        raise UsageError(
            "automatic pushes go to the remote that git would take", hint=f"git config exp.remote {names[0]}"
        )
    set_policy(repo, Policy(text))
    meaning = {
        Policy.NEVER: "runs are pushed by git exp push alone",
        Policy.FINISH: "a run that ends is pushed in the background",
        Policy.BATCH: "runs that end within "
        f"{wait_of(repo.config)} s (exp.autoPushWait) are pushed together, in the background",
    }
    say(f"exp.autoPush is {text}: {meaning[Policy(text)]}")
    if Policy(text) is not Policy.NEVER and not remote_names(repo.config):
        warn(GitExpError("there is no remote to push to yet", hint="git remote add origin URL"))


def _chosen(
    repo: Repository, names: Sequence[str], where: str | None, everything: bool
) -> tuple[Remote, list[StoredRun], bool]:
    """The remote, the runs that are asked for, and whether that is everything there is."""
    from gitexp.cli.remote_words import split_words
    from gitexp.cli.session import warn
    from gitexp.ops.read import list_all
    from gitexp.ops.share.wanted import ended_runs

    words = split_words(repo, names, push=True)
    listing = list_all(repo)
    if words.runs or where is not None:
        wanted = {one.name for one in _named(repo, words, where)}
        return words.remote, [run for run in listing.runs if run.name in wanted], False
    for _, error in listing.broken:
        warn(error)
    return words.remote, ended_runs(repo, listing, running=everything), True


def _named(repo: Repository, words: Words, where: str | None) -> list[Chosen]:
    """Raises NotFound, which tells of remotes where the first word is none."""
    from gitexp.cli.remote_words import neither
    from gitexp.errors import NotFound
    from gitexp.ops.choose import choose, is_run

    try:
        return choose(repo, words.runs, where)
    except NotFound as error:
        if words.first is None or is_run(repo, words.first):
            raise
        raise neither(repo, words.first, error) from None
