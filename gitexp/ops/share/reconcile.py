"""What becomes of a run that was fetched, where this clone may have it, another version, or another run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

from gitexp.errors import GitExpError
from gitexp.formats.labels import relabelled
from gitexp.git.objects import Identity, ObjectBuilder
from gitexp.merge.labels import merge
from gitexp.model.names import RunName, slug_of, twin_name
from gitexp.model.record import RunInfo, Status
from gitexp.model.values import Oid
from gitexp.ops.commit import trailing
from gitexp.ops.drivers.record import differ_in_labels_alone
from gitexp.ops.share.regradings import tree_of_both
from gitexp.ops.tip import Tip
from gitexp.ops.versions import author_of, read_info, version_name, versions
from gitexp.repo import Repository

_Side: TypeAlias = tuple[int, Oid, Identity, Tip]
"""When a commit was authored, the commit, by whom, and what it holds."""


class State(str, Enum):
    """What became of one run."""

    NEW = "new"
    UPDATED = "updated"
    MERGED = "merged"
    """Both sides had edited it."""
    RENAMED = "renamed"
    """Another run has its name here, or the same with other results."""
    UNCHANGED = "unchanged"
    REMOVED = "removed here"
    """It is in the trash, and stays there."""
    INVALID = "invalid"
    FAILED = "not fetched"
    """The remote, or the way to it, failed: the next fetch tries again."""

    @property
    def changes(self) -> bool:
        return self in (State.NEW, State.UPDATED, State.MERGED, State.RENAMED)

    @property
    def here(self) -> bool:
        """Whether both sides have the run now."""
        return self.changes or self is State.UNCHANGED

    @property
    def failed(self) -> bool:
        return self in (State.INVALID, State.FAILED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ref is to become."""

    state: State
    name: RunName
    """What it is called here."""
    commit: Oid
    reason: str = ""

    @property
    def is_archive(self) -> bool:
        """Whether this is told of an archive, named by owner and month, and not of a run."""
        return "/" in self.name


@dataclass
class Here:
    """What this clone has."""

    repo: Repository
    runs: Mapping[RunName, Oid]
    trash: Mapping[RunName, Oid]
    builder: ObjectBuilder
    """Gets the commits of merges."""

    def judge(self, name: RunName, theirs: Oid) -> Verdict:
        """What becomes of the run `name` at commit `theirs`. Raises BrokenRecord, NewerFormat or NotFound."""
        reader = self.repo.reader
        removed = self.trash.get(name)
        if name not in self.runs and removed and self._is_same(name, removed, theirs):
            return Verdict(State.REMOVED, name, theirs, f"git exp restore {name}")
        if name not in self.runs and not self._has_twin(name):
            return Verdict(State.NEW, name, theirs)
        other = read_info(reader, theirs, name)
        name = self._called(name, other)
        mine = self.runs.get(name)
        if mine is None:
            return Verdict(State.NEW, name, theirs)
        own = read_info(reader, mine, name)
        if own.id != other.id:
            return self._twin(name, twin_name(name, other.id), theirs, f"another run is called {name}")
        if mine == theirs or theirs in versions(reader, mine, name):
            return Verdict(State.UNCHANGED, name, mine)
        if mine in versions(reader, theirs, name):
            return Verdict(State.UPDATED, name, theirs)
        if self.repo.live(name).path.is_dir():
            return Verdict(State.UNCHANGED, name, mine)
        if own.status.ended and not other.status.ended:
            return self._ended(name, mine, theirs) or Verdict(State.UNCHANGED, name, mine)
        if other.status.ended and not own.status.ended:
            return self._ended(name, theirs, mine) or Verdict(State.UPDATED, name, theirs)
        if merged := self._merged(name, mine, theirs):
            return merged
        if not own.status.ended:
            return Verdict(State.UNCHANGED, name, mine)
        return self._apart(name, mine, theirs)

    def _is_same(self, name: RunName, removed: Oid, theirs: Oid) -> bool:
        """Whether they have a version of what was removed here: whoever edits it brings it back to nobody."""
        reader = self.repo.reader
        with suppress(GitExpError):
            return read_info(reader, removed, name).id == read_info(reader, theirs, name).id
        return theirs == removed

    @cached_property
    def _slugs(self) -> frozenset[str]:
        return frozenset(map(slug_of, self.runs))

    def _has_twin(self, name: RunName) -> bool:
        """Whether a run that is here may be the same under another name; most names tell that none is."""
        return slug_of(name) in self._slugs

    def _called(self, name: RunName, other: RunInfo) -> RunName:
        """The name that the run `name` of the remote has here, where it, or another run, is a twin."""
        for known in (other.name, twin_name(other.name, other.id)):
            if name not in self.runs and known in self.runs:
                with suppress(GitExpError):
                    if read_info(self.repo.reader, self.runs[known], known).id == other.id:
                        return known
        return name

    def _twin(self, name: RunName, twin: RunName, theirs: Oid, why: str) -> Verdict:
        """The verdict on what cannot have its own name here; whoever fetches it calls it the same."""
        if twin == name or self.runs.get(twin) == theirs:
            return Verdict(State.UNCHANGED, twin, theirs)
        found = self.judge(twin, theirs) if twin in self.runs or twin in self.trash else None
        return found or Verdict(State.RENAMED, twin, theirs, why)

    def _apart(self, name: RunName, mine: Oid, theirs: Oid) -> Verdict:
        """The verdict on what others made of a run that was changed here as well, and cannot be merged."""
        reader = self.repo.reader
        earlier = set(versions(reader, theirs, name))
        for known, commit in self.runs.items():
            if slug_of(known) == slug_of(name) and commit in earlier:
                return Verdict(State.UPDATED, known, theirs)
        common = next((one for one in versions(reader, mine, name) if one in earlier), None)
        is_draft = common and read_info(reader, common, name).status is Status.DRAFT
        did = "ran" if is_draft else "graded or changed"
        told = f"run {name} as others {did} it, not as you did"
        return self._twin(name, version_name(name, theirs), theirs, told)

    def _ended(self, name: RunName, end: Oid, running: Oid) -> Verdict | None:
        """The end of a run with what was edited while it ran; None where nothing was, or it was resumed."""
        reader = self.repo.reader
        known, chain = set(versions(reader, end, name)), list(versions(reader, running, name))
        # The end replaces what the run began with: where it knows no later version, they have that in common.
        start = next((commit for commit in chain if commit in known), chain[-1])
        if start == running or any(read_info(reader, one, name).status.ended for one in chain):
            return None
        base, edited = (read_info(reader, one, name) for one in (start, running))
        early, late = sorted((self._side(name, end), self._side(name, running)), key=lambda side: side[:2])
        after = Tip.read(self.repo, end, name)
        info = merge(base, after.info, edited, ours_is_later=late[1] == end).info
        return self._commit(name, self._relabelled(after, info), info, early, late)

    def _merged(self, name: RunName, mine: Oid, theirs: Oid) -> Verdict | None:
        """Both sides' edits, the same commit whoever merges; None where both changed the same results."""
        reader = self.repo.reader
        one, two = sorted((mine, theirs))
        ours = set(versions(reader, one, name))
        common = next((commit for commit in versions(reader, two, name) if commit in ours), None)
        if common is None:
            return None
        base = Tip.read(self.repo, common, name)
        early, late = sorted((self._side(name, one), self._side(name, two)), key=lambda side: side[:2])
        before, after = early[3], late[3]
        tips = (base, before, after)
        if not any(differ_in_labels_alone(a.info, b.info) for a, b in combinations(tips, 2)):
            return None  # both have executed it
        # One side alone may have changed the results as well: with other scores, say.
        changed = [tip for tip in (before, after) if not base.same_but_labels(tip)]
        info = merge(base.info, after.info, before.info).info
        if len(changed) > 1 and not before.same_but_labels(after):
            tree = tree_of_both(self.repo, self.builder, (base, after, before), info)
        else:
            tree = self._relabelled(changed[-1] if changed else after, info)
        return None if tree is None else self._commit(name, tree, info, early, late)

    def _relabelled(self, tip: Tip, info: RunInfo) -> Oid:
        return tip.tree_with(self.builder, relabelled(tip.data, info))

    def _commit(self, name: RunName, tree: Oid, info: RunInfo, early: _Side, late: _Side) -> Verdict:
        """What both sides come to, with that `tree`: nothing of it depends on who makes it, or when."""
        message = f"exp {info.name}: merge of edits\n\n{trailing(info)}"
        parents = sorted((early[1], late[1]))
        # Later than both: archives tell versions apart by their times.
        commit = self.builder.commit(tree, parents, late[2], max(early[0], late[0]) + 1, message)
        return Verdict(State.MERGED, name, commit)

    def _side(self, name: RunName, commit: Oid) -> _Side:
        author, at = author_of(self.repo.reader, commit)
        return at, commit, author, Tip.read(self.repo, commit, name)


def judged(here: Here, name: RunName, theirs: Oid) -> Verdict:
    """As `Here.judge`, where what cannot be read is invalid."""
    try:
        return here.judge(name, theirs)
    except GitExpError as error:
        return Verdict(State.INVALID, name, theirs, error.message)
