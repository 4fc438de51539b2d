"""A run that is being observed: from before its program starts until what it read is noted."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gitexp.capture import journal, reports
from gitexp.capture.reports import Observed
from gitexp.capture.tracing import FOLDER, INOTIFY, LEFT, MODES, OFF, OPEN, observed_environment
from gitexp.errors import UsageError
from gitexp.formats.inputs import Known, input_from, is_answered_by, lay_over
from gitexp.formats.settings import FILE as SETTINGS_FILE
from gitexp.model.files import PARAMS_FILES
from gitexp.model.record import How, Input
from gitexp.model.roles import FILE, MODEL
from gitexp.model.values import Oid, Value
from gitexp.repo import Repository
from gitexp.sharing import share

if TYPE_CHECKING:
    from gitexp.ops.recording import Recording

T = TypeVar("T", bound="Tracing")

SETTING = "exp.trace"
_HURRIED = 64 << 20
"""Bytes that may still be hashed where the program is being killed."""


def trace_mode(repo: Repository, asked: str | None) -> str:
    """How much is to be noted: as asked, else as the person's settings say. Raises UsageError."""
    mode = asked or repo.config.get(SETTING, OPEN)
    if mode not in MODES:
        raise UsageError(f"{SETTING} is {mode!r}", hint=f"git config {SETTING} {OPEN}")
    return mode


@dataclass
class Tracing:
    """What watches one run."""

    repo: Repository
    mode: str
    folder: Path
    """Where the processes report."""
    trees: tuple[Path, ...]
    """Where the working tree of the run is; the user's own as well, where that is another."""
    param_files: tuple[str, ...] = ()
    """Relative to the root: what the record has as params."""
    began: float = field(default_factory=time.time)
    _watched: Observed = field(default_factory=Observed)
    _problems: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls: type[T], recording: Recording, mode: str, root: Path, param_files: Sequence[str] = ()
    ) -> T | None:
        """What is to watch the run, whose working tree is at `root`; None where nothing is."""
        if mode == OFF:
            return None
        folder = recording.live.path / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            share(folder)
        except OSError as error:
            recording.notices.append(f"what the run reads is not noted: {error.strerror}")
            return None
        top = recording.repo.layout.top
        trees = tuple(dict.fromkeys(one for one in (root, top) if one is not None))
        tracing = cls(recording.repo, mode, folder, trees, tuple(param_files))
        tracing._leave(recording.live.path / LEFT)
        return tracing

    def _leave(self, path: Path) -> None:
        """Write down what whoever seals the run has to know, should this process die."""
        trees = [os.fspath(one) for one in self.trees]
        value = {"mode": self.mode, "began": self.began, "trees": trees, "param_files": self.param_files}
        with suppress(OSError):
            path.write_text(json.dumps(value))
            share(path)

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment for the program."""
        return observed_environment(environ, self.folder)

    def watching(self) -> AbstractContextManager[object]:
        """To be entered while the program runs."""
        if self.mode != INOTIFY:
            return nullcontext()
        from gitexp.capture.inotify import Watch

        roots = (*self.trees[:1], *_data_roots(self.repo, self.trees[0]))
        return Watch(roots, self._watched.saw_read, self._watched.saw_written, self._problems)

    def finish(self, recording: Recording, *, killed: bool = False) -> None:
        """Note the inputs that were seen, and what could not be seen."""
        observed = reports.read(self.folder)
        for path, opened in self._watched.reads.items():
            observed.saw_read(path, opened)
        for path, opened in self._watched.writes.items():
            observed.saw_written(path, opened)
        start = recording.live.read_start().record
        if observed.anything:
            known = _known(recording, start.inputs)
            for one in self._inputs(recording, observed, start.info.code.tree, known, killed=killed):
                recording.use(one)
        missed = [*_missed(observed, python="interpreter" in start.env), *self._problems]
        told: dict[str, Value] = {"mode": self.mode}
        recording.note_environment("trace", {**told, "missed": missed} if missed else told)

    def stop(self) -> None:
        """Observe no more, and note nothing."""

    def _inputs(
        self, recording: Recording, observed: Observed, tree: Oid, known: Sequence[Input], *, killed: bool
    ) -> Iterator[Input]:
        from gitexp.ops.observing.calls import call_inputs, seed_input
        from gitexp.ops.observing.files import BUDGET, read_files

        declared = [one for one in known if one.how is not How.OBSERVED or one.role != FILE]
        found = read_files(
            self.repo,
            observed,
            self._roots(),
            began=self.began,
            tree=tree,
            declared=declared,
            budget=_HURRIED if killed else BUDGET,
        )
        recording.notices += found.notices
        others = [*call_inputs(observed.calls), *seed_input(observed.seeds, observed.calls)]
        told = {one.role for one in declared if one.how is not How.OBSERVED}
        for one in (*found.inputs, *others):
            if one.role not in told:
                yield self._masked(one)
            elif one.role == MODEL and one.seen:
                # What was declared stands, and what was answered belongs to it.
                yield from (replace(each, seen=one.seen) for each in declared if is_answered_by(each, one))

    def _masked(self, one: Input) -> Input:
        if one.value is None:
            return one
        masked = self.repo.redactor.params({one.role: one.value})
        assert isinstance(masked, Mapping)
        return replace(one, name=self.repo.redactor.text(one.name), value=masked[one.role])

    def _roots(self) -> Any:
        from gitexp.ops.observing.places import Roots, temporary_folders

        environ = self.repo.environ
        home = environ.get("HOME", "").rstrip("/")
        return Roots(
            trees=self.trees,
            home=Path(home) if home else None,
            temporary=temporary_folders(environ.get("TMPDIR")),
            never=self.repo.settings.never_capture,
            known=frozenset((SETTINGS_FILE, *self.param_files)),
        )


def params_read(repo: Repository, prefix: str, declared: Sequence[str]) -> tuple[str, ...]:
    """The params files that recording looks at, relative to the root, for a command below `prefix`."""
    if declared:
        paths = [os.path.normpath(os.path.join(prefix, one)) for one in declared]
    else:
        folders = dict.fromkeys((prefix, "."))
        paths = [
            *repo.settings.params,
            *(os.path.normpath(f"{f}/{name}") for f in folders for name in PARAMS_FILES),
        ]
    return tuple(paths)


def _known(recording: Recording, before: Sequence[Input]) -> list[Input]:
    """What is known of inputs by now."""
    known: Known = {}
    for one in before:
        lay_over(known, one)
    for row in journal.read(recording.live.journal).rows:
        if row[0] == "u":
            lay_over(known, input_from(row[2]["role"], row[2]))
    return list(known.values())


def _missed(observed: Observed, *, python: bool) -> Iterator[str]:
    if python and not observed.processes:
        yield "the Python of the command: with -I, -E or -S, or a PYTHONPATH of its own, it tells nothing"
    if observed.killed:
        who = "a Python that was" if observed.killed == 1 else f"{observed.killed} Pythons that were"
        yield f"what {who} killed opened last"
    if observed.more:
        yield "the rest of very many files"


def _data_roots(repo: Repository, root: Path) -> Iterator[Path]:
    """Folders of inputs that `.gitexp.yaml` names, which may be links to elsewhere."""
    for ones in repo.settings.inputs.values():
        for one in ones:
            if one.path is not None:
                place = root / one.path
                yield place if place.is_dir() else place.parent
