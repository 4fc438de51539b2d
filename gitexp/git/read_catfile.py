"""Reading through a long-lived `git cat-file`: all that git can open or a partial clone can fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from gitexp.errors import BrokenRecord, GitError, NotFound
from gitexp.git import trees
from gitexp.git.objects import Entry, object_id
from gitexp.git.process import Git, error
from gitexp.model.values import Oid

Header: TypeAlias = tuple[Oid, str, int]
"""Id, kind and size of an object."""

_WINDOW = 4096
"""Bytes asked before their answers are read: any pipe holds them, so neither side can block the other."""
_KINDS = frozenset((b"blob", b"tree", b"commit", b"tag"))


class _Ended(Exception):
    """The process has gone without an answer."""


class _Process:
    """A running `cat-file` that answers every line it is sent."""

    def __init__(self, git: Git, option: str) -> None:
        # Its stderr goes nowhere: a pipe that nobody empties could block it. A death is looked into later.
        self._process = git.start("cat-file", option, env={"GIT_NO_REPLACE_OBJECTS": "1"})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks = self._process.stdin
        self._answers = self._process.stdout

    def ask(self, verb: bytes, names: Sequence[bytes]) -> None:
        try:
            self._asks.write(b"".join(b"%s%s\n" % (verb, name) for name in names))
            self._asks.flush()
        except BrokenPipeError:
            raise _Ended from None

    def header(self) -> Header | None:
        """The next answer; None where git knows no such object."""
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise _Ended
        words = line.split(b" ")
        if len(words) != 3 or words[1] not in _KINDS:
            return None
        return Oid(words[0].decode()), words[1].decode(), int(words[2])

    def content(self, size: int) -> bytes:
        data = self._answers.read(size + 1)
        if len(data) != size + 1:
            raise _Ended
        return data[:-1]

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._asks.close()
        self._answers.close()
        self._process.wait()


class _Processes(NamedTuple):
    """Who is asked for headers, who for contents, and in what words: one process since git 2.36."""

    heads: _Process
    bodies: _Process
    info: bytes
    contents: bytes


class CatFileReader:
    """Reads objects by asking git. Not for two threads at once."""

    def __init__(self, git: Git, object_format: str, limit: int) -> None:
        self._git = git
        self._empty_tree = object_id(object_format, b"tree", b"").encode()
        self._limit = limit
        self._running: _Processes | None = None

    def header(self, oid: Oid) -> tuple[str, int]:
        """Kind and size of an object. Raises NotFound."""
        (found,) = self._headers([oid.encode()])
        if found is None:
            raise NotFound(f"object '{oid}' does not exist")
        return found[1], found[2]

    def sizes(self, oids: Sequence[Oid]) -> list[int | None]:
        """The size of each object; None where there is none."""
        return [found[2] if found else None for found in self._headers([oid.encode() for oid in oids])]

    def lookup(self, revision: str) -> Oid | None:
        """The object that a revision such as `HEAD^{tree}` names; None where there is none."""
        return self.lookups([revision])[0]

    def lookups(self, revisions: Sequence[str]) -> list[Oid | None]:
        """The object that each names; None where there is none."""
        names = [revision.encode("utf-8", "surrogateescape") for revision in revisions]
        return [found[0] if found else None for found in self._headers(names)]

    def read(self, oid: Oid) -> tuple[str, bytes]:
        """Kind and content of an object. Raises NotFound; BrokenRecord where it is too large or corrupt."""
        kind, size = self.header(oid)
        trees.check_size(oid, size, self._limit)
        (data,) = self.contents([oid])
        return kind, data

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
        """The tree at each (commit or tree, folder); None where there is none."""
        found = self._headers([self._name(*place) for place in places])
        return [header[0] if header and header[1] == "tree" else None for header in found]

    def contents(self, oids: Sequence[Oid]) -> list[bytes]:
        """What each object holds. Raises as `read` does; nothing too large is read into memory."""
        contents: list[bytes] = []
        total = 0
        for window in _windows([oid.encode() for oid in oids]):
            running = self._open()
            try:
                running.bodies.ask(running.contents, window)
                for _ in window:
                    contents.append(self._content(running.bodies, oids[len(contents)], total))
                    total += len(contents[-1])
            except _Ended:
                raise self._death(oids[len(contents)].encode()) from None
        return contents

    def close(self) -> None:
        """Ends the processes; the next read starts new ones."""
        running, self._running = self._running, None
        if running is not None:
            running.heads.close()
            if running.bodies is not running.heads:
                running.bodies.close()

    def __enter__(self) -> CatFileReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _name(self, oid: Oid, folder: str) -> bytes:
        """What git calls the folder; one that its line protocol cannot say is looked up here."""
        if folder and ("\n" in folder or not {"", ".", ".."}.isdisjoint(folder.split("/"))):
            entry = self.resolve(oid, folder)
            return b"-" if entry is None else entry.oid.encode()
        return f"{oid}:{folder}".encode("utf-8", "surrogateescape")

    def _headers(self, names: Sequence[bytes]) -> list[Header | None]:
        found: list[Header | None] = []
        for window in _windows(names):
            running = self._open()
            try:
                running.heads.ask(running.info, window)
                for _ in window:
                    found.append(running.heads.header())
            except _Ended:
                raise self._death(names[len(found)]) from None
        return found

    def _content(self, process: _Process, oid: Oid, before: int) -> bytes:
        """The next answer, which is that for `oid`, after `before` bytes of others."""
        header = process.header()
        if header is None:
            self.close()
            raise NotFound(f"object '{oid}' does not exist")
        try:
            trees.check_size(oid, header[2], self._limit)
            trees.check_total(before + header[2])
        except BrokenRecord:
            # The bytes are on their way: git is stopped rather than listened to.
            self.close()
            raise
        return process.content(header[2])

    def _open(self) -> _Processes:
        if self._running is None:
            self._running = self._start()
        return self._running

    def _start(self) -> _Processes:
        both = _Process(self._git, "--batch-command")
        try:
            both.ask(
                b"info ", [self._empty_tree]
            )  # git knows this one by heart: nothing is looked up or fetched
            both.header()
        except _Ended:
            both.close()
            return _Processes(
                _Process(self._git, "--batch-check"), _Process(self._git, "--batch"), info=b"", contents=b""
            )
        return _Processes(both, both, info=b"info ", contents=b"contents ")

    def _death(self, name: bytes) -> Exception:
        """The error that ended the processes when they were asked for `name`: git, asked alone, tells it."""
        self.close()
        shown = name.decode("utf-8", "backslashreplace")
        result = self._git.run("cat-file", "-p", name.decode("utf-8", "surrogateescape"), check=False)
        cause = error(result, ["cat-file"]).message
        if "promisor" in result.talk:
            return NotFound(f"object '{shown}' is not here and could not be fetched: {cause}")
        if result.code != 0:
            return BrokenRecord(f"object '{shown}' cannot be read: {cause}", hint="git fsck")
        return GitError(f"git cat-file ended while it read '{shown}'")


def _windows(names: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """`names` in order, in parts that make about `_WINDOW` bytes as questions."""
    start = size = 0
    for position, name in enumerate(names):
        size += len(name) + 16
        if size > _WINDOW and position > start:
            yield names[start:position]
            start, size = position, len(name) + 16
    if names:
        yield names[start:]
