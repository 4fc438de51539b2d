"""What reproducing a run will execute, all of it known before any of it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from gitexp.capture import interpreter
from gitexp.capture.interpreter import is_interactive
from gitexp.errors import GitError, GitExpError, NotFound, UsageError
from gitexp.formats.assignment import flatten
from gitexp.git.refs import commit_of
from gitexp.model.record import Code, Record, Status
from gitexp.model.submodules import altered
from gitexp.model.values import Oid, Value, same
from gitexp.ops import params
from gitexp.ops.artifacts import Artifacts, Kept
from gitexp.ops.first_params import redacted
from gitexp.ops.read import StoredRun
from gitexp.ops.repro import supplies
from gitexp.ops.repro.carried import Carried, carry
from gitexp.ops.repro.packages import Difference, differences
from gitexp.ops.repro.variables import repeated_variables, unset_variables
from gitexp.ops.resolve import resolve
from gitexp.ops.runnable import runnable_command
from gitexp.ops.staleness import is_stale
from gitexp.ops.submodules import Found, find
from gitexp.ops.trust import Provenance, provenance
from gitexp.repo import Repository

_MOST = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be executed, and where everything that it needs is."""

    run: StoredRun
    record: Record
    """The whole one of `run`."""
    provenance: Provenance
    command: tuple[str, ...]
    commit: Oid
    """Whose code runs."""
    code: Code
    params: Mapping[str, Value]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Params files of that code as they are edited."""
    on: str | None = None
    """The revision whose code runs instead of the run's own, as it was typed."""
    added: tuple[str, ...] = ()
    """Params that the code's files did not have."""
    differing: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    """Param -> what it will be, and what it is in the user's working tree."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that are set as they were."""
    unset: tuple[str, ...] = ()
    inputs: tuple[supplies.Found, ...] = ()
    artifacts: tuple[Kept, ...] = ()
    packages: tuple[Difference, ...] = ()
    """What is not as it was recorded; nothing where that cannot be told."""
    submodules: tuple[Found, ...] = ()
    """Those of that code."""

    @property
    def cwd(self) -> str:
        return self.record.info.cwd

    remarks: tuple[str, ...] = ()
    """What is not done again, or is not as it was, besides."""

    @property
    def missing(self) -> tuple[Difference, ...]:
        """Packages that the run had and that are not there now."""
        return tuple(one for one in self.packages if one.new is None)

    def shortcomings(self, *, building: bool = False) -> Iterator[GitExpError]:
        """What cannot be as it was; packages are where an environment is built."""
        if self.missing and not building:
            names = ", ".join(f"{one.name} {one.old}" for one in self.missing[:_MOST])
            more = f" and {len(self.missing) - _MOST} more" if len(self.missing) > _MOST else ""
            told = f"packages that the run had are missing: {names}{more}"
            yield GitExpError(told, hint=f"git exp repro {self.run.name} --env")
        yield from map(GitExpError, self.remarks)
        yield from (GitExpError(one.told) for one in self.inputs if one.lacking)


def make_plan(repo: Repository, text: str, on: str | None = None) -> Plan:
    """The plan for the run that `text` means; nothing is executed or written.

    Raises NotFound, Ambiguous, BrokenRecord, UsageError for what cannot be executed once more.
    """
    return plan_of(repo, resolve(repo, text), on)


def plan_of(repo: Repository, run: StoredRun, on: str | None = None) -> Plan:
    """The plan for a run that is known. Raises UsageError, NotFound, BrokenRecord."""
    run = _runnable(run)
    record = run.whole
    command = runnable_command(repo, record.info, hint=f"git exp run --fork {run.name} -- CMD")
    carried = _carried(repo, run, record, on)
    found = tuple(supplies.look(repo, carried.commit, record.inputs))
    found_python = interpreter_of(repo, record, command)
    submodules = tuple(find(repo, carried.commit))
    return Plan(
        run=run,
        record=record,
        provenance=provenance(repo, run),
        command=command,
        commit=carried.commit,
        code=carried.code,
        params=carried.params,
        files=carried.files,
        on=on,
        added=carried.added,
        differing=_differing(repo, carried.params),
        variables=repeated_variables(repo, record.env),
        unset=unset_variables(repo, record.env),
        inputs=found,
        artifacts=tuple(Artifacts(run).kept()),
        remarks=tuple(_remarks(run, submodules, known=found_python is not None)),
        packages=tuple(differences(record, found_python)),
        submodules=submodules,
    )


def _runnable(run: StoredRun) -> StoredRun:
    info = run.record.info
    if info.status is Status.DRAFT:
        raise UsageError(f"run {run.name!r} was not run yet", hint=f"git exp run --draft {run.name}")
    if not info.status.ended:
        raise UsageError(f"run {run.name!r} is still running", hint=f"git exp show {run.name}")
    if not info.command:
        raise UsageError(
            f"run {run.name!r} has no command that could run again", hint=f"git exp show {run.name}"
        )
    if is_interactive(info.command):
        raise UsageError(
            f"run {run.name!r} was recorded from a notebook or from what was typed: no command repeats that",
            hint=f"git exp worktree {run.name} DIR",
        )
    if is_stale(run):
        raise UsageError(
            f"{run.commit[:10]!r} is not the code that run {info.name!r} ran with",
            hint=f"git exp repro {info.name}",
        )
    return run


def _remarks(run: StoredRun, submodules: Sequence[Found], *, known: bool) -> Iterator[str]:
    record = run.whole
    if record.requirements and not known:
        yield f"the Python of {record.info.command[0]!r} is not found, so packages cannot be compared"
    if record.info.resumed:
        yield f"run {run.name!r} was resumed: only its last command runs again, from the start"
    yield from filter(None, (one.lacking for one in submodules))
    for path in altered(record.env):
        yield f"submodule {path!r} had uncommitted changes, which are not recorded"


def _carried(repo: Repository, run: StoredRun, record: Record, on: str | None) -> Carried:
    """The code and the params; for another revision the params are brought there."""
    if on is not None:
        return carry(repo, run, record, _revision(repo, on))
    code = record.info.code
    if code.base is not None and not _is_here(repo, code.base):
        code = replace(code, base=None)  # beyond where a shallow clone ends
    return Carried(run.commit, code, record.params)


def _revision(repo: Repository, text: str) -> Oid:
    commit = commit_of(repo.git, text)
    if commit is None:
        raise NotFound(f"no revision {text!r}", hint="git log --oneline")
    return commit


def _is_here(repo: Repository, commit: Oid) -> bool:
    with suppress(GitExpError):
        return repo.reader.header(commit)[0] == "commit"
    return False


def interpreter_of(
    repo: Repository, record: Record, command: Sequence[str]
) -> interpreter.Interpreter | None:
    """The Python that would run `command` here, at the place of the run's; None where it is not found."""
    folder = (repo.layout.top or repo.cwd) / record.info.cwd
    return interpreter.find(command, folder, repo.environ)


def _differing(repo: Repository, planned: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """Params that are others in the user's working tree, as far as files say."""
    try:
        now = flatten(redacted(repo, params.merged(params.read_params_files(repo))))
    except (GitError, UsageError):  # a file that cannot be read now is no hindrance
        return {}
    then = flatten(planned)
    return {key: (value, now[key]) for key, value in then.items() if key in now and not same(value, now[key])}
