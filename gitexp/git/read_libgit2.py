"""Reading through libgit2: in this process, where it can open the repository. Never used to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from gitexp.errors import BrokenRecord, NotFound
from gitexp.git import trees
from gitexp.git.layout import Layout
from gitexp.git.objects import Entry
from gitexp.model.values import Oid

if TYPE_CHECKING:
    import pygit2

    from gitexp.git.reader import ObjectReader

_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}


class Libgit2Reader:
    """Reads objects in this process; what it cannot read is asked of `fallback`, where one is given.

    Not for two threads at once.
    """

    def __init__(
        self, repository: pygit2.Repository, limit: int, fallback: Callable[[], ObjectReader] | None = None
    ) -> None:
        import pygit2

        self._failures = (KeyError, pygit2.GitError)
        self._repository = repository
        self._odb = repository.odb
        self._stores = _header_readers(self._odb)
        self._limit = limit
        self._open_fallback = fallback
        self._opened: ObjectReader | None = None

    def header(self, oid: Oid) -> tuple[str, int]:
        """Kind and size of an object. Raises NotFound, BrokenRecord."""
        try:
            return self._header(oid)
        except self._failures as cause:
            fallback = self._fallback()
            if fallback is None:
                raise _told(oid, cause) from None
        return fallback.header(oid)

    def sizes(self, oids: Sequence[Oid]) -> list[int | None]:
        """The size of each object; None where there is none. Raises BrokenRecord."""
        found: list[int | None] = []
        for oid in oids:
            try:
                found.append(self.header(oid)[1])
            except NotFound:
                found.append(None)
        return found

    def read(self, oid: Oid) -> tuple[str, bytes]:
        """Kind and content of an object. Raises NotFound; BrokenRecord where it is too large or corrupt."""
        try:
            kind, size = self._header(oid)
            trees.check_size(oid, size, self._limit)
            return kind, self._odb.read(oid)[1]
        except self._failures as cause:
            fallback = self._fallback()
            if fallback is None:
                raise _told(oid, cause) from None
        return fallback.read(oid)

    def entries(self, tree: Oid) -> list[Entry]:
        """The entries of a tree, in git's order. Raises NotFound, BrokenRecord."""
        return trees.entries(self.read, tree)

    def resolve(self, start: Oid, path: str) -> Entry | None:
        """The entry at `path` below a commit or tree; None where there is none. Raises as `read` does."""
        return trees.resolve(self.read, start, path)

    def blobs(self, specs: Sequence[tuple[Oid, str]]) -> list[bytes | None]:
        """The file at each (commit or tree, path); None where there is none. Raises as `read` does."""
        return trees.blobs(specs, self.folders, self.contents)

    def folders(self, places: Sequence[tuple[Oid, str]]) -> list[Oid | None]:
        """The tree at each (commit or tree, folder); None where there is none. Raises BrokenRecord."""
        found: list[Oid | None] = []
        for oid, folder in places:
            try:
                entry = self.resolve(oid, folder)
            except NotFound:
                entry = None
            found.append(entry.oid if entry is not None and entry.is_folder else None)
        return found

    def contents(self, oids: Sequence[Oid]) -> list[bytes]:
        """What each object holds. Raises as `read` does."""
        contents: list[bytes] = []
        total = 0
        for oid in oids:
            contents.append(self.read(oid)[1])
            total += len(contents[-1])
            trees.check_total(total)
        return contents

    def close(self) -> None:
        self._repository.free()
        if self._opened is not None:
            self._opened.close()

    def __enter__(self) -> Libgit2Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _header(self, oid: Oid) -> tuple[str, int]:
        for store in self._stores:
            with suppress(KeyError):
                kind, size = store.read_header(oid)
                return _KINDS[kind], size
        raise KeyError(oid)

    def _fallback(self) -> ObjectReader | None:
        if self._opened is None and self._open_fallback is not None:
            self._opened = self._open_fallback()
        return self._opened


def open_libgit2(
    layout: Layout, limit: int, fallback: Callable[[], ObjectReader] | None = None
) -> Libgit2Reader | None:
    """A reader of the repository; None where libgit2 cannot open it (SHA-256, reftable, other extensions)."""
    if layout.object_format != "sha1" or layout.ref_format != "files":
        return None
    try:
        import pygit2
    except ImportError:  # its shared library may not fit the machine; git does
        return None
    try:
        repository = pygit2.Repository(str(layout.git_dir))
    except (pygit2.GitError, OSError):
        return None
    return Libgit2Reader(repository, limit, fallback)


def _header_readers(odb: pygit2.Odb) -> list[pygit2.Odb] | list[pygit2.OdbBackend]:
    """What can read headers: the database itself since pygit2 1.20, its parts before."""
    return [odb] if hasattr(odb, "read_header") else list(odb.backends)


def _told(oid: Oid, cause: Exception) -> NotFound | BrokenRecord:
    if isinstance(cause, KeyError):
        return NotFound(f"object '{oid}' does not exist")
    return BrokenRecord(f"object '{oid}' cannot be read: {cause}", hint="git fsck")
