"""What the tree of an archive says: which runs it holds, in parts of which a later one overrules an earlier.

`runs/<generation>-<digits>.json` adds runs, `removed/<generation>-<digits>.json` takes some out again. The
digits are the beginning of the file's own id: so two versions of an archive are merged by having the files
of both, and whatever the order, what each run is then is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gitexp.errors import BrokenRecord
from gitexp.formats import archive as files
from gitexp.formats.archive import Listed
from gitexp.git.objects import FILE, FOLDER, Entry, ObjectBuilder
from gitexp.git.reader import ObjectReader
from gitexp.index.row import Parts, Row, row_of_cells
from gitexp.model.names import RunName
from gitexp.model.values import Oid

RUNS, REMOVED = "runs", "removed"
MAX_PARTS = 20_000
MAX_TOTAL = 1 << 30
"""Bytes of all parts of one archive."""
MAX_LISTED = 250_000
"""Runs of one archive: ten times as many as a writer puts into it."""
_AT_ONCE = 8
"""Parts that are in memory together."""
_DIGITS = 16
_FILE = re.compile(rb"([0-9]{6})-([0-9a-f]{16})\.json")


class Part(NamedTuple):
    """A file of a listing. Sorted they are in the order in which they hold."""

    generation: int
    """From 1; each change of an archive has the next one."""
    kind: str
    """RUNS or REMOVED: a run that is added and one that is removed at once by two people is there."""
    oid: Oid

    @property
    def file(self) -> str:
        return f"{self.generation:06}-{self.oid[:_DIGITS]}.json"


class Run(NamedTuple):
    """A run as an archive lists it."""

    name: RunName
    commit: Oid
    at: int
    """When the commit was made, in seconds since 1970."""
    id: str
    row: Row


def read_parts(reader: ObjectReader, tip: Oid) -> list[Part]:
    """The parts of an archive, in their order. Raises NotFound, BrokenRecord where it is no archive."""
    kind, data = reader.read(tip)
    if kind != "commit":
        raise BrokenRecord(f"'{tip}' is not an archive, but a {kind}")
    root = Oid(data[5 : data.index(b"\n")].decode("ascii", "replace"))
    found: list[Part] = []
    for folder in reader.entries(root):
        kind = folder.name.decode("ascii", "replace")
        if kind not in (RUNS, REMOVED) or not folder.is_folder:
            raise BrokenRecord(f"'{tip}' is not an archive: it holds {kind!r}")
        found += (_part(kind, entry) for entry in reader.entries(folder.oid))
    if len(found) > MAX_PARTS:
        raise BrokenRecord(f"archive '{tip}' has {len(found)} parts, more than the {MAX_PARTS} that are read")
    return sorted(found)


def parts_text(parts: Iterable[Part]) -> str:
    """The parts as a text that `parse_parts` reads."""
    return " ".join(f"{one.kind}:{one.generation}:{one.oid}" for one in parts)


def parse_parts(text: str) -> list[Part]:
    """Raises ValueError."""
    fields = [one.split(":") for one in text.split()]
    return [Part(int(generation), kind, Oid(oid)) for kind, generation, oid in fields]


def add_tree(builder: ObjectBuilder, parts: Iterable[Part]) -> Oid:
    """The tree with these parts, whose files are in the repository or in the builder."""
    folders: dict[str, list[Entry]] = {}
    for part in sorted(set(parts)):
        folders.setdefault(part.kind, []).append(Entry(part.file.encode(), FILE, part.oid))
    return builder.tree(
        Entry(kind.encode(), FOLDER, builder.tree(inside)) for kind, inside in folders.items()
    )


class Contents:
    """What stands after some parts, on top of what stood before them."""

    def __init__(self, before: Iterable[Run] = ()) -> None:
        self.runs: dict[str, Run] = {run.name: run for run in before}
        self.added: set[str] = set()
        """Names of the runs that the parts themselves hold."""
        self._generations: dict[str, int] = {}

    def add(self, generation: int, runs: Iterable[Run]) -> None:
        for run in runs:
            before = self.runs.get(run.name)
            # Two people may have archived two versions of a run at once.
            tied = before is not None and self._generations.get(run.name) == generation
            if before is None or not tied or (before.at, before.commit) < (run.at, run.commit):
                self.runs[run.name] = run
            self._generations[run.name] = generation
            self.added.add(run.name)

    def take(self, pairs: Iterable[tuple[RunName, Oid]]) -> None:
        """`pairs` name the commits that are held no more: another one of the run stays."""
        for name, commit in pairs:
            held = self.runs.get(name)
            if held is not None and held.commit == commit:
                del self.runs[name]
                self.added.discard(name)


def read_contents(reader: ObjectReader, parts: Sequence[Part], before: Iterable[Run] = ()) -> Contents:
    """What stands after the parts, on top of what stood `before`. Raises NotFound, BrokenRecord."""
    contents = Contents(before)
    total = 0
    for part, data in _read(reader, parts):
        total += len(data)
        if total > MAX_TOTAL:
            raise BrokenRecord("an archive lists more than is read")
        if part.kind == RUNS:
            contents.add(part.generation, map(_run, files.decode(data, what=_what(part))))
        else:
            contents.take(files.decode_removed(data, what=_what(part)))
        if len(contents.runs) > MAX_LISTED:
            raise BrokenRecord(f"an archive lists more than the {MAX_LISTED} runs that are read")
    return contents


def _read(reader: ObjectReader, parts: Sequence[Part]) -> Iterator[tuple[Part, bytes]]:
    for start in range(0, len(parts), _AT_ONCE):
        batch = parts[start : start + _AT_ONCE]
        for part in batch:
            kind, size = reader.header(part.oid)
            if kind != "blob" or size > files.MAX_SIZE:
                raise BrokenRecord(f"{_what(part)} cannot be a listing: a {kind} of {size} bytes")
        yield from zip(batch, reader.contents([part.oid for part in batch]), strict=True)


def _run(one: Listed) -> Run:
    parts = Parts(one.inputs, one.env, one.artifacts, one.steps)
    row = row_of_cells(one.name, one.commit, one.info, one.shape, one.cells, parts, one.series)
    return Run(one.name, one.commit, one.at, one.info.id, row)


def _part(kind: str, entry: Entry) -> Part:
    match = _FILE.fullmatch(entry.name)
    if match is None or entry.mode != FILE or not entry.oid.startswith(match[2].decode()):
        raise BrokenRecord(f"an archive with a file {entry.name[:80]!r}")
    return Part(int(match[1]), kind, entry.oid)


def _what(part: Part) -> str:
    return f"{part.kind}/{part.file} of an archive"
