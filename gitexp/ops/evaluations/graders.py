"""Where new scores of a suite come from: a file that people wrote, or a program that is asked."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from gitexp.artifacts.store import digest_file
from gitexp.errors import GitExpError, UsageError
from gitexp.formats.canonical_json import to_json
from gitexp.formats.ordering import without_none
from gitexp.formats.python_code import fingerprint
from gitexp.interop import plain_rows
from gitexp.interop.imported import Columns, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import MAX_DOCUMENT, Source
from gitexp.model.evaluation import State, Suite
from gitexp.model.record import Input, Pin
from gitexp.model.roles import GRADER
from gitexp.model.values import Value
from gitexp.ops.begin import recorded_command
from gitexp.ops.goals import goal_of
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Grader:
    """One of both."""

    scores: str | None = None
    """A file of JSON lines or CSV."""
    command: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    name: str | None = None
    """What is to be known by that name, whatever it is made of."""


def grades(repo: Repository, suite: Suite, grader: Grader, problems: Problems) -> tuple[Suite, Input]:
    """The new scores, and what graded, as an input. Raises GitExpError or OSError."""
    if grader.scores is not None:
        path = repo.cwd / grader.scores
        source = Source(path, grader.scores)
        if source.is_folder:
            raise UsageError(f"{grader.scores!r} is a folder", hint="name a file in it: --scores FILE")
        given = _read(repo, source, suite, grader.columns, problems)
        return given, grader_input(
            suite, grader.name, {"scores": f"sha256:{digest_file(path).oid}"}, Pin.CONTENT
        )
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        answers = Path(folder) / "scores.jsonl"
        _ask(repo, suite, grader.command, answers)
        given = _read(
            repo, Source(answers, f"answers of {grader.command[0]}"), suite, grader.columns, problems
        )
    code = dict(_code(repo, grader.command))
    told: dict[str, Value] = {"kind": "code", "command": list(recorded_command(repo, grader.command))}
    return given, grader_input(suite, grader.name, {**told, "code": code}, Pin.CONTENT if code else Pin.NAMED)


def questions(suite: Suite) -> Iterator[dict[str, Any]]:
    """A mapping for each answer of the suite: `id`, `epoch`, `scores`, and whatever else is kept of it."""
    for row, example, _, text, output in suite.answers():
        asked = {
            **{"id": row.id, "epoch": row.epoch, "scores": dict(row.scores)},
            **{
                "x": example.x,
                "y": example.y,
                "cluster": example.cluster,
                "tags": dict(example.tags) or None,
            },
            "state": row.state.value if row.state is not State.OK else None,
            **({"input": text.input, "target": text.target} if text else {}),
            **{"output": output.output, "answer": output.answer, "error": output.error},
        }
        yield without_none(asked)


def _ask(repo: Repository, suite: Suite, command: tuple[str, ...], answers: Path) -> None:
    asked = "".join(f"{to_json(one)}\n" for one in questions(suite)).encode("utf-8", "replace")
    try:
        with answers.open("wb") as file:
            done = subprocess.run(
                list(command), cwd=repo.cwd, env=dict(repo.environ), input=asked, stdout=file, check=False
            )
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            f"cannot run {command[0]!r}: {told}", hint="check the command behind --: -- python grade.py"
        ) from None
    if done.returncode != 0:
        raise GitExpError(
            f"{command[0]!r} failed with exit code {done.returncode}: nothing was changed",
            hint="mend it, and try it with -n first",
        )
    if answers.stat().st_size > MAX_DOCUMENT:
        raise GitExpError(
            f"{command[0]!r} answered more than {MAX_DOCUMENT} bytes",
            hint="print id, epoch and scores of each row, and nothing else",
        )


def _read(repo: Repository, source: Source, suite: Suite, columns: Columns, problems: Problems) -> Suite:
    """The scores of a plain table: its columns may be called like metrics of the suite."""
    table = plain_rows.JSON_LINES if plain_rows.JSON_LINES.recognises(source) else plain_rows.CSV
    known = replace(columns, metrics=tuple(one.name for one in suite.meta.metrics))
    goal = partial(goal_of, goals=repo.settings.goals)
    request = Request(suite.name, columns=known, goal_of=goal, numbered=False, metrics=suite.meta.metrics)
    (one,) = table.read(source, request, problems)
    return one.suites[0]


def grader_input(suite: Suite, name: str | None, told: Mapping[str, Value], pin: Pin) -> Input:
    """What graded the suite: what is `told` of it, or if it has a name that."""
    if name is not None:
        return Input(GRADER, suite.name, value={"name": name}, pin=Pin.NAMED, seen=told)
    return Input(GRADER, suite.name, value=told, pin=pin)


def _code(repo: Repository, command: Iterable[str]) -> Iterator[tuple[str, Value]]:
    """The files of the project that a command names, with what they do (Python) or hold."""
    for word in command:
        path = repo.cwd / word
        inside = repo.relative(path)
        if inside is not None and path.is_file():
            data = path.read_bytes()
            shape = fingerprint(data) if path.suffix == ".py" else None
            yield inside, f"ast:{shape}" if shape else f"sha256:{sha256(data).hexdigest()}"
