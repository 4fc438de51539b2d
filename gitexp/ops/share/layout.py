"""Where a remote keeps runs: as refs of their own, or as branches where its host takes nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from gitexp.errors import GitError
from gitexp.git.config import Config
from gitexp.git.reader import ObjectReader
from gitexp.git.refs import ARCHIVE, ARCHIVE_BRANCHES, BASELINE, BASELINE_BRANCHES, BRANCHES, EXP, is_name
from gitexp.model.values import Oid
from gitexp.repo import Repository

_LONGEST = 1 << 20
"""Bytes of a run's commit."""


class Layout(str, Enum):
    """The kinds of places."""

    REFS = "refs"
    BRANCHES = "branches"


class Places(NamedTuple):
    """What the refs of runs begin with on one remote."""

    own: str
    """Where new ones go."""
    other: str
    """Where they are from before the layout was another, or by somebody whose layout is."""

    @property
    def patterns(self) -> list[str]:
        return [f"{place}*" for place in self]

    def refs(self, names: Iterable[str]) -> list[str]:
        """Where runs of those names can be, in the order in which to look."""
        return [place + name for name in names for place in self]

    def name_in(self, ref: str) -> str:
        return ref[len(next(place for place in self if ref.startswith(place))) :]

    def runs(self, refs: Iterable[str]) -> dict[str, str]:
        """Name -> ref of what may be a run: a branch whose name is none of a run's is somebody's branch."""
        found: dict[str, str] = {}
        for ref in refs:
            name = self.name_in(ref)
            if (ref.startswith(EXP) or is_name(name)) and (name not in found or ref.startswith(self.own)):
                found[name] = ref
        return found


def layout_of(config: Config, remote: str) -> Layout:
    """The layout that `remote.<name>.expLayout` gives a remote. Raises GitError for an unknown one."""
    key = _key(remote)
    text = config.get(key, Layout.REFS.value)
    try:
        return Layout(text)
    except ValueError:
        raise GitError(f"bad config value {text!r} for '{key}'", hint=f"git config {key} refs") from None


def has_layout(config: Config, remote: str) -> bool:
    """Whether the layout of a remote has been set."""
    return config.get(_key(remote)) is not None


def places(config: Config, remote: str) -> Places:
    """Where the runs of that remote are. Raises GitError for an unknown layout."""
    return Places(BRANCHES, EXP) if layout_of(config, remote) is Layout.BRANCHES else Places(EXP, BRANCHES)


def baseline_places(config: Config, remote: str) -> Places:
    """Where the baselines of that remote are. Raises GitError for an unknown layout."""
    own, other = BASELINE, BASELINE_BRANCHES
    return Places(other, own) if layout_of(config, remote) is Layout.BRANCHES else Places(own, other)


def archive_namespaces(config: Config, remote: str) -> tuple[str, ...]:
    """What the refs of archives there may begin with: that of its layout, or both where none is set."""
    own, other = ARCHIVE, ARCHIVE_BRANCHES
    if layout_of(config, remote) is Layout.BRANCHES:
        own, other = other, own
    return (own,) if has_layout(config, remote) else (own, other)


def set_layout(repo: Repository, remote: str, layout: Layout) -> None:
    """Remember the layout of a remote, in this clone's configuration. Raises GitError."""
    repo.git.run("config", _key(remote), layout.value)
    vars(repo).pop("config", None)


def is_run(reader: ObjectReader, ref: str, commit: Oid) -> bool:
    """Whether a ref of a remote is a run's: a branch may carry a record, and yet be somebody's work."""
    if not ref.startswith(BRANCHES):
        return True
    from gitexp.ops.commit import RUN_TRAILER  # where nothing is new no commit is looked at
    from gitexp.ops.recorded import trailers

    kind, size = reader.header(commit)
    return kind == "commit" and size <= _LONGEST and RUN_TRAILER in trailers(reader, commit)


def _key(remote: str) -> str:
    return f"remote.{remote}.expLayout"
