"""All runs by their names, whether a ref of their own or an archive holds them."""

from __future__ import annotations

from typing import NamedTuple

from gitexp.git.refs import ARCHIVE, EXP, ask_listing, parse_listing, read_ref, run_ref, split_listing
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.held import current, standing
from gitexp.repo import Repository


class Places(NamedTuple):
    """Names and commits, in the order of names."""

    own: dict[RunName, Oid]
    """The runs with refs of their own."""
    every: dict[RunName, Oid]
    """Those and the archived ones. A ref of a run's own wins over what archives say."""


def all_runs(repo: Repository, beginning: str = "") -> dict[RunName, Oid]:
    """Every run whose name has that `beginning`, in the order of names, and its commit. One git process."""
    return places(repo, beginning).every


def places(repo: Repository, beginning: str = "") -> Places:
    """Every run whose name has that `beginning`. One git process."""
    tips, listing = split_listing(ask_listing(repo.git, ARCHIVE, f"{EXP}{beginning}*")())
    own = dict(parse_listing(listing).runs)
    if not tips:
        return Places(own, own)
    held = standing(current(repo, tips, beginning))
    found = {name: one.commit for name, one in held.items() if name.startswith(beginning)}
    return Places(own, dict(sorted({**found, **own}.items())))


def tip_of(repo: Repository, name: RunName) -> tuple[Oid | None, Oid | None]:
    """What the run's own ref points to, and the run's commit: that, or the one that an archive holds."""
    own = read_ref(repo.git, run_ref(name))
    return own, own or all_runs(repo, name).get(name)
