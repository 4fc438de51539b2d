"""The live directory of a run: everything about it that is not in git yet, outside the object database.

start.json     what was fixed when the run started
reserve        space for the last rows of a journal on a full disk
owner          locked by the owning process for as long as it lives
processes/     ids of children that may outlive the owner
journal/       one append-only file for each writing process
console*       the captured output
files/         bytes of small artifacts, by sha256
observed/      what processes report of the files that they open; observed.json says how to read it
traces/        files of spans, put there by whatever observed calls of models
content        what of the texts in those is to be kept, where that was said for this run
packs/         a link to each pack written for the run, to heal it with
sealed.json    which commit holds the run, once it has ended
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitexp.capture import journal, live_notes, liveness
from gitexp.capture.durable import sync_folder, write_durably
from gitexp.capture.live_notes import Head, Sealed, Start
from gitexp.capture.liveness import Lock
from gitexp.capture.span_folder import span_files
from gitexp.errors import InvalidName
from gitexp.model.names import RunName, parse_name
from gitexp.model.values import Oid
from gitexp.sharing import make_folder, share

_HASH = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b")
_RESERVE, _RESERVED = "reserve", 1 << 14
"""A file of so many bytes: on a full disk it makes way for what there is to say about that."""
_FRESH, _GONE = ".new-", ".gone-"
"""Directories that are being made and removed; no others begin with a dot."""
_FRESH_SECONDS = 60.0
"""How long one that is being made is left alone; it takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Live:
    """One live directory."""

    path: Path

    @property
    def name(self) -> RunName:
        """The run's name: the directory's, which has a number behind it for an earlier life of the run."""
        return parse_name(self.path.name.partition(".")[0])

    @property
    def journal(self) -> Path:
        return self.path / "journal"

    @property
    def console(self) -> Path:
        return self.path / "console"

    @property
    def files(self) -> Path:
        return self.path / "files"

    @property
    def traces(self) -> Path:
        return self.path / "traces"

    @property
    def packs(self) -> Path:
        return self.path / "packs"

    @property
    def quarantine(self) -> Path:
        return self.path / "objects"

    @property
    def owner(self) -> Path:
        return self.path / "owner"

    @property
    def writing(self) -> Path:
        """Locked by whoever writes the run's ref, and by the git programs that do so for it."""
        return self.path / "writing"

    @property
    def oids(self) -> set[Oid]:
        """Every object that was written for the run."""
        return {Oid(line) for line in self._listed("*.oids")}

    def keep_oids(self, wanted: set[Oid]) -> None:
        """Expect only those of the objects to stay that are in `wanted`."""
        kept = self.oids & wanted
        for number, file in enumerate(sorted(self.packs.glob("*.oids"))):
            write_durably(file, "\n".join(sorted(kept)).encode() if number == 0 else b"")

    def forget_kept(self) -> None:
        """Note that none of the run's packs carries a `.keep` any more."""
        for file in self.packs.glob("*.name"):
            file.unlink()

    @property
    def kept(self) -> list[str]:
        """Names of the packs that carry a `.keep` for this run."""
        return list(self._listed("*.name"))

    def claim(self) -> Lock:
        """The owner's lock of the directory, which is created with it; `write_start` makes it durable.

        Raises FileExistsError, or another OSError; then nothing is left.
        """
        fresh = self.path.with_name(f"{_FRESH}{self.path.name}-{os.getpid()}")
        make_folder(fresh.parent)
        fresh.mkdir()
        share(fresh)
        try:
            for folder in ("journal", "files", "packs", "processes", "traces"):
                make_folder(fresh / folder)
            (fresh / _RESERVE).write_bytes(bytes(_RESERVED))
            share(fresh / _RESERVE)
            lock = Lock.take(fresh / "owner")
            if lock is None:
                raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(self.path))
            try:
                lock.sign()
                _rename_new(fresh, self.path)
            except OSError:
                lock.release()
                raise
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        return lock

    def write_start(self, start: Start) -> None:
        live_notes.write_start(self.path, start)
        sync_folder(self.path.parent)

    def read_start(self) -> Start:
        """Raises NotFound where the run never got so far, BrokenRecord or NewerFormat."""
        return live_notes.read_start(self.path, self.name)

    def write_head(self, head: Head) -> None:
        live_notes.write_head(self.path, head)

    def read_head(self) -> Head | None:
        """The state after the last checkpoint; None before the first."""
        return live_notes.read_head(self.path)

    def tip(self) -> Oid | None:
        """The commit that the run's ref was last given while live; None once the run has been sealed."""
        if live_notes.is_sealed(self.path):
            return None
        head = self.read_head()
        return head.commit if head else self.read_start().head

    def sizes(self) -> dict[str, int]:
        """Bytes of everything that processes other than the owner may add to: journals and spans."""
        return {
            **journal.sizes(self.journal),
            **{f"traces/{name}": n for name, n in span_files(self.traces).items()},
        }

    def write_sealed(self, sealed: Sealed) -> None:
        """Not synced: a power cut that takes this note leaves the commit, which says the same."""
        live_notes.write_sealed(self.path, sealed)

    def read_sealed(self) -> Sealed | None:
        """None while the run is not sealed, or the note of it was lost. Raises NewerFormat."""
        return live_notes.read_sealed(self.path)

    def note_process(self, pid: int) -> None:
        """Remember a child that may go on after this process is gone."""
        note = self.path / "processes" / str(pid)
        note.write_text(json.dumps(liveness.this_process(pid)))
        share(note)

    def alive(self) -> bool:
        """Whether a process is still at work on this run."""
        return liveness.alive(self.owner, self._processes())

    def working(self) -> bool:
        """Whether a process other than the owner is still at work on this run."""
        return liveness.others_alive(self.owner, self._processes())

    def make_room(self) -> None:
        """Give back the space that was set aside for the journal's last rows."""
        (self.path / _RESERVE).unlink(missing_ok=True)

    def move(self, root: Path) -> Path:
        """Put the directory into the folder `root`, under a name that is free there: where it is now."""
        number = 0
        while True:
            target = root / (f"{self.name}.{number}" if number else self.name)
            try:
                _rename_new(self.path, target)
                return target
            except FileExistsError:
                number += 1

    def remove(self) -> None:
        """Drop the directory; the name goes first, so that a half-removed one is never taken for a run."""
        gone = self.path.with_name(f"{_GONE}{self.path.name}-{os.getpid()}")
        try:
            self.path.rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone, ignore_errors=True)

    def _listed(self, pattern: str) -> Iterator[str]:
        """The hashes in files of `packs`; a power cut may have taken them, as they are not synced."""
        for file in sorted(self.packs.glob(pattern)):
            yield from _HASH.findall(file.read_text("ascii", "replace"))

    def _processes(self) -> Iterator[Mapping[str, object]]:
        for note in (self.path / "processes").glob("*"):
            yield liveness.read_note(note)
        yield from journal.headers(self.journal)


def all_live(root: Path) -> list[Live]:
    """Every live directory under `root`, sorted by name; what has no run's name is none."""
    found = []
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(root)):
            with suppress(InvalidName):
                parse_name(name.partition(".")[0])
                found.append(Live(root / name))
    return found


def sweep_rests(root: Path) -> None:
    """Drop what directories that were half made or half removed left under `root`."""
    for path in root.glob(f"{_GONE}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in root.glob(f"{_FRESH}*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _FRESH_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _rename_new(source: Path, target: Path) -> None:
    """Rename a directory. Raises FileExistsError where there is something called `target`."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(errno.EEXIST, "exists", str(target)) from None
        raise
