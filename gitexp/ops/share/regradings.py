"""The record of one run that two people changed in other places: each graded a suite anew, say.

A suite is one thing: where both changed its tables, and not alike, their rows are not joined, as the means
would be nobody's. Then they stay two runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import BrokenRecord, NewerFormat, NotFound
from gitexp.formats import eval_files
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.formats.labels import relabelled
from gitexp.formats.ordering import key_sorted
from gitexp.formats.record import INPUTS, METRICS, RUN
from gitexp.git.objects import FOLDER, Entry, ObjectBuilder
from gitexp.merge import eval_meta, mappings, regraded
from gitexp.model.record import RunInfo
from gitexp.model.values import Oid, Value
from gitexp.ops.commit import RecordTree
from gitexp.ops.drivers.record import differ_in_labels_alone
from gitexp.ops.recorded import recorded_blobs
from gitexp.ops.tip import Tip
from gitexp.repo import Repository

_MISSING = Oid("")


def tree_of_both(
    repo: Repository, builder: ObjectBuilder, tips: tuple[Tip, Tip, Tip], info: RunInfo
) -> Oid | None:
    """The tree with what either of two tips changed since the base, which is the first of the three.

    `info` is what the run is to say of itself. None where they changed the same in another way, or more than
    the record.
    """
    base, ours, theirs = tips
    root = _without_record(ours)
    if root != _without_record(base) or root != _without_record(theirs):
        return None
    if not differ_in_labels_alone(ours.info, theirs.info):
        return None
    with suppress(BrokenRecord, NewerFormat, NotFound):  # what cannot be read is not merged
        record = _record(repo, builder, tips)
        if record is not None:
            record.add(RUN, relabelled(ours.data, info))
            return builder.tree([*root, Entry(RECORD_FOLDER, FOLDER, record.write())])
    return None


def _without_record(tip: Tip) -> list[Entry]:
    return [one for one in tip.root if one.name != RECORD_FOLDER]


def _record(repo: Repository, builder: ObjectBuilder, tips: tuple[Tip, Tip, Tip]) -> RecordTree | None:
    base, ours, theirs = (recorded_blobs(repo.reader, tip.oid) for tip in tips)
    if not _suites_alike(base, ours, theirs):
        return None
    record = RecordTree(builder)
    for path in sorted({*base, *ours, *theirs} - {RUN}):
        old, mine, other = (side.get(path, _MISSING) for side in (base, ours, theirs))
        if mine != old and other != old and mine != other:
            merged = _merged(repo, tips, path)
            if merged is None:
                return None
            record.add(path, merged)
        elif kept := (other if mine == old else mine):
            record.blobs[path] = kept
    return record


def _suites_alike(*sides: Mapping[str, Oid]) -> bool:
    """Whether no suite was changed by both sides in another way."""
    base, ours, theirs = (_by_suite(side) for side in sides)
    return all(
        ours.get(suite) == theirs.get(suite) or base.get(suite) in (ours.get(suite), theirs.get(suite))
        for suite in {*base, *ours, *theirs}
    )


def _by_suite(blobs: Mapping[str, Oid]) -> dict[str, dict[str, Oid]]:
    """Suite -> its tables; what is said of them, such as when they were graded anew, is no table."""
    found: dict[str, dict[str, Oid]] = {}
    for path, oid in blobs.items():
        folder, _, rest = path.partition("/")
        suite, _, file = rest.partition("/")
        if folder == eval_files.FOLDER and file and file != eval_files.META:
            found.setdefault(suite, {})[file] = oid
    return found


def _merged(repo: Repository, tips: tuple[Tip, Tip, Tip], path: str) -> bytes | None:
    """A file of the record that both changed; None where that cannot be merged. Raises BrokenRecord."""
    texts = repo.reader.blobs([(tip.oid, f"{RECORD_FOLDER.decode()}/{path}") for tip in tips])
    base, ours, theirs = (_mapping(text, path) for text in texts)
    found: Mapping[str, Value] | None = None
    if path == METRICS:
        merged = mappings.merge(base, (ours, theirs))
        found = None if merged.conflicts else key_sorted(merged.values)
    elif path == INPUTS:
        found = regraded.inputs(base, ours, theirs)
    elif base and _is_meta(path):
        for text in texts:
            eval_files.decode_meta(path.split("/")[1], text, what=path)
        found = eval_meta.merge(base, ours, theirs)
        if found is not None and not (ours.get("mixed") or theirs.get("mixed")):
            # The rows are the same on both sides, and so are their means.
            found = {key: value for key, value in found.items() if key != "mixed"}
    return None if found is None else dump(found)


def _is_meta(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 3 and (parts[0], parts[2]) == (eval_files.FOLDER, eval_files.META)


def _mapping(text: bytes | None, path: str) -> dict[str, Value]:
    value = load(text, what=path, limit=eval_files.MAX_META) if text else {}
    if not isinstance(value, dict):
        raise BrokenRecord(f"{path} is not a mapping")
    return value
