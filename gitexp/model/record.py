"""A run as values: what stands in the record folder `.exp/` of its commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from gitexp.model.names import RunId, RunName
from gitexp.model.values import Digest, Oid, Scalar, Value

if TYPE_CHECKING:
    from gitexp.model.reproduction import Reproduction
    from gitexp.model.run_steps import RunStep

FORMAT = 1
"""The version of the record format that this gitexp writes; it reads this and older ones."""


class Status(str, Enum):
    """How a run stands. A run that was executed to its end never changes its status; a draft may be run."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    CRASHED = "crashed"
    DRAFT = "draft"
    """Not run yet: what a merge made, to be executed under the same name."""
    CAPTURED = "captured"
    """Never executed: the state of a commit, with the results that it holds."""

    @property
    def ended(self) -> bool:
        """Whether nothing is being recorded into it."""
        return self is not Status.RUNNING

    @property
    def executed(self) -> bool:
        """Whether a command ran, or runs."""
        return self not in (Status.DRAFT, Status.CAPTURED)


class How(str, Enum):
    """How an input became known."""

    DECLARED = "declared"
    OBSERVED = "observed"
    ASSUMED = "assumed"


class Pin(str, Enum):
    """How firmly it is known what an input was; the strongest first."""

    CONTENT = "content"
    """By its bytes, or its value: it can be no other."""
    REVISION = "revision"
    """By a commit or a version that who keeps it says never changes."""
    NAMED = "named"
    """By a name, behind which another thing may stand tomorrow."""
    INFERRED = "inferred"
    """By a guess: from what was seen of it."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code that ran."""

    tree: Oid
    """The code tree: the snapshot without `.exp/`."""
    base: Oid | None = None
    """The commit that HEAD was at; None on an unborn branch."""
    dirty: bool = False
    """Whether the code tree differs from the base's."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The exception that ended a run."""

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Resumption:
    """A point where a run was taken up again."""

    at: str
    """When, as RFC 3339 in UTC."""
    commit: Oid
    """The commit (the run's tip or a checkpoint of it) that it continued from."""
    kept: int
    """Rows of the series that the continuation builds on."""
    rows: int
    """Rows that had been written by then; those from `kept` to `rows` are the abandoned ones."""


@dataclass(frozen=True, slots=True)
class Results:
    """Where a command was said to leave its results; paths relative to the root of the working tree."""

    metrics: tuple[str, ...] = ()
    """None for what the project declares, or for files that are found by their names."""
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunInfo:
    """`run.yaml`: what the run is, apart from what went in and came out."""

    id: RunId
    name: RunName
    status: Status
    started: str
    """RFC 3339, UTC, milliseconds: `2026-11-23T18:05:00.123Z`."""
    code: Code
    ended: str | None = None
    exit_code: int | None = None
    signal: str | None = None
    """`SIGTERM`, where a signal ended the run."""
    failure: Failure | None = None
    command: tuple[str, ...] = ()
    cwd: str = "."
    """Where the command ran, relative to the root of the working tree."""
    results: Results = field(default_factory=Results)
    parents: tuple[str, ...] = ()
    """Names of the runs that this one was forked, resumed or nested from."""
    resumed: tuple[Resumption, ...] = ()
    title: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    star: bool = False
    source: str | None = None
    """`import`, where it was made of the log of another tool: nothing of it was seen by gitexp."""
    lost: int = 0
    """Rows that were logged and could not be kept: the disk was full, say."""
    earlier_params: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    """Dotted key -> values that were logged for it before the one in `params.yaml`."""
    reproduction: Reproduction | None = None
    """The verdict, where the run was made to reproduce another one."""
    mixed_with: tuple[str, ...] = ()
    """Names of runs whose records git has merged into this one, which is nobody's then."""

    @property
    def knows_code(self) -> bool:
        """Whether its tree is the code that ran: the log of another tool may tell of none."""
        return self.source is None or self.code.base is not None


@dataclass(frozen=True, slots=True)
class Input:
    """Something that the run depended on."""

    role: str
    name: str
    path: str | None = None
    """Relative to the root of the working tree; None for what is not a file in it."""
    oid: Digest | None = None
    size: int | None = None
    """Bytes."""
    value: Value = None
    """The identity itself, where the input is a value (a model's name, a seed)."""
    how: How = How.DECLARED
    pin: Pin | None = None
    """None where it follows from the rest: `formats.identity.pin_of`."""
    none: bool = False
    """The statement that the run had none of this role."""
    seen: Mapping[str, Value] = field(default_factory=dict)
    """What was answered when it was used (the model and fingerprint of a reply); no part of what it is."""
    suites: tuple[str, ...] = ()
    """The suites whose scores it made, where it is known that it made no others; no part of what it is."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Why an artifact is among those that a run keeps while it goes on."""

    rules: str
    """As given: `best:1,last:2`."""
    name: str
    """What was logged: the artifact itself, or the folder that it came in."""
    number: int
    """Which one it was of all that the run logged with rules, from 1 on."""
    values: Mapping[str, int | float] = field(default_factory=dict)
    """What the metrics were that could decide, where they were finite."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that the run produced."""

    path: str
    """Relative to `.exp/artifacts/`, with `/`."""
    oid: Digest
    size: int
    """Bytes."""
    kind: str | None = None
    metadata: Mapping[str, Value] = field(default_factory=dict)
    keep: Keep | None = None
    """Set where it was logged with rules of what to keep."""


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record without its series and artifact bytes, which are read on their own."""

    info: RunInfo
    params: Mapping[str, Value] = field(default_factory=dict)
    metrics: Mapping[str, Scalar] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    env: Mapping[str, Value] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    requirements: str = ""
    steps: tuple[RunStep, ...] = ()
    steps_left_out: int = 0
    """How many more there were than a record has."""
