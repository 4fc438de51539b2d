"""What a run costs on the disk, once git has packed it."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks._many_runs import Shape, repository_of_runs
from benchmarks._measure import Comparison, git, tell

SMALL = Shape(steps=0)
"""A run that logged its results alone."""
BUDGET = 800
"""Bytes of one small run."""
_FILE = re.compile(rb"\.exp/([a-z]+)")


def measure(repo: Path, runs: int) -> Iterator[Comparison]:
    """Bytes of one run after `git gc`: of a small one, and of those in `repo`."""
    with tempfile.TemporaryDirectory() as folder:
        small = repository_of_runs(Path(folder) / "small", runs, SMALL)
        project = _size(repository_of_runs(Path(folder) / "project", 0))
        yield _told("disk of a run without series", small, project, runs)
        yield _told("disk of a run with 20 rows", repo, project, runs)


def _told(name: str, repo: Path, project: int, runs: int) -> Comparison:
    size = (_size(repo) - project) / _runs(repo)
    told = tell(name, "0.8 KB", [(size, BUDGET)], budget=1, unit=1e-3, mark="KB", runs=runs)
    parts = ", ".join(f"{part} {size:.0f}" for part, size in _parts(repo).most_common() if size >= 1)
    print(f"    bytes of each run: {parts}; the project without runs: {project} in all")
    return told


def _runs(repo: Path) -> int:
    return len(git(repo, "for-each-ref", "refs/exp").splitlines())


def _size(repo: Path) -> int:
    """Bytes of objects and refs after `git gc`."""
    git(repo, "gc", "-q")
    folder = repo / ".git"
    files = [*(folder / "objects").rglob("*"), folder / "packed-refs"]
    return sum(path.stat().st_size for path in files if path.is_file())


def _parts(repo: Path) -> Counter[str]:
    """Bytes of one run by what they are for: kinds of objects, files of the record, the rest of the pack."""
    objects = git(repo, "rev-list", "--objects", "--glob=refs/exp/*", "^main")
    form = "--batch-check=%(objecttype) %(objectsize:disk) %(rest)"
    sizes: Counter[str] = Counter()
    for line in git(repo, "cat-file", form, input=objects).splitlines():
        kind, size, path = line.split(b" ", 2)
        named = _FILE.match(path) if kind == b"blob" else None
        label = named[1] if named else kind.replace(b"blob", b"code")
        sizes[label.decode()] += int(size)
    sizes["pack index"] = sum(path.stat().st_size for path in (repo / ".git/objects/pack").glob("*.idx"))
    sizes["refs"] = (repo / ".git" / "packed-refs").stat().st_size
    runs = _runs(repo)
    return Counter({part: round(size / runs) for part, size in sizes.items()})
