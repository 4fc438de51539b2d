"""A run that is being recorded, by the process that owns it or by one that joined it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from gitexp.capture import environment, interpreter
from gitexp.capture.journal import Writer
from gitexp.capture.live import Live
from gitexp.capture.liveness import Lock
from gitexp.errors import InvalidName, NotFound, UsageError
from gitexp.formats.artifacts import artifact_value
from gitexp.formats.inputs import input_value
from gitexp.formats.record_fields import FAULTS
from gitexp.model.history import Step
from gitexp.model.names import RunName
from gitexp.model.paths import folders_of
from gitexp.model.record import Artifact, Failure, Input, Keep, Status
from gitexp.model.values import Oid, Scalar, Value
from gitexp.ops import seal
from gitexp.ops.keeping import Brought, bring
from gitexp.ops.seal import Ending
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.ops.observing.tracing import Tracing
    from gitexp.ops.retention import Retention

MAX_LABEL = 1 << 20
"""Characters of a note and other labels."""
_KNOWN_LATE = ("accelerator", "determinism", "seeds")
"""Parts of the environment that depend on which packages were imported."""


@dataclass
class Recording:
    """Writes what is logged into the journal of one live run. Everything may raise OSError or GitExpError."""

    repo: Repository
    live: Live
    lock: Lock | None
    """Held by the owner; None in a process that joined."""
    writer: Writer
    notices: list[str] = field(default_factory=list)
    """What a person should know of how the run was captured."""
    tracing: Tracing | None = None
    """What notes the inputs that nobody tells of; only for the owner."""
    suites: dict[str, str] = field(default_factory=dict)
    """The names of evaluations -> what the program calls them."""
    refused: int = 0
    """How many rows of evaluations this process could not take."""
    _noted: bool = False
    _artifacts: set[str] = field(default_factory=set)
    _artifact_folders: set[str] = field(default_factory=set)
    _retention: Retention | None = None
    _one_thread: RLock = field(default_factory=RLock)  # reentrant, because signal handlers log too
    _process: int = field(default_factory=os.getpid)

    @classmethod
    def owned(cls, repo: Repository, live: Live, lock: Lock, notices: Sequence[str]) -> Recording:
        problems: list[str] = list(notices)
        writer = Writer(live.journal, {}, on_problem=problems.append, heartbeat=lock.beat)
        return cls(repo, live, lock, writer, problems)

    @classmethod
    def joined(cls, repo: Repository, folder: Path) -> Recording:
        """The run whose live directory is `folder`. Raises NotFound where it is not live any more."""
        live = Live(folder)
        if not (folder / "start.json").exists() or (folder / "sealed.json").exists():
            raise NotFound(f"run {folder.name!r} is not live", hint="unset GITEXP_RUN")
        problems: list[str] = []
        return cls(repo, live, None, Writer(live.journal, {}, on_problem=problems.append), problems)

    @property
    def name(self) -> RunName:
        return self.live.name

    @property
    def owns(self) -> bool:
        return self.lock is not None

    def metrics(self, values: Mapping[str, Scalar], step: Step, at: float) -> None:
        for value in values.values():
            if type(value) is str:
                values = self._masked(values)
                break
        # Milliseconds: more digits would be noise, and a third of the size of a long series.
        self.writer.metrics(round(at, 3), step, values)

    def params(self, params: Mapping[str, Value]) -> None:
        self._append("p", self.repo.redactor.params(params))

    def summary(self, values: Mapping[str, Scalar]) -> None:
        self._append("s", self._masked(values))

    def label(self, **labels: Value) -> None:
        """Set title, group, note or star; add or take away tags with `tags_add` and `tags_remove`."""
        self._append("l", {key: _label(value) for key, value in labels.items()})

    def use(self, one: Input) -> None:
        self._append("u", {"role": one.role, **input_value(one)})

    def step(self, id: str, told: Mapping[str, Value]) -> None:
        """A step that begins (then it has a name), or what became of it, keys as in `steps.yaml`."""
        self._append("b", {"id": id, **told})

    def declare_suite(self, suite: str, told: Mapping[str, Value]) -> None:
        """Note what is said of a suite, as `meta.yaml` has it."""
        self._append("v", {"suite": suite, **told})

    def result(self, suite: str, row: Mapping[str, Value]) -> None:
        """One answer: rows of the tables by `e`, `r`, `u`, `o` and `t`; what is text in them is masked."""
        masked = {key: self._masked_text(row[key]) for key in ("o", "t") if key in row}
        self._append("r", {"suite": suite, **row, **masked})

    def refuse(self, reason: str) -> None:
        """Note that a row of an evaluation could not be taken: how many there were stands in the record."""
        self.refused += 1
        self._append("g", {"rows": 1, "reason": self.message(reason)})

    def _masked_text(self, value: Value) -> Value:
        if isinstance(value, str):
            return self.repo.redactor.certain(value)
        if isinstance(value, Mapping):
            return {key: self._masked_text(item) for key, item in value.items()}
        return [self._masked_text(item) for item in value] if isinstance(value, (list, tuple)) else value

    def fail(self, failure: Failure) -> None:
        told, traceback = self.message(failure.message), self.message(failure.traceback)
        self._append("x", {"type": failure.type, "message": told, "traceback": traceback})

    def message(self, text: str) -> str:
        """What an error said, without secrets and the folders of this machine."""
        return self.repo.redactor.text(self._portable(text))

    def environment(self, modules: Mapping[str, object], *, final: bool = False) -> None:
        """Record the environment of this very process; with `final` only what may have become known late."""
        top = self.repo.layout.top
        found = environment.capture(
            interpreter=interpreter.current(),
            environ=self.repo.environ,
            modules=modules,
            cwd=self.repo.cwd,
            top=top,
            redactor=self.repo.redactor,
            allow=(*environment.VARIABLES, *self.repo.settings.variables),
        )
        env = {k: v for k, v in found.env.items() if not final or k in _KNOWN_LATE}
        self._append("e", {"env": env, "requirements": "" if final else found.requirements})

    def note_environment(self, section: str, value: Value) -> None:
        """Record one part of the environment."""
        self._append("e", {"env": {section: value}, "requirements": ""})

    def artifact(
        self,
        source: Path | bytes,
        path: str,
        *,
        kind: str | None = None,
        metadata: Mapping[str, Value] | None = None,
        keep: str | None = None,
    ) -> list[str]:
        """Keep a file, the files of a folder, or bytes, under `path`; what a person should know of it.

        With `keep`, only what those rules choose of all that was logged with some beside it stays.
        Raises InvalidName for a path that is not safe everywhere or that is a folder of other artifacts,
        NotFound, OSError, or, once all is kept, UsageError for rules that make no sense.
        """
        told = self.repo.redactor.params(metadata or {})
        assert isinstance(told, Mapping)
        kind = None if kind is None else str(kind)
        if keep is None:
            brought, remarks = self._bring(source, path)
            self._note_artifacts([_artifact(one, kind, told) for one in brought])
            return remarks
        with self._retaining() as retention:
            try:
                retention.check(keep)
            except UsageError as error:
                # A slip in the rules costs no checkpoint.
                self.artifact(source, path, kind=kind, metadata=metadata)
                raise UsageError(f"{error.message}; artifact {path!r} is kept", hint=error.hint) from None
            brought, remarks = self._bring(source, path)
            stamp = retention.keep(path, keep)
            replaced = retention.replaced(brought)
            self._note_artifacts([_artifact(one, kind, told, stamp) for one in brought])
            self._artifacts.difference_update(retention.drop(stamp, kind, replaced))
        return remarks

    def checkpoint(self) -> Oid:
        """Commit what was logged so far."""
        self._append("c", None)
        self.writer.sync()
        return seal.checkpoint(self.repo, self.live)

    def finish(self, ending: Ending) -> Oid:
        """Commit the run and let go of it; only for the owner."""
        assert self.lock is not None
        ending = replace(ending, at=time.time() if ending.at is None else ending.at)
        try:
            self.note(ending)
            self._note_observed(ending)
            self.writer.close()
            commit = seal.finish(self.repo, self.live, ending, self.notices)
            self._release_last()
        finally:
            self.lock.release()
        if self.repo.pushes_by_itself:
            from gitexp.ops.share.auto import push_later

            push_later(self.repo)
        return commit

    def _note_observed(self, ending: Ending) -> None:
        """Note what was seen of the run's inputs: how it ended stands, whatever goes wrong with that."""
        tracing, self.tracing = self.tracing, None
        if tracing is None:
            return
        try:
            tracing.finish(self, killed=ending.status is Status.KILLED)
        except (OSError, RuntimeError, *FAULTS) as error:
            self.notices.append(f"what the run read cannot all be noted: {error}")

    def note(self, ending: Ending) -> None:
        """Write down how the run ends: should its commit fail, or the process die first, the next command
        knows. The first word stands."""
        if self._noted:
            return
        with suppress(OSError):
            self.live.make_room()
            self.writer.append(seal.ending_row(ending))
            self.writer.sync()
        self._noted = True

    def discard(self) -> None:
        """Take back a run that nothing was logged to; only for the owner."""
        assert self.lock is not None
        if self.tracing is not None:
            self.tracing.stop()
        self.writer.close()
        seal.take_back(self.repo, self.live)
        self.lock.release()

    def leave(self) -> None:
        """Stop writing into a run that somebody else owns."""
        self._release_last()
        self.writer.close()

    def _claim(self, path: str) -> None:
        """Refuse an artifact where a folder of others is, or inside of one. Raises InvalidName."""
        above = set(folders_of(path))
        if path in self._artifact_folders or not above.isdisjoint(self._artifacts):
            raise InvalidName(
                f"artifact {path!r} would be both a file and a folder", hint="keep it under another name"
            )
        self._artifacts.add(path)
        self._artifact_folders |= above

    def _masked(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        masked = self.repo.redactor.params({key: v for key, v in values.items() if isinstance(v, str)})
        assert isinstance(masked, dict)
        return {**values, **masked}

    def _portable(self, text: str) -> str:
        """A message without the folders of this machine."""
        if self.repo.layout.top is not None:
            text = text.replace(f"{self.repo.layout.top}/", "")
        home = self.repo.environ.get("HOME", "").rstrip("/")
        return text.replace(f"{home}/", "~/") if home else text

    def _append(self, kind: str, value: object) -> None:
        self.writer.append([kind, time.time(), value])

    def _bring(self, source: Path | bytes, path: str) -> tuple[list[Brought], list[str]]:
        remarks: list[str] = []
        return bring(self.repo, self.live, source, path, remarks.append), remarks

    def _note_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        for one in artifacts:
            self._claim(one.path)
        for one in artifacts:
            self._append("a", {"path": one.path, **artifact_value(one)})

    @contextmanager
    def _retaining(self) -> Iterator[Retention]:
        """What is known of the artifacts kept by rules, for one thread at a time."""
        # Most runs keep all that they log.
        from gitexp.ops.retention import Retention

        if self._process != os.getpid():
            # A forked child may hold what another thread of its parent was at.
            self._process, self._retention, self._one_thread = os.getpid(), None, RLock()
        with self._one_thread:
            if self._retention is None:
                self._retention = Retention(self.repo, self.live, self.writer)
            yield self._retention

    def _release_last(self) -> None:
        """Free what the rules have let go of, before it is too late."""
        if self._retention is not None:
            with self._retaining() as retention:
                self.notices += retention.remarks()
                retention.release(last=True)


def _artifact(
    one: Brought, kind: str | None, metadata: Mapping[str, Value], keep: Keep | None = None
) -> Artifact:
    return Artifact(one.path, one.stored.oid, one.stored.size, kind, metadata, keep)


def _label(value: Value) -> Value:
    """A label as text of a bounded length; a list of tags as texts."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)):
        return [str(item)[:MAX_LABEL] for item in value]
    return str(value)[:MAX_LABEL]
