"""The exact state of the working tree as a git tree, without touching index, HEAD or object database.

git itself does the work on a private copy of the index, so that filters, ignore rules, sparse checkout
and the rest mean what they mean in git. New objects go to a quarantine folder; the caller packs them.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gitexp.capture.withheld import NEVER_CAPTURED, holds_key, is_secret, list_changes, restore
from gitexp.errors import GitError, NoWorkTree, StorageFull
from gitexp.git.layout import Layout
from gitexp.git.objects import FILE, SYMLINK, Entry, ObjectBuilder
from gitexp.git.process import Git, error
from gitexp.git.read_catfile import CatFileReader
from gitexp.git.reader import LIMIT
from gitexp.git.trees import parse_tree
from gitexp.model.values import Oid, Value
from gitexp.sharing import make_folder

RECORD_FOLDER = b".exp"
DEFAULT_LIMIT = 10 << 20
"""Bytes above which an untracked file stays out of git."""

_FULL = re.compile(
    "No space left on device|Out of diskspace|Disk quota exceeded|File too large|Input/output error"
)
_UNREADABLE = re.compile(r'^error: open\("(.+)"\): ', re.MULTILINE)


class Skipped(NamedTuple):
    """An untracked file that did not go into the snapshot."""

    path: str
    reason: str
    """`large`, `secret` or `unreadable`."""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The code tree and what is needed to write it."""

    tree: Oid
    entries: tuple[Entry, ...]
    """The root of the code tree; `.exp/` is not in it."""
    base: Oid | None
    dirty: bool
    skipped: tuple[Skipped, ...]
    submodules: Mapping[str, Value]
    """Path -> commit, and whether files in it differ from that commit."""
    builder: ObjectBuilder
    """Holds every object that the repository does not have yet."""
    inside: Mapping[str, str]
    """The environment in which git sees those objects."""


def take(
    git: Git,
    layout: Layout,
    quarantine: Path,
    *,
    limit: int = DEFAULT_LIMIT,
    never: Sequence[str] = (),
) -> Snapshot:
    """The working tree as it is now. `never` are patterns of files to leave out besides NEVER_CAPTURED.

    `quarantine` is a folder that does not exist yet; the objects stay there until the caller has packed them.
    Raises NoWorkTree in a bare repository, GitError where git cannot read the working tree.
    """
    if layout.top is None:
        raise NoWorkTree(
            "this repository is bare: it has no working tree to record",
            hint="git exp run --isolated -- CMD runs the code of HEAD in a worktree of its own",
        )
    inside = quarantined(layout, quarantine, _private_index(layout, quarantine))
    patterns = (*NEVER_CAPTURED, *never)
    with list_changes(git, inside) as changes:
        unreadable, others = _add_tracked(git, inside)
        wanted, skipped = _sift(layout.top, others, limit, patterns)
        skipped += _add(git, inside, wanted) + unreadable
        restore(git, inside, layout.top, changes, patterns, layout.object_format)
    with CatFileReader(git.within(inside), layout.object_format, LIMIT) as reader:
        written = _written(git, layout, quarantine, inside, reader)
    submodules = _submodules(git, layout.top, inside)
    return replace(written, skipped=tuple(skipped), submodules=submodules)


def of_index(git: Git, layout: Layout, quarantine: Path) -> Snapshot:
    """What is staged, as in `staged`."""
    with staged(git, layout, quarantine) as (taken, _):
        return taken


@contextmanager
def staged(git: Git, layout: Layout, quarantine: Path) -> Iterator[tuple[Snapshot, CatFileReader]]:
    """What is staged, in the index that `layout` names, which stays as it is; and what reads its objects.

    `quarantine` is a folder that does not exist yet, as for `take`. Raises GitError.
    """
    inside = quarantined(layout, quarantine, _private_index(layout, quarantine))
    with CatFileReader(git.within(inside), layout.object_format, LIMIT) as reader:
        yield _written(git, layout, quarantine, inside, reader), reader


def _written(
    git: Git, layout: Layout, quarantine: Path, inside: Mapping[str, str], reader: CatFileReader
) -> Snapshot:
    """The private index as a tree."""
    # A partial clone does not have every object that its index names, and need not.
    written = git.within(inside).ask(*_PRIVATE, "write-tree", "--missing-ok")
    base = _commit(reader, "HEAD")
    root = Oid(written().text)
    builder = ObjectBuilder(layout.object_format)
    for path in _loose_objects(quarantine):
        builder.add_loose(path)
    tree, entries = _code(reader, builder, root)
    base_tree = _base_tree(reader, builder, base)
    oid = base.oid if base else None
    return Snapshot(tree, entries, oid, tree != base_tree, (), {}, builder, inside)


def of_commit(git: Git, layout: Layout, quarantine: Path, commit: str = "HEAD") -> Snapshot:
    """The code of a commit, for a run that does not use the working tree. Raises NoWorkTree.

    What is changed in it goes to `quarantine`, as in `take`.
    """
    builder = ObjectBuilder(layout.object_format)
    with CatFileReader(git, layout.object_format, LIMIT) as reader:
        found = _commit(reader, commit)
        if found is None:
            raise NoWorkTree(f"{commit} has no commit yet", hint="git commit")
        tree, entries = _code(reader, builder, found.tree)
    inside = quarantined(layout, quarantine, quarantine / "index")
    return Snapshot(tree, entries, found.oid, False, (), {}, builder, inside)


def replaced(git: Git, taken: Snapshot, path: str, data: bytes) -> Snapshot:
    """The snapshot with other content in the file at `path`; as it was, if there is no such file in it."""
    parts = os.fsencode(path).split(b"/")
    entries = _replaced(git, taken, taken.entries, parts, path, data)
    if entries is None:
        return taken
    return replace(taken, tree=taken.builder.tree(entries), entries=entries, dirty=True)


def _replaced(
    git: Git, taken: Snapshot, entries: Sequence[Entry], parts: Sequence[bytes], path: str, data: bytes
) -> tuple[Entry, ...] | None:
    old = next((entry for entry in entries if entry.name == parts[0]), None)
    if old is None or old.is_folder != (len(parts) > 1):
        return None
    if old.is_folder:
        below = _replaced(git, taken, _entries(git, taken, old.oid), parts[1:], path, data)
        if below is None:
            return None
        oid = taken.builder.tree(below)
    else:
        # git converts line endings and the like as it does for this path.
        command = ("hash-object", "-w", "--stdin", f"--path={path}")
        oid = Oid(git.run(*_PRIVATE, *command, input=data, env=taken.inside).text)
        loose = Path(taken.inside["GIT_OBJECT_DIRECTORY"], oid[:2], oid[2:])
        if loose.exists():
            taken.builder.add_loose(loose)
    # Where a link was, there is a file of its own now: what the link led to stays as it is.
    new = old._replace(oid=oid, mode=FILE if old.mode == SYMLINK else old.mode)
    return tuple(new if entry is old else entry for entry in entries)


def quarantined(layout: Layout, quarantine: Path, index: Path) -> dict[str, str]:
    """The environment in which git writes new objects to `quarantine` and uses a private index."""
    info = quarantine / "info"
    make_folder(info)
    (info / "alternates").write_bytes(os.fsencode(layout.common_dir / "objects") + b"\n")
    return {"GIT_INDEX_FILE": str(index), "GIT_OBJECT_DIRECTORY": str(quarantine)}


# The private index is whole, and what is in quarantine need not be durable: the pack made of it will be.
_PRIVATE = ("-c", "core.splitIndex=false", "-c", "core.fsync=none")


def _private_index(layout: Layout, quarantine: Path) -> Path:
    make_folder(quarantine)
    copy = quarantine / "index"
    try:
        # With its time stamp: git compares it with those of files to find changes within one clock tick.
        shutil.copy2(layout.index_file, copy)
    except FileNotFoundError:
        pass
    return copy


def _sift(
    top: Path, paths: Iterable[bytes], limit: int, patterns: Sequence[str]
) -> tuple[list[bytes], list[Skipped]]:
    """Untracked files parted into those to capture and those to leave out."""
    wanted: list[bytes] = []
    skipped: list[Skipped] = []
    root = os.fsencode(top)
    for path in paths:
        reason, size = _reason_to_skip(os.path.join(root, path), path, limit, patterns)
        if reason is None:
            wanted.append(path.rstrip(b"/"))
        elif reason != "gone":
            skipped.append(Skipped(os.fsdecode(path), reason, size))
    return wanted, skipped


def _reason_to_skip(
    full: bytes, path: bytes, limit: int, patterns: Sequence[str]
) -> tuple[str | None, int | None]:
    if is_secret(path, patterns):
        return "secret", None
    try:
        stat = os.lstat(full)
        if not _is_plain_file(stat.st_mode):
            return None, None
        if stat.st_size > limit:
            return "large", stat.st_size
        return ("secret", None) if holds_key(full, stat.st_size) else (None, None)
    except FileNotFoundError:
        return "gone", None
    except OSError:
        return "unreadable", None


def _is_plain_file(mode: int) -> bool:
    return mode & 0o170000 == 0o100000


def _add_tracked(git: Git, inside: Mapping[str, str]) -> tuple[list[Skipped], list[bytes]]:
    """Bring the tracked files up to date; those that cannot be read stay as they are in the index.

    Gives those, and the files that are neither tracked nor ignored.
    """
    command = ("add", "--update", "--ignore-errors", "--", ":/")
    with git.start("ls-files", "-z", "--others", "--exclude-standard", env=inside) as listing:
        result = git.run(*_PRIVATE, *command, env=inside, check=False)
        others, _ = listing.communicate()
    if listing.returncode:
        raise GitError("cannot list the files of the working tree", hint="git status")
    if result.code and _FULL.search(result.talk):
        raise error(result, command)
    unreadable = [Skipped(path, "unreadable") for path in _UNREADABLE.findall(result.talk)]
    return unreadable, _paths(others)


def _add(git: Git, inside: Mapping[str, str], paths: Sequence[bytes]) -> list[Skipped]:
    """Add untracked files; one that cannot be read is left out by itself."""
    if not paths:
        return []
    if _try_add(git, inside, paths):
        return []
    return [Skipped(os.fsdecode(path), "unreadable") for path in paths if not _try_add(git, inside, [path])]


def _try_add(git: Git, inside: Mapping[str, str], paths: Sequence[bytes]) -> bool:
    command = (*_PRIVATE, "update-index", "--add", "--remove", "-z", "--stdin")
    try:
        git.run(*command, input=b"".join(path + b"\0" for path in paths), env=inside)
    except StorageFull:
        raise
    except GitError:
        return False
    return True


class _Commit(NamedTuple):
    oid: Oid
    tree: Oid
    recorded: bool
    """Whether its tree carries a record folder."""


def _commit(reader: CatFileReader, revision: str) -> _Commit | None:
    """The commit that `revision` names; None on an unborn branch."""
    commit, tree, record = reader.lookups([f"{revision}{part}" for part in ("^{commit}", "^{tree}", ":.exp")])
    if commit is None or tree is None:
        return None
    return _Commit(commit, tree, record is not None)


def _base_tree(reader: CatFileReader, builder: ObjectBuilder, base: _Commit | None) -> Oid | None:
    if base is None or not base.recorded:
        return base.tree if base else None
    return _code(reader, builder, base.tree)[0]


def _code(reader: CatFileReader, builder: ObjectBuilder, root: Oid) -> tuple[Oid, tuple[Entry, ...]]:
    """The code tree of a root tree, and its entries."""
    listed = reader.entries(root)
    entries = tuple(entry for entry in listed if entry.name != RECORD_FOLDER)
    return (root if len(entries) == len(listed) else builder.tree(entries)), entries


def _entries(git: Git, taken: Snapshot, tree: Oid) -> list[Entry]:
    """The entries of a tree of git's, or of one that an earlier change has made."""
    if tree in taken.builder.objects:
        return list(parse_tree(taken.builder.objects[tree][1], len(tree) // 2))
    return [_entry(line) for line in _paths(git.run("ls-tree", "-z", tree, env=taken.inside).stdout)]


def _entry(line: bytes) -> Entry:
    meta, _, name = line.partition(b"\t")
    mode, _, oid = meta.split(b" ")
    return Entry(name, int(mode, 8), Oid(oid.decode()))


def _submodules(git: Git, top: Path, inside: Mapping[str, str]) -> dict[str, Value]:
    if not (top / ".gitmodules").exists():
        return {}
    listed = _paths(git.run("ls-files", "-z", "--stage", env=inside).stdout)
    changed = _paths(
        git.run("diff-files", "-z", "--name-only", "--ignore-submodules=none", env=inside).stdout
    )
    found: dict[str, Value] = {}
    for line in listed:
        meta, _, path = line.partition(b"\t")
        if meta.startswith(b"160000 "):
            found[os.fsdecode(path)] = {"commit": meta.split(b" ")[1].decode(), "dirty": path in changed}
    return found


def _loose_objects(quarantine: Path) -> Iterator[Path]:
    for folder in sorted(quarantine.glob("[0-9a-f][0-9a-f]")):
        yield from sorted(folder.glob("[0-9a-f]*"))


def _paths(output: bytes) -> list[bytes]:
    return [path for path in output.split(b"\0") if path]
