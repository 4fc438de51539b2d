"""The runs that archives hold: read from the index, which is brought up to date with the archives' refs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from gitexp.errors import GitExpError
from gitexp.git.refs import ARCHIVE, ask_listing, split_listing
from gitexp.index.archived import Archived, Placed
from gitexp.index.row import Head, Row
from gitexp.model.names import SUFFIX_LENGTH, RunName, twin_name
from gitexp.model.values import Oid
from gitexp.repo import Repository


class Held(NamedTuple):
    """An archived run."""

    name: RunName
    """What it is called here; another one only where two archives hold two runs of one name."""
    ref: str
    """An archive that holds it."""
    placed: Placed

    @property
    def commit(self) -> Oid:
        return Oid(self.placed.head.commit)

    @property
    def head(self) -> Head:
        head = self.placed.head
        return head if head.name == self.name else head._replace(name=self.name)


class Archives(NamedTuple):
    """Every archive as it is now."""

    known: Mapping[str, Archived]
    """By ref."""
    fresh: Mapping[str, Row] = {}
    """Rows that were read just now, by name: they need not be in the index."""
    broken: Sequence[tuple[str, GitExpError]] = ()
    """Archives that cannot be read, by ref."""


_KEPT: WeakKeyDictionary[Repository, tuple[Mapping[str, Oid], Archives]] = WeakKeyDictionary()
"""Of each repository the archives that were asked for last, at which tips: what a tip holds never changes."""


def held(repo: Repository) -> dict[RunName, Oid]:
    """Every run that an archive holds, and its commit, whether it has a ref of its own or not."""
    return {name: one.commit for name, one in standing(current(repo)).items()}


def list_tips(repo: Repository) -> dict[str, Oid]:
    """The archives, and what they point to."""
    return split_listing(ask_listing(repo.git, ARCHIVE)())[0]


def current(repo: Repository, tips: Mapping[str, Oid] | None = None, beginning: str = "") -> Archives:
    """The archives at `tips`; where that is quicker, of their runs only those of that `beginning`."""
    from gitexp.ops.catalog import open_index

    tips = list_tips(repo) if tips is None else tips
    if not tips:
        return Archives({})
    kept = _KEPT.get(repo)
    if kept is not None and kept[0] == tips:
        return kept[1]
    index = open_index(repo)
    known = index.archives(beginning)
    if any(ref not in known or known[ref].tip != tip for ref, tip in tips.items()):
        from gitexp.ops.archive.refresh import refreshed  # what reads listings is heavy

        found, beginning = refreshed(repo, index, index.archives() if beginning else known, tips), ""
    else:
        found = Archives({ref: known[ref] for ref in tips})
    if not beginning and not found.broken:
        _KEPT[repo] = dict(tips), found
    return found


def standing(archives: Archives) -> dict[RunName, Held]:
    """Each archived run once, whichever archives hold it, at the latest of its commits."""
    found: dict[RunName, Held] = {}
    for ref in sorted(archives.known):
        for placed in archives.known[ref].runs:
            name = RunName(placed.head.name)
            _place(found, Held(name, ref, placed))
    _join_twins(found)
    return found


def holders(archives: Archives, names: Collection[RunName]) -> dict[RunName, list[Held]]:
    """Every archive's entries of those of the runs that any holds."""
    held = standing(archives)
    wanted = {one: name for name in names if name in held for one in _identities(held[name].placed)}
    found: dict[RunName, list[Held]] = {}
    for ref, archive in archives.known.items():
        for placed in archive.runs:
            if (name := wanted.get((placed.head.name, placed.run_id))) is not None:
                found.setdefault(name, []).append(Held(name, ref, placed))
    return found


def _identities(placed: Placed) -> tuple[tuple[str, str], tuple[str, str]]:
    """Under which names, and which id, archives may list a run: its own, and that of a twin."""
    name, run_id = placed.head.name, placed.run_id
    return (name, run_id), (twin_name(RunName(name), run_id), run_id)


def _join_twins(found: dict[RunName, Held]) -> None:
    """Lists a run once that archives call by its name, and by the one that it has beside a twin."""
    twins = {name for name, one in found.items() if name.endswith(one.placed.run_id[:SUFFIX_LENGTH])}
    for name, one in [*found.items()] if twins else ():
        twin = twin_name(name, one.placed.run_id)
        other = found.get(twin) if twin in twins and twin != name else None
        if other is None or other.placed.run_id != one.placed.run_id:
            continue
        del found[twin]
        if (one.placed.at, one.commit) < (other.placed.at, other.commit):
            found[name] = other._replace(name=name)


def _place(found: dict[RunName, Held], one: Held) -> None:
    other = found.get(one.name)
    if other is None:
        found[one.name] = one
    elif other.placed.run_id == one.placed.run_id:
        if (other.placed.at, other.commit) < (one.placed.at, one.commit):
            found[one.name] = one
    else:
        first, second = sorted((other, one), key=lambda held: held.placed.run_id)
        found[one.name] = first
        twin = twin_name(second.name, second.placed.run_id)
        if twin != second.name:
            _place(found, second._replace(name=twin))
