"""Which runs a list shows, in which order: what was asked for and what a saved view says, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from gitexp.formats.settings import View
    from gitexp.ops.read import StoredRun
    from gitexp.repo import Repository

T = TypeVar("T")

_FILE = ".gitexp.yaml"
"""Not that of formats.settings: importing it takes longer than a list."""


class Request(NamedTuple):
    """What to list; texts are in the query language."""

    query: str = ""
    sort: str | None = None
    limit: int | None = None
    reverse: bool = False
    columns: str | None = None
    group_by: str | None = None
    commit: str | None = None
    """A revision, for its runs alone."""
    view: View | None = None
    """Holds where the other parts say nothing; its query holds as well."""


def view_of(repo: Repository, name: str | None) -> View | None:
    """The saved view `name`, or the default one if there is any. Raises NotFound, BrokenFile."""
    if name is None:
        # A list must not wait for the file to be read, if that cannot change it.
        if not _may_have_views(repo):
            return None
        from gitexp.formats.settings import DEFAULT_VIEW

        return repo.settings.views.get(DEFAULT_VIEW)
    views = repo.settings.views
    if name not in views:
        raise _unknown(name, views)
    return views[name]


def with_view(request: Request) -> Request:
    """The request with what its view adds, save its query."""
    view = request.view
    if view is None:
        return request
    return request._replace(
        sort=view.sort if request.sort is None else request.sort,
        limit=view.limit if request.limit is None else request.limit,
        columns=_columns(view, request.columns),
        group_by=",".join(view.group_by) or None if request.group_by is None else request.group_by,
    )


def matching(runs: Sequence[StoredRun], request: Request, now: float) -> Sequence[StoredRun]:
    """Those of `runs` that are asked for, neither sorted nor limited. Raises QueryError."""
    view_query = request.view.query if request.view else ""
    if not request.query and not view_query:
        return runs
    from gitexp.ops.select import Selection

    found = Selection(request.query).of(runs, now=now)
    if not request.view or not view_query:
        return found
    with told_of(request.view):
        seen = {run.name for run in Selection(view_query).of(runs, now=now)}
    return [run for run in found if run.name in seen]


def in_order(
    runs: Sequence[StoredRun], request: Request, everything: Sequence[StoredRun], now: float
) -> Sequence[StoredRun]:
    """`runs` sorted, limited, and then turned around if that is asked for; keys are those of `everything`."""
    if request.sort is not None and runs:
        from gitexp import query
        from gitexp.ops.select import RunSubject

        orders = query.parse_order(request.sort)
        subjects = [RunSubject(run, now) for run in everything]
        orders = query.bind_order(orders, query.known_keys(subjects, [order.field for order in orders]))
        shown = [RunSubject(run, now) for run in runs]
        runs = [one.run for one in query.in_order(shown, orders, lambda one: one)]
    return cut_short(runs, request)


def cut_short(items: Sequence[T], request: Request) -> Sequence[T]:
    """The first of `items`, as many as may be; the last of them first with `reverse`, as for git log."""
    kept = items if request.limit is None else items[: request.limit]
    return kept[::-1] if request.reverse else kept


@contextmanager
def told_of(view: View) -> Iterator[None]:
    """Make it known that a query that cannot be understood is that of the view."""
    from gitexp.errors import QueryError

    try:
        yield
    except QueryError as error:
        raise QueryError(
            f"view {view.name!r}: {error.message}",
            column=error.column,
            excerpt=error.excerpt,
            hint=error.hint,
        ) from None


def _may_have_views(repo: Repository) -> bool:
    if repo.layout.top is None:
        return False
    try:
        text = (repo.layout.top / _FILE).read_bytes()
    except OSError:
        return False
    return b"views" in text and b"default" in text


def _columns(view: View, asked: str | None) -> str | None:
    """Columns that are asked for with a plus are added to those of the view."""
    own = ",".join(view.columns)
    if asked is None or not own or not asked.lstrip().startswith("+"):
        return asked if asked is not None else own or None
    return f"{own},{asked}"


def _unknown(name: str, views: Mapping[str, View]) -> Exception:
    from difflib import get_close_matches

    from gitexp.errors import NotFound

    known = sorted(views)
    near = get_close_matches(name, known, 1, 0.5)
    hint = f"git exp ls --view {near[0]}" if near else None
    if not known:
        hint = "write views: {" + name + ": {query: ...}} into .gitexp.yaml"
    return NotFound(f"no view {name!r}", hint=hint or f"there are {', '.join(known)}")
