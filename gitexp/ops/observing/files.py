"""The files that a run read and did not make, as inputs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gitexp.artifacts.folders import files_below, identity
from gitexp.artifacts.store import Stored
from gitexp.capture.reports import Observed, Opened
from gitexp.formats.record_fields import input_path
from gitexp.model.record import How, Input, Pin
from gitexp.model.roles import FILE
from gitexp.model.values import Oid, Value
from gitexp.ops.observing.hub import Hub, cache_folders, free_name
from gitexp.ops.observing.places import Roots, is_code
from gitexp.repo import Repository

MOST = 100
"""Files that are inputs one by one; of more, those of a folder are one."""
ELSEWHERE = "(elsewhere)"
"""What many files outside of the working tree are called together."""
_FEW = 20
"""Files of a folder that are never taken together unless there is no other way."""
BUDGET = 4 << 30
"""Bytes that are hashed at the end of a run, of what is not known yet."""
_MOST_HASHED = 20_000
_PRECISION = 1e-5
"""Seconds; as times are reported."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One file that was read."""

    path: str
    """Where it is on this machine."""
    relative: str | None
    """Where it is in the working tree."""
    size: int | None
    """None for one that is gone by now."""
    changed: bool
    """Whether it was written to after it had been read, or removed."""


@dataclass(slots=True)
class Files:
    """What became of all that was opened."""

    inputs: list[Input]
    notices: list[str] = field(default_factory=list)


def read_files(
    repo: Repository,
    observed: Observed,
    roots: Roots,
    *,
    began: float,
    tree: Oid,
    declared: Sequence[Input],
    budget: int = BUDGET,
) -> Files:
    """The inputs among what was opened since `began`, in code that is `tree`, but for what is `declared`."""
    hub = Hub(cache_folders(repo.environ))
    seen = [one for one in _seen(repo, observed, roots, hub, began, tree) if not _is_declared(one, declared)]
    tables = [path for paths in hub.tables.values() for path in paths]
    hashes, left_out = _hash(repo, [*(one.path for one in seen), *tables], budget)
    known = {one.oid for one in declared if one.oid}
    seen = [one for one in seen if one.path not in hashes or hashes[one.path].oid not in known]
    single, folders = _grouped(seen)
    inputs = [_file(repo, one, name, hashes.get(one.path)) for name, one in _named(single)]
    inputs += [_folder(repo, roots, name, ones, hashes) for name, ones in folders.items()]
    found = Files([*sorted(inputs, key=lambda one: one.name), *hub.inputs(hashes)])
    if left_out:
        found.notices.append(_told(left_out))
    return found


def _seen(
    repo: Repository, observed: Observed, roots: Roots, hub: Hub, began: float, tree: Oid
) -> Iterator[Seen]:
    """Those that are inputs; each once, however it was called."""
    known: set[str] = set()
    tracked: frozenset[str] | None = None
    for path, opened in sorted(observed.reads.items()):
        if hub.take(path):
            continue
        relative = roots.inside(path)
        found = _regular(path)
        if not roots.is_input(path, relative) or not (found or _is_gone(path, opened)):
            continue
        if roots.is_temporary(path) and _is_new(found, path in observed.writes, began):
            continue
        key = relative or os.path.realpath(path)
        if key in known or (path in observed.writes and observed.writes[path].at <= opened.at):
            continue
        known.add(key)
        now = found.st_mtime if found else 0
        modified = opened.modified or min(now, opened.at)
        fresh = modified >= began
        if relative is not None and (fresh or is_code(relative)):
            tracked = _tracked(repo, tree) if tracked is None else tracked
        in_code = relative is not None and tracked is not None and relative in tracked
        # What was not there at the start, or was other, the run has made itself.
        if (fresh and not in_code) or (in_code and relative is not None and is_code(relative)):
            continue
        yield Seen(path, relative, found.st_size if found else None, abs(now - modified) > _PRECISION)


def _regular(path: str) -> os.stat_result | None:
    with suppress(OSError, ValueError):
        found = os.stat(path)
        return found if stat.S_ISREG(found.st_mode) else None
    return None


def _is_new(found: os.stat_result | None, written: bool, began: float) -> bool:
    """Whether a temporary file is the run's own: gone again, or put there with the times of another.

    One that the run wrote to after it had read it has changed, and need not be new.
    """
    return found is None or (found.st_ctime >= began and not written)


def _is_gone(path: str, opened: Opened) -> bool:
    """Whether it was a file when it was opened, and is nothing any more."""
    return opened.modified > 0 and not os.path.lexists(path)


def _tracked(repo: Repository, tree: Oid) -> frozenset[str]:
    listed = repo.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
    return frozenset(os.fsdecode(path) for path in listed.stdout.split(b"\0") if path)


def _is_declared(one: Seen, declared: Iterable[Input]) -> bool:
    """Whether the path, or a folder that it is in, is an input by another role."""
    if one.relative is None:
        return False
    paths = {other.path for other in declared}
    parts = one.relative.split("/")
    return any("/".join(parts[:count]) in paths for count in range(1, len(parts) + 1))


def _hash(repo: Repository, paths: Iterable[str], left: int) -> tuple[dict[str, Stored], list[str]]:
    """The hashes, and what is known by name alone: the largest, where all would take too long."""
    hashes: dict[str, Stored] = {}
    left_out: list[str] = []
    sizes = {path: found.st_size for path in paths if (found := _regular(path))}
    for path, size in sorted(sizes.items(), key=lambda one: one[1]):
        with suppress(OSError):
            known = repo.digests.known(Path(path))
            if known is None and size <= left and len(hashes) < _MOST_HASHED:
                left -= size
                known = repo.digests.file(Path(path))
            if known is None:
                left_out.append(path)
            else:
                hashes[path] = known
    return hashes, left_out


def _grouped(seen: Sequence[Seen]) -> tuple[list[Seen], dict[str, list[Seen]]]:
    """Files that stand for themselves, and those of folders that are taken together."""
    if len(seen) <= MOST:
        return list(seen), {}
    folders: dict[str, list[Seen]] = {}
    for one in seen:
        folders.setdefault(_folder_of(one), []).append(one)
    single = [one for ones in folders.values() if len(ones) <= _FEW for one in ones]
    if len(single) > MOST:
        single = []
    rest = [one for one in seen if one not in set(single)]
    for depth in range(max(_folder_of(one).count("/") for one in rest) + 1, -1, -1):
        groups: dict[str, list[Seen]] = {}
        for one in rest:
            above = one.relative and "/".join(_folder_of(one).split("/")[:depth])
            groups.setdefault(ELSEWHERE if above is None else above, []).append(one)
        if len(groups) <= MOST:
            break
    return single, {name or ".": ones for name, ones in groups.items()}


def _folder_of(one: Seen) -> str:
    """Files outside of the working tree have none: the name of one may be that of a person."""
    return ELSEWHERE if one.relative is None else os.path.dirname(one.relative) or "."


def _named(seen: Iterable[Seen]) -> Iterator[tuple[str, Seen]]:
    """Each file by its path in the working tree, or its name alone; with a number, where that is taken."""
    taken: set[str] = set()
    for one in seen:
        name = free_name(one.relative or os.path.basename(one.path), taken)
        taken.add(name)
        yield name, one


def _file(repo: Repository, one: Seen, name: str, stored: Stored | None) -> Input:
    """A file that was written to since, or could not be hashed, is known less firmly."""
    pin = Pin.INFERRED if one.changed else None
    oid, size = (stored.oid, stored.size) if stored else (None, one.size)
    return Input(FILE, _text(repo, name), _path(one.relative), oid, size, how=How.OBSERVED, pin=pin)


def _folder(
    repo: Repository, roots: Roots, name: str, seen: Sequence[Seen], hashes: Mapping[str, Stored]
) -> Input:
    """The files of a folder that were read: the folder itself, where these are all that it has."""
    size = sum(one.size or 0 for one in seen)
    path = _path(name) if seen[0].relative is not None else None
    prefix = 0 if name == "." or path is None else len(name) + 1
    lines = [
        (hashes[one.path].oid, (one.relative or os.path.basename(one.path))[prefix:])
        for one in seen
        if one.path in hashes
    ]
    pin = Pin.INFERRED if any(one.changed for one in seen) else None
    if len(lines) < len(seen):
        value: Value = {"files": len(seen)}
        return Input(FILE, _text(repo, name), path, None, size, value, How.OBSERVED, pin or Pin.NAMED)
    oid = identity(lines)
    if path is not None and _has_no_more(roots, name, len(seen)):
        return Input(FILE, _text(repo, name), path, oid, size, how=How.OBSERVED, pin=pin)
    value = {"files": len(seen), "digest": f"sha256:{oid}"}
    return Input(FILE, _text(repo, name), path, None, size, value, How.OBSERVED, pin)


def _has_no_more(roots: Roots, name: str, count: int) -> bool:
    there = files_below(roots.trees[0] / name)
    return sum(1 for _ in zip(there, range(count + 1), strict=False)) == count


def _path(relative: str | None) -> str | None:
    """The path as a record may have it: bytes that are no UTF-8 cannot stand in one."""
    try:
        return input_path(relative) if relative and relative.encode() else None
    except ValueError:
        return None


def _text(repo: Repository, name: str) -> str:
    return repo.redactor.text(os.fsencode(name).decode("utf-8", "replace"))


def _told(paths: Sequence[str]) -> str:
    names = ", ".join(
        repr(os.fsencode(os.path.basename(one)).decode("utf-8", "replace")) for one in paths[:3]
    )
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{names}{more}: read by the run and too much to hash at its end, so noted by name and size"
