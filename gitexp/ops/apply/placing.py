"""Whether files can be put where they are to be, and the folders that come and go with them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.model.paths import folders_of
from gitexp.ops.apply.states import Change, File, Folder, Link, Other, State, look


def changes_for(top: Path, afters: Mapping[str, State], here: str) -> list[Change]:
    """Every change that brings about `afters`, folders included; `here` is the folder that we are in.

    Raises UsageError where something is in the way that is not to go.
    """
    befores = {path: _before(top, path) for path in afters}
    whole = dict(afters)
    for path in afters:
        if afters[path] is not None:
            whole |= _made(top, afters, path)
            whole |= _making_room(top, afters, path, here)
    whole |= dict.fromkeys(_emptied(top, whole, here))
    pairs = [(path, befores[path] if path in befores else _before(top, path)) for path in sorted(whole)]
    return [Change(path, before, whole[path]) for path, before in pairs if before != whole[path]]


def check_case(paths: Iterable[str]) -> None:
    """Raises UsageError where two names would be one on a file system that does not tell cases apart."""
    seen: dict[str, str] = {}
    for path in paths:
        for one in (path, *folders_of(path)):
            other = seen.setdefault(one.casefold(), one)
            if other != one:
                raise UsageError(
                    f"'{one}' and '{other}' are one file here: core.ignoreCase is set",
                    hint=f"git mv {other} …",
                )


def _before(top: Path, path: str) -> State:
    found = look(top, path)
    if isinstance(found, Other):
        raise UsageError(f"'{path}' is neither a file nor a folder", hint=f"move '{path}' away")
    return found


def _made(top: Path, afters: Mapping[str, State], path: str) -> dict[str, State]:
    """The folders to make for `path`."""
    made: dict[str, State] = {}
    for folder in folders_of(path):
        now = look(top, folder)
        if isinstance(afters.get(folder), (File, Link)):
            raise UsageError(
                f"'{folder}' would be a file and a folder", hint="apply one part after the other"
            )
        if isinstance(now, Folder):
            if os.path.lexists(top / folder / ".git"):
                raise UsageError(f"'{path}' is in another repository, '{folder}'", hint=f"cd {folder}")
        elif now is not None and folder not in afters:
            raise _in_the_way(folder, path)
        else:
            made[folder] = Folder(0o777 & ~_umask())
    return made


def _making_room(top: Path, afters: Mapping[str, State], path: str, here: str) -> dict[str, State]:
    """What has to go where a folder becomes a file."""
    if not isinstance(look(top, path), Folder):
        return {}
    if f"{here}/".startswith(f"{path}/"):
        raise UsageError(f"'{path}' would become a file, and we are in it", hint="cd to the root")
    gone: dict[str, State] = {}
    for one, is_folder in _inside(top, path):
        if is_folder:
            gone[one] = None
        elif one not in afters or afters[one] is not None:
            raise _in_the_way(one, path)
    return gone


def _inside(top: Path, path: str) -> Iterator[tuple[str, bool]]:
    """What is in a folder at any depth, and whether it is a folder."""
    with os.scandir(top / path) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            one, is_folder = f"{path}/{entry.name}", entry.is_dir(follow_symlinks=False)
            yield one, is_folder and entry.name != ".git"
            if is_folder:
                yield from _inside(top, one)


def _emptied(top: Path, whole: Mapping[str, State], here: str) -> list[str]:
    """The folders in which nothing is left, as git removes them; not the one that we are in."""
    staying = {folder for path, after in whole.items() if after is not None for folder in folders_of(path)}
    staying |= {here, *folders_of(here)}
    gone = {path for path, after in whole.items() if after is None}
    candidates = {folder for path in gone for folder in folders_of(path)} - staying - whole.keys()
    emptied = []
    for folder in sorted(candidates, key=lambda one: -one.count("/")):
        if isinstance(look(top, folder), Folder) and _is_left_empty(top, folder, gone):
            gone.add(folder)
            emptied.append(folder)
    return emptied


def _is_left_empty(top: Path, folder: str, gone: Collection[str]) -> bool:
    return all(f"{folder}/{name}" in gone for name in os.listdir(top / folder))


def _in_the_way(one: str, path: str) -> UsageError:
    return UsageError(f"'{one}' is in the way of '{path}'", hint=f"move '{one}' away")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
