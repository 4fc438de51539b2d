"""Records that meet in a merge: that of our side stays, and says that it has become nobody's.

A record belongs to one run as a whole, but git merges it file by file, and never asks about files that one
side alone has. So where both sides changed it, each file stays as we have it, and `run.yaml`, which then
always is one of them, notes whose record was merged in: readers take the record for stale from there on.
"""

from __future__ import annotations

from dataclasses import replace

from gitexp.errors import BrokenRecord, NewerFormat
from gitexp.formats.labels import relabelled
from gitexp.formats.record import RUN, decode_info
from gitexp.merge import labels
from gitexp.model.files import RECORD_FOLDER
from gitexp.model.record import RunInfo
from gitexp.ops.drivers.lines import Texts

_UNREADABLE = "unknown"


def is_record(path: str) -> bool:
    """Whether `path`, relative to the root, is in the record folder."""
    return path.startswith(f"{RECORD_FOLDER}/")


def merge(path: str, texts: Texts) -> bytes:
    """What is to stand at `path` of a record. Raises BrokenRecord, NewerFormat."""
    return _merge_run(texts) if path == f"{RECORD_FOLDER}/{RUN}" else texts.ours


def _merge_run(texts: Texts) -> bytes:
    ours = decode_info(texts.ours, name="ours")
    theirs = _read(texts.theirs)
    if theirs is not None and _differ_in_labels_alone(ours, theirs):
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


def _differ_in_labels_alone(one: RunInfo, other: RunInfo) -> bool:
    """As do a run and the same with a verdict on it."""
    alike = {field: getattr(one, field) for field in (*labels.FIELDS, "tags", "reproduction")}
    return replace(other, **alike) == one
