"""Files put below a folder without ever leaving it: no link on the way is followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gitexp.errors import StorageFull, UsageError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def placed(folder: Path, path: str, *, replace: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which is `path` below `folder` once the block ends well, and nothing before.

    `path` is a safe relative one with `/`. Raises UsageError where another file is there already (unless it
    is to be replaced), or where the way leads through a link or a file; StorageFull where it cannot be.
    """
    *above, name = path.split("/")
    parent = _opened(folder, above)
    temporary = f".{name[:40]}.{os.urandom(6).hex()}.tmp"
    try:
        with os.fdopen(os.open(temporary, _NEW, 0o666, dir_fd=parent), "wb") as file:
            yield file
        if replace:
            os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        else:
            os.link(temporary, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        raise UsageError(f"'{folder / path}' exists already", hint="--force replaces it") from None
    except IsADirectoryError:
        raise UsageError(f"'{folder / path}' is a folder") from None
    except OSError as error:
        raise StorageFull(f"cannot write '{folder / path}': {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)
        os.close(parent)


def _opened(folder: Path, names: list[str]) -> int:
    """The folder `names` below `folder`, made where it does not exist."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(
            f"'{folder}' cannot be a folder: {error.strerror}", hint="choose another: -o DIR"
        ) from None
    for depth, name in enumerate(names, start=1):
        try:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=found)
            below = os.open(name, _FOLDER, dir_fd=found)
        except OSError:
            where = folder.joinpath(*names[:depth])
            raise UsageError(
                f"'{where}' is not a folder, or is a link", hint="choose another: -o DIR"
            ) from None
        finally:
            os.close(found)
        found = below
    return found
