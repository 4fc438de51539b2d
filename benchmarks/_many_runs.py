"""A repository with any number of finished runs, written by `git fast-import` as gitexp would have."""

from __future__ import annotations

import math
import random
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks import _project
from benchmarks._measure import git
from gitexp.formats.record import encode
from gitexp.formats.series import encode as encode_series
from gitexp.model.history import Row
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, How, Input, Record, RunInfo, Status
from gitexp.model.times import format_time
from gitexp.model.values import Digest, Value

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
SECONDS_APART = 420
SWEEP = 10
"""Runs that share their code and their group."""
ENV: dict[str, Value] = {
    "cpu": {"available": 8, "count": 16, "model": "Example 9000"},
    "interpreter": {"implementation": "cpython", "kind": "venv", "version": "3.12.4"},
    "memory": 67_108_864_000,
    "platform": {"libc": "glibc 2.36", "machine": "x86_64", "release": "6.1.0", "system": "Linux"},
    "variables": {"CUDA_VISIBLE_DEVICES": "0", "LANG": "C.UTF-8"},
}
REQUIREMENTS = "".join(f"package-{number}==1.{number}.0\n" for number in range(60))


class Shape(NamedTuple):
    """How much one run holds."""

    steps: int = 20
    """Rows of its series, of three metrics each; 0 leaves the series out."""
    more: int = 0
    """Params beyond the usual ten."""


USUAL = Shape()


def repository_of_runs(folder: Path, runs: int, shape: Shape = USUAL) -> Path:
    """A new repository in `folder` with a small project and so many runs; the same ones each time."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    import_commits(folder, [_base()])
    add_runs(folder, 0, runs, shape)
    # Anew: the deltas of fast-import follow its own order, and gc would keep them.
    git(folder, "repack", "-adfq")
    git(folder, "pack-refs", "--all")
    git(folder, "reset", "-q", "--hard", "main")
    return folder


def add_runs(folder: Path, first: int, count: int, shape: Shape = USUAL) -> list[RunName]:
    """Runs number `first` and following, added; their names."""
    numbers = range(first, first + count)
    import_commits(folder, (_run(number, shape) for number in numbers))
    return [run_name(number) for number in numbers]


def run_name(number: int) -> RunName:
    """The name of run `number`."""
    return RunName(f"sweep-{number // SWEEP}-" + "".join(random.Random(number).choices(LETTERS, k=6)))


def record_of(number: int, shape: Shape = USUAL) -> tuple[Record, list[Row]]:
    """The record of run `number` and its series."""
    chance = random.Random(-number)
    rate = chance.choice([1e-4, 3e-4, 1e-3, 3e-3])
    began = _project.START + number * SECONDS_APART
    rows = [_row(chance, rate, step, began) for step in range(max(shape.steps, 1))]
    record = Record(
        info=_info(number, chance, began, len(rows)),
        params=_params(number, chance, rate, shape),
        metrics=dict(rows[-1].values),
        inputs=(_dataset(number),),
        env=ENV,
        requirements=REQUIREMENTS,
    )
    return record, rows[: shape.steps]


def _row(chance: random.Random, rate: float, step: int, began: int) -> Row:
    left = math.exp(-step * rate * 100)
    values = {
        "loss": left + chance.random() / 10,
        "acc": 1 - left * chance.random(),
        "val/acc": 1 - chance.random() / (step + 1),
    }
    return Row(step, began + step + round(chance.random(), 3), values)


def _info(number: int, chance: random.Random, began: int, seconds: int) -> RunInfo:
    status = chance.choices([Status.FINISHED, Status.FAILED, Status.CRASHED], [20, 2, 1])[0]
    edit = number // SWEEP
    return RunInfo(
        id=RunId("".join(chance.choices(LETTERS, k=16))),
        name=run_name(number),
        status=status,
        started=format_time(began),
        ended=format_time(began + seconds),
        exit_code={Status.FINISHED: 0, Status.FAILED: 1}.get(status),
        command=("python", "train.py", "--seed", str(number % 5)),
        code=Code(_project.code_tree(edit), _project.base(), dirty=edit > 0),
        group=f"sweep-{number // SWEEP}",
        tags=("baseline",) if number % 50 == 0 else (),
    )


def _params(number: int, chance: random.Random, rate: float, shape: Shape) -> dict[str, Value]:
    usual: dict[str, Value] = {
        "data": {"path": "data/train.parquet", "split": chance.choice(["a", "b"])},
        "epochs": shape.steps,
        "lr": rate,
        "model": {"name": chance.choice(["mlp", "cnn", "vit"]), "width": chance.choice([64, 128, 256])},
        "optimizer": {"betas": [0.9, 0.999], "name": "adamw", "weight_decay": 0.01},
        "seed": number % 5,
    }
    more = {f"p{at:02}": round(chance.random(), 4) for at in range(shape.more)}
    return {**usual, "more": more} if more else usual


def _dataset(number: int) -> Input:
    return Input(
        "dataset",
        "train.parquet",
        path="data/train.parquet",
        oid=Digest(f"{number % 3:064x}"),
        size=1 << 30,
        how=How.OBSERVED,
    )


def _base() -> bytes:
    return b"commit refs/heads/main\ncommitter %b\n" % _project.signature(_project.START) + b"".join(
        [data(b"project\n"), *(file(path, content) for path, content in _project.files().items())]
    )


def _run(number: int, shape: Shape) -> bytes:
    record, rows = record_of(number, shape)
    info = record.info
    subject = f"exp {info.name}: acc {record.metrics['acc']:.4g}, loss {record.metrics['loss']:.4g}"
    message = f"{subject}\n\nExp-Run: {info.name}\nExp-Status: {info.status.value}\n"
    when = _project.START + number * SECONDS_APART
    series = {f"series/{at:05}.csv": chunk for at, chunk in enumerate(encode_series(rows))}
    parts = [
        b"commit refs/exp/%b\ncommitter %b\n" % (info.name.encode(), _project.signature(when)),
        data(message.encode()),
        b"from refs/heads/main^0\n",
        file("config.py", _project.edited(number // SWEEP)),
        *(file(f".exp/{path}", data) for path, data in {**encode(record), **series}.items()),
    ]
    return b"".join(parts)


def file(path: str, content: bytes) -> bytes:
    """A file of a commit, as `git fast-import` reads it."""
    return b"M 100644 inline %b\n" % path.encode() + data(content)


def data(content: bytes) -> bytes:
    """A message or the content of a file, as `git fast-import` reads it."""
    return b"data %d\n%b\n" % (len(content), content)


def import_commits(folder: Path, commits: Iterable[bytes]) -> None:
    """Has `git fast-import` read them. Raises CalledProcessError where it refuses."""
    command = ["git", "fast-import", "--quiet"]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE)
    assert process.stdin is not None
    with process.stdin as stream:
        stream.writelines(commits)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)
