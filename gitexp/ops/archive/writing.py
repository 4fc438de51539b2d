"""The commits of an archive: a chain by their first parents; their other parents are the runs.

A commit's trailer `Exp-Runs` says how many of its parents, the last ones, are runs. What comes before them
are archives: none at the beginning, then one, or two where versions were merged. Dates are those of the
newest run, so that who archives the same runs again, or from another clone, makes the same commits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from gitexp.errors import BrokenRecord
from gitexp.formats import archive as files
from gitexp.formats.archive import Line
from gitexp.git.objects import Identity, ObjectBuilder, parents_in
from gitexp.git.reader import ObjectReader
from gitexp.git.refs import ARCHIVE
from gitexp.index.row import SEPARATOR, Row
from gitexp.model.values import Oid
from gitexp.ops.archive.listing import REMOVED, RUNS, Part, add_tree, read_parts

FAN_IN = 500
"""Parents that a commit has at most; hosts are known to dislike more."""
MIN_FAN_IN = 2
"""The version before, and one run."""
PART_SIZE = 4 << 20
"""Bytes from which on a part is long enough."""
ARCHIVE_TRAILER, RUNS_TRAILER = "Exp-Archive", "Exp-Runs"
_SIGNED = re.compile(rb"^committer (.*?) ?<(.*)> ([0-9]{1,12}) [+-][0-9]{4}$", re.MULTILINE)
_COUNT = re.compile(rb"^" + RUNS_TRAILER.encode() + rb": ([0-9]{1,4})$", re.MULTILINE)


class Link(NamedTuple):
    """A commit of an archive."""

    oid: Oid
    tree: Oid
    archives: tuple[Oid, ...]
    """The parents that are versions of the archive before it."""
    runs: tuple[Oid, ...]
    """The parents that are runs."""
    date: int
    """Seconds since 1970."""
    author: Identity


def read_link(reader: ObjectReader, oid: Oid) -> Link:
    """Raises NotFound, or BrokenRecord where the commit is no archive's."""
    kind, data = reader.read(oid)
    head, _, message = data.partition(b"\n\n")
    count, signed = _COUNT.search(message), _SIGNED.search(head)
    parents = parents_in(head)
    if kind != "commit" or count is None or signed is None or int(count[1]) > len(parents):
        raise BrokenRecord(f"'{oid}' is not an archive")
    split = len(parents) - int(count[1])
    tree = Oid(head[5 : head.index(b"\n")].decode("ascii", "replace"))
    author = Identity(*(signed[place].decode("utf-8", "replace") for place in (1, 2)))
    return Link(oid, tree, tuple(parents[:split]), tuple(parents[split:]), int(signed[3]), author)


@dataclass(slots=True)
class Draft:
    """A new version of one archive, in the making."""

    ref: str
    before: Link | None
    """The commit that it builds on."""
    parts: list[Part]
    """Those that stand already."""
    lines: list[Line] = field(default_factory=list)
    """Runs to add."""
    removed: list[tuple[str, Oid]] = field(default_factory=list)
    """Runs to take out."""

    @classmethod
    def on(cls, reader: ObjectReader, ref: str, tip: Oid | None) -> Draft:
        """Raises NotFound, BrokenRecord."""
        if tip is None:
            return cls(ref, None, [])
        return cls(ref, read_link(reader, tip), read_parts(reader, tip))

    @property
    def title(self) -> str:
        return self.ref.removeprefix(ARCHIVE)

    def commit(self, builder: ObjectBuilder, author: Identity, fan_in: int) -> Oid:
        """The new tip: the last of as many commits as the runs need, which alone has the whole listing."""
        lines = sorted(self.lines, key=lambda line: (line.at, line.name))
        parts = [*self.parts, *_new_parts(builder, self._generation(), lines, self.removed)]
        tree = add_tree(builder, parts)
        before = add_tree(builder, self.parts)
        tip = self.before.oid if self.before else None
        date = self.before.date if self.before else 0
        batches = list(_batches(lines, fan_in - 1)) or [[]]
        for number, batch in enumerate(batches, 1):
            date = max([date, *(line.at for line in batch)])
            runs = tuple(dict.fromkeys(Oid(line.commit) for line in batch))
            parents = (*((tip,) if tip else ()), *runs)
            last = number == len(batches)
            message = self._message(len(batch), len(runs), last)
            tip = builder.commit(tree if last else before, parents, author, date, message)
        assert tip is not None
        return tip

    def _generation(self) -> int:
        return 1 + max((part.generation for part in self.parts), default=0)

    def _message(self, added: int, runs: int, last: bool) -> str:
        told = [f"add {added} run{'' if added == 1 else 's'}"] if added else []
        if self.removed and last:
            told.append(f"remove {len(self.removed)} run{'' if len(self.removed) == 1 else 's'}")
        subject = f"archive {self.title}: {', '.join(told) or 'begin'}"
        return f"{subject}\n\n{trailers(self.title, runs)}"


def trailers(title: str, runs: int) -> str:
    """How the message of an archive's commit ends."""
    return f"{ARCHIVE_TRAILER}: {title}\n{RUNS_TRAILER}: {runs}\n"


def line_of(row: Row, at: int) -> Line:
    """What a listing says of a run whose commit was made at `at`, in seconds since 1970."""
    head, tail = row
    cells = f"[{head.cells.replace(SEPARATOR, ',')}]"
    return Line(
        *(head.name, head.commit, at, tail.info, head.shape, cells),
        *(tail.inputs, tail.env, tail.artifacts, tail.steps, tail.series),
    )


def size_of(line: Line) -> int:
    """About how many bytes the line takes."""
    return sum(len(text) for text in line if isinstance(text, str))


def _new_parts(
    builder: ObjectBuilder, generation: int, lines: Sequence[Line], removed: Sequence[tuple[str, Oid]]
) -> Iterator[Part]:
    for batch in _bounded(lines):
        yield Part(generation, RUNS, builder.blob(files.encode(batch)))
    if removed:
        yield Part(generation, REMOVED, builder.blob(files.encode_removed(removed)))


def _bounded(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """`lines` in parts that a reader reads."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == files.MAX_RUNS or size + size_of(line) > PART_SIZE):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += size_of(line)
    if batch:
        yield batch


def _batches(lines: Sequence[Line], size: int) -> Iterator[list[Line]]:
    for _, batch in groupby(enumerate(lines), lambda pair: pair[0] // size):
        yield [line for _, line in batch]
