"""A step of a live run: a part of it with inputs and outputs of its own."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from gitexp.api.run import Run, _guarded
from gitexp.errors import GitExpError, NotFound, UsageError
from gitexp.formats.inputs import inputs_value
from gitexp.formats.plain import plain
from gitexp.model.record import Input
from gitexp.model.run_steps import FILE_ROLE, MAX_ERROR, MAX_NAME, StepStatus
from gitexp.model.times import format_time
from gitexp.model.values import Value
from gitexp.ops.declaring import input_of
from gitexp.ops.recording import Recording
from gitexp.ops.results import kept_name

One: TypeAlias = str | os.PathLike[str]
Things: TypeAlias = One | Sequence[One] | Mapping[str, One | Sequence[One]] | None
"""A path, several, or those of each role."""

_NOT_NOW = "the step has not begun, or has ended"
_KIND = "output"
"""Of outputs that are kept as artifacts."""
_current: ContextVar[tuple[tuple[str | None, str], ...]] = ContextVar("gitexp_steps", default=())
"""Run and id of each step that goes on here, the innermost last."""


@dataclass(slots=True)
class _Entered:
    """One time that a step goes on."""

    id: str
    began: float
    made: list[tuple[str, One]] = field(default_factory=list)


class Stepping:
    """A step that goes on between `with` and the end of its block.

    Nothing raises for what cannot be recorded, unless the run was started with `strict=True`; what the block
    raises goes on.
    """

    def __init__(self, run: Run, name: str, inputs: Things, outputs: Things, keep: bool) -> None:
        self._run = run
        self._name = name
        self._inputs = inputs
        self._outputs = outputs
        self._keep = keep
        self._entered: list[_Entered] = []
        """The same may be entered again within itself."""

    @property
    def name(self) -> str:
        return self._name

    def use(self, role: str, what: Any) -> None:
        """Note an input of the step by its role, as `Run.use` does for the run."""
        _use(
            self._run,
            self._entered[-1].id if self._entered else None,
            role,
            what if isinstance(what, (str, os.PathLike)) else plain(what),
        )

    def output(self, path: One, role: str = FILE_ROLE) -> None:
        """Note a file or folder that the step makes; it is hashed when the step ends."""
        if self._entered:
            self._entered[-1].made.append((role, path))
        else:
            _refuse(self._run)

    def __enter__(self) -> Stepping:
        entered = _Entered(os.urandom(8).hex(), time.perf_counter())
        outer = _current.get()
        within = next((id for run, id in reversed(outer) if run == self._run.name), None)
        _begin(self._run, entered.id, self._name, within, self._inputs)
        _current.set((*outer, (self._run.name, entered.id)))
        self._entered.append(entered)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._entered:
            return
        left = self._entered.pop()
        seconds = time.perf_counter() - left.began
        _current.set(tuple(one for one in _current.get() if one[1] != left.id))
        # What the block raised is not to be hidden by our own troubles.
        with nullcontext() if error is None else suppress(Exception):
            self._close(left, seconds, None if _is_well(error) else error)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate `function`: each call is a step of its own, that of a generator until its last item."""
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return awaited
        if inspect.isasyncgenfunction(function):

            @wraps(function)
            async def each_awaited(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    async with aclosing(function(*args, **kwargs)) as items:
                        async for item in items:
                            yield item

            return each_awaited
        if inspect.isgeneratorfunction(function):

            @wraps(function)
            def each(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return (yield from function(*args, **kwargs))

            return each

        @wraps(function)
        def stepped(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return stepped

    def _close(self, left: _Entered, seconds: float, error: BaseException | None) -> None:
        _end(self._run, left.id, seconds, error)
        if error is None:
            made, missing = _note_outputs(self._run, left.id, self._outputs, left.made) or ((), ())
            for path in made if self._keep else ():
                _keep(self._run, path)
            for one in missing:
                self._run._trouble(NotFound(f"step {self._name!r} has not made {os.fspath(one)!r}"))
        else:
            # What is there may be half of it: it is noted, and not kept.
            _note_outputs(self._run, left.id, self._outputs, left.made)

    def _again(self) -> Stepping:
        return Stepping(self._run, self._name, self._inputs, self._outputs, self._keep)

    def __repr__(self) -> str:
        return f"<gitexp step {self._name!r} of {self._run.name or 'nothing'}>"


def _is_well(error: BaseException | None) -> bool:
    """Whether a block that was left so has done what it was to do."""
    if isinstance(error, SystemExit):
        return not error.code
    # Nobody wanted the other items of a generator.
    return error is None or isinstance(error, GeneratorExit)


@_guarded
def _begin(run: Run, id: str, name: str, within: str | None, inputs: Things) -> None:
    recording = run._live()
    told: dict[str, Value] = {
        "name": _name(recording, name),
        "started": format_time(time.time()),
        **({"in": within} if within else {}),
    }
    try:
        found = [input_of(recording.repo, role, path) for role, path in _each(inputs)]
    except (GitExpError, OSError):
        recording.step(id, told)  # an input that cannot be read costs no step
        raise
    recording.step(id, {**told, "inputs": inputs_value(tuple(found))} if found else told)


@_guarded
def _use(run: Run, id: str | None, role: str, what: Any) -> None:
    if id is None:
        raise GitExpError(_NOT_NOW)
    recording = run._live()
    recording.step(id, {"inputs": inputs_value((input_of(recording.repo, role, what),))})


@_guarded
def _refuse(run: Run) -> None:
    raise GitExpError(_NOT_NOW)


@_guarded
def _end(run: Run, id: str, seconds: float, error: BaseException | None) -> None:
    told: dict[str, Value] = {"status": StepStatus.FINISHED.value, "seconds": round(seconds, 3)}
    recording = run._live()
    if error is not None:
        said = ": ".join(filter(None, (type(error).__name__, str(error))))
        told |= {"status": StepStatus.FAILED.value, "error": recording.message(said)[:MAX_ERROR]}
    recording.step(id, told)


@_guarded
def _note_outputs(
    run: Run, id: str, outputs: Things, more: Sequence[tuple[str, One]]
) -> tuple[Sequence[Path], Sequence[One]]:
    """The outputs that are there, which are noted by their hashes, and those that are not."""
    recording = run._live()
    found: dict[Path, Input] = {}
    missing: list[One] = []
    for role, path in (*_each(outputs), *more):
        try:
            # What is not there is no value, as an input would be.
            found[recording.repo.cwd / path] = input_of(recording.repo, role, Path(path))
        except (NotFound, OSError):
            missing.append(path)
    if found:
        recording.step(id, {"outputs": inputs_value(tuple(found.values()))})
    return tuple(found), missing


@_guarded
def _keep(run: Run, path: Path) -> None:
    recording = run._live()
    name = kept_name(path, recording.repo.layout.top or recording.repo.cwd)
    for remark in recording.artifact(path, name, kind=_KIND):
        run._trouble(GitExpError(remark))


def _each(things: Things) -> Iterator[tuple[str, One]]:
    """Role and path of each. Raises UsageError for what is neither."""
    if things is None:
        return
    if isinstance(things, Mapping):
        for role, inside in things.items():
            yield from ((str(role), path) for _, path in _each(inside))
    elif isinstance(things, (str, os.PathLike)):
        yield FILE_ROLE, things
    elif isinstance(things, Sequence) and all(isinstance(one, (str, os.PathLike)) for one in things):
        yield from ((FILE_ROLE, one) for one in things)
    else:
        raise UsageError(f"{things!r} is no path, list of paths, or mapping of roles to them")


def _name(recording: Recording, name: str) -> str:
    """One line of a bounded length."""
    told = " ".join(recording.repo.redactor.text(str(name)).split())[:MAX_NAME]
    if not told:
        raise UsageError("a step needs a name", hint='run.step("tokenize")')
    return told
