"""Changing many files of the working tree so that all of it happens or nothing.

New files are written beside where they will be before anything changes; then each takes its place by one
rename. Whatever stands at a path meanwhile is what was there before, or what will be, or nothing: from
anywhere in between the way back is known.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from gitexp.errors import RefChanged
from gitexp.model.paths import folders_of
from gitexp.ops.apply.backup import Backup
from gitexp.ops.apply.states import Change, File, Folder, Link, Other, State, blocking, look, same
from gitexp.syncing import sync_all

Stamp: TypeAlias = tuple[int, ...]


def check(top: Path, changes: Sequence[Change], what: str) -> None:
    """Raises RefChanged where something is neither as it was before nor as it will be: it would be lost."""
    foreign = _foreign(top, changes)
    if foreign:
        raise RefChanged(
            f"cannot {what}: '{foreign[0]}' was changed since{and_more(foreign, 1)}",
            hint=f"move '{foreign[0]}' away, and try again",
        )


def bring_about(top: Path, kept: Backup, changes: Sequence[Change]) -> None:
    """Everything as it is after `changes`, durably.

    Raises RefChanged where somebody else changes a file meanwhile, OSError or GitExpError, with some done.
    """
    stamps = {one.path: _stamp(top, one.path) for one in changes}
    todo = [one for one in changes if _state(top, one) != one.after]
    ready = {one.path: _prepared(top, kept, one) for one in todo if isinstance(one.after, (File, Link))}
    sync_all([path for path in ready.values() if not path.is_symlink()])
    deepest_last = sorted(todo, key=lambda one: one.depth)
    for one in reversed(deepest_last):
        _clear(top, one, stamps[one.path])
    for one in deepest_last:
        if isinstance(one.after, Folder):
            (top / one.path).mkdir(exist_ok=True)
        elif one.path in ready:
            _check_untouched(top, one, stamps[one.path])
            ready[one.path].rename(top / one.path)
    for one in reversed(deepest_last):
        # A folder that cannot be written to gets its files first.
        if isinstance(one.after, Folder):
            (top / one.path).chmod(one.after.mode)
    folders = {(top / one.path).parent for one in todo}
    sync_all([folder for folder in folders if folder.is_dir()])


def take_back(top: Path, kept: Backup, changes: Sequence[Change]) -> list[str]:
    """Everything as it was before `changes`, however many of them were made; raises as `bring_about` does.

    What somebody else has put there meanwhile stays: those paths are given.
    """
    for path in _temporaries(kept, changes):
        if blocking(top, path) is None:
            (top / path).unlink(missing_ok=True)
    back = [one.turned for one in changes]
    foreign = set(_foreign(top, back))
    above = {folder for path in foreign for folder in folders_of(path)}
    left = [
        one.path
        for one in back
        if not foreign.isdisjoint((one.path, *folders_of(one.path)))
        or (one.path in above and not isinstance(one.after, Folder))
    ]
    bring_about(top, kept, [one for one in back if one.path not in left])
    return sorted(foreign)


def _foreign(top: Path, changes: Sequence[Change]) -> list[str]:
    """Paths at which, or above which, something is that is of neither side of `changes`."""
    known = {one.path for one in changes}
    found = []
    for one in changes:
        now = look(top, one.path)
        blocker = blocking(top, one.path)
        if blocker is not None and blocker not in known:
            found.append(blocker)
        elif now is not None and not same(now, one.before) and not same(now, one.after):
            found.append(one.path)
        elif isinstance(now, Folder) and isinstance(one.after, (File, Link)):
            inside = (f"{one.path}/{name}" for name in sorted(os.listdir(top / one.path)))
            found += [path for path in inside if path not in known]
    return list(dict.fromkeys(found))


def _prepared(top: Path, kept: Backup, one: Change) -> Path:
    """The new file, in the nearest folder above its place that is there already."""
    near = next((path for path in folders_of(one.path) if isinstance(look(top, path), Folder)), "")
    temporary = top / near / _temporary_name(kept, one.path)
    if isinstance(one.after, Link):
        temporary.symlink_to(one.after.target)
    elif isinstance(one.after, File):
        kept.copy(one.after, temporary)
        temporary.chmod(one.after.mode)
    return temporary


def _temporaries(kept: Backup, changes: Sequence[Change]) -> Iterator[str]:
    """Where new files may wait."""
    for one in changes:
        name = _temporary_name(kept, one.path)
        yield from (name, *(f"{folder}/{name}" for folder in folders_of(one.path)))


def _temporary_name(kept: Backup, path: str) -> str:
    return f".gitexp-{kept.path.name}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"


def _state(top: Path, one: Change) -> State | Other:
    """What stands there, which was looked at before."""
    now = look(top, one.path)
    if not any(same(now, known) for known in (None, one.before, one.after)):
        raise being_changed(one.path)
    return now


def _stamp(top: Path, path: str) -> Stamp | None:
    """What a file shows without being read, that changes with its content; None where there is none."""
    if blocking(top, path) is not None:
        return None
    try:
        found = os.lstat(top / path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _check_untouched(top: Path, one: Change, stamp: Stamp | None) -> None:
    """Raises RefChanged where something stands at a path that is not what was looked at."""
    blocker = blocking(top, one.path)
    if blocker is not None:
        raise being_changed(blocker)
    now = _stamp(top, one.path)
    # What has another stamp may be the same: another name of the file may have gone.
    if now is not None and now != stamp:
        _state(top, one)


def being_changed(path: str) -> RefChanged:
    return RefChanged(f"'{path}' is being changed", hint="try again when nothing writes to it")


def _clear(top: Path, one: Change, stamp: Stamp | None) -> None:
    """Remove what a rename cannot replace, and nothing that a link leads to."""
    full = top / one.path
    if blocking(top, one.path) is not None:
        return
    if full.is_dir() and not full.is_symlink():
        try:
            full.rmdir()
        except OSError as error:
            # What somebody has put into it since is not ours to remove.
            if one.after is not None or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    elif one.after is None or isinstance(one.after, Folder):
        _check_untouched(top, one, stamp)
        full.unlink(missing_ok=True)


def and_more(paths: Sequence[str], shown: int) -> str:
    """What stands behind the first `shown` of `paths`."""
    return f" and {len(paths) - shown} more" if len(paths) > shown else ""
