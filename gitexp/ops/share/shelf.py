"""The archives of a remote, as they are there and here: which are to be sent, and what they hold already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gitexp.errors import GitExpError
from gitexp.git.process import Git
from gitexp.git.refs import parse_archive
from gitexp.git.remotes import Remote, list_remote
from gitexp.index.archived import Placed
from gitexp.index.row import Head, Row
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.checking import check_holds
from gitexp.ops.archive.held import current, list_tips
from gitexp.ops.archive.held import held as archived
from gitexp.ops.archive.listing import read_contents, read_parts
from gitexp.ops.archive.merging import holds
from gitexp.ops.read import StoredRun, Tails
from gitexp.ops.share.archives import on_remote, receive, title
from gitexp.ops.share.incoming import receiving
from gitexp.ops.share.layout import Places, archive_namespaces, places
from gitexp.repo import Repository


class Due(NamedTuple):
    """An archive that the remote lacks, or has in an earlier version."""

    ref: str
    tip: Oid
    there: Oid | None
    runs: Sequence[StoredRun]
    """Those in it that the remote has in no way yet."""


@dataclass
class Shelf:
    """The archives of one remote, which a push goes through."""

    repo: Repository
    git: Git
    """One from `remotes.toward`."""
    remote: Remote
    namespace: str
    """What the refs of archives begin with there."""
    places: Places
    """Where runs are there."""
    runs: dict[str, Oid]
    """The refs there that are runs, or stand where runs do."""
    tips: dict[str, Oid]
    """The archives there, by their refs here."""
    wanted: bool = True
    """Whether ours are to be sent."""
    faults: dict[str, str] = field(default_factory=dict)
    """Why some of them could not be brought in, by ref here: those stay as they are."""
    _held: dict[Oid, dict[RunName, Oid] | None] = field(default_factory=dict)
    """What versions of archives hold that were looked at before."""
    _due: dict[tuple[str, Oid, Oid | None], Due] = field(default_factory=dict)
    """What was found to be due before: it takes long to find out."""

    @property
    def there(self) -> frozenset[Oid]:
        """The commits of runs that the remote has, as far as what it has is known here."""
        own = (self.runs[ref] for ref in self.places.runs(self.runs).values())
        return frozenset((*own, *self.held().values()))

    @property
    def going(self) -> frozenset[Oid]:
        """The commits of runs that it will have with our archives."""
        return frozenset(archived(self.repo).values() if self.wanted else ())

    @property
    def names(self) -> frozenset[str]:
        """The runs that it has, or will have, in archives: what became of their refs there means nothing."""
        return frozenset((*self.held(), *(archived(self.repo) if self.wanted else ())))

    @property
    def unsent(self) -> list[StoredRun]:
        """The runs that go with our archives and that it has in no way yet."""
        return [run for one in self.due() for run in one.runs]

    def bring_in(self, *, everything: bool) -> None:
        """Has here what the remote's archives have beyond ours, so that ours go on from them.

        With `everything` those that are not here at all, too: somebody else may have archived our runs.
        """
        here = list_tips(self.repo) if self.wanted else {}
        wanted = {ref: tip for ref, tip in self.tips.items() if everything or ref in here}
        if not self.wanted or all(here.get(ref) == tip for ref, tip in wanted.items()):
            return
        # One that is no archive's name is nobody's that we would push.
        wanted = {ref: tip for ref, tip in wanted.items() if parse_archive(ref) is not None}
        refs = {title(ref): ref for ref in wanted}
        with receiving(self.repo, self.remote):
            for one in receive(self.repo, self.git, self.remote, self.namespace, wanted):
                if one.state.failed:
                    self.faults[refs[one.name]] = one.reason
                elif one.state.changes:
                    self.repo.remark(f"fetched from '{self.remote.name}' first: {one.name}, {one.reason}")

    def look_again(self) -> None:
        """Asks the remote anew. Raises RemoteError."""
        found = list_remote(self.git, self.remote, [f"{self.namespace}*"], push=True)
        self.tips = on_remote(found, self.namespace)

    def due(self) -> list[Due]:
        """What is to be sent, in the order of refs."""
        found = []
        for ref, tip in sorted(list_tips(self.repo).items()) if self.wanted else ():
            there = self.tips.get(ref)
            if there == tip or ref in self.faults:
                continue
            try:
                if there is None or holds(self.repo.reader, tip, there):
                    found.append(self._found_due(ref, tip, there))
                else:
                    self.faults[ref] = "it has there what could not be fetched"
            except GitExpError as error:
                self.faults[ref] = error.message
        return found

    def filed(self) -> list[StoredRun]:
        """The runs in those archives of ours that the remote has as they are here."""
        here = list_tips(self.repo) if self.wanted else {}
        known = current(self.repo, here)
        heads = {
            one.head.commit: one.head
            for ref, tip in here.items()
            if self.tips.get(ref) == tip and ref in known.known
            for one in known.known[ref].runs
        }
        tails = Tails(self.repo, known.fresh)
        return [
            StoredRun(self.repo, RunName(one.name), Oid(one.commit), one, tails) for one in heads.values()
        ]

    def held(self) -> dict[RunName, Oid]:
        """The runs that archives on the remote hold, and their commits, as far as those archives are here."""
        found: dict[RunName, Oid] = {}
        for listed in self.listings().values():
            found.update(listed or {})
        return found

    def listings(self) -> dict[str, dict[RunName, Oid] | None]:
        """What each archive on the remote holds, by its ref here; None for one that is not here so.

        One that lists what it does not hold has nothing: refs of the remote are deleted by this.
        """
        here = list_tips(self.repo) if self.tips else {}
        known = current(self.repo, here).known
        for ref, tip in self.tips.items():
            if tip not in self._held:
                runs = known[ref].runs if here.get(ref) == tip and ref in known else self._listed(tip)
                self._held[tip] = None if runs is None else self._checked(tip, runs)
        return {ref: None if ref in self.faults else self._held[tip] for ref, tip in self.tips.items()}

    def _checked(self, tip: Oid, runs: Sequence[Placed]) -> dict[RunName, Oid]:
        """The runs, if the archive keeps them reachable; a shallow clone cannot tell."""
        if self.repo.layout.shallow:
            return {}
        try:
            check_holds(self.repo.reader, tip, runs, None)
        except GitExpError:
            return {}
        return {RunName(one.head.name): Oid(one.head.commit) for one in runs}

    def _listed(self, tip: Oid) -> Sequence[Placed] | None:
        """The runs of a version of an archive; None where it is not here."""
        try:
            parts = read_parts(self.repo.reader, tip)
            runs = read_contents(self.repo.reader, parts).runs.values()
            return [Placed(run.at, run.id, run.row.head) for run in runs]
        except GitExpError:
            return None

    def _found_due(self, ref: str, mine: Oid, there: Oid | None) -> Due:
        key = ref, mine, there
        if key not in self._due:
            heads, fresh = self._whole(ref) if there is None else self._beyond(mine, there)
            commits, tails = {*self.runs.values()}, Tails(self.repo, fresh)
            runs = [
                StoredRun(self.repo, RunName(head.name), Oid(head.commit), head, tails)
                for head in heads
                if head.commit not in commits
            ]
            self._due[key] = Due(ref, mine, there, runs)
        return self._due[key]

    def _whole(self, ref: str) -> tuple[Sequence[Head], Mapping[str, Row]]:
        """What an archive of ours lists, from the index, and rows that need not be there yet."""
        archives = current(self.repo)
        known = archives.known.get(ref)
        return [one.head for one in known.runs] if known else [], archives.fresh

    def _beyond(self, mine: Oid, there: Oid) -> tuple[Sequence[Head], Mapping[str, Row]]:
        """What a version of ours lists beyond the one that the remote has."""
        reader = self.repo.reader
        sent = set(read_parts(reader, there))
        new = [part for part in read_parts(reader, mine) if part not in sent]
        rows = {str(run.name): run.row for run in read_contents(reader, new).runs.values()}
        return [row.head for row in rows.values()], rows


def shelf_of(repo: Repository, git: Git, remote: Remote, *, wanted: bool) -> Shelf:
    """What the remote has, asked once. Raises RemoteError."""
    where, namespace = places(repo.config, remote.name), archive_namespaces(repo.config, remote.name)[0]
    found = list_remote(git, remote, [*where.patterns, f"{namespace}*"], push=True)
    runs = {ref: oid for ref, oid in found.items() if not ref.startswith(namespace)}
    return Shelf(repo, git, remote, namespace, where, runs, on_remote(found, namespace), wanted)
