"""What anything in a repository needs: refs, HEADs, indexes, reflogs and unfinished operations of all its
working trees; and how the objects that nothing needs hang together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitexp.git.layout import Layout
from gitexp.git.objects import object_id
from gitexp.git.packs import hash_size
from gitexp.git.process import Git, error
from gitexp.git.refs import DROPPED, TRASH
from gitexp.git.trees import parse_tree
from gitexp.model.values import Oid

_HASH = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")
_LINK = re.compile(rb"^(?:tree|parent|object) ([0-9a-f]{40,64})$", re.MULTILINE)
_STATE_FOLDERS = ("logs", "rebase-merge", "rebase-apply", "sequencer", "refs")
_SHARED = ("refs/bisect", "refs/worktree", "refs/rewritten", *_STATE_FOLDERS[:-1])
_NOT_STATE = frozenset(
    # The message is one that git gives to nobody but its author.
    ("index", "config", "config.worktree", "packed-refs", "description", "shallow", "COMMIT_EDITMSG")
)
NONCE_SIZE = 21
"""Bytes of the blob that tells the pack of a second try from the first."""
RECORD = b".exp"
# What is walked are the objects themselves, not what replaces them in somebody's eyes.
_PLAIN = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull}


def roots(git: Git, layout: Layout, without: Collection[str], extra: Iterable[Path] = ()) -> set[Oid]:
    """Every object that something in the repository names, but for the refs `without` and their reflogs.

    Names in the files `extra` count as well. Indexes are not looked into: `walk` does that.
    """
    listing = git.run("for-each-ref", "--format=%(objectname) %(refname)")
    pairs = (line.split(" ", 1) for line in listing.lines)
    named = {Oid(oid) for oid, ref in pairs if ref not in without}
    for path in (*_state_files(layout), *extra):
        named |= {Oid(word.decode()) for word in _HASH.findall(_data(path))}
    width = 2 * hash_size(layout)
    return existing(git, [oid for oid in named if len(oid) == width])


def walk(git: Git, layout: Layout, starts: Collection[Oid]) -> set[Oid]:
    """Everything reachable from `starts`, and from the indexes of all working trees.

    Raises GitError where something of it is missing.
    """
    # The reflogs of a reftable are in no files.
    logs = ("--reflog",) if layout.ref_format == "reftable" else ()
    args = ["rev-list", "--objects", "--no-object-names", "--indexed-objects", *logs, "--stdin"]
    result = git.run(*args, input="".join(f"{oid}\n" for oid in starts).encode(), env=_PLAIN, check=False)
    if result.code:
        raise error(result, ["rev-list"])
    return set(map(Oid, result.text.split()))


@dataclass(frozen=True, slots=True)
class Loner:
    """An object that nothing needs."""

    kind: str
    size: int
    """Bytes on disk."""
    links: tuple[Oid, ...] = ()
    """Objects that it points to."""
    text: bytes = b""
    """The content of a commit or of a blob as short as our nonces; empty for others."""
    code: Oid | None = None
    """Of a tree with a record folder: the tree without that, which recording writes as well."""


def loners(git: Git, layout: Layout, needed: Collection[Oid]) -> dict[Oid, Loner]:
    """Every object of the repository that is not among the `needed`."""
    found = [one for one in all_objects(git) if one[0] not in needed]
    contents = _contents(git, [oid for oid, kind, size, _ in found if kind != "blob" or size == NONCE_SIZE])
    return {oid: _loner(kind, disk, contents.get(oid, b""), layout) for oid, kind, _, disk in found}


def _loner(kind: str, disk: int, data: bytes, layout: Layout) -> Loner:
    if kind == "tree":
        entries = list(parse_tree(data, hash_size(layout)))
        links = tuple(entry.oid for entry in entries if not entry.is_submodule)
        record = next((entry for entry in entries if entry.name == RECORD), None)
        if record is None:
            return Loner(kind, disk, links)
        written = b"%o %s\0%s" % (record.mode, record.name, bytes.fromhex(record.oid))
        code = object_id(layout.object_format, b"tree", data.replace(written, b"", 1))
        return Loner(kind, disk, links, code=code)
    links = tuple(Oid(link.decode()) for link in _LINK.findall(data.partition(b"\n\n")[0]))
    return Loner(kind, disk, () if kind == "blob" else links, data if kind != "tag" else b"")


def all_objects(git: Git) -> Iterator[tuple[Oid, str, int, int]]:
    """Id, kind, size and size on disk of every object."""
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize) %(objectsize:disk)"
    for line in git.run("cat-file", "--batch-all-objects", "--unordered", "--buffer", form, env=_PLAIN).lines:
        if line.endswith(" missing"):  # damaged: what it takes is not known
            continue
        oid, kind, size, disk = line.split(" ")
        yield Oid(oid), kind, int(size), int(disk)


def closure(graph: Mapping[Oid, Loner], starts: Iterable[Oid]) -> set[Oid]:
    """What can be reached from `starts` without leaving the graph."""
    found: set[Oid] = set()
    left = [oid for oid in starts if oid in graph]
    while left:
        oid = left.pop()
        if oid not in found:
            found.add(oid)
            left += [link for link in graph[oid].links if link in graph]
    return found


def headers(git: Git, oids: Iterable[Oid]) -> dict[Oid, tuple[str, int]]:
    """Kind and size of those of `oids` that the repository has; one git process."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    lines = git.run("cat-file", form, "--buffer", input=asked, env=_PLAIN).lines
    parts = (line.split(" ") for line in lines)
    return {Oid(one[0]): (one[1], int(one[2])) for one in parts if len(one) == 3}


def blobs(git: Git, oids: Collection[Oid]) -> Iterator[bytes]:
    """The contents of small blobs."""
    return iter(_contents(git, list(oids)).values())


def existing(git: Git, oids: Iterable[Oid]) -> set[Oid]:
    """Those of `oids` that the repository has."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answers = git.run("cat-file", "--batch-check=%(objectname)", "--buffer", input=asked, env=_PLAIN).lines
    return {Oid(line) for line in answers if " " not in line}


def _contents(git: Git, oids: list[Oid]) -> dict[Oid, bytes]:
    data = git.run(
        "cat-file", "--batch", "--buffer", input="".join(f"{oid}\n" for oid in oids).encode(), env=_PLAIN
    ).stdout
    found: dict[Oid, bytes] = {}
    at = 0
    for oid in oids:
        end = data.index(b"\n", at)
        size = int(data[at:end].split()[2])
        found[oid] = data[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


def _state_files(layout: Layout) -> Iterator[Path]:
    """Files in which git names objects: HEADs, logs, unfinished merges and rebases of any working tree."""
    common = layout.common_dir
    yield from _top_files(common)
    for folder in _SHARED:
        yield from _files(common / folder)
    for worktree in common.glob("worktrees/*"):
        yield from _top_files(worktree)
        for folder in _STATE_FOLDERS:
            yield from _files(worktree / folder)


def _top_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file() and path.name not in _NOT_STATE)


def _files(folder: Path) -> Iterator[Path]:
    ours = tuple(f"logs/{namespace}" for namespace in (TRASH, DROPPED))
    for path in folder.rglob("*"):
        if path.is_file() and not any(part in path.as_posix() for part in ours):
            yield path


def _data(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
