"""What is in a folder, and the one identity that it has."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gitexp.model.values import Digest


def files_below(folder: Path, remark: Callable[[str], None] = lambda sentence: None) -> Iterator[Path]:
    """Every regular file below `folder`, those of a folder before those of the folders in it; a link to a
    file counts as that file.

    `remark` is told of what is left out: a link to a folder, which may lead anywhere, even to itself; one
    that leads nowhere; what is no file, as reading it may never end; what cannot be looked into.
    """
    folders = [folder]
    while folders:
        inner = []
        for path, is_folder in _entries(folders.pop(), remark):
            if is_folder:
                inner.append(path)
            elif path.is_file():
                yield path
            else:
                remark(f"{shown(path)} is left out: {_what(path)}")
        folders += reversed(inner)


def _entries(folder: Path, remark: Callable[[str], None]) -> list[tuple[Path, bool]]:
    """What is in a folder, by name, and whether it is itself a folder."""
    try:
        with os.scandir(folder) as entries:
            found = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError as error:
        remark(f"{shown(folder)} is left out: {error.strerror}")
        return []
    return sorted(found)


def identity(files: Iterable[tuple[Digest, str]]) -> Digest:
    """The sha256 over the sorted `<sha256>  <path>\\n` lines of a folder's files, paths relative to it.

    `sha256sum` prints such lines, so `(cd FOLDER && find . -type f -printf '%P\\0' | xargs -0 sha256sum |
    LC_ALL=C sort | sha256sum)` says the same.
    """
    lines = sorted(f"{oid}  {path}\n".encode("utf-8", "surrogateescape") for oid, path in files)
    return Digest(hashlib.sha256(b"".join(lines)).hexdigest())


def shown(path: Path) -> str:
    """A path for a sentence, whatever bytes its name has."""
    return repr(os.fsencode(path.name).decode("utf-8", "replace"))


def _what(path: Path) -> str:
    if path.is_symlink():
        return "it is a link to a folder" if path.is_dir() else "it is a link that leads nowhere"
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return f"it is {kinds.get(stat.S_IFMT(path.lstat().st_mode), 'a device')}"
