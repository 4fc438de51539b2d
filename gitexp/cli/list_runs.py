"""What `git exp ls` does, once its options are understood; nothing heavy is imported before it is needed."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitexp.cli.outputs import How, output_of
from gitexp.cli.screen import look, put
from gitexp.cli.session import note, warn
from gitexp.cli.suggestion import suggest_archive
from gitexp.ops.views import Request, matching, view_of, with_view

if TYPE_CHECKING:
    from gitexp.cli.outputs import Page
    from gitexp.cli.render.listing import Sheet
    from gitexp.cli.screen import Screen
    from gitexp.cli.session import Session
    from gitexp.ops.asking import Choice
    from gitexp.ops.read import Listing, StoredRun
    from gitexp.repo import Repository


class Options(NamedTuple):
    """The command line of `git exp ls`."""

    request: Request = Request()
    view: str | None = None
    output: str = "table"
    """A key of OUTPUTS."""
    template: str = ""
    nul: bool = False
    colour: str | None = None
    watch: float | None = None
    """Seconds between two looks; None for one look."""


def list_runs(session: Session, options: Options) -> None:
    """Print the list. Raises GitExpError."""
    if options.watch is not None:
        from gitexp.cli.watching import watch

        watch(session, options, options.watch)
        return
    from gitexp.ops.read import list_all

    with session.repository() as repo:
        found = list_all(repo)
        for _, error in found.broken:
            warn(error)
        screen = look(repo.config, session.environ, use_pager=session.use_pager, colour=options.colour)
        page = page_of(repo, found, options, screen)
        _write(page, options, screen, session)
        suggest_archive(repo, lambda: found.refs)


def page_of(repo: Repository, found: Listing, options: Options, screen: Screen) -> Page:
    """The list, rendered. Raises QueryError, NotFound and what else cannot be asked or shown."""
    request = with_view(options.request._replace(view=view_of(repo, options.view)))
    now = time.time()
    choice = _choice(request)
    runs, stale = _asked(repo, found, request)
    runs = matching(runs, request, now)
    how = How(
        screen,
        found.runs,
        found.broken,
        options.template,
        options.nul,
        limited=choice is None or not choice.everything,
        stale=stale,
        baselines=_baselines(repo, found),
        elsewhere=not found.runs and _has_remote(repo),
    )
    if request.group_by is not None:
        return _groups_page(runs, request, choice, how, options, now)
    if request.sort is not None or request.limit is not None or request.reverse:
        from gitexp.ops.views import in_order

        runs = in_order(runs, request, found.runs, now)
    return _runs_page(runs, choice, how, options, now)


def _asked(repo: Repository, found: Listing, request: Request) -> tuple[Sequence[StoredRun], Collection[str]]:
    """All runs, or those of the commit that is asked for and which of them are stale for it.

    Raises NotFound, UsageError.
    """
    if request.commit is None:
        return found.runs, ()
    from gitexp.ops.evidence import evidence_of, not_here

    evidence = evidence_of(repo, request.commit, found)
    for name in evidence.missing:
        warn(not_here(name, request.commit))
    if evidence.stale:
        note(f"not of the code of {request.commit!r}, so stale: {', '.join(sorted(evidence.stale))}")
    return evidence.among(found.runs), evidence.stale


def _baselines(repo: Repository, found: Listing) -> Mapping[str, Sequence[str]]:
    if not found.baselines:
        return {}
    from gitexp.ops.baseline_refs import baselines_of

    return {**baselines_of(repo, found.baselines, found.runs)}


def _has_remote(repo: Repository) -> bool:
    from gitexp.git.remotes import remote_names

    return bool(remote_names(repo.config))


def _choice(request: Request) -> Choice | None:
    if request.columns is None:
        return None
    from gitexp.ops.asking import parse_choice

    return parse_choice(request.columns)


def _groups_page(
    runs: Sequence[StoredRun], request: Request, choice: Choice | None, how: How, options: Options, now: float
) -> Page:
    from gitexp.ops.grouping import grouped, sorted_groups
    from gitexp.ops.views import cut_short

    found = grouped(runs, request.group_by or "", choice, how.everything, now)
    groups = found.groups
    if request.sort is not None:
        groups = sorted_groups(found, request.sort, how.everything, now)
    found = found._replace(groups=cut_short(groups, request))
    output = output_of(options.output)
    page = output.groups_page(found, _sheet(runs, choice, how, now), how)
    return _or_nothing(page, bool(found.groups), how, options)


def _runs_page(
    runs: Sequence[StoredRun], choice: Choice | None, how: How, options: Options, now: float
) -> Page:
    page = output_of(options.output).runs_page(_sheet(runs, choice, how, now), how)
    return _or_nothing(page, bool(runs), how, options)


def _or_nothing(page: Page, any_shown: bool, how: How, options: Options) -> Page:
    if any_shown or options.output not in ("table", "md"):
        return page
    told = "no run matches" if how.everything else "no run yet: git exp run -- CMD makes one"
    if how.elsewhere:
        told += ", git exp fetch brings those of a remote"
    return page._replace(parts=(), note=None if how.broken and not how.everything else told)


def _sheet(runs: Sequence[StoredRun], choice: Choice | None, how: How, now: float) -> Sheet:
    from gitexp.cli.render.listing import Sheet
    from gitexp.ops.columns import columns_of

    moving = {str(run.name): run for run in runs if run.head.status == "running"}
    progress = {}
    if moving:
        from gitexp.ops.progress import progress_of

        found = {name: progress_of(run, now) for name, run in moving.items()}
        progress = {name: one for name, one in found.items() if one is not None}
    if choice is None:
        return Sheet(runs, progress, True, (), columns_of(runs), now, how.stale, how.baselines)
    from gitexp.ops.asking import asked_columns

    asked = asked_columns(choice, runs, how.everything, now)
    shown = {(one.space, one.key) for one in asked}
    more = [one for one in columns_of(runs) if (one.space, one.key) not in shown] if choice.defaults else []
    labels = choice.defaults and not choice.everything
    return Sheet(runs, progress, labels, asked, more, now, how.stale, how.baselines)


def _write(page: Page, options: Options, screen: Screen, session: Session) -> None:
    if options.output == "table":
        text = "".join(page.parts)
        if text:
            put(text, screen, session.environ)
    elif options.output == "csv" and sys.stdout.isatty():
        from gitexp.cli.safe_text import safe

        for part in page.parts:
            sys.stdout.write(safe(part.replace("\r\n", "\n"), lines=True))
    else:
        for part in page.parts:
            sys.stdout.write(part)
    if page.note:
        sys.stdout.flush()
        note(page.note)
