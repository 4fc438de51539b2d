"""A bisection from its ends to the commit that made the metric worse."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gitexp.errors import GitExpError, UsageError
from gitexp.model.values import Oid
from gitexp.ops.bisect.ends import End, check_ends, end_of, way_of
from gitexp.ops.bisect.judging import Judge, judge_between, number_of
from gitexp.ops.bisect.measuring import Measured, Measuring
from gitexp.ops.bisect.search import Outcome, search
from gitexp.ops.versions import parents_of
from gitexp.repo import Repository

GROUP = "bisect-"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found."""

    good: str
    bad: str
    metric: str
    threshold: float | None = None
    command: tuple[str, ...] = ()
    """None for that of the runs at the ends."""
    trust: bool = False

    @property
    def typed(self) -> str:
        """The command that asks it."""
        words = ["git", "exp", "bisect", self.good, self.bad, "--metric", self.metric]
        words += [] if self.threshold is None else ["--threshold", f"{self.threshold:g}"]
        return shlex.join([*words, "--", *self.command] if self.command else words)


@dataclass(frozen=True, slots=True)
class Step:
    """One commit that was judged."""

    measured: Measured
    word: str
    """`good`, `bad` or `skip`."""
    subject: str


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    metric: str
    group: str
    judge: Judge
    good: Measured
    bad: Measured
    steps: tuple[Step, ...]
    outcome: Outcome
    before: Measured | None = None
    """What the metric was before the first bad commit."""
    after: Measured | None = None
    """What it is with it."""
    subject: str = ""
    """Of the first bad commit."""


@dataclass(slots=True)
class _Work:
    repo: Repository
    measuring: Measuring
    judge: Judge
    told: Callable[[Step], None]
    known: dict[Oid, Measured] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def word_of(self, commit: Oid) -> str:
        measured = self.known.get(commit) or self.measuring.measure(commit)
        self.known[commit] = measured
        word = "skip" if measured.value is None else "good" if self.judge.is_good(measured.value) else "bad"
        step = Step(measured, word, subject_of(self.repo, commit))
        self.steps.append(step)
        self.told(step)
        return word


def bisect(repo: Repository, question: Question, told: Callable[[Step], None]) -> Found:
    """The first commit where the metric is bad; `told` hears of each that was judged on the way.

    Raises GitExpError; KeyboardInterrupt where a command was stopped. Nothing but the runs is left then.
    """
    ends = end_of(repo, question.good), end_of(repo, question.bad)
    way = way_of(repo, ends, question.command)
    trusted = check_ends(repo, ends, question.trust, retry=question.typed)
    measuring = Measuring(repo, question.metric, way, GROUP + os.urandom(3).hex(), trusted)
    good, bad = (_at_end(measuring, end) for end in ends)
    assert good.value is not None
    assert bad.value is not None
    judge = judge_between(question.metric, good.value, bad.value, question.threshold)
    _check_order(repo, question, good, bad)
    work = _Work(repo, measuring, judge, told, {good.commit: good, bad.commit: bad})
    outcome = search(repo, good.commit, bad.commit, work.word_of)
    return _found(work, question.metric, (good, bad), outcome)


def _check_order(repo: Repository, question: Question, good: Measured, bad: Measured) -> None:
    """Raises UsageError where the bad end comes before the good one, or is the same commit."""
    if good.commit == bad.commit:
        raise UsageError("both ends are of one commit", hint=f"git exp diff {good.run} {bad.run}")
    if repo.git.run("merge-base", "--is-ancestor", bad.commit, good.commit, check=False).code != 0:
        return
    metric = question.metric
    raise UsageError(
        f"BAD, {question.bad!r} with {metric} {bad.value:g}, comes before GOOD, {question.good!r} with"
        f" {metric} {good.value:g}: what became bad is sought, so GOOD has to be the earlier one",
        hint=f"git exp bisect {question.bad} {question.good} -m {metric}",
    )


def _at_end(measuring: Measuring, end: End) -> Measured:
    """The metric at an end: that of its run where it did just what is done to measure the others."""
    if end.run is None or not measuring.is_of(end.commit, end.run):
        found = measuring.measure(end.commit)
        if found.value is None:
            hint = f"git exp show {found.run}" if found.run else "git submodule foreach git fetch"
            raise GitExpError(f"{end.text!r} cannot be measured: {found.reason}", hint=hint)
        return found
    value = number_of(end.run.record.metrics.get(measuring.metric))
    if value is None:
        raise UsageError(
            f"run {end.run.name!r} has no metric {measuring.metric!r} that is a number",
            hint=f"git exp show {end.run.name}",
        )
    return Measured(end.commit, value, end.run.name, reused=True)


def _found(work: _Work, metric: str, ends: Sequence[Measured], outcome: Outcome) -> Found:
    good, bad = ends
    found = Found(metric, work.measuring.group, work.judge, good, bad, tuple(work.steps), outcome)
    if outcome.first_bad is None:
        return found
    parents = parents_of(work.repo.reader, outcome.first_bad)
    before = next((work.known[one] for one in parents if one in work.known), good)
    return Found(
        metric,
        found.group,
        found.judge,
        good,
        bad,
        found.steps,
        outcome,
        before if before.value is not None else good,
        work.known.get(outcome.first_bad),
        subject_of(work.repo, outcome.first_bad),
    )


def subject_of(repo: Repository, commit: Oid) -> str:
    """The first line of a commit's message."""
    message = repo.reader.read(commit)[1].partition(b"\n\n")[2]
    return message.decode("utf-8", "replace").strip().split("\n")[0]
