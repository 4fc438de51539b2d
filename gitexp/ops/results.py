"""What a command left behind: metrics files, series files, outputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitExpError
from gitexp.model.files import METRICS_FILES
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.ops.recording import Recording

SERIES = (".jsonl", ".ndjson", ".csv", ".tsv")

Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """The result files of a run, and what was there before it began."""

    declared: tuple[Path, ...]
    detected: tuple[Path, ...]
    outputs: tuple[Path, ...]
    before: Mapping[Path, Mark]


def expect(
    repo: Repository, root: Path, cwd: Path, metrics: Sequence[str], outputs: Sequence[str]
) -> Expected:
    """The files to look for in the tree `root` when the command that runs in `cwd` has ended."""
    declared = [cwd / path for path in metrics] or [root / path for path in repo.settings.metrics]
    detected = (
        [] if declared else [folder / name for folder in dict.fromkeys((cwd, root)) for name in METRICS_FILES]
    )
    kept = [cwd / path for path in outputs] or [root / path for path in repo.settings.outputs]
    before = {path: mark for path in (*declared, *detected, *kept) if (mark := _mark(path))}
    return Expected(tuple(declared), tuple(detected), tuple(kept), before)


def collect(recording: Recording, expected: Expected, root: Path, *, fresh: bool = True) -> list[str]:
    """Read the result files into the run, and keep the outputs; what a person should know about it.

    With `fresh`, a file that the command did not write is not taken for its result.
    """
    notices: list[str] = []
    for path in expected.declared:
        notices += _declared(recording, path, expected, fresh)
    for path in expected.detected:
        mark = _mark(path)
        if mark and (not fresh or mark != expected.before.get(path)):
            notices += _read(recording, path)
    for path in expected.outputs:
        mark = _mark(path)
        if fresh and mark and mark == expected.before.get(path):
            notices.append(f"output {path.name!r} was not written by this run, so it is not kept")
        else:
            notices += _keep(recording, path, root)
    return notices


def _declared(recording: Recording, path: Path, expected: Expected, fresh: bool) -> list[str]:
    mark = _mark(path)
    if mark is None:
        return [f"metrics file {path.name!r} was not written"]
    if fresh and mark == expected.before.get(path):
        return [f"metrics file {path.name!r} was not written by this run, so it is not taken for its result"]
    return _read(recording, path)


def _read(recording: Recording, path: Path) -> list[str]:
    # Imported where there is a file to read: most runs of Python code have none.
    from gitexp.formats import results

    try:
        data = path.read_bytes()
        if path.suffix in SERIES:
            modified = path.stat().st_mtime
            for row in results.series(path.name, data):
                recording.metrics(row.values, row.step, row.time or modified)
        else:
            recording.summary(results.metrics(path.name, data))
    except OSError as error:
        return [f"metrics file {path.name!r} cannot be read: {error.strerror}"]
    except GitExpError as error:
        return [error.message]
    return []


def _keep(recording: Recording, path: Path, root: Path) -> list[str]:
    name = kept_name(path, root)
    try:
        return [f"output {name!r}: {told}" for told in recording.artifact(path, name, kind="output")]
    except OSError as error:
        return [f"output {name!r} cannot be kept: {error.strerror}"]
    except GitExpError as error:
        return [f"output {name!r}: {error.message}"]


def kept_name(path: Path, root: Path) -> str:
    """What an output is called among the artifacts: its path in the tree `root`, else its last name."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, RuntimeError):  # outside the tree; a link that leads to itself
        return path.name


def _mark(path: Path) -> Mark | None:
    """What changes when the file is written; of a folder, the newest mark of what is in it and of itself."""
    found = []
    for one in (path, *_inside(path)):
        try:
            stat = one.stat()
        except (OSError, ValueError):
            continue
        found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return max(found, default=None)


def _inside(path: Path) -> Iterator[Path]:
    try:
        for folder, folders, files in os.walk(path):
            yield from (Path(folder, name) for name in (*folders, *files))
    except ValueError:
        return
