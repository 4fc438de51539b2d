"""The index brought up to date with archives whose refs have moved."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from gitexp.errors import GitExpError
from gitexp.index.archived import ArchiveChanges, Archived, Placed, PlacedRow
from gitexp.index.database import Index
from gitexp.index.row import Row, Tail
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from gitexp.ops.archive.held import Archives, standing
from gitexp.ops.archive.listing import Part, Run, parse_parts, parts_text, read_contents, read_parts
from gitexp.repo import ARCHIVED_NAMES, Repository
from gitexp.sharing import make_folder, share

_NO_TAIL = Tail(*("",) * len(Tail._fields))


def refreshed(
    repo: Repository, index: Index, known: Mapping[str, Archived], tips: Mapping[str, Oid]
) -> Archives:
    """The archives after those that changed were read, which the index keeps."""
    found: dict[str, Archived] = {}
    fresh: dict[str, Row] = {}
    broken: list[tuple[str, GitExpError]] = []
    for ref, tip in tips.items():
        before = known.get(ref)
        if before is not None and before.tip == tip:
            found[ref] = before
            continue
        try:
            found[ref], rows = _read(repo, index, ref, tip, before)
            fresh |= rows
        except GitExpError as error:
            broken.append((ref, error))
    if not known.keys() <= tips.keys():
        index.forget_archives(tips.keys())
    archives = Archives(found, fresh, broken)
    _write_names(repo, standing(archives))
    return archives


def _read(
    repo: Repository, index: Index, ref: str, tip: Oid, before: Archived | None
) -> tuple[Archived, dict[str, Row]]:
    """One archive, of which only what was added to what is known `before` is read where that will do."""
    parts = read_parts(repo.reader, tip)
    old = _old_parts(before, parts)
    known = [_known(one) for one in before.runs] if before and old else []
    contents = read_contents(repo.reader, parts[len(old) :], known)
    added = [contents.runs[name] for name in sorted(contents.added)]
    changes = ArchiveChanges(
        ref=ref,
        before=before.tip if before and old else None,
        tip=tip,
        parts=parts_text(parts),
        gone=[run.name for run in known if run.name not in contents.runs],
        rows=[PlacedRow(run.at, run.id, run.row) for run in added],
        total=len(contents.runs),
    )
    index.write_archive(changes)
    placed = [Placed(run.at, run.id, run.row.head) for run in contents.runs.values()]
    return Archived(tip, changes.parts, placed), {run.name: run.row for run in added}


def _old_parts(before: Archived | None, parts: Sequence[Part]) -> Sequence[Part]:
    """The parts that were read before, where those that came since all follow them; else none."""
    try:
        old = parse_parts(before.parts) if before is not None else []
    except ValueError:
        return ()
    if not old or list(parts[: len(old)]) != old:
        return ()
    later = parts[len(old) :]
    return old if not later or later[0].generation > old[-1].generation else ()


def _known(one: Placed) -> Run:
    """What is in the index already: the rest of its row is not asked for."""
    return Run(RunName(one.head.name), Oid(one.head.commit), one.at, one.run_id, Row(one.head, _NO_TAIL))


def _write_names(repo: Repository, runs: Iterable[str]) -> None:
    """What the shells complete. One that cannot be written is no matter."""
    path = repo.home / ARCHIVED_NAMES
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    with suppress(OSError):
        make_folder(repo.home)
        temporary.write_text("".join(f"{name}\n" for name in sorted(runs)))
        share(temporary)
        temporary.replace(path)
