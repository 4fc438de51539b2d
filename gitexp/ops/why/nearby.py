"""The runs that differ from one run in a single thing, found in one pass over the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gitexp.errors import GitExpError
from gitexp.formats.making import CODE, PACKAGES, Cause, causes
from gitexp.formats.record import REQUIREMENTS
from gitexp.model.missing import MISSING
from gitexp.model.record import Status
from gitexp.model.roles import SEEDS
from gitexp.ops.alike import is_witness
from gitexp.ops.read import StoredRun
from gitexp.ops.records import FOLDER
from gitexp.ops.why.code import code_changes, only_says_values
from gitexp.ops.why.makings import Makings, metric_of
from gitexp.repo import Repository

_MOST_CODES = 300
"""Code trees that are compared, those of the newest runs."""
_MOST_READ = 64
"""Neighbours, and repetitions, whose packages are looked at."""
_REPEATED: tuple[list[Cause], ...] = ([], [Cause(SEEDS)])


@dataclass(frozen=True, slots=True)
class Near:
    """A run that differs in one thing alone."""

    run: StoredRun
    cause: Cause


@dataclass(frozen=True, slots=True)
class Nearby:
    near: tuple[Near, ...] = ()
    """Those that were asked for first, of each cause one before there are two of any; the newest first."""
    repeated: tuple[StoredRun, ...] = ()
    """Finished runs that differ in nothing, or in seeds alone, newest first."""
    reseeded: bool = False
    """Whether there are some that differ in seeds alone."""
    more: int = 0
    """How many more there are near, whose packages were not looked at."""
    left_out: int = 0
    """Runs that were not looked at: there are too many of other code."""

    @property
    def causes(self) -> frozenset[Cause]:
        """In which there are runs that differ in nothing else."""
        return frozenset(one.cause for one in self.near) | ({Cause(SEEDS)} if self.reseeded else set())


class _Sorted(NamedTuple):
    run: StoredRun
    others: list[Cause]
    """What differs besides the code."""
    code: str | None
    """The code tree, where it is another one."""


def nearby(
    repo: Repository,
    makings: Makings,
    me: StoredRun,
    runs: Iterable[StoredRun],
    metric: str,
    preferred: Sequence[Cause] = (),
    but: str = "",
) -> Nearby:
    """Of the finished `runs`, newest first, that have the metric, those that differ from `me` in one thing.

    Those that differ in something that is `preferred` come first; the run `but` is told of elsewhere.
    """
    sorted_out = list(_sorted_out(makings, me, runs, metric))
    trees = _other_code(repo, makings, me, sorted_out)
    found: list[tuple[StoredRun, list[Cause]]] = []
    left_out = looked_into = 0
    for run, others, code in sorted_out:
        paths: Sequence[str] | None = () if code is None else trees.get(code)
        if code is not None and code not in trees:
            left_out += 1
        elif paths is not None and not (paths and others):
            found.append((run, [Cause(CODE)] if paths else others))
        elif paths and looked_into < _MOST_READ:
            looked_into += 1
            if only_says_values(makings, run, me, paths):
                found.append((run, others))
    same = [one for one in found if one[1] in _REPEATED and _knows_code(makings, one[0], me)]
    repeated = [run for run, _ in same if is_witness(run)]
    near = [Near(run, others[0]) for run, others in found if others not in _REPEATED and run.name != but]
    near = _varied(near, preferred)
    kept, alike = _by_packages(repo, me, near[:_MOST_READ], repeated[:_MOST_READ])
    return Nearby(kept, alike, any(others for _, others in same), len(near[_MOST_READ:]), left_out)


def _knows_code(makings: Makings, *runs: StoredRun) -> bool:
    """Whether the code of all is known: where it is not, nobody can say that it is the same."""
    return all(makings.of(run).code is not None for run in runs)


def _sorted_out(makings: Makings, me: StoredRun, runs: Iterable[StoredRun], metric: str) -> Iterator[_Sorted]:
    """The runs that differ in one thing at most, as far as the code can be left aside."""
    mine = makings.of(me)
    for run in runs:
        finished = run.head.status == Status.FINISHED.value and run.name != me.name
        if not finished or metric_of(run, metric) is MISSING:
            continue
        making = makings.of(run)
        found = causes(making, mine)
        others = [one for one in found if one.role != CODE]
        if len(others) < 2 and all(one.known for one in others):
            yield _Sorted(run, others, making.code if len(others) < len(found) else None)


def _other_code(
    repo: Repository, makings: Makings, me: StoredRun, runs: Sequence[_Sorted]
) -> dict[str, list[str] | None]:
    """Code tree -> the files that are other code, apart from what is told elsewhere; None: not known.

    Runs of one tree that depend on other files are taken for alike: what they are told to depend on is not
    code in any of them.
    """
    first = {one.code: one.run for one in reversed(runs) if one.code is not None}
    asked = sorted(first.items(), key=lambda one: -one[1].head.started)[:_MOST_CODES]
    changes = code_changes(repo, makings, me, [run for _, run in asked])
    return {code: paths for (code, _), paths in zip(asked, changes, strict=True)}


def _varied(near: Sequence[Near], preferred: Sequence[Cause]) -> list[Near]:
    """What is preferred first, and of each cause one before there are two of any."""
    counts: Counter[Cause] = Counter()
    places: list[tuple[bool, int]] = []
    for one in near:
        places.append((one.cause not in preferred, counts[one.cause]))
        counts[one.cause] += 1
    return [one for _, one in sorted(zip(places, near, strict=True), key=lambda pair: pair[0])]


def _by_packages(
    repo: Repository, me: StoredRun, near: Sequence[Near], repeated: Sequence[StoredRun]
) -> tuple[tuple[Near, ...], tuple[StoredRun, ...]]:
    """Without the neighbours that have other packages as well; repetitions that have are neighbours."""
    runs = [me, *(one.run for one in near), *repeated]
    try:
        texts = repo.reader.blobs([(run.commit, f"{FOLDER}/{REQUIREMENTS}") for run in runs])
    except GitExpError:
        return tuple(near), tuple(repeated)
    own = texts[0]
    other = {run.name for run, text in zip(runs, texts, strict=True) if own and text and text != own}
    alone = [Near(run, Cause(PACKAGES)) for run in repeated if run.name in other]
    kept = (*(one for one in near if one.run.name not in other), *alone)
    return kept, tuple(run for run in repeated if run.name not in other)
