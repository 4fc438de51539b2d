"""Runs merged one after the other: the code of each by git, its params by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from gitexp.capture.snapshot import RECORD_FOLDER
from gitexp.errors import BrokenFile, BrokenRecord, NotFound
from gitexp.formats import params_file
from gitexp.formats.assignment import has, join_key
from gitexp.git.merging import Bench, FileConflict, MergedTree, Stage
from gitexp.git.objects import ObjectBuilder
from gitexp.merge.mappings import Conflict, Key, changes
from gitexp.model.missing import MISSING, Missing
from gitexp.model.values import Oid, Value
from gitexp.ops import params as params_files
from gitexp.ops.committed import params_files_in
from gitexp.ops.drivers.lines import Texts, merge_lines
from gitexp.ops.merging import params
from gitexp.ops.merging.choices import Choices, Side
from gitexp.ops.merging.lineage import Lineage
from gitexp.ops.merging.moved import Declared, Names, named
from gitexp.ops.merging.params import Params, ResolvedFile
from gitexp.ops.merging.results import left_as_before
from gitexp.ops.params import ParamsFile
from gitexp.ops.read import StoredRun
from gitexp.ops.recorded import read_record
from gitexp.repo import Repository

_PLAIN_FILE = 0o100000


@dataclass(frozen=True, slots=True)
class KeyConflict:
    """A param that runs changed, and not alike."""

    key: Key
    base: Value | Missing
    values: tuple[Value | Missing, ...]
    """What each run has there that was looked at."""
    file: str | None = None
    """The params file in which alone it is one; None where it is one of the recorded params."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What runs come to together."""

    tree: Oid
    """The code tree, on the bench; with conflict markers where something could not be merged."""
    params: Params
    bases: tuple[Oid, ...]
    """The best common ancestors of the first two."""
    looked_at: int
    """How many runs were merged; fewer than there are where the last of these brings a conflict."""
    keys: tuple[KeyConflict, ...] = ()
    files: tuple[FileConflict, ...] = ()
    keyed: tuple[ResolvedFile, ...] = ()
    """The params files that hold one of `keys`."""
    settled: tuple[Key, ...] = ()
    """Conflicts of params that the user resolved."""
    chosen: tuple[str, ...] = ()
    """Conflicts of files that the user resolved."""
    results: tuple[str, ...] = ()
    """Result files that several runs changed: as the common base has them."""
    notes: tuple[str, ...] = ()
    """Comments that runs wrote and that are not in it."""

    @property
    def conflicts(self) -> bool:
        return bool(self.keys or self.files)


@dataclass(frozen=True, slots=True)
class _Side:
    """What is merged: a run, or what the runs before come to."""

    node: Oid
    """The commit on the bench."""
    tree: Oid
    params: Params


@dataclass
class Merging:
    """Runs on a bench."""

    repo: Repository
    bench: Bench
    runs: Sequence[StoredRun]
    choices: Choices
    lineage: Lineage
    nodes: dict[Oid, _Side] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for commit, parents in self.lineage.parents.items():
            tree = self.code_tree(commit)
            node = self.bench.commit(tree, [self.nodes[one].node for one in parents], commit)
            self.nodes[commit] = _Side(node, tree, self._params_of(commit, tree))

    def merge(self) -> Merge:
        """All of them, up to the first that brings a conflict. Raises GitError, UnknownKey or BrokenFile."""
        first, *others = (self.nodes[run.commit] for run in self.runs)
        done = Merge(first.tree, first.params, (), 1)
        ours = first
        for number, theirs in enumerate(others, 1):
            step = self._step(number, ours, theirs)
            done = replace(
                step,
                bases=done.bases if number > 1 else step.bases,
                settled=(*done.settled, *step.settled),
                chosen=(*done.chosen, *step.chosen),
                results=(*done.results, *step.results),
                notes=(*done.notes, *step.notes),
            )
            if done.conflicts:
                return done
            if number < len(others):
                node = self.bench.commit(done.tree, (ours.node, theirs.node), "merged")
                ours = _Side(node, done.tree, done.params)
        return self.assigned(done)

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """Where params files are looked for: where the commands run, then the root."""
        return (*dict.fromkeys(run.record.info.cwd for run in self.runs), "")

    def _step(self, number: int, ours: _Side, theirs: _Side) -> Merge:
        labels = _label(self.runs[:number]), self.runs[number].name
        found = self.bench.merge(ours.node, theirs.node, labels)
        back = {side.node: commit for commit, side in self.nodes.items()}
        bases = tuple(back[node] for node in self.bench.bases(ours.node, theirs.node))
        trees = [self.nodes[one].tree for one in bases]
        results = left_as_before(self.bench, found, trees, ours.tree, theirs.tree)
        results = {path: stage for path, stage in results.items() if not self.choices.of_file(path)}
        conflicts = [one for one in found.conflicts if one.path not in results]
        keyed, choices = self._files(found, bases, ours, theirs, labels)
        covered = dict.fromkeys(path for one in keyed.values() for path in one.names.each)
        base = params.common([self.nodes[one].params for one in bases])
        result = params.combine(base, ours.params, theirs.params, choices)
        sides = {one.path: choices.of_file(one.path) for one in conflicts if one.path not in covered}
        tree = self.bench.edited(
            found.tree,
            results
            | covered
            | {path: self._stage(found.tree, one) for path, one in keyed.items()}
            | {
                one.path: self._taken(ours.tree, one, one.ours)
                if side is Side.OURS
                else self._taken(theirs.tree, one, one.theirs)
                for one in conflicts
                if (side := sides.get(one.path))
            },
        )
        return Merge(
            tree,
            result.values,
            bases,
            number + 1,
            tuple(self._key_conflicts(number, result.left, keyed.values())),
            tuple(one for one in conflicts if one.path in sides and not sides[one.path]),
            tuple(one for one in keyed.values() if one.result.left),
            (*result.settled, *(key for one in keyed.values() for key in one.result.settled)),
            tuple(path for path in (*sides, *covered) if choices.of_file(path)),
            tuple(results),
            tuple(note for one in keyed.values() for note in one.notes),
        )

    def _files(
        self, found: MergedTree, bases: Sequence[Oid], ours: _Side, theirs: _Side, labels: tuple[str, str]
    ) -> tuple[dict[str, ResolvedFile], Choices]:
        """The params files that both sides changed, merged by their keys, and what is chosen for those."""
        choices = self.choices
        merged: dict[str, ResolvedFile] = {}
        for names in self._names(bases, ours, theirs):
            texts = self._texts(names, found, bases, ours, theirs)
            one = texts and self._keyed(names, texts, choices, labels)
            if not texts or not one:
                continue
            side = next(filter(None, map(choices.of_file, names.each)), None)
            if side is not None and one.result.left:
                choices = choices.also(side, [join_key(conflict.key) for conflict in one.result.left])
                one = self._keyed(names, texts, choices, labels)
                assert one is not None
            merged[names.path] = one
        return merged, choices

    def _names(self, bases: Sequence[Oid], ours: _Side, theirs: _Side) -> list[Names]:
        old, mine, other = (
            Declared(tree, [file.path for file in self.files_in(tree)])
            for tree in (self.nodes[bases[0]].tree if bases else ours.tree, ours.tree, theirs.tree)
        )
        return named(self.bench, old if bases else None, mine, other)

    def _keyed(
        self, names: Names, texts: Texts, choices: Choices, labels: tuple[str, str]
    ) -> ResolvedFile | None:
        return params.combine_file(names, texts, choices, partial(merge_lines, self.repo.git), labels)

    def _texts(
        self, names: Names, found: MergedTree, bases: Sequence[Oid], ours: _Side, theirs: _Side
    ) -> Texts | None:
        """What is to be merged; None where git has merged it, or it is no plain file."""
        places = [
            (ours.tree, names.ours),
            (theirs.tree, names.theirs),
            *((self.nodes[one].tree, names.base) for one in bases),
        ]
        entries = [self.bench.reader.resolve(*place) for place in ((found.tree, names.path), *places)]
        if any(one is not None and one.mode & 0o170000 != _PLAIN_FILE for one in entries):
            return None
        mine, other, *olds = self.bench.reader.blobs(places)
        if mine is None or other is None or entries[0] is None or len(set(olds)) > 1:
            return None
        old = olds[0] if olds else None
        if mine == other or (old in (mine, other) and len(names.each) == 1):
            return None
        return Texts(old or b"", mine, other)

    def _taken(self, tree: Oid, one: FileConflict, stage: Stage | None) -> Stage | None:
        """What a side has at a path; git's stage of a file that both renamed has marks of conflicts."""
        entry = self.bench.reader.resolve(tree, one.path)
        return stage if entry is None else Stage(entry.mode, entry.oid)

    def _stage(self, tree: Oid, one: ResolvedFile) -> Stage:
        entry = self.bench.reader.resolve(tree, one.path)
        assert entry is not None
        return Stage(entry.mode, self.bench.write(one.data))

    def _key_conflicts(
        self, number: int, left: Sequence[Conflict], keyed: Iterable[ResolvedFile]
    ) -> Iterator[KeyConflict]:
        runs = self.runs[: number + 1]
        for one in left:
            values = (params.value_at(self.nodes[run.commit].params, one.key) for run in runs)
            yield KeyConflict(one.key, one.base, tuple(values))
        told = {one.key for one in left}
        for file in keyed:
            for one in file.result.left:
                if one.key not in told:
                    values = (self._value_in(run, file.names, one.key) for run in runs)
                    base = self.masked(params.put({}, one.key, one.base))
                    yield KeyConflict(one.key, params.value_at(base, one.key), tuple(values), file.path)

    def _value_in(self, run: StoredRun, names: Names, key: Key) -> Value | Missing:
        tree = self.nodes[run.commit].tree
        each = self.bench.reader.blobs([(tree, path) for path in names.each])
        try:
            values = params_file.parse(names.path, next((data for data in each if data is not None), b""))
        except BrokenFile:
            return MISSING
        return params.value_at(self.masked(values), key)

    def assigned(self, done: Merge) -> Merge:
        """With the values that the user gave, wherever they stand."""
        assignments = self.choices.assignments
        if not assignments:
            return done
        known = [side.params for side in self.nodes.values()]
        values = params.assign(done.params, assignments, known)
        files = self.files_in(done.tree)
        given = {
            one.key: one.value
            for one in assignments
            if any(has(file.values, one.key) for file in files) or not has(done.params, one.key)
        }
        return replace(done, params=values, tree=self.written(done.tree, given))

    def written(self, tree: Oid, values: Mapping[Key, Value | Missing]) -> Oid:
        """The tree with `values` in the params files that have the keys, or else in the first one."""
        files = self.files_in(tree) if values else []
        edits: dict[str, dict[Key, Value | Missing]] = {}
        for key, value in values.items():
            owner = next((file for file in files if has(file.values, key)), None)
            if owner is None and value is not MISSING and files:
                owner = files[0]
            if owner is not None:
                edits.setdefault(owner.path, {})[key] = value
        changed: dict[str, Stage | None] = {}
        for file in files:
            if file.path in edits:
                data = params_file.edit(file.path, file.data, edits[file.path])
                entry = self.bench.reader.resolve(tree, file.path)
                assert entry is not None
                changed[file.path] = Stage(entry.mode, self.bench.write(data))
        return self.bench.edited(tree, changed)

    def code_tree(self, commit: Oid) -> Oid:
        """The code tree of a commit or tree, put on the bench. Raises NotFound."""
        root = self.repo.reader.resolve(commit, "")
        if root is None:
            raise NotFound(f"'{commit}' is not a commit")
        listed = self.repo.reader.entries(root.oid)
        entries = [one for one in listed if one.name != RECORD_FOLDER]
        if len(entries) == len(listed):
            return root.oid
        builder = ObjectBuilder(self.repo.layout.object_format)
        return self.bench.write(builder.objects[builder.tree(entries)][1], "tree")

    def _params_of(self, commit: Oid, code: Oid) -> Params:
        """Those in the files of the code, and over them those of the record, where the commit has its own.

        A run knows the params of its own folder alone: what it did not read it has not removed.
        """
        try:
            record = read_record(self.repo.reader, commit, commit)
        except BrokenRecord:
            record = None
        there = self.masked(self.values_in(code))
        if record is None or record.info.code.tree != code:
            return there
        own = params_files_in(self.bench.reader, code, (record.info.cwd, ""), lenient=True)
        read = self.masked(params_files.merged(own))
        return params.over(there, changes(read, record.params))

    def files_in(self, tree: Oid, *, lenient: bool = True) -> list[ParamsFile]:
        """The params files that any of the commands would read there. Raises BrokenFile unless `lenient`."""
        each = self._files_by_folder(tree, lenient)
        return list({file.path: file for files in each for file in files}.values())

    def values_in(self, tree: Oid, *, lenient: bool = True) -> Params:
        """What is in those files: where they differ, the first run reads the one that counts."""
        values: Params = {}
        for files in reversed(self._files_by_folder(tree, lenient)):
            values = params.over(values, changes(values, params_files.merged(files)))
        return values

    def _files_by_folder(self, tree: Oid, lenient: bool) -> list[list[ParamsFile]]:
        reader = self.bench.reader
        return [params_files_in(reader, tree, (folder,), lenient=lenient) for folder in self.folders]

    def masked(self, values: Params) -> Params:
        masked = self.repo.redactor.knowing(values).params(values)
        assert isinstance(masked, Mapping)
        return masked


def _label(runs: Sequence[StoredRun]) -> str:
    """What conflict markers call our side."""
    return runs[0].name if len(runs) == 1 else f"{runs[0].name}+{len(runs) - 1}"
