"""A metric at a commit: from a run that has measured it before, or from one that is made for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitexp.capture.spawn import Stdio
from gitexp.errors import GitExpError, UsageError
from gitexp.model.record import Code
from gitexp.model.values import Oid
from gitexp.ops import params
from gitexp.ops.alike import Task, doing, inputs_of
from gitexp.ops.begin import recorded_command
from gitexp.ops.bisect.ends import Way
from gitexp.ops.bisect.judging import number_of
from gitexp.ops.committed import params_files_at, results_of, settings_at
from gitexp.ops.execute import Executed, Request, Source, execute
from gitexp.ops.first_params import redacted
from gitexp.ops.read import StoredRun, load
from gitexp.ops.repro import supplies
from gitexp.ops.repro.supplies import Place
from gitexp.ops.staleness import code_tree
from gitexp.ops.submodules import find
from gitexp.repo import Repository

_AS_THEN = (Place.CODE, Place.WORKING_TREE, Place.VALUE)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a commit was found to have."""

    commit: Oid
    value: float | None
    """None where the run failed, or did not log the metric."""
    run: str
    """Empty where none could be made."""
    reused: bool = False
    """Whether the run had been there before."""
    reason: str = ""
    """Why there is no value."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """How commits are measured."""

    repo: Repository
    metric: str
    way: Way
    group: str
    """Of the runs that are made."""
    trusted: bool
    """Whether filters that git has for checking out files may run."""

    def measure(self, commit: Oid) -> Measured:
        """The metric at `commit`. Raises GitExpError, and KeyboardInterrupt where the command was stopped."""
        source = self._source(commit)
        for run in self._doing(source):
            value = number_of(run.record.metrics.get(self.metric))
            if value is not None:
                return Measured(commit, value, run.name, reused=True)
        # With another commit of a submodule it would be measured what no commit is.
        found = find(self.repo, commit)
        other = next((one for one in found if one.cloned and one.lacking), None)
        if other is not None:
            reason = f"submodule {other.path!r} is not here at {other.commit[:10]}"
            return Measured(commit, None, "", reason=reason)
        return self._made(replace(source, submodules=found))

    def is_of(self, commit: Oid, run: StoredRun) -> bool:
        """Whether `run` did what is done to measure `commit`: its params and inputs may be others."""
        return any(one.commit == run.commit for one in self._doing(self._source(commit)))

    def _source(self, commit: Oid) -> Source:
        folder = "" if self.way.cwd == "." else f"{self.way.cwd}/"
        effective = params.merged(params_files_at(self.repo, commit, folder))
        return Source(commit, _code(self.repo, commit), effective, cwd=self.way.cwd, trusted=self.trusted)

    def _doing(self, source: Source) -> Iterator[StoredRun]:
        """The finished runs, newest first, that did just this and depended on nothing that is another now."""
        shown = redacted(self.repo, source.params)
        command = recorded_command(self.repo, params.substitute(self.way.command, shown))
        for run in doing(self.repo, Task(source.code.tree, command, self.way.cwd, shown)):
            if self._is_as_then(source.commit, run):
                yield run

    def _is_as_then(self, commit: Oid, run: StoredRun) -> bool:
        return all(one.place in _AS_THEN for one in supplies.look(self.repo, commit, inputs_of(run)))

    def _made(self, source: Source) -> Measured:
        settings = settings_at(self.repo, source.commit)
        results = results_of(self.way.results, settings, self.way.cwd)
        done = execute(
            self.repo,
            Request(
                self.way.command,
                slug="bisect",
                group=self.group,
                metrics_files=results.metrics,
                outputs=results.outputs,
                source=source,
                stdio=Stdio(stdout=2),  # what is found goes to stdout
            ),
        )
        if done.exit.stopped:
            raise KeyboardInterrupt
        if done.exit.error is not None:
            raise UsageError(f"cannot run {self.way.command[0]!r}: {done.exit.error.strerror}")
        if done.commit is None:
            raise done.error or GitExpError(f"run {done.name!r} cannot be recorded")
        return self._read(source.commit, done, done.commit)

    def _read(self, commit: Oid, done: Executed, run: Oid) -> Measured:
        if done.exit.shell_code:
            return Measured(commit, None, done.name, reason=f"exit code {done.exit.shell_code}")
        found = load(self.repo, run, done.name, done.name).record.metrics
        value = number_of(found.get(self.metric))
        return Measured(commit, value, done.name, reason="" if value is not None else f"no {self.metric}")


def _code(repo: Repository, commit: Oid) -> Code:
    return Code(code_tree(repo, commit), commit)
