"""Recorded runs, as Python code reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from gitexp.api.history import History, Series
from gitexp.errors import UnknownKey
from gitexp.model import history as model
from gitexp.model.completeness import Completeness
from gitexp.model.record import Artifact, Input, RunInfo
from gitexp.model.run_steps import RunStep
from gitexp.model.times import parse_time
from gitexp.model.values import Scalar, Value
from gitexp.ops import read
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository


class RecordedRun:
    """A run as it stands in the repository (and, while it runs, in its journal)."""

    def __init__(self, stored: read.StoredRun, *, of_other_code: bool = False) -> None:
        self.stored = stored
        """What it is read from; of use inside gitexp only."""
        self._of_other_code = of_other_code

    @property
    def info(self) -> RunInfo:
        """Everything in `run.yaml`."""
        return self.stored.record.info

    @property
    def name(self) -> str:
        return self.stored.name

    @property
    def status(self) -> str:
        """`running`, `finished`, `failed`, `killed` or `crashed`."""
        return self.info.status.value

    @property
    def started(self) -> datetime:
        """In UTC."""
        return _moment(self.info.started)

    @property
    def ended(self) -> datetime | None:
        """In UTC; None while it goes on."""
        return _moment(self.info.ended) if self.info.ended else None

    @property
    def commit(self) -> str:
        """The commit that holds the run."""
        return self.stored.commit

    @property
    def stale(self) -> bool:
        """Whether the record stands beside code that it does not speak for, as a merge may leave it.

        Of the runs of a commit (`gitexp.runs(commit=…)`) whether it does not speak for that commit's code.
        """
        from gitexp.ops.staleness import is_stale

        return self._of_other_code or is_stale(self.stored)

    @property
    def params(self) -> Mapping[str, Value]:
        """The params, nested as they were given."""
        return self.stored.record.params

    @property
    def metrics(self) -> Mapping[str, Scalar]:
        """One value per metric."""
        return self.stored.record.metrics

    @property
    def title(self) -> str | None:
        return self.info.title

    @property
    def group(self) -> str | None:
        return self.info.group

    @property
    def note(self) -> str | None:
        return self.info.note

    @property
    def star(self) -> bool:
        return self.info.star

    @property
    def tags(self) -> tuple[str, ...]:
        return self.info.tags

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.stored.whole.inputs

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The files that it produced: `path`, `size` in bytes, `oid` (their sha256), `kind`, `metadata`."""
        return self.stored.whole.artifacts

    @property
    def steps(self) -> tuple[RunStep, ...]:
        """Its steps as `Run.step` recorded them, in the order in which they began.

        Of each `name`, `status` (`finished`, `failed`, `unfinished`), `started`, `seconds`, `error`,
        `inputs`, `outputs` and `within`: the number, from 1, of the step that it is part of. The steps of a
        metric are in `series`.
        """
        return self.stored.whole.steps

    def get(self, *paths: str, to: str | os.PathLike[str] = ".", force: bool = False) -> list[Path]:
        """Write artifacts below the folder `to`, and give the paths of the files, as `git exp get` does.

        A path is an artifact or a folder of them, and is written under its last name; without paths all are
        written, in their folders. A file with the same bytes is left as it is. Every byte is hashed, and
        what is not in this clone is fetched. Raises NotFound, UsageError where other content is in the way
        and `force` is not given (then nothing was written), BrokenRecord for damaged bytes.
        """
        from gitexp.ops.artifacts import take

        taken = take(self.stored, paths, Path(to), force=force)
        for one in taken:
            if one.error is not None:
                raise one.error
        return [one.target for one in taken]

    def open_artifact(self, path: str) -> BinaryIO:
        """One artifact as a binary file to read, which the caller closes; hashed before the first byte.

        A large one is read from the store, never whole into memory. Raises NotFound or BrokenRecord.
        """
        from gitexp.ops.artifacts import Artifacts

        artifacts = Artifacts(self.stored)
        return artifacts.open(artifacts.named(path))

    def read_artifact(self, path: str) -> bytes:
        """The bytes of one artifact, hashed. Raises NotFound or BrokenRecord."""
        with self.open_artifact(path) as file:
            return file.read()

    def audit(self, *, remote: bool = False) -> Completeness:
        """How completely it is known what the run came from, as `git exp audit` tells.

        It has `level` (`E2` as text, 2 as a number), `score` between 0 and 1, `fields`, and `gaps`, each with
        its `mend`. `remote` has others asked for bytes that are not in this clone. Raises RemoteError where
        they cannot be asked.
        """
        from gitexp.ops import audit

        return audit.of(self.stored.repo, self.stored, remote=remote, stale=self.stale)

    @property
    def env(self) -> Mapping[str, Value]:
        """What the run ran on and with."""
        return self.stored.whole.env

    def regrade(
        self,
        suite: str,
        scores: Mapping[str | tuple[str, int], Any] | Callable[[Mapping[str, Any]], Any],
        reason: str,
        *,
        grader: str | None = None,
        partial: bool = False,
    ) -> RecordedRun:
        """The run with other scores of a suite, as `git exp eval regrade` writes it: a commit on top.

        `scores` are values by id, or by id and epoch, or a function that is given a mapping for each answer
        (`id`, `epoch`, `scores`, `tags` and, where they are kept, `input`, `target`, `output`). A value is a
        mapping metric -> score, or the score of the only metric. `grader` is a name that it is known by.
        Raises UsageError for rows that the suite does not have and, unless `partial`, for scores that are
        missing; nothing was written then.
        """
        from gitexp.ops.evaluations.graders_in_python import grades_in_python
        from gitexp.ops.evaluations.regrading import regrade

        done = regrade(
            self.stored,
            suite,
            lambda old, problems: grades_in_python(old, scores, grader, problems),
            reason,
            with_text=callable(scores),
            partial=partial,
        )
        if done.commit is None:
            return self
        return RecordedRun(read.load(self.stored.repo, done.commit, self.stored.name, self.stored.name))

    def history(self) -> History:
        """Every row that was ever logged, in write order; iterate it for one mapping a row."""
        found = self._history
        return History(found.steps, found.times, found.columns)

    def series(self, name: str) -> Series:
        """One metric over time, without the rows that a resumption abandoned. Raises UnknownKey."""
        spans = [(one.kept, one.rows) for one in self.info.resumed]
        try:
            found = self._history.without(spans).series(name)
        except KeyError:
            raise UnknownKey(
                f"run {self.name!r} has no series {name!r}", hint=_nearest(name, self._history)
            ) from None
        return Series(found.name, found.steps, found.times, found.values)

    def __repr__(self) -> str:
        return f"<gitexp run {self.name} {self.status}>"

    def _repr_html_(self) -> str:
        from gitexp.api.notebook import run_html

        return run_html(self)

    @cached_property
    def _history(self) -> model.History:
        return self.stored.history()


def get_run(name: str = "@", *, repository: str | os.PathLike[str] | None = None) -> RecordedRun:
    """The run of that name, unique prefix, `@`, `@~1`, `best`, `best:METRIC` or commit.

    Raises NotFound or Ambiguous; UsageError where no goal is known for the best.
    """
    return RecordedRun(resolve(open_repository(repository), name))


def open_repository(repository: str | os.PathLike[str] | None) -> Repository:
    """The repository at that path, or around the current folder. Raises NotARepository."""
    return Repository.open(Path(repository) if repository is not None else None)


def _nearest(name: str, known: model.History) -> str | None:
    import difflib

    close = difflib.get_close_matches(name, list(known.columns), 1)
    return f"did you mean {close[0]!r}?" if close else None


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(parse_time(text), timezone.utc)
