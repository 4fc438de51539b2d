"""Records that meet in a merge: that of our side stays, and says that it has become nobody's.

A record belongs to one run as a whole, but git merges it file by file, and never asks about files that one
side alone has. So where both sides changed it, each file stays as we have it, and `run.yaml`, which then
always is one of them, notes whose record was merged in: readers take the record for stale from there on.

Of one run whose scores both sides replaced, `run.yaml` is not asked for. Its tables are merged by row, and
`meta.yaml` of the suite has the mark; here the means are dropped that are of one side's rows, and what graded
on either side stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitexp.errors import BrokenRecord, NewerFormat
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.formats.labels import relabelled
from gitexp.formats.record import INPUTS, METRICS, RUN, decode_info
from gitexp.merge import labels, regraded
from gitexp.model.files import RECORD_FOLDER
from gitexp.model.record import RunInfo
from gitexp.model.values import Value
from gitexp.ops.drivers.lines import Texts

_UNREADABLE = "unknown"


def is_record(path: str) -> bool:
    """Whether `path`, relative to the root, is in the record folder."""
    return path.startswith(f"{RECORD_FOLDER}/")


def merge(path: str, texts: Texts) -> bytes:
    """What is to stand at `path` of a record. Raises BrokenRecord, NewerFormat."""
    name = path.removeprefix(f"{RECORD_FOLDER}/")
    if name == RUN:
        return _merge_run(texts)
    merging = {METRICS: regraded.metrics, INPUTS: regraded.inputs}.get(name)
    if merging is None or not texts.base:
        return texts.ours
    sides = [_mapping(text, path) for text in texts]
    if any(side is None for side in sides):
        return texts.ours
    base, ours, theirs = (side or {} for side in sides)
    merged = merging(base, ours, theirs)
    return texts.ours if merged is None else dump(merged)


def _mapping(data: bytes, path: str) -> Mapping[str, Value] | None:
    try:
        value = load(data, what=path)
    except (BrokenRecord, NewerFormat):
        return None
    return value if isinstance(value, Mapping) else None


def _merge_run(texts: Texts) -> bytes:
    ours = decode_info(texts.ours, name="ours")
    theirs = _read(texts.theirs)
    if theirs is not None and differ_in_labels_alone(ours, theirs):
        base = _read(texts.base)
        kept = labels.merge(base, ours, theirs).info if base is not None and base.id == ours.id else ours
    else:
        others = (theirs.name, *theirs.mixed_with) if theirs is not None else (_UNREADABLE,)
        kept = replace(ours, mixed_with=tuple(sorted({*ours.mixed_with, *others})))
    return relabelled(texts.ours, kept)


def _read(data: bytes) -> RunInfo | None:
    try:
        return decode_info(data, name="theirs")
    except (BrokenRecord, NewerFormat):
        return None


def differ_in_labels_alone(one: RunInfo, other: RunInfo) -> bool:
    """As do a run and the same with a verdict on it."""
    alike = {field: getattr(one, field) for field in (*labels.FIELDS, "tags", "reproduction")}
    return replace(other, **alike) == one
