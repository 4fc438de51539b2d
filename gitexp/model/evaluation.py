"""The results of an evaluation, example by example: what stands in `.exp/eval/<suite>/`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from gitexp.errors import InvalidName
from gitexp.model.metric import MAX_ID as MAX_ID
from gitexp.model.metric import MAX_INT as MAX_INT
from gitexp.model.metric import Direction as Direction
from gitexp.model.metric import Guess as Guess
from gitexp.model.metric import Kind as Kind
from gitexp.model.metric import Metric as Metric
from gitexp.model.metric import Score as Score
from gitexp.model.metric import check_label as check_label
from gitexp.model.metric import is_score as is_score
from gitexp.model.metric import kind_of as kind_of
from gitexp.model.paths import safe_path
from gitexp.model.values import Digest, Oid, Scalar, Value

FORMAT = 1
"""The version of the tables that this gitexp writes; it reads this and older ones."""
MAX_EPOCH = 1 << 31
MAX_SUITE = 100
MAX_SUITES = 1000
"""Of one run."""
STANDS_IN = "id is no single line of text: the hash of its input stands for it"

Key: TypeAlias = tuple[str, int]
"""An example and the epoch in which it was answered."""

_SUITE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{16}", re.ASCII)


class State(str, Enum):
    """How the answer to an example came about."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    LIMIT = "limit"
    """A limit of tokens, turns, time or cost ended it."""
    SKIPPED = "skipped"


class OnError(str, Enum):
    """What an answer that is in no good state counts in the mean of a metric that it has no score for."""

    EXCLUDE = "exclude"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows come from."""

    tool: str
    version: str | None = None
    digest: Digest | None = None
    """Of the log's bytes: of a file, or of a folder as inputs have it."""
    task: str | None = None
    """What the tool calls the suite."""


@dataclass(frozen=True, slots=True)
class Regrading:
    """That scores were replaced after the run; who did it is the author of that commit."""

    at: str
    """When, as RFC 3339 in UTC."""
    reason: str
    before: Oid
    """The run's commit before."""
    rows: int
    """How many rows got other scores."""
    means: Mapping[str, Scalar] = field(default_factory=dict)
    """What the means of the metrics were, where there were any."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known of a suite apart from its rows."""

    suite: str
    """The name of its folder; the first part of the names that its metrics have in `metrics.yaml`."""
    metrics: tuple[Metric, ...] = ()
    """Sorted by name."""
    reducer: str = "mean"
    """How the epochs of an example become one value."""
    on_error: OnError = OnError.EXCLUDE
    cluster: str | None = None
    """The key that says which examples belong together: their answers are not independent."""
    source: Source | None = None
    warnings: tuple[str, ...] = ()
    reported: Mapping[str, Scalar] = field(default_factory=dict)
    """Aggregates as the source has them, under its own names."""
    history: tuple[Regrading, ...] = ()
    """What became of the scores since, the latest last."""
    mixed: bool = False
    """Whether git has merged scores that two sides replaced: no mean of either side is that of the rows."""

    def __post_init__(self) -> None:
        check_suite(self.suite)


@dataclass(frozen=True, slots=True)
class Example:
    """One question, without its text."""

    id: str
    x: str
    """The first 16 digits of the sha256 of its input as canonical JSON."""
    y: str | None = None
    """The same of its target; None where there is none."""
    cluster: str | None = None
    tags: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What one answer to an example was worth."""

    id: str
    epoch: int = 1
    scores: Mapping[str, Score] = field(default_factory=dict)
    """By metric; one that is missing does not apply, or could not be had: see `state`."""
    state: State = State.OK

    @property
    def key(self) -> Key:
        return self.id, self.epoch


USAGE = ("cached", "calls", "cost", "in", "out", "reasoning", "sec", "tool_errors", "tools", "turns")
"""What is counted of an answer: tokens (`in`, `out`, `cached`, `reasoning`), calls of the model and of tools,
turns, dollars and seconds."""
MAX_SECONDS = 1e9
"""No answer takes as many."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer cost."""

    id: str
    epoch: int = 1
    values: Mapping[str, Score] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.id, self.epoch


@dataclass(frozen=True, slots=True)
class Output:
    """What was answered, and what was said of it: text, which stands in git only where that was asked for."""

    id: str
    epoch: int = 1
    output: Value = None
    answer: str | None = None
    """What the grader took out of the output."""
    why: str | None = None
    """The grader's explanation."""
    error: str | None = None

    @property
    def key(self) -> Key:
        return self.id, self.epoch


@dataclass(frozen=True, slots=True)
class Text:
    """The text of an example, which stands in git only where that was asked for."""

    id: str
    input: Value = None
    target: Value = None


class Answer(NamedTuple):
    """A row, with what the other tables have of it."""

    result: Result
    example: Example
    usage: Mapping[str, Score]
    text: Text | None
    """Of the example."""
    output: Output
    """Empty where none was kept."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite with its rows: each table sorted by id and epoch, every row of it once."""

    meta: Meta
    examples: tuple[Example, ...] = ()
    results: tuple[Result, ...] = ()
    usage: tuple[Usage, ...] = ()
    outputs: tuple[Output, ...] = ()
    texts: tuple[Text, ...] = ()

    @property
    def name(self) -> str:
        return self.meta.suite

    @property
    def epochs(self) -> int:
        """How many different epochs there are."""
        return len({one.epoch for one in self.results})

    @property
    def errors(self) -> int:
        """How many answers are in no good state."""
        return sum(one.state is not State.OK for one in self.results)

    @property
    def lost(self) -> int:
        """How many answers are in no good state, and have no score."""
        return sum(one.state is not State.OK and not one.scores for one in self.results)

    def metric(self, name: str) -> Metric | None:
        return next((one for one in self.meta.metrics if one.name == name), None)

    def tag(self, example: Example, name: str) -> Scalar | None:
        """What `example` has for a tag; the key of clusters is one as well."""
        if name == self.meta.cluster and name not in example.tags:
            return example.cluster
        return example.tags.get(name)

    def values(self, metric: str) -> Iterator[tuple[Key, Score]]:
        """What each answer counts in the mean of `metric`, in the order of the rows.

        Where less is better an error counts nothing: 0 would be the best that there is.
        """
        about = self.metric(metric)
        zero = self.meta.on_error is OnError.ZERO and (about is None or about.direction is Direction.MAX)
        for one in self.results:
            score = one.scores.get(metric)
            if score is not None:
                yield one.key, score
            elif zero and one.state is not State.OK:
                yield one.key, 0

    def answers(self, *, only_asked: bool = False) -> Iterator[Answer]:
        """Each of the rows; with `only_asked` none has an output in a suite of which no question was kept.

        Without its question an answer may tell it as well.
        """
        examples = {one.id: one for one in self.examples}
        usage = {one.key: one.values for one in self.usage}
        texts = {one.id: one for one in self.texts}
        outputs = {one.key: one for one in self.outputs} if texts or not only_asked else {}
        for row in self.results:
            output = outputs.get(row.key) or Output(*row.key)
            yield Answer(row, examples[row.id], usage.get(row.key, {}), texts.get(row.id), output)


def check_suite(name: str) -> str:
    """`name` where it can be a suite's. Raises InvalidName: it is the name of a folder on every system."""
    if len(name) > MAX_SUITE or not _SUITE.fullmatch(name) or name.endswith("."):
        raise InvalidName(
            f"invalid suite {name[:80]!r}", hint="use letters, digits, '_', '-', '+' and '.', at most 100"
        )
    return safe_path(name)


def suite_name(text: str) -> str:
    """A name for the suite called `text` elsewhere: `inspect_evals/gsm8k` is `inspect_evals-gsm8k`."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", text)[:MAX_SUITE].strip("-.+")
    try:
        return check_suite(name or "suite")
    except InvalidName:
        # The name of a device on Windows.
        return check_suite(f"suite-{name}"[:MAX_SUITE].rstrip("."))


def suite_called(text: str, taken: Mapping[str, str]) -> str:
    """The name under which a suite of a program is recorded: its own where it can be one, else one like it.

    `taken` are the names that there are, and what they were called: two suites never become one.
    """
    try:
        return check_suite(text)
    except InvalidName:
        name = suite_name(text)
        if text.isascii() and len(text) <= MAX_SUITE and taken.get(name, text) == text:
            return name
        # More than punctuation is gone, so another suite may come to the same.
        mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return check_suite(f"{name[: MAX_SUITE - 1 - len(mark)]}-{mark}")


def id_of(told: str, x: str) -> tuple[str, InvalidName | None]:
    """What an example is called: as it is told, or else the hash of its input; and why that has to do."""
    try:
        return check_label("id", told), None
    except InvalidName as error:
        return x, error


def is_hash(text: object) -> bool:
    return isinstance(text, str) and bool(_HASH.fullmatch(text))
