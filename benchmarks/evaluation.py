"""What evaluations cost: a log of 10,000 samples imported, two such runs compared, and an answer added from
Python."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import gitexp
from benchmarks._measure import Chosen, Comparison, git, in_turns, process, repository, tell

SAMPLES, QUICK_SAMPLES = 10_000, 200
EVENTS = 12
"""Of a sample: with them it is as long as that of a short conversation."""
ROUNDS, CALLS = 5, 2000
_TABLES = ("examples", "scores")


def main(chosen: Chosen) -> Iterator[Comparison]:
    """Importing against unpacking and parsing the same members; comparing against parsing the same tables, as
    a script would; adding against a line of JSON."""
    samples = QUICK_SAMPLES if chosen.quick else SAMPLES
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        log = _write(place / "log.eval", samples)
        yield _importing(place, log, samples, chosen)
        yield _comparing(place, samples, chosen)
        yield _adding(place, chosen)


def _importing(place: Path, log: Path, samples: int, chosen: Chosen) -> Comparison:
    empty = repository(place / "empty", 1)
    ours = place / "ours"

    def prepare() -> None:
        shutil.rmtree(ours, ignore_errors=True)
        shutil.copytree(empty, ours)

    def parse() -> None:
        with ZipFile(log) as archive:
            for name in archive.namelist():
                json.loads(archive.read(name))

    prepare()
    pairs = in_turns(
        process(ours, "git", "exp", "eval", "import", str(log)), parse, chosen.rounds(ROUNDS), prepare
    )
    git(ours, "exp", "eval", "show")
    return tell(f"eval import of {samples} samples", "unpacking and parsing them", pairs, budget=None)


def _comparing(place: Path, samples: int, chosen: Chosen) -> Comparison:
    """Two runs whose answers were right by other chances, so that about 4 of 10 examples changed."""
    repo = repository(place / "two", 1)
    names = [_run(repo, place / f"{seed}.jsonl", samples, seed) for seed in (1, 2)]
    tables = [f"refs/exp/{name}:.exp/eval/qa/{table}.jsonl" for name in names for table in _TABLES]

    def parse() -> None:
        for table in tables:
            for line in git(repo, "cat-file", "blob", table).splitlines():
                json.loads(line)

    ours = process(repo, "git", "exp", "eval", "diff", *names, "--by", "topic")
    pairs = in_turns(ours, parse, chosen.rounds(ROUNDS))
    return tell(f"eval diff of {samples} examples", "reading and parsing the tables", pairs, budget=None)


def _run(repo: Path, log: Path, samples: int, seed: int) -> str:
    random = Random(seed)
    with log.open("w") as file:
        for number in range(samples):
            row = {
                "id": f"q{number}",
                "input": f"question {number}",
                "target": "42",
                "topic": f"t{number % 40}",
            }
            file.write(json.dumps({**row, "match": int(random.random() < 0.7)}) + "\n")
    columns = ("--id", "id", "--input", "input", "--target", "target", "--score", "match", "--tag", "topic")
    said = git(repo, "exp", "eval", "import", str(log), "--suite", "qa", *columns, "--json")
    name: str = json.loads(said)["imported"][0]["name"]
    return name


def _adding(place: Path, chosen: Chosen) -> Comparison:
    numbers = count()
    with (
        gitexp.start(repository=repository(place / "repo", 1)) as run,
        Path(place, "lines").open("a") as file,
    ):
        evaluation = run.eval("qa")

        def ours() -> None:
            for _ in range(CALLS):
                evaluation.add(**_answer(next(numbers)))

        def lines() -> None:
            for _ in range(CALLS):
                file.write(json.dumps(_answer(next(numbers))) + "\n")
                file.flush()

        pairs = in_turns(ours, lines, chosen.rounds(ROUNDS))
    return tell("add() of an answer", "a JSON line", pairs, budget=None, unit=1e6 / CALLS, mark="us")


def _answer(number: int) -> dict[str, Any]:
    return {
        **{"id": f"q{number}", "input": f"what is the question of number {number}?", "target": "42"},
        **{"scores": {"match": number % 2}, "output": f"the answer to {number} is 42"},
        "usage": {"in": 38, "out": 4, "sec": 1.25},
    }


def _write(path: Path, samples: int) -> Path:
    """A log in the form of Inspect's."""
    about = {"task": "bench", "model": "m", "config": {}, "dataset": {}}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for number in range(samples):
            archive.writestr(f"samples/q{number}_epoch_1.json", json.dumps(_sample(number)))
        archive.writestr("header.json", json.dumps({"version": 2, "status": "success", "eval": about}))
    return path


def _sample(number: int) -> dict[str, Any]:
    message = {
        "id": f"m{number}",
        "role": "user",
        "content": f"what is the question of number {number}? " * 10,
    }
    return {
        **{"id": f"q{number}", "epoch": 1, "input": [message], "target": "42", "messages": [message] * 2},
        "scores": {"match": {"value": "CI"[number % 2], "answer": "42", "explanation": "as it should be"}},
        "events": [
            {"event": "model", "uuid": f"{number}-{event}", "message": message} for event in range(EVENTS)
        ],
        "model_usage": {"m": {"input_tokens": 38, "output_tokens": 4}},
        "total_time": 1.25,
    }
