"""What git knows of the working tree: what HEAD and the index track, and as which blobs it sees the files."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitexp.git.objects import SUBMODULE, SYMLINK, object_id
from gitexp.git.process import Git
from gitexp.model.values import Oid
from gitexp.ops.apply.states import blocking
from gitexp.repo import Repository

PRIVATE = ("-c", "core.splitIndex=false", "-c", "core.fsync=none", "-c", "core.fsmonitor=false")
_TYPE = 0o170000


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as git stores it."""

    mode: int
    oid: Oid

    @property
    def is_submodule(self) -> bool:
        return self.mode == SUBMODULE


@dataclass(frozen=True, slots=True)
class Tracked:
    head: Mapping[str, Blob]
    index: Mapping[str, tuple[Blob, ...]]
    """More than one of a path that a merge left in conflict."""
    sparse: frozenset[str]
    """Paths that the index has and a sparse checkout leaves out."""
    clean: frozenset[str]
    """Paths of which git knows, without looking into the files, that they are as in the index."""

    def has(self, path: str) -> bool:
        return path in self.head or path in self.index

    def knows(self, path: str, blob: Blob) -> bool:
        """Whether HEAD or the index has just that at `path`; its permissions do not matter."""
        found = (*self.index.get(path, ()), *filter(None, [self.head.get(path)]))
        return any(one.oid == blob.oid and one.mode & _TYPE == blob.mode & _TYPE for one in found)


def tracked(repo: Repository, scratch: Path) -> Tracked:
    """`scratch` is a folder for a private index."""
    git, index = repo.git, scratch / "index-now"
    if repo.layout.index_file.exists():
        # With its time stamp: git compares it with those of files to find changes within one clock tick.
        shutil.copy2(repo.layout.index_file, index)
    inside = {"GIT_INDEX_FILE": str(index)}
    git.run(*PRIVATE, "update-index", "-q", "--refresh", env=inside, check=False)
    staged: dict[str, list[Blob]] = {}
    sparse, trusted = set(), set()
    for tag, path, blob in _staged(git.run("ls-files", "-z", "-v", "--stage", env=inside).stdout):
        staged.setdefault(path, []).append(blob)
        if tag in b"Ss":
            sparse.add(path)
        if tag == b"H":
            trusted.add(path)
    changed = git.run(*PRIVATE, "diff-files", "-z", "--name-only", env=inside).stdout
    return Tracked(
        _head(git),
        {path: tuple(blobs) for path, blobs in staged.items()},
        frozenset(sparse),
        frozenset(trusted.difference(map(os.fsdecode, changed.split(b"\0")))),
    )


def tree_files(git: Git, tree: str) -> dict[str, Blob]:
    """The files and submodules of a commit or tree."""
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout
    found = {}
    for line in listed.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, _, oid = meta.split(b" ")
        found[os.fsdecode(path)] = Blob(int(mode, 8), Oid(oid.decode()))
    return found


def blobs_now(repo: Repository, top: Path, now: Tracked, paths: Iterable[str]) -> dict[str, Blob]:
    """What git would store of the files and links that stand at `paths`, filters applied."""
    found, unsure = {}, []
    for path in paths:
        if path in now.clean:
            found[path] = now.index[path][0]
            continue
        mode = _mode(top, path)
        if mode is None:
            continue
        if stat.S_ISLNK(mode):
            target = os.fsencode(os.readlink(top / path))
            found[path] = Blob(SYMLINK, object_id(repo.layout.object_format, b"blob", target))
        elif stat.S_ISREG(mode):
            unsure.append((path, 0o100755 if mode & 0o100 else 0o100644))
    given = b"".join(_quoted(path) + b"\n" for path, _ in unsure)
    oids = repo.git.run("hash-object", "--stdin-paths", input=given).lines if unsure else []
    for (path, mode), oid in zip(unsure, oids, strict=True):
        found[path] = Blob(mode, Oid(oid))
    return found


def _mode(top: Path, path: str) -> int | None:
    if blocking(top, path) is not None:
        return None
    try:
        return os.lstat(top / path).st_mode
    except FileNotFoundError:
        return None


def _head(git: Git) -> dict[str, Blob]:
    found = git.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}", check=False)
    return tree_files(git, found.text) if found.code == 0 else {}


def _staged(listed: bytes) -> Iterator[tuple[bytes, str, Blob]]:
    """Tag, path and blob of each line of `ls-files -v --stage`."""
    for line in listed.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        tag, mode, oid, _ = meta.split(b" ")
        yield tag, os.fsdecode(path), Blob(int(mode, 8), Oid(oid.decode()))


def _quoted(path: str) -> bytes:
    """A path as git reads it from a line."""
    data = os.fsencode(path)
    if b"\n" not in data and not data.startswith(b'"') and not data.endswith(b"\r"):
        return data
    escaped = {0x22: b'\\"', 0x5C: b"\\\\"}
    parts = (escaped.get(c) or (b"\\%03o" % c if c < 0x20 else bytes((c,))) for c in data)
    return b'"' + b"".join(parts) + b'"'
