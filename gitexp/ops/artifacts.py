"""What a run has produced: where the bytes of its artifacts are, and taking them out, checked."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from gitexp.artifacts.folders import identity
from gitexp.artifacts.placing import placed
from gitexp.artifacts.remote import Absent
from gitexp.artifacts.store import Stored, digest_file
from gitexp.errors import BrokenRecord, GitExpError, NotFound, RemoteError, UsageError
from gitexp.formats import pointer
from gitexp.formats.record import ARTIFACT_FOLDER
from gitexp.model.record import Artifact
from gitexp.model.values import Digest, Oid
from gitexp.ops.read import StoredRun
from gitexp.ops.recorded import recorded_blobs
from gitexp.ops.resolve import metric_in


class Place(str, Enum):
    """Where the bytes of an artifact are."""

    RECORD = "record"
    """In the run's commit."""
    STORE = "store"
    """In the local artifact store."""
    ABSENT = "absent"
    """Not in this clone."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One artifact of a run and where its bytes are."""

    artifact: Artifact
    place: Place


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of artifacts."""

    path: str
    oid: Digest
    """The identity of the folder: of the names and hashes of its files."""
    size: int
    """Bytes of its files together."""
    files: int
    kind: str | None
    """Of all its files; None where they differ."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one artifact that was asked for."""

    path: str
    """As the run calls it."""
    target: Path
    size: int
    written: bool = False
    """False also where the same bytes were there already."""
    error: GitExpError | None = None


class Artifacts:
    """The artifacts of one run."""

    def __init__(self, run: StoredRun) -> None:
        self._run = run
        self._repo = run.repo
        self._blobs = recorded_blobs(run.repo.reader, run.commit)
        self._reasons: dict[Digest, GitExpError] = {}
        """Why bytes could not be brought here."""
        self.all = tuple(sorted(run.whole.artifacts, key=lambda one: one.path))

    def kept(self) -> list[Kept]:
        """Each artifact and where its bytes are, in the order of paths; only their sizes are looked at."""
        return [Kept(one, self._place(one)) for one in self.all]

    def below(self, path: str) -> list[Artifact]:
        """The artifact `path`, or those in the folder of that name. Raises NotFound."""
        path = path.strip("/")
        found = [one for one in self.all if one.path == path or one.path.startswith(f"{path}/")]
        if not found:
            raise NotFound(
                f"run {self._run.name!r} has no artifact {path!r}", hint=f"git exp artifacts {self._run.name}"
            )
        return found

    def named(self, path: str) -> Artifact:
        """The artifact at just that path. Raises NotFound, or UsageError for a folder."""
        found = self.below(path)
        if found[0].path != path.strip("/"):
            raise UsageError(f"{path!r} is a folder", hint=f"git exp get {self._run.name}:{path} -o DIR")
        return found[0]

    def folders(self) -> list[Folder]:
        """The folders at the top, each with the identity that `use` would note of a folder like it."""
        names = dict.fromkeys(one.path.partition("/")[0] for one in self.all if "/" in one.path)
        return [_folder(name, self.below(name)) for name in names]

    def copy(self, one: Artifact, target: BinaryIO) -> None:
        """Write the bytes of an artifact to `target`, hashed on the way.

        Raises NotFound where they are not in this clone, RemoteError where they could not be fetched,
        BrokenRecord where they are not what the record says; what was written until then is not to be used.
        """
        data = self._checked(one)
        if data is not None:
            target.write(data)
            return
        with self._stored(one):
            self._repo.store.copy_out(one.oid, one.size, target)

    def open(self, one: Artifact) -> BinaryIO:
        """The bytes of an artifact as a file at its beginning, hashed before. Raises as `copy` does."""
        data = self._checked(one)
        if data is not None:
            return io.BytesIO(data)
        with self._stored(one):
            return self._repo.store.opened(one.oid, one.size)

    def _checked(self, one: Artifact) -> bytes | None:
        """What the record holds, found to be right; None where that is only a pointer, or nothing."""
        data = self._recorded(one)
        if data is None:
            return None
        if len(data) != one.size or hashlib.sha256(data).hexdigest() != one.oid:
            raise BrokenRecord(
                f"artifact {one.path!r} of run {self._run.name!r} is not what its record says",
                hint="git fsck",
            )
        return data

    @contextmanager
    def _stored(self, one: Artifact) -> Iterator[None]:
        """What goes wrong with the bytes in the store, told of the artifact; they are brought here before."""
        told = f"artifact {one.path!r} of run {self._run.name!r}"
        self.bring([one])
        reason = self._reasons.get(one.oid)
        try:
            yield
        except NotFound:
            if reason is None:
                raise NotFound(f"{told} is not in this clone", hint="git exp pull --artifacts") from None
            told = f"{told} is not in this clone: {reason.message}"
            kind = (
                RemoteError
                if isinstance(reason, RemoteError) and not isinstance(reason, Absent)
                else NotFound
            )
            raise kind(told, hint=reason.hint) from None
        except BrokenRecord as error:
            raise BrokenRecord(f"{told}: {error.message}", hint=error.hint) from None

    def bring(self, wanted: Iterable[Artifact]) -> None:
        """Have the bytes of `wanted` here, from where others keep them; each is asked for once."""
        lacking = {
            one.oid: Stored(one.oid, one.size)
            for one in wanted
            if one.oid not in self._reasons and self._place(one) is Place.ABSENT
        }
        if lacking:
            from gitexp.ops.transfers import receive

            self._reasons |= receive(self._repo, list(lacking.values()))

    def _place(self, one: Artifact) -> Place:
        if self._live_file(one) is not None:
            return Place.RECORD
        blob = self._blob(one)
        if blob is not None and not self._is_pointer(blob, one):
            return Place.RECORD
        return Place.STORE if self._repo.store.has(one.oid, one.size) else Place.ABSENT

    def _recorded(self, one: Artifact) -> bytes | None:
        """What the record holds; None where that is only a pointer, or nothing."""
        file = self._live_file(one)
        if file is not None:
            return file.read_bytes()
        blob = self._blob(one)
        if blob is None or self._is_pointer(blob, one):
            return None
        return self._repo.reader.read(blob)[1]

    def _live_file(self, one: Artifact) -> Path | None:
        """The bytes of a small artifact of a run that is still being recorded."""
        path = self._repo.live(self._run.name).files / one.oid
        return path if self._run.live and path.exists() else None

    def _blob(self, one: Artifact) -> Oid | None:
        return self._blobs.get(f"{ARTIFACT_FOLDER}/{one.path}")

    def _is_pointer(self, blob: Oid, one: Artifact) -> bool:
        reader = self._repo.reader
        # Small files can be as long as their pointers, and no pointer has the hash that it tells of.
        if reader.header(blob)[1] > pointer.MAX_SIZE:
            return False
        return pointer.decode(reader.read(blob)[1]) == (one.oid, one.size)


def _folder(path: str, files: Sequence[Artifact]) -> Folder:
    oid = identity((one.oid, one.path[len(path) + 1 :]) for one in files)
    kinds = {one.kind for one in files}
    return Folder(
        path, oid, sum(one.size for one in files), len(files), kinds.pop() if len(kinds) == 1 else None
    )


def split(text: str) -> tuple[str, str | None]:
    """The run and the path in `RUN:PATH`. What follows `best:` is a metric, and a path never."""
    if metric_in(text) is not None:
        return text, None
    run, colon, path = text.partition(":")
    return run, path if colon and path else None


def take(
    run: StoredRun, paths: Sequence[str], folder: Path, *, force: bool = False, dry_run: bool = False
) -> list[Taken]:
    """The artifacts at `paths` (all where none is given) written below `folder`; what became of each.

    A path that is asked for is put into `folder` by its last name, as `cp -r` does; without paths the run's
    layout is kept. A file with the same bytes is left as it is. Raises NotFound, or UsageError where other
    files are in the way and `force` is not given: then nothing was written.
    """
    artifacts = Artifacts(run)
    wanted = _targets(artifacts, paths)
    if len({target for _, target in wanted}) < len(wanted):
        raise UsageError("two artifacts would be written to one file", hint="get one after the other: -o DIR")
    there = {target for one, target in wanted if _same(folder / target, one)}
    if not force:
        _check_free(folder / target for _, target in wanted if target not in there)
    if not dry_run:
        artifacts.bring(one for one, target in wanted if target not in there)
    return [
        Taken(one.path, folder / target, one.size)
        if target in there
        else _taken(artifacts, one, folder, target, force, dry_run)
        for one, target in wanted
    ]


def _targets(artifacts: Artifacts, paths: Sequence[str]) -> list[tuple[Artifact, str]]:
    if not paths:
        return [(one, one.path) for one in artifacts.all]
    found = {}
    for path in paths:
        above = path.strip("/").rpartition("/")[0]
        for one in artifacts.below(path):
            target = one.path[len(above) + bool(above) :]
            found[one.path, target] = (one, target)
    return list(found.values())


def _check_free(paths: Iterable[Path]) -> None:
    blocked = [path for path in paths if path.exists() or path.is_symlink()]
    if blocked:
        more = f" and {len(blocked) - 1} more" if len(blocked) > 1 else ""
        raise UsageError(
            f"'{blocked[0]}'{more} exists already, with other content",
            hint="choose another: -o DIR, or --force",
        )


def _same(path: Path, one: Artifact) -> bool:
    """Whether the file has exactly the artifact's bytes."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != one.size:
        return False
    return digest_file(path).oid == one.oid


def _taken(
    artifacts: Artifacts, one: Artifact, folder: Path, target: str, force: bool, dry_run: bool
) -> Taken:
    where = folder / target
    try:
        if not dry_run:
            with placed(folder, target, replace=force) as file:
                artifacts.copy(one, file)
        return Taken(one.path, where, one.size, written=True)
    except GitExpError as error:
        return Taken(one.path, where, one.size, error=error)
