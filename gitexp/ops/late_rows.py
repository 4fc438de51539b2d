"""Rows that came after a run's end, where results were put on top of it meanwhile: new scores, say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gitexp.errors import RefChanged
from gitexp.formats import eval_files
from gitexp.formats.artifacts import artifact_from, artifact_value
from gitexp.formats.inputs import input_from, input_value
from gitexp.formats.record import ARTIFACT_FOLDER, RUN
from gitexp.merge import mappings
from gitexp.model.names import RunName
from gitexp.model.record import Artifact, Input, Record
from gitexp.model.values import Oid, Value
from gitexp.ops.recorded import WHOLE, read_record, recorded_blobs
from gitexp.repo import Repository

_FOLDERS = (f"{eval_files.FOLDER}/", f"{ARTIFACT_FOLDER}/")
Files = Mapping[str, Oid]


def more_than_labels(base: Files, tip: Files) -> bool:
    """Whether other files of the record differ than that which has the labels."""
    return any(base.get(path) != tip.get(path) for path in (base.keys() | tip.keys()) - {RUN})


def with_results(
    repo: Repository, name: RunName, base: Oid, tip: Oid, ours: Record, files: Files
) -> tuple[Record, dict[str, Oid]]:
    """`ours` and its `files`, with what was put on top of `base`, which is what we wrote last.

    Raises RefChanged where both changed one thing.
    """
    reader = repo.reader
    old, top = (read_record(reader, commit, name, WHOLE) for commit in (base, tip))
    found = _files(name, recorded_blobs(reader, base), files, recorded_blobs(reader, tip))
    artifacts = _merged(name, *(_by_path(one.artifacts) for one in (old, ours, top)))
    inputs = _merged(name, *(_by_name(one.inputs) for one in (old, ours, top)))
    record = replace(
        ours,
        metrics=_merged(name, old.metrics, ours.metrics, top.metrics),
        inputs=tuple(input_from(key.partition("\n")[0], value[0]) for key, value in inputs.items()),
        artifacts=tuple(artifact_from(path, value[0]) for path, value in artifacts.items()),
    )
    return record, found


def _files(name: RunName, base: Files, ours: Files, tip: Files) -> dict[str, Oid]:
    """The files of a suite belong together: its scores to the examples that they are of."""
    found = dict(ours)
    for unit in sorted(set(map(_unit, _below({**base, **ours, **tip})))):
        was, own, put = (
            {path: side[path] for path in _below(side) if _unit(path) == unit} for side in (base, ours, tip)
        )
        if put in (was, own):
            continue
        if own != was:
            raise _both(name, unit)
        found = {path: oid for path, oid in found.items() if path not in own} | put
    return found


def _below(files: Files) -> Iterator[str]:
    return (path for path in files if path.startswith(_FOLDERS))


def _unit(path: str) -> str:
    folder, name = path.split("/")[:2]
    return f"{folder}/{name}" if folder == eval_files.FOLDER else path


def _merged(
    name: RunName, base: Mapping[str, Value], ours: Mapping[str, Value], tip: Mapping[str, Value]
) -> dict[str, Any]:
    merged = mappings.merge(base, (ours, tip))
    if merged.conflicts:
        raise _both(name, ".".join(merged.conflicts[0].key).replace("\n", " "))
    return dict(merged.values)


def _by_path(artifacts: Iterable[Artifact]) -> dict[str, Value]:
    """What is known of each as one value, never merged with another's."""
    return {one.path: [artifact_value(one)] for one in artifacts}


def _by_name(inputs: Iterable[Input]) -> dict[str, Value]:
    return {f"{one.role}\n{one.name}": [input_value(one)] for one in inputs}


def _both(name: RunName, what: str) -> RefChanged:
    return RefChanged(
        f"rows of run {name!r} came after its end, and {what!r} was changed by hand meanwhile",
        hint="take that change back, and make it again once the rows are there: git exp undo",
    )
