"""Whether a record speaks for the code that it stands beside.

A run's own commit always does. git can bring a record elsewhere: a merge or a cherry-pick of a run, or a
commit on top of it, puts it beside other code, and two records that meet are mixed file by file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Sequence

from gitexp.errors import BrokenRecord, NewerFormat, NotFound
from gitexp.git.objects import Entry, ObjectBuilder
from gitexp.model.files import RECORD_FOLDER, RUN_FILE
from gitexp.model.record import RunInfo
from gitexp.model.submodules import altered
from gitexp.model.values import Oid
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


def why_stale(run: StoredRun) -> str | None:
    """Why the record that `run` was read from says nothing of the code of its commit; None if it does.

    Raises NotFound where objects are missing.
    """
    info = run.record.info
    if info.mixed_with:
        return f"this record was mixed by git with that of {', '.join(info.mixed_with)}"
    if code_tree(run.repo, run.commit) != info.code.tree:
        return "this code is not the code that the metrics were made with"
    if run.own:
        return None
    if not _is_of_its_run(run.repo, run.commit, info):
        return f"this record is not the one that run '{info.name}' has"
    if suites := _mixed_suites(run):
        return f"git has merged scores of {', '.join(suites)} that two sides replaced"
    return None


def _mixed_suites(run: StoredRun) -> list[str]:
    """The suites whose rows are of no single side; hardly ever looked for, as the run is elsewhere then."""
    from gitexp.ops.evaluations.reading import briefs

    try:
        return [one.meta.suite for one in briefs(run) if one.meta.mixed]
    except (BrokenRecord, NewerFormat):  # whoever reads the evaluations tells of it
        return []


def is_stale(run: StoredRun) -> bool:
    return why_stale(run) is not None


def speaks(run: StoredRun) -> bool:
    """Whether a run has the code that its record claims, and ran nothing besides that no record has."""
    try:
        return not altered_in(run) and not is_stale(run)
    except NotFound:  # its objects are not here
        return False


def altered_in(run: StoredRun) -> list[str]:
    """The submodules of a run whose files were not those of their commits."""
    return altered(json.loads(run.row.tail.env))


def code_tree(repo: Repository, commit: Oid) -> Oid:
    """The code tree of a commit. Raises NotFound."""
    root = repo.reader.resolve(commit, "")
    if root is None:
        raise NotFound(f"'{commit}' is not a commit")
    return tree_without(repo, root.oid, [RECORD_FOLDER])


def tree_without(repo: Repository, tree: Oid, paths: Collection[str]) -> Oid:
    """The id that a tree has without some of its files and folders; it is written nowhere."""
    return _without(repo, tree, [os.fsencode(path).split(b"/") for path in paths])


def _is_of_its_run(repo: Repository, commit: Oid, info: RunInfo) -> bool:
    """Whether one of the run's own commits has recorded the same; so too where the run is not here."""
    from gitexp.ops.archive.names import all_runs  # git has to have taken the record elsewhere
    from gitexp.ops.recorded import read_record

    tip = all_runs(repo, info.name).get(info.name)
    if tip is None or tip == commit or read_record(repo.reader, tip, info.name).info.id != info.id:
        return True
    return _results(repo, commit) in _recorded(repo, info.name, tip)


def _results(repo: Repository, commit: Oid) -> Oid | None:
    """The record of a commit as one tree, but for the file that edits of labels change."""
    folder = repo.reader.resolve(commit, RECORD_FOLDER)
    return tree_without(repo, folder.oid, [RUN_FILE]) if folder is not None else None


def _recorded(repo: Repository, name: str, tip: Oid) -> Iterator[Oid | None]:
    """What each of the run's own commits has recorded, newest first."""
    from gitexp.ops.recorded import own_commits

    return (_results(repo, commit) for commit, _ in own_commits(repo.reader, name, tip))


def _without(repo: Repository, tree: Oid, paths: Sequence[Sequence[bytes]]) -> Oid:
    entries: list[Entry] = []
    for entry in repo.reader.entries(tree):
        below = [path[1:] for path in paths if path[0] == entry.name]
        if [] in below:
            continue
        inside = below and entry.is_folder
        entries.append(entry._replace(oid=_without(repo, entry.oid, below)) if inside else entry)
    return ObjectBuilder(repo.layout.object_format).tree(entries)
