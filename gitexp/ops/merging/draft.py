"""The draft that a merge makes: a run that is yet to be executed, with no result of any kind."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitexp.errors import BrokenFile, NotFound
from gitexp.formats import params_file
from gitexp.git.merging import Bench
from gitexp.git.objects import ObjectBuilder
from gitexp.model.files import RECORD_FOLDER
from gitexp.model.names import RunName, new_id, new_name
from gitexp.model.record import Code, How, Input, Record, RunInfo, Status
from gitexp.model.roles import UNTRACKED
from gitexp.model.times import format_time
from gitexp.model.values import Oid, Value, same
from gitexp.ops.committed import params_files_in
from gitexp.ops.inscribe import Inscription, inscribe
from gitexp.ops.read import StoredRun, list_all
from gitexp.ops.staleness import code_tree
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class Draft:
    """A merged run, written or as it would be."""

    record: Record
    notices: tuple[str, ...]
    """What of the runs is not in it."""
    name: RunName | None = None
    """None where it was not written."""
    commit: Oid | None = None
    existing: StoredRun | None = None
    """The run that is already what the merge comes to."""


def make_draft(
    repo: Repository,
    bench: Bench,
    runs: Sequence[StoredRun],
    code: Oid,
    params: Mapping[str, Value],
    *,
    slug: str | None,
    dry_run: bool,
) -> Draft:
    """The draft of `runs` with the code tree `code`, durable when this returns unless it is a `dry_run`.

    One that exists already is not made again. Raises GitError or OSError.
    """
    masked = repo.redactor.knowing(params).params(params)
    assert isinstance(masked, Mapping)
    record = Record(_info(repo, runs, code), params=masked, inputs=_inputs(runs))
    notices = tuple(_notices(runs))
    found = _existing(repo, bench, runs, record)
    if found is not None:
        return Draft(found.record, notices, found.name, found.commit, found)
    if dry_run:
        return Draft(record, notices)
    builder = ObjectBuilder(repo.layout.object_format)
    bench.pack_into(builder, code)
    entries = tuple(bench.reader.entries(code))
    parents = tuple(run.commit for run in runs)
    name, commit = inscribe(repo, slug, Inscription(record, entries, builder, parents))
    return Draft(record, notices, name, commit)


def _info(repo: Repository, runs: Sequence[StoredRun], code: Oid) -> RunInfo:
    infos = [run.record.info for run in runs]
    leader = next((info for info in infos if info.command), infos[0])
    groups = {info.group for info in infos}
    base = _common_base(repo, [info.code.base for info in infos])
    return RunInfo(
        id=new_id(),
        name=new_name(),
        status=Status.DRAFT,
        started=format_time(time.time()),
        code=Code(code, base, base is None or _differs(repo, base, code)),
        command=leader.command,
        cwd=leader.cwd,
        results=leader.results,
        parents=tuple(run.name for run in runs),
        title=f"merge of {_listed([run.name for run in runs])}",
        group=infos[0].group if len(groups) == 1 else None,
    )


def _common_base(repo: Repository, bases: Sequence[Oid | None]) -> Oid | None:
    known = [base for base in bases if base is not None]
    if len(known) < len(bases):
        return None
    found = repo.git.run("merge-base", "--octopus", *known, check=False)
    return Oid(found.lines[0]) if found.code == 0 and found.lines else None


def _differs(repo: Repository, base: Oid, code: Oid) -> bool:
    try:
        return code_tree(repo, base) != code
    except NotFound:  # the clone is shallow
        return True


def _inputs(runs: Sequence[StoredRun]) -> tuple[Input, ...]:
    """What was declared, where all runs that have it agree; the rest is seen anew when the draft is run.

    Large untracked files are linked into the worktree of the draft, so they are taken, too.
    """
    each = _inputs_by_name(runs)
    return tuple(found[0] for found in each.values() if all(one == found[0] for one in found))


def _inputs_by_name(runs: Sequence[StoredRun]) -> dict[tuple[str, str], list[Input]]:
    found: dict[tuple[str, str], list[Input]] = {}
    for run in runs:
        for one in run.whole.inputs:
            if one.how is How.DECLARED or one.role == UNTRACKED:
                found.setdefault((one.role, one.name), []).append(one)
    return found


def _notices(runs: Sequence[StoredRun]) -> Iterator[str]:
    infos = [run.record.info for run in runs]
    leader = next((info for info in infos if info.command), infos[0])
    if any(info.command not in ((), leader.command) for info in infos):
        yield f"the commands of the runs differ: that of {leader.name!r} is taken"
    if any(info.command and info.cwd != leader.cwd for info in infos):
        yield f"the runs ran in different folders: that of {leader.name!r} is taken: {leader.cwd}"
    for role, name in _differing_inputs(runs):
        yield f"input {name!r} ({role}) is not the same in all runs: it is left out"


def _differing_inputs(runs: Sequence[StoredRun]) -> Iterator[tuple[str, str]]:
    for key, found in _inputs_by_name(runs).items():
        if any(one != found[0] for one in found):
            yield key


def _existing(repo: Repository, bench: Bench, runs: Sequence[StoredRun], record: Record) -> StoredRun | None:
    """One of the runs that is all of the merge, or a draft of the same that was made before, run or not.

    Another command is another draft: it may have been made by somebody else, too. None of the runs is all
    of it where they read other data, or ran in other folders.
    """
    names, command, cwd = {run.name for run in runs}, record.info.command, record.info.cwd
    others = (
        run
        for run in list_all(repo).runs
        if names <= set(run.info.parents) and (run.info.command, run.record.info.cwd) == (command, cwd)
    )
    folders = {run.record.info.cwd for run in runs if run.record.info.command}
    alike = len(folders) < 2 and not any(_differing_inputs(runs))
    code = record.info.code.tree
    for run in (*(runs if alike else ()), *others):
        if same(run.record.params, record.params) and (
            run.info.code.tree == code or (run.name not in names and _is_laid_out_otherwise(bench, run, code))
        ):
            return run
    return None


def _is_laid_out_otherwise(bench: Bench, run: StoredRun, code: Oid) -> bool:
    """Whether only the layout of params files differs, which depends on who came first in a merge."""
    if bench.reader.resolve(run.commit, "") is None:
        return False
    paths = [path for path in bench.differing(run.commit, code) if not path.startswith(f"{RECORD_FOLDER}/")]
    own = {one.path for one in params_files_in(bench.reader, code, (run.info.cwd, ""), lenient=True)}
    return own.issuperset(paths) and all(
        mine is not None and other is not None and _is_same_file(path, mine, other)
        for path in paths
        for mine, other in (bench.reader.blobs([(run.commit, path), (code, path)]),)
    )


def _is_same_file(path: str, one: bytes, other: bytes) -> bool:
    try:
        values = params_file.parse(path, one), params_file.parse(path, other)
        return same(*values) and not params_file.respelled(path, one, other)
    except BrokenFile:
        return False


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
