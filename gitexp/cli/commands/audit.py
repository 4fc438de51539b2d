"""`git exp audit`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli import exit_codes
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.model.completeness import Least
    from gitexp.ops.audit.several import Audited
    from gitexp.repo import Repository


@click.command("audit")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--where", "query", metavar="QUERY", help="Audit the runs that a query asks for.")
@click.option(
    "--min",
    "least",
    metavar="LEVEL",
    help="Fail where a run is less complete than this level (E0 to E4), or share (0.8).",
)
@click.option("--remote", is_flag=True, help="Ask others for bytes that are not in this clone.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.option("--md", "as_markdown", is_flag=True, help="Print it as Markdown, for a pull request.")
@click.option("-q", "--quiet", is_flag=True, help="Only say what falls short.")
@click.pass_obj
def command(
    session: Session,
    runs: tuple[str, ...],
    query: str | None,
    least: str | None,
    remote: bool,
    as_json: bool,
    as_markdown: bool,
    quiet: bool,
) -> int:
    """Tell how completely it is known what a run came from.

    Levels ask for more and more: E0 is a number of which something that it rests on is not known; at E1 all
    of that has a name; at E2 it is pinned, by content or by a revision that never changes; at E3 its bytes
    can be had: from git, from the artifact store or, with --remote, from where others keep them; at E4 it was
    done again (git exp repro, or another run of the same code, params and inputs) and came out the same
    within noise. The share beside it weighs every field: content counts 1, a revision 0.7, a name 0.4, a
    guess 0.2, nothing 0. Each gap stands with a line that mends it, for the next run or for this one.

    Of every run code, command, environment, seeds, hardware and dataset are asked for; files that were read
    stand for a dataset that nobody spoke of. An evaluation, or a run with the settings of a language model,
    also needs model, prompt, grader, retriever, tools and settings. A role that is stated to be none
    (--use retriever=none) is left out.

    'audit' in .gitexp.yaml says what is required: with 'require: [model, dataset]' a run without one of them
    falls short, and with 'min: E2' one below that, unless --min says otherwise. The exit code is 5 then.
    RUN is written as for git exp show; of several runs there is a line for each.

    \b
    Examples:
      git exp audit
      git exp audit brave-otter --min E2
      git exp audit --where 'tag = paper' --min 0.8 --md
      git exp audit HEAD --remote --json
    """
    from gitexp.cli.session import note
    from gitexp.errors import UsageError
    from gitexp.model.completeness import least_of
    from gitexp.ops.audit.several import audit_each

    if as_json and as_markdown:
        raise UsageError("--json and --md exclude one another", hint="git exp audit -h")
    asked = None if least is None else least_of(least)
    with session.repository() as repo:
        found = audit_each(repo, runs, query, remote=remote)
        asked = repo.settings.audit.min if asked is None else asked
        if as_json:
            _put_json(found, asked, single=query is None and len(runs) < 2)
        elif not quiet:
            _put(session, repo, found, as_markdown)
        code = _judge(found, asked)
        if code == 0 and asked is not None and not quiet and not as_json:
            note(f"{'each run is' if len(found) > 1 else 'it is'} as complete as is asked: {asked}")
        return code


def _put_json(found: Sequence[Audited], least: Least | None, *, single: bool) -> None:
    from gitexp.cli.completeness_value import completeness_value
    from gitexp.cli.json_output import put_json, strict

    values = [
        {
            "name": one.name,
            "commit": one.commit,
            "met": one.completeness.meets(least),
            **completeness_value(one.completeness),
        }
        for one in found
        if one.completeness
    ]
    if single and values:
        put_json(strict(values[0]))
    elif not single:
        put_json(strict({"runs": values}))


def _put(session: Session, repo: Repository, found: Sequence[Audited], as_markdown: bool) -> None:
    from gitexp.cli.render.audit_page import audit_markdown, audit_page, audit_table
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.screen import look, put

    seen = [one for one in found if one.completeness is not None]
    if not seen:
        return
    if as_markdown:
        click.echo("\n".join(audit_markdown(seen)))
        return
    screen = look(repo.config, session.environ, use_pager=session.use_pager)
    paint, (first, *others) = Paint(screen.colour), seen
    assert first.completeness is not None
    lines = audit_table(seen, paint) if others else audit_page(first.name, first.completeness, paint)
    put("\n".join(lines) + "\n", screen, session.environ)


def _judge(found: Sequence[Audited], least: Least | None) -> int:
    """Says what falls short, and what cannot be looked at; the exit code of the worst."""
    from gitexp.cli.session import tell
    from gitexp.ops.audit.shortfall import shortfall

    for error in (one.error for one in found if one.error is not None):
        tell(error)
    short = [shortfall(f"run {one.name!r}", one.completeness, least) for one in found if one.completeness]
    told = [error for error in short if error is not None]
    for error in told:
        tell(error)
    failed = [one.error.exit_code for one in found if one.error is not None]
    return max(failed, default=exit_codes.INCOMPLETE if told else exit_codes.OK)
