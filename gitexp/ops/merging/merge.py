"""`git exp merge`: runs brought together into a draft, or the conflicts that are in the way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gitexp.errors import GitExpError, UsageError
from gitexp.git.merging import ATTRIBUTES, Bench
from gitexp.merge.mappings import changes
from gitexp.model.missing import Missing
from gitexp.model.values import Value, same
from gitexp.ops.code_diff import WITHOUT_RECORD, changed_files
from gitexp.ops.committed import params_files_in
from gitexp.ops.merging.agreeing import agreed
from gitexp.ops.merging.choices import Choices, unmet
from gitexp.ops.merging.conflicts import Conflicts, explain
from gitexp.ops.merging.draft import Draft, make_draft
from gitexp.ops.merging.lineage import Lineage, lineage
from gitexp.ops.merging.params import value_at
from gitexp.ops.merging.steps import Merge, Merging
from gitexp.ops.read import StoredRun
from gitexp.ops.resolve import resolve
from gitexp.ops.staleness import is_stale
from gitexp.repo import Repository


@dataclass(frozen=True, slots=True)
class ParamChange:
    """A param that the merge has otherwise than the common base."""

    key: tuple[str, ...]
    base: Value | Missing
    value: Value | Missing
    by: tuple[str, ...]
    """The runs that have this value; none where the user gave it."""


@dataclass(frozen=True, slots=True)
class PathChange:
    path: str
    by: tuple[str, ...]
    """The runs that changed it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a merge: a draft, or conflicts."""

    runs: tuple[StoredRun, ...]
    draft: Draft | None
    conflicts: Conflicts | None
    params: tuple[ParamChange, ...] = ()
    paths: tuple[PathChange, ...] = ()
    unmet: tuple[str, ...] = ()
    """What was to be resolved and is not in conflict, as far as that is known."""


def merge_runs(
    repo: Repository, texts: Sequence[str], choices: Choices, *, slug: str | None, dry_run: bool = False
) -> Merged:
    """The merge of two or more runs, written as a draft where nothing is in the way.

    Raises NotFound, Ambiguous, UsageError, UnknownKey, BrokenRecord or GitError.
    """
    choices.check()
    runs = find_runs(repo, texts)
    with on_bench(repo, runs, choices) as merging:
        found = merging.merge()
        found = found if found.conflicts else agreed(merging, found)
        if found.conflicts:
            return conflicting(repo, merging, found)
        check_met(choices, found)
        return finished(repo, merging, found, slug=slug, dry_run=dry_run)


def find_runs(repo: Repository, texts: Sequence[str]) -> tuple[StoredRun, ...]:
    """The runs to merge, each once. Raises UsageError where they cannot be merged, or as `resolve` does."""
    if len(texts) < 2:
        raise UsageError("a merge takes two or more runs", hint="git exp merge A B")
    runs = tuple(resolve(repo, text) for text in texts)
    names = [run.name for run in runs]
    for text, run in zip(texts, runs, strict=True):
        if names.count(run.name) > 1:
            raise UsageError(f"run {run.name!r} is given twice", hint="git exp merge A B")
        if not run.record.info.status.ended:
            raise UsageError(f"run {run.name!r} is still running", hint=f"git exp show {run.name}")
        if is_stale(run):
            raise GitExpError(
                f"{text!r} carries the record of {run.name!r} beside other code",
                hint=f"git exp merge {' '.join(names)}, which takes the runs themselves",
            )
    return runs


@contextmanager
def on_bench(repo: Repository, runs: Sequence[StoredRun], choices: Choices) -> Iterator[Merging]:
    """The runs laid out to be merged; what is made of them goes away at the end unless it was packed."""
    known = lineage(repo.git, [run.commit for run in runs], shallow=repo.layout.shallow)
    if repo.layout.partial:
        _fetch_files(repo, known, [run.record.info.cwd for run in runs])
    with tempfile.TemporaryDirectory(prefix="gitexp-") as place:
        bench = Bench(repo.git, repo.layout, Path(place))
        try:
            yield Merging(repo, bench, runs, choices, known)
        finally:
            bench.close()


def conflicting(repo: Repository, merging: Merging, found: Merge) -> Merged:
    """What stands in the way."""
    told = explain(repo, merging.runs, found)
    keys = (*(one.key for one in found.keys), *found.settled)
    paths = (*(one.path for one in found.files), *(one.path for one in found.keyed), *found.chosen)
    # What a later run brings is not known yet.
    whole = found.looked_at == len(merging.runs)
    missed = tuple(unmet(merging.choices, keys, paths)) if whole else ()
    return Merged(tuple(merging.runs), None, told, unmet=missed)


def check_met(choices: Choices, found: Merge) -> None:
    """Raises UsageError where something was to be resolved that is not in conflict."""
    if missed := unmet(choices, found.settled, found.chosen):
        raise UsageError(f"{missed[0]!r} is not in conflict", hint="git exp merge -n A B shows what is")


def finished(
    repo: Repository, merging: Merging, found: Merge, *, slug: str | None, dry_run: bool = False
) -> Merged:
    """The draft, and what is in it of whom."""
    runs = tuple(merging.runs)
    draft = make_draft(repo, merging.bench, runs, found.tree, found.params, slug=slug, dry_run=dry_run)
    if draft.existing is None:
        results = (_left(found.results),) if found.results else ()
        draft = replace(draft, notices=(*draft.notices, *results, *found.notes))
    return Merged(runs, draft, None, _param_changes(merging, found, draft), _path_changes(repo, runs, found))


def _left(paths: Sequence[str]) -> str:
    names = ", ".join(repr(path) for path in dict.fromkeys(paths))
    return f"results are not merged: {names} as before the runs, until the draft is run"


def _param_changes(merging: Merging, found: Merge, draft: Draft) -> tuple[ParamChange, ...]:
    base = merging.nodes[found.bases[0]].params if found.bases else {}
    own = {run.name: merging.nodes[run.commit].params for run in merging.runs}
    return tuple(
        ParamChange(
            key,
            value_at(base, key),
            value,
            tuple(name for name, params in own.items() if same(value_at(params, key), value)),
        )
        for key, value in changes(base, draft.record.params).items()
    )


def _path_changes(repo: Repository, runs: Sequence[StoredRun], found: Merge) -> tuple[PathChange, ...]:
    if not found.bases:
        return ()
    by: dict[str, list[str]] = {}
    each = changed_files(repo.git, found.bases[0], [run.commit for run in runs])
    for run, files in zip(runs, each, strict=True):
        for one in files:
            by.setdefault(one.path, []).append(run.name)
    return tuple(PathChange(path, tuple(by[path])) for path in sorted(by) if path not in found.results)


def _fetch_files(repo: Repository, known: Lineage, folders: Sequence[str]) -> None:
    """In a partial clone, the files that merging will read: the bench cannot fetch them."""
    first, *others = known.parents
    wanted: set[str] = set()
    for one in others:
        command = ("diff-tree", "-r", "-z", "--no-renames", "--raw", first, one, *WITHOUT_RECORD)
        wanted.update(_blobs(repo.git.run(*command).stdout.split(b"\0"), modes=2))
    for one in known.parents:
        listed = repo.git.run("ls-tree", "-r", "-z", one).stdout.split(b"\0")
        wanted.update(_blobs((line for line in listed if line.endswith(ATTRIBUTES.encode())), modes=1))
        params_files_in(repo.reader, one, (*folders, ""), lenient=True)
    repo.git.run("cat-file", "--batch-check", input="".join(f"{oid}\n" for oid in wanted).encode())


def _blobs(lines: Iterable[bytes], *, modes: int) -> Iterator[str]:
    """The ids of files that git lists behind so many modes; submodules and nothing at all are left out."""
    for line in lines:
        words = line.lstrip(b":").split(b"\t")[0].split()
        oids = words[modes : 2 * modes] if modes == 2 else words[2:]
        for mode, oid in zip(words[:modes], oids, strict=False):
            if mode != b"160000" and oid.strip(b"0"):
                yield oid.decode()
