"""A run that is being recorded, as training code sees it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial, wraps
from itertools import count
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from gitexp.api.failures import failure_of
from gitexp.api.run_end import Lifetime, of_error, of_exit
from gitexp.api.unseen import unseen
from gitexp.api.values import Params, Summary, as_mapping, as_step
from gitexp.api.warning import warn
from gitexp.errors import GitExpError, UsageError
from gitexp.formats.plain import flatten_metrics, plain
from gitexp.model.history import Step
from gitexp.model.record import Status
from gitexp.model.values import Scalar, Value
from gitexp.ops.keeping import name_of
from gitexp.ops.recording import Recording
from gitexp.ops.seal import Ending

if TYPE_CHECKING:
    from gitexp.api.evaluation import Evaluation
    from gitexp.api.run_step import Stepping, Things

P = ParamSpec("P")
T = TypeVar("T")


def _guarded(method: Callable[Concatenate[Run, P], T]) -> Callable[Concatenate[Run, P], T | None]:
    """Keep what goes wrong in recording out of the training loop: one warning, unless the run is strict."""

    @wraps(method)
    def guarded(self: Run, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if self._lifetime.recording is None:
            return None
        try:
            with unseen():
                return method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001
            self._trouble(error)
            return None

    return guarded


class Run:
    """One live run. No method raises, unless the run was started with `strict=True`.

    Where there is nothing to record (another rank than 0), every method does nothing.
    """

    def __init__(
        self,
        recording: Recording | None,
        *,
        strict: bool = False,
        params: Mapping[str, Value] | None = None,
        on_end: Callable[[Run], None] = lambda run: None,
        again: Callable[[], Any] | None = None,
    ) -> None:
        self._lifetime = Lifetime(recording, partial(on_end, self), self._trouble)
        self._strict = strict
        self._again = again
        self._warned = False
        self._steps = count()
        self.rows = 0
        """How many rows this process logged."""
        self._name = recording.name if recording else None
        self._folder = recording.live.path if recording else None
        self.params = Params(self, dict(params or {}))
        self.summary = Summary(self)

    @property
    def name(self) -> str | None:
        """The run's name; None where nothing is recorded."""
        return self._name

    @property
    def status(self) -> str | None:
        """`running` until the run ended and that is committed; None where nothing is recorded."""
        return self._lifetime.status.value if self._name else None

    @property
    def commit(self) -> str | None:
        """The commit that holds the run, once it has ended or made a checkpoint."""
        return self._lifetime.commit

    @property
    def folder(self) -> Path | None:
        """The live directory, by which child processes find the run; None where nothing is recorded."""
        return self._folder

    @property
    def forked(self) -> bool:
        """Whether this process was forked from the one that began the run."""
        return self._lifetime.forked

    @property
    def active(self) -> bool:
        """Whether the run still takes rows."""
        return self._lifetime.recording is not None

    def log(self, values: Mapping[str, Any], step: Step = None, *, at: float | None = None) -> None:
        """Append one row of metrics; nested mappings become dotted keys.

        `step` may be any number, in any order; without it each row gets the next one. `at` is the time in
        seconds since 1970, now unless given. A row survives a kill once this has returned, and a power cut
        a second later.
        """
        recording = self._lifetime.recording
        if recording is None:
            return self._trouble_at_log()
        try:
            if step is None:
                # Threads may log at once: no two rows get the same step.
                step = next(self._steps)
            else:
                if type(step) is not int:
                    step = as_step(step)
                if type(step) is int or isfinite(step):
                    self._steps = count(int(step) + 1)
            recording.metrics(flatten_metrics(values), step, time.time() if at is None else at)
            self.rows += 1
        except Exception as error:  # noqa: BLE001
            self._trouble(error)

    @_guarded
    def log_params(self, params: Any) -> None:
        """Add params: a mapping, or anything that holds named values (a namespace, a dataclass, a config)."""
        self.params.update(as_mapping(params))

    @_guarded
    def log_artifact(
        self,
        source: str | os.PathLike[str] | bytes,
        name: str | None = None,
        *,
        kind: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        keep: str | None = None,
    ) -> None:
        """Keep a file, a folder or bytes; large ones go into the artifact store, only a pointer into git.

        Without a `name` it is called by its path in the repository, where `git exp worktree` puts it back.
        `keep="best:1,last:2"` is for checkpoints: of all that the run logged with rules into the same folder
        (`checkpoints/step-1.pt`; without a folder: of the same kind) it keeps what any rule of the newest
        chooses, and lets go of the others. `last:N` are the N newest. `best:N` go by the metric that says
        most of the run, `best:METRIC:N` by that one: by the last value logged before the checkpoint was, the
        greater or the less as `goals` of .gitexp.yaml or the metric's name say. One without a finite value
        is worse than any that has one.
        """
        recording = self._live()
        data = source if isinstance(source, bytes) else recording.repo.cwd / source
        if name is None:
            if isinstance(data, bytes):
                raise UsageError(
                    "bytes need a name to be kept under", hint='log_artifact(data, name="model.bin")'
                )
            name = name_of(recording.repo, data)
        remarks = recording.artifact(data, name, kind=kind, metadata=as_mapping(metadata or {}), keep=keep)
        for remark in remarks:
            self._trouble(GitExpError(remark))

    @_guarded
    def log_text(self, text: str, name: str = "text.txt") -> None:
        """Keep a text as an artifact called `name`."""
        data = self._live().repo.redactor.text(str(text)).encode("utf-8", "surrogatepass")
        self._live().artifact(data, name, kind="text")

    @_guarded
    def use(self, role: str, what: Any, *, name: str | None = None, revision: str | None = None) -> None:
        """Note an input by its role (model, prompt, dataset, grader, retriever, tools, settings, seeds, …).

        A path is hashed, a function is known by its code, another value is itself, None states that there
        is none. `revision` is for what
        others keep under a name: the commit of a model or dataset, the version of a package.
        """
        from inspect import isroutine

        from gitexp.model.roles import misspelt
        from gitexp.ops.declaring import by_name_alone, input_of

        recording = self._live()
        as_it_is = isinstance(what, (str, os.PathLike)) or what is None or isroutine(what)
        value = what if as_it_is else plain(what)
        one = input_of(recording.repo, role, value, name, revision)
        for told in filter(None, (misspelt(role), by_name_alone(one))):
            warn(told)
        recording.use(one)

    def eval(
        self,
        suite: str,
        *,
        cluster: str | None = None,
        metrics: Mapping[str, Any] | None = None,
        with_text: bool = False,
        on_error: str = "exclude",
    ) -> Evaluation:
        """Record the results of an evaluation example by example: `run.eval("qa").add(id=…, scores={…})`.

        At the end of the run the mean of each metric over the examples, its standard error and their number
        become the metrics `qa/match`, `qa/match.se` and `qa/match.n`. `cluster` names the tag that says which
        examples belong together. `metrics` says what they are: `{"match": "binary"}`, `{"wer": "min"}`, or a
        mapping of `kind`, `direction`, `range` and `unit`. Answers are kept as an artifact, which is not in
        git; with `with_text` they, inputs and targets are in git as well. `on_error="zero"` has answers that
        ended in an error count as 0, but nothing for metrics where less is better.
        """
        # Most runs evaluate nothing.
        from gitexp.api.evaluation import Evaluation

        evaluation = Evaluation(self, suite, cluster=cluster, text=with_text)
        self._evaluate(evaluation._begin, dict(metrics or {}), on_error)
        return evaluation

    def step(
        self, name: str, *, inputs: Things = None, outputs: Things = None, keep: bool = False
    ) -> Stepping:
        """Record a part of the run with inputs and outputs of its own: `with run.step("tokenize", …):`.

        `inputs` and `outputs` are a path, a list of paths, or a mapping of roles to either. Inputs are hashed
        when the step begins, outputs when it ends, and with `keep` those become artifacts. A step may be in
        another one; it decorates a function, too. Not to be taken for the `step` of `log`.
        """
        # Most runs have none.
        from gitexp.api.run_step import Stepping

        return Stepping(self, name, inputs, outputs, keep)

    @_guarded
    def tag(self, *tags: str) -> None:
        """Add tags."""
        self._live().label(tags_add=[str(tag) for tag in tags])

    @_guarded
    def untag(self, *tags: str) -> None:
        """Take tags away."""
        self._live().label(tags_remove=[str(tag) for tag in tags])

    @_guarded
    def note(self, text: str) -> None:
        """Set the note."""
        self._live().label(note=str(text))

    @_guarded
    def title(self, text: str) -> None:
        """Set the title."""
        self._live().label(title=str(text))

    @_guarded
    def checkpoint(self) -> str | None:
        """Commit what was logged so far, on top of the checkpoint before; the commit to resume or fork from.

        None where it could not be made, or where nothing is recorded.
        """
        return self._lifetime.checkpoint()

    @_guarded
    def finish(self, *, exit_code: int | None = None) -> None:
        """End the run and commit it; once is enough. In a process that joined, only stop logging."""
        self._lifetime.end(of_exit(exit_code))

    @_guarded
    def fail(self, error: BaseException) -> None:
        """End the run as failed, or as killed by Ctrl-C, because of `error`."""
        ending = of_error(error)
        if ending is None:
            self._live().fail(failure_of(error))
        self._lifetime.end(ending or Ending(Status.FAILED))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.fail(error)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate `function`: each call becomes a run. This one, which is empty yet, is taken back."""
        from gitexp.api.start import decorated

        again = self._again
        assert again is not None
        self._discard()
        return decorated(function, again)

    def __repr__(self) -> str:
        return f"<gitexp run {self._name or 'silent'}>"

    def _kill(self, signal: str) -> None:
        """End the run for a signal that ends the process as soon as this returns."""
        ending = Ending(Status.KILLED, signal=signal)
        if not self._lifetime.note_death(ending):
            self._end(ending)

    @_guarded
    def _end(self, ending: Ending) -> None:
        self._lifetime.end(ending)

    @_guarded
    def _evaluate(self, act: Callable[..., None], *args: Any) -> None:
        act(self._live(), *args)

    @_guarded
    def _record_params(self, params: Mapping[str, Value]) -> None:
        self._live().params(params)

    @_guarded
    def _record_summary(self, values: Mapping[str, Scalar]) -> None:
        self._live().summary(values)

    @_guarded
    def _discard(self) -> None:
        self._lifetime.discard()

    def _live(self) -> Recording:
        return self._lifetime.live()

    def _trouble_at_log(self) -> None:
        """Tell of a row that comes too late; where nothing is recorded none is missed."""
        if self._name is not None:
            self._trouble(GitExpError("it has ended"))

    def _trouble(self, error: Exception) -> None:
        if self._strict:
            raise error
        if self._warned:
            return
        self._warned = True
        told = error.message if isinstance(error, GitExpError) else f"{type(error).__name__}: {error}"
        warn(f"run {self._name!r} cannot record everything: {told}; the program goes on")
