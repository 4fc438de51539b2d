"""Runs as rows of the index, made of what they used and made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitexp.index.row import Row, encode, parts_of
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Artifact, Code, How, Input, Record, RunInfo, Status
from gitexp.model.reproduction import Reproduction, Verdict
from gitexp.model.run_steps import RunStep, StepStatus
from gitexp.model.times import format_time
from gitexp.model.values import Digest, Oid

COMMIT = Oid("0" * 40)


def sha(text: str) -> Digest:
    """The hash of a content that is called so."""
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def name(slug: str) -> RunName:
    return RunName(f"{slug}-aaaaaa")


def used(content: str, role: str = "dataset", how: How = How.DECLARED) -> Input:
    return Input(role, content, f"in/{content}", sha(content), 1, how=how)


def step(label: str, inputs: str = "", outputs: str = "", within: int | None = None) -> RunStep:
    """A step by the contents that went in and came out, words of a text."""
    return RunStep(
        label,
        format_time(0),
        StepStatus.FINISHED,
        within=within,
        inputs=tuple(map(used, inputs.split())),
        outputs=tuple(map(used, outputs.split())),
    )


def row(
    slug: str,
    at: float,
    inputs: str | Sequence[Input] = "",
    made: str | Mapping[str, str] = "",
    *,
    steps: Sequence[RunStep] = (),
    parents: Sequence[str] = (),
    reproduces: str | None = None,
    runs: bool = False,
) -> Row:
    """A run that began `at` that second and took one; what it made by artifact paths, or words."""
    contents = made if isinstance(made, Mapping) else {one: one for one in made.split()}
    info = RunInfo(
        id=RunId("a" * 16),
        name=name(slug),
        status=Status.RUNNING if runs else Status.FINISHED,
        started=format_time(at),
        ended=None if runs else format_time(at + 1),
        code=Code(COMMIT),
        parents=tuple(map(name, parents)),
    )
    if reproduces:
        info = replace(info, reproduction=Reproduction(name(reproduces), COMMIT, verdict=Verdict.IDENTICAL))
    record = Record(
        info,
        inputs=tuple(map(used, inputs.split())) if isinstance(inputs, str) else tuple(inputs),
        artifacts=tuple(Artifact(path, sha(one), 1) for path, one in contents.items()),
        steps=tuple(steps),
    )
    return encode(record.info.name, COMMIT, record, parts_of(record), {})
