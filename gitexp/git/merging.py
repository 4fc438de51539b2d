"""Three-way merges of trees as git makes them, on a bench: a repository that only sees the user's objects.

Nothing of the user's is at work there: no index, no working tree, no configuration. Attributes may call a
file binary or a union of lines, but no program that they name as a merge driver runs, whoever wrote them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitexp.git.layout import Layout
from gitexp.git.objects import ObjectBuilder, object_id
from gitexp.git.process import Git, Result, error
from gitexp.git.read_catfile import CatFileReader
from gitexp.git.reader import LIMIT
from gitexp.model.values import Oid

_UNKNOWN_OPTION = 129
ATTRIBUTES = ".gitattributes"
_UNSYNCED = ("-c", "core.fsync=none")
_SOMEBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "bench"), ("EMAIL", "bench"), ("DATE", "@1 +0000"))
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A file as one side has it."""

    mode: int
    oid: Oid


@dataclass(frozen=True, slots=True)
class FileConflict:
    """A path that git could not merge; None for a side that has nothing there."""

    path: str
    base: Stage | None
    ours: Stage | None
    theirs: Stage | None


@dataclass(frozen=True, slots=True)
class MergedTree:
    tree: Oid
    """With conflict markers in the files that could not be merged."""
    conflicts: tuple[FileConflict, ...]


class Bench:
    """Where trees are merged, in the empty folder `place`; what is made stays there until it is packed."""

    def __init__(self, git: Git, layout: Layout, place: Path) -> None:
        self._objects = place / "bench.git" / "objects"
        self._files = place / "files"
        self._files.mkdir()
        kept = {k: v for k, v in git.environ.items() if not k.startswith("GIT_") or k == "GIT_EXEC_PATH"}
        environ = {
            **kept,
            **_SOMEBODY,
            "HOME": str(place),
            "XDG_CONFIG_HOME": str(place),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
        }
        self._format = layout.object_format
        Git(place, environ).run(
            *("init", "--quiet", "--bare", "--template=", f"--object-format={layout.object_format}"),
            str(self._objects.parent),
        )
        alternates = self._objects / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(os.fsencode(layout.common_dir / "objects") + b"\n")
        places = {"GIT_DIR": str(self._objects.parent), "GIT_WORK_TREE": str(self._files)}
        self.git = Git(self._files, {**environ, **places})
        self.reader = CatFileReader(self.git, layout.object_format, LIMIT)

    def close(self) -> None:
        self.reader.close()

    def run(self, *args: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> Result:
        return self.git.run(*_UNSYNCED, *args, input=input, env=env)

    def write(self, data: bytes, kind: str = "blob") -> Oid:
        """The id of a new object."""
        return Oid(self.run("hash-object", "-w", "-t", kind, "--stdin", input=data).text)

    def commit(self, tree: Oid, parents: Sequence[Oid], message: str) -> Oid:
        """The id of a commit that is for merging alone."""
        above = [part for parent in parents for part in ("-p", parent)]
        return Oid(self.run("commit-tree", tree, *above, "-m", message).text)

    def bases(self, ours: Oid, theirs: Oid) -> list[Oid]:
        """The best common ancestors of two commits."""
        result = self.git.run("merge-base", "--all", ours, theirs, check=False)
        return [Oid(line) for line in result.lines]

    def merge(self, ours: Oid, theirs: Oid, labels: tuple[str, str]) -> MergedTree:
        """Two commits merged; `labels` are what conflict markers call them. Raises GitError."""
        for label, commit in zip(labels, (ours, theirs), strict=True):
            self.run("update-ref", f"refs/heads/{label}", commit)
        self._lay_attributes(ours)
        command = ("merge-tree", "--write-tree", "-z", "--allow-unrelated-histories", *labels)
        result = self.git.run(*_UNSYNCED, *command, check=False)
        if result.code == _UNKNOWN_OPTION:  # before git 2.38
            return self.merge_in_files(ours, theirs, labels)
        if result.code not in (0, 1):
            raise error(result, command)
        tree, *rest = result.stdout.split(b"\0")
        return MergedTree(Oid(tree.decode()), tuple(_conflicts(rest)))

    def merge_in_files(self, ours: Oid, theirs: Oid, labels: tuple[str, str]) -> MergedTree:
        """As `merge`, by the older way of git that needs all files in a working tree."""
        self._clear()
        self.run("read-tree", "--reset", ours)
        self.run("checkout-index", "--all", "--force", "--index")
        names = {f"GITHEAD_{oid}": label for oid, label in zip((ours, theirs), labels, strict=True)}
        common = self.bases(ours, theirs) or [self.write(b"", "tree")]
        command = ("merge-recursive", *common, "--", ours, theirs)
        result = self.git.run(*_UNSYNCED, *command, env=names, check=False)
        if result.code not in (0, 1):
            raise error(result, command)
        listed = self.run("ls-files", "--unmerged", "-z").stdout.split(b"\0")
        self.run("add", "--all")
        return MergedTree(Oid(self.run("write-tree", "--missing-ok").text), tuple(_conflicts(listed)))

    def edited(self, tree: Oid, changes: Mapping[str, Stage | None]) -> Oid:
        """The tree with other files; None takes one away."""
        if not changes:
            return tree
        self.run("read-tree", "--reset", tree)
        gone = Stage(0, Oid("0" * len(tree)))
        lines = (
            b"%o %s\t%s\0" % (one.mode, one.oid.encode(), os.fsencode(path))
            for path, one in ((path, stage or gone) for path, stage in changes.items())
        )
        self.run("update-index", "-z", "--replace", "--index-info", input=b"".join(lines))
        return Oid(self.run("write-tree", "--missing-ok").text)

    def differing(self, one: Oid, other: Oid) -> list[str]:
        """The paths at which two trees have not the same."""
        listed = self.run("diff-tree", "-r", "-z", "--no-renames", "--name-only", one, other).stdout
        return [os.fsdecode(path) for path in listed.split(b"\0") if path]

    def marked(self, base: bytes, ours: bytes, theirs: bytes, labels: tuple[str, str]) -> bytes:
        """Three texts merged line by line, with markers where they conflict."""
        self._clear()
        names = ("ours", "base", "theirs")
        for name, data in zip(names, (ours, base, theirs), strict=True):
            (self._files / name).write_bytes(data)
        told = ("-L", labels[0], "-L", "base", "-L", labels[1])
        return self.git.run("merge-file", "-p", *told, *names, check=False).stdout

    def pack_into(self, builder: ObjectBuilder, oid: Oid, *, folder: bool = True) -> None:
        """Adds to `builder` what was made here of a tree, or a single file."""
        loose = self._objects / oid[:2] / oid[2:]
        if not loose.exists() or oid in builder.oids:
            return
        builder.add_loose(loose)
        for entry in self.reader.entries(oid) if folder else ():
            self.pack_into(builder, entry.oid, folder=entry.is_folder)

    def _lay_attributes(self, commit: Oid) -> None:
        """What git reads of the working tree when it merges: how files are to be merged."""
        self._clear()
        for line in self.run("ls-tree", "-r", "-z", commit).stdout.split(b"\0"):
            meta, _, name = line.partition(b"\t")
            *folders, last = os.fsdecode(name).split("/")
            # Not every tree is one that git would make.
            if last == ATTRIBUTES and meta.startswith(b"100") and not {"", ".", ".."} & set(folders):
                data = self.reader.read(Oid(meta.split()[2].decode()))[1]
                folder = self._files.joinpath(*folders)
                with suppress(OSError):  # a name too long to be checked out: git cannot read it there either
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / last).write_bytes(data)

    def _clear(self) -> None:
        shutil.rmtree(self._files)
        self._files.mkdir()


def empty_tree(object_format: str) -> Oid:
    """The tree without files, which git knows without having it."""
    return object_id(object_format, b"tree", b"")


def _conflicts(lines: Sequence[bytes]) -> Iterator[FileConflict]:
    """The paths of `<mode> <oid> <stage>\\t<path>`, up to an empty line."""
    found: dict[str, dict[int, Stage]] = {}
    for line in lines:
        if not line:
            break
        meta, _, path = line.partition(b"\t")
        mode, oid, stage = meta.split()
        found.setdefault(os.fsdecode(path), {})[int(stage)] = Stage(int(mode, 8), Oid(oid.decode()))
    for name, stages in found.items():
        yield FileConflict(name, stages.get(1), stages.get(2), stages.get(3))
