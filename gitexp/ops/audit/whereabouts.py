"""Whether the bytes of what a run used and made can be had: from git, the store, or others if asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gitexp.artifacts.store import Stored
from gitexp.errors import GitExpError
from gitexp.formats import eval_files, pointer
from gitexp.formats.identity import hashes_in, is_whole
from gitexp.git.reader import ObjectReader
from gitexp.model.files import RECORD_FOLDER
from gitexp.model.record import Input, Record
from gitexp.model.values import Digest, Oid
from gitexp.ops.in_code import in_code
from gitexp.ops.makers import Makers
from gitexp.ops.read import StoredRun
from gitexp.ops.recorded import walk
from gitexp.repo import Repository

_HASHED = 1 << 20
"""Bytes up to which what is in the code is hashed; of more the size has to do, as it does in the store."""
_READ = 1000
"""Files of a folder, likewise."""


class Whereabouts:
    """Where the bytes of one run are. What was not found is noted, so that others can be asked for it."""

    def __init__(
        self,
        repo: Repository,
        commit: Oid,
        reader: ObjectReader | None = None,
        makers: Makers | None = None,
    ) -> None:
        """`reader` is one that has the commit, or tree, where the repository itself does not have it yet."""
        self._repo = repo
        self._commit = commit
        self._reader = repo.reader if reader is None else reader
        self._there: set[Digest] = set()
        self._makers = Makers(repo) if makers is None else makers
        self.lacking: dict[Digest, Stored] = {}
        """What was looked for and is not in this clone."""

    def ask(self) -> None:
        """Count on what others have of what is lacking here. Raises RemoteError, UsageError."""
        from gitexp.ops.transfers import having

        self._there |= having(self._repo, list(self.lacking.values()))

    def kept(self, one: Input) -> bool:
        """Whether the bytes of an input can be had, or its value stands in the record."""
        if one.oid is None:
            return is_whole(one) or self._has_value(one)
        if one.path is not None and self._is_in_code(one.path, one.oid, one.size):
            return True
        return one.size is not None and self._has(Stored(one.oid, one.size))

    def lost(self, run: StoredRun) -> list[str]:
        """The paths of a run's artifacts whose bytes cannot be had."""
        if not run.whole.artifacts:
            return []
        from gitexp.ops.artifacts import Artifacts, Place  # heavy, and nothing to most runs

        absent = (one.artifact for one in Artifacts(run).kept() if one.place is Place.ABSENT)
        return [one.path for one in absent if not self._has(Stored(one.oid, one.size))]

    def with_texts(self, record: Record, suites: Iterable[str], lost: Collection[str]) -> set[str]:
        """Those of a run's suites whose questions can be had: in its commit, or as an artifact."""
        paths = {suite: eval_files.path_of(suite, eval_files.TEXTS) for suite in suites}
        had = {one.path for one in record.artifacts if one.path not in lost}
        return {suite for suite, path in paths.items() if path in had or self._is_recorded(path)}

    def _is_recorded(self, path: str) -> bool:
        return self._reader.resolve(self._commit, f"{RECORD_FOLDER}/{path}") is not None

    def _has(self, one: Stored) -> bool:
        if one.oid in self._there or self._repo.store.has(one.oid, one.size):
            return True
        if self._makers.have(one.oid):
            return True
        self.lacking[one.oid] = one
        return False

    def _has_value(self, one: Input) -> bool:
        """Whether what a value names by a hash is in git, or in the store."""
        return any(self._is_in_git(Oid(told)) or self._is_stored(told) for told in hashes_in(one))

    def _is_in_git(self, oid: Oid) -> bool:
        try:
            return self._reader.header(oid)[0] == "blob"
        except GitExpError:
            return False

    def _is_stored(self, told: str) -> bool:
        return len(told) == 64 and self._repo.store.path(Digest(told)).is_file()

    def _is_in_code(self, path: str, oid: Digest, size: int | None) -> bool:
        try:
            entry = self._reader.resolve(self._commit, path)
            if entry is None or entry.is_submodule:
                return False
            files = [one for _, one in walk(self._reader, entry.oid)] if entry.is_folder else [entry.oid]
        except GitExpError:  # objects that are not here
            return False
        if self._repo.layout.partial:
            return True  # to tell the size of a blob, git would fetch it
        sizes = dict(zip(files, self._reader.sizes(files), strict=True))
        if sum(sizes[one] or 0 for one in files) == size and (size > _HASHED or len(files) > _READ):
            return True
        return in_code(self._reader, self._commit, path) == oid and self._has_targets(sizes)

    def _has_targets(self, sizes: Mapping[Oid, int | None]) -> bool:
        """Whether there are the bytes that pointers in the code stand for."""
        small = [oid for oid, size in sizes.items() if size in pointer.CANONICAL_SIZES]
        targets = map(pointer.decode, self._reader.contents(small))
        # Each is looked for: others are asked for all that is lacking.
        lacking = [target for target in targets if target is not None and not self._has(Stored(*target))]
        return not lacking
