"""All runs by their names, whether a ref of their own or an archive holds them."""

from __future__ import annotations

from gitexp.git.refs import ARCHIVE, EXP, ask_listing, parse_listing, read_ref, run_ref, split_listing
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.held import current, standing
from gitexp.repo import Repository


def all_runs(repo: Repository, beginning: str = "") -> dict[RunName, Oid]:
    """Every run whose name has that `beginning`, in the order of names, and its commit.

    A ref of a run's own wins over what archives say. One git process.
    """
    tips, listing = split_listing(ask_listing(repo.git, ARCHIVE, f"{EXP}{beginning}*")())
    runs = dict(parse_listing(listing).runs)
    if not tips:
        return runs
    held = standing(current(repo, tips, beginning))
    found = {name: one.commit for name, one in held.items() if name.startswith(beginning)}
    return dict(sorted({**found, **runs}.items()))


def tip_of(repo: Repository, name: RunName) -> tuple[Oid | None, Oid | None]:
    """What the run's own ref points to, and the run's commit: that, or the one that an archive holds."""
    own = read_ref(repo.git, run_ref(name))
    return own, own or all_runs(repo, name).get(name)
