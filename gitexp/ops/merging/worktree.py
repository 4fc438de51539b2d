"""A merge whose conflicts are resolved with ordinary git, in a worktree made for it."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gitexp.capture.durable import write_durably
from gitexp.errors import BrokenFile, GitError, NotFound, UsageError
from gitexp.formats.assignment import join_key, parse_assignment
from gitexp.git.merging import Bench, FileConflict, Stage
from gitexp.git.objects import ObjectBuilder
from gitexp.git.process import Git, unplaced
from gitexp.git.unmerged import unmerged
from gitexp.merge.mappings import changes
from gitexp.model.names import parse_name
from gitexp.model.values import Oid
from gitexp.ops.commit import stored
from gitexp.ops.merging import params
from gitexp.ops.merging.agreeing import agreed
from gitexp.ops.merging.choices import Choices
from gitexp.ops.merging.merge import Merged, check_met, conflicting, find_runs, finished, on_bench
from gitexp.ops.merging.params import narrowed
from gitexp.ops.merging.steps import Merge, Merging
from gitexp.ops.read import StoredRun, load
from gitexp.ops.run_worktree import free_place
from gitexp.ops.trust import provenance
from gitexp.ops.worktrees import add_worktree, drop_worktree, fill, git_dir_of
from gitexp.repo import Repository

_STATE = "exp-merge.json"
_VERSION = 1
_MARKERS = [re.compile(rb"^%c{7,} " % sign, re.MULTILINE) for sign in b"<>"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A worktree with a merge in it."""

    place: Path
    merged: Merged
    elsewhere: tuple[str, ...]
    """Params in conflict that no file there has."""


def open_worktree(
    repo: Repository,
    texts: Sequence[str],
    choices: Choices,
    assignments: Sequence[str],
    place: Path,
    slug: str | None,
) -> Opened:
    """The merge of two runs in a new worktree at `place`: markers in the files, stages in its index.

    `assignments` are those of `choices` as they were typed. Raises UsageError, GitError, or as `merge_runs`.
    """
    choices.check()
    if len(texts) > 2:
        raise UsageError(
            "a worktree is for the merge of two runs", hint="merge two, then the draft with the next"
        )
    runs = find_runs(repo, texts)
    with on_bench(repo, runs, choices) as merging:
        found = merging.merge()
        told = conflicting(repo, merging, found)
        stages = _stages(merging.bench, found, (runs[0].name, runs[1].name))
        root = _populated(repo, merging, found, stages, place)
    state = {
        "v": _VERSION,
        "runs": [[run.name, run.commit] for run in runs],
        "ours": choices.ours,
        "theirs": choices.theirs,
        "set": list(assignments),
        "name": slug,
    }
    write_durably(git_dir_of(root) / _STATE, json.dumps(state).encode())
    elsewhere = (one.key for one in found.keys if not _in_files(found, one.key))
    return Opened(root, told, tuple(map(join_key, elsewhere)))


def continue_worktree(
    repo: Repository, choices: Choices, *, slug: str | None = None, dry_run: bool = False
) -> Merged:
    """The draft of what stands in the index of this worktree, or the params that are still in conflict.

    Raises UsageError where no merge is under way here or files are left, BrokenFile, or as `merge_runs`.
    """
    state = _read_state(repo)
    runs = tuple(_loaded(repo, state))
    earlier = tuple(parse_assignment(text) for text in state["set"])
    choices = replace(
        choices,
        ours=(*state["ours"], *choices.ours),
        theirs=(*state["theirs"], *choices.theirs),
        assignments=(*earlier, *choices.assignments),
    )
    choices.check()
    tree = _index_tree(repo)
    with on_bench(repo, runs, choices) as merging:
        before = merging.merge()
        found = _as_resolved(merging, before, tree)
        if found.conflicts:
            return conflicting(repo, merging, found)
        check_met(choices, found)
        done = finished(repo, merging, found, slug=slug or state["name"], dry_run=dry_run)
        done = _with_notices(done, _still_marked(merging.bench, before, tree))
    if not dry_run:
        (repo.layout.git_dir / _STATE).unlink()
    return done


def abort_worktree(repo: Repository) -> Path:
    """Takes this worktree away, with all that is in it; gives where it was. Raises UsageError, GitError."""
    _read_state(repo)
    top = repo.layout.top
    assert top is not None
    git = Git(repo.layout.common_dir, unplaced(repo.environ))
    git.run("worktree", "remove", "--force", str(top))
    return top


def _stages(
    bench: Bench, found: Merge, labels: tuple[str, str]
) -> dict[str, tuple[Stage | None, FileConflict]]:
    """Of each file in conflict, what stands in the working tree, and what in the index."""
    stages: dict[str, tuple[Stage | None, FileConflict]] = {}
    for left in found.files:
        entry = bench.reader.resolve(found.tree, left.path)
        stages[left.path] = (Stage(entry.mode, entry.oid) if entry else None), left
    for one in found.keyed:
        entry = bench.reader.resolve(found.tree, one.path)
        assert entry is not None
        each = [narrowed(one, stage) for stage in range(3)]
        marked = Stage(entry.mode, bench.write(bench.marked(each[0], each[1], each[2], labels)))
        old, mine, other = (Stage(entry.mode, bench.write(data)) for data in each)
        stages[one.path] = marked, FileConflict(one.path, old, mine, other)
    return stages


def _populated(
    repo: Repository,
    merging: Merging,
    found: Merge,
    stages: Mapping[str, tuple[Stage | None, FileConflict]],
    place: Path,
) -> Path:
    bench = merging.bench
    tree = bench.edited(found.tree, {path: marked for path, (marked, _) in stages.items()})
    builder = ObjectBuilder(repo.layout.object_format)
    bench.pack_into(builder, tree)
    for _, one in stages.values():
        for stage in (one.base, one.ours, one.theirs):
            if stage is not None:
                bench.pack_into(builder, stage.oid, folder=False)
    head = found.bases[0] if found.bases else merging.runs[0].commit
    root = free_place(repo, Path(os.path.abspath(repo.cwd / place)))
    trusted = all(provenance(repo, run).standing.trusted for run in merging.runs)
    with stored(repo, builder):
        add_worktree(repo, root, head)
        try:
            fill(repo, root, tree, trusted=trusted)
            git = Git(root, unplaced(repo.environ))
            git.run("update-index", "-z", "--index-info", input=b"".join(_index_lines(stages, head)))
        except BaseException:
            drop_worktree(repo, root)
            raise
    return root


def _index_lines(stages: Mapping[str, tuple[Stage | None, FileConflict]], head: Oid) -> list[bytes]:
    lines = []
    for path, (_, one) in stages.items():
        name = os.fsencode(path)
        lines.append(b"0 %s\t%s\0" % (b"0" * len(head), name))
        for number, stage in enumerate((one.base, one.ours, one.theirs), 1):
            if stage is not None:
                lines.append(b"%o %s %d\t%s\0" % (stage.mode, stage.oid.encode(), number, name))
    return lines


def _index_tree(repo: Repository) -> Oid:
    if paths := unmerged(repo.git):
        path = paths[0]
        count = f"{len(paths)} files are" if len(paths) > 1 else f"{path!r} is"
        raise UsageError(f"{count} unresolved", hint=f"git add {shlex.quote(path)}")
    return Oid(repo.git.run("write-tree").text)


def _still_marked(bench: Bench, found: Merge, tree: Oid) -> list[str]:
    """The files that were in conflict, and are as git left them, or nearly so."""
    paths = [*(one.path for one in found.files), *(one.path for one in found.keyed)]
    each = zip(paths, bench.reader.blobs([(tree, path) for path in paths]), strict=True)
    return [path for path, data in each if data is not None and all(one.search(data) for one in _MARKERS)]


def _with_notices(done: Merged, marked: Sequence[str]) -> Merged:
    assert done.draft is not None
    told = (f"file {path!r} still has conflict markers" for path in marked)
    return replace(done, draft=replace(done.draft, notices=(*done.draft.notices, *told)))


def _as_resolved(merging: Merging, found: Merge, tree: Oid) -> Merge:
    """The merge with the user's own tree, and the params that stand in its files."""
    code = merging.code_tree(tree)
    before, there = merging.values_in(found.tree), merging.values_in(code, lenient=False)
    values = dict(found.params)
    for key, value in changes(before, there).items():
        values = params.put(values, key, value)
    for one in found.keys:
        if _in_files(found, one.key):
            values = params.put(values, one.key, params.value_at(there, one.key))
    left = tuple(one for one in found.keys if not _in_files(found, one.key))
    settled = (*found.settled, *(one.key for one in found.keys if _in_files(found, one.key)))
    done = replace(found, tree=code, params=values, keys=left, files=(), keyed=(), settled=settled)
    return done if left else agreed(merging, merging.assigned(done), follow=True)


def _in_files(found: Merge, key: tuple[str, ...]) -> bool:
    """Whether a params file of the worktree holds the conflict, to be resolved there."""
    return any(conflict.key == key for one in found.keyed for conflict in one.result.left)


def _read_state(repo: Repository) -> dict[str, Any]:
    path = repo.layout.git_dir / _STATE
    try:
        state = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(
            "no merge is under way in this worktree", hint="git exp merge A B --worktree DIR"
        ) from None
    except (OSError, ValueError):
        raise BrokenFile(f"{str(path)!r} cannot be read", hint="git exp merge A B --worktree DIR") from None
    if not isinstance(state, dict) or state.get("v") != _VERSION:
        raise GitError(f"{str(path)!r} was written by another gitexp", hint="upgrade gitexp")
    return state


def _loaded(repo: Repository, state: Mapping[str, Any]) -> list[StoredRun]:
    try:
        return [load(repo, Oid(commit), name, parse_name(name)) for name, commit in state["runs"]]
    except NotFound as error:
        error.hint = "git exp merge --abort"
        raise
