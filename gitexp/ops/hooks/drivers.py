"""Programs that git calls to merge and to show our files, made known to it in one clone.

git learns of a driver from its configuration, and for which files from attributes. Ours stand in the
repository's own `info/attributes`, between two marks, and never in the user's tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from gitexp.capture.durable import write_durably
from gitexp.ops.hooks.known_drivers import DRIVERS, Driver
from gitexp.repo import Repository

_BEGIN, _END = b"# begin of git exp hooks\n", b"# end of git exp hooks\n"
_BLOCK = re.compile(re.escape(_BEGIN) + b"(?:.*\n)*?" + re.escape(_END))


def register(repo: Repository, drivers: Sequence[Callable[[Repository], Driver]] = DRIVERS) -> None:
    """Make `drivers` known, in place of what an earlier version made known. Raises GitError, OSError."""
    made = [driver(repo) for driver in drivers]
    # Our marks come first and go last: while they stand, the settings are ours.
    _set_block(repo, "".join(f"{line}\n" for one in made for line in one.attributes))
    for one in made:
        for variable, value in one.settings.items():
            repo.git.run("config", "--local", "--replace-all", f"{one.section}.{variable}", value)


def withdraw(repo: Repository, drivers: Sequence[Callable[[Repository], Driver]] = DRIVERS) -> None:
    """Take away what `register` did. Raises GitError, OSError."""
    if _BLOCK.search(_read(_attributes(repo))) is None:
        return
    for one in [driver(repo) for driver in drivers]:
        for variable in one.settings:
            # It fails where that is not set.
            repo.git.run("config", "--local", "--unset-all", f"{one.section}.{variable}", check=False)
    _set_block(repo, "")


def registered(repo: Repository, drivers: Sequence[Callable[[Repository], Driver]] = DRIVERS) -> bool:
    """Whether `register` would change nothing. Raises OSError."""
    made = [driver(repo) for driver in drivers]
    block = "".join(f"{line}\n" for one in made for line in one.attributes)
    return _block_of(_read(_attributes(repo))) == block.encode() and all(
        repo.config.get(f"{one.section}.{variable}") == value
        for one in made
        for variable, value in one.settings.items()
    )


def _attributes(repo: Repository) -> Path:
    return repo.layout.common_dir / "info" / "attributes"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _block_of(text: bytes) -> bytes:
    found = _BLOCK.search(text)
    return found[0].removeprefix(_BEGIN).removesuffix(_END) if found else b""


def _set_block(repo: Repository, lines: str) -> None:
    """Have `lines`, and nothing else, between our marks; without any the marks go, too."""
    path = _attributes(repo)
    before = _read(path)
    block = _BEGIN + lines.encode("utf-8", "surrogateescape") + _END if lines else b""
    found = _BLOCK.search(before)
    # New marks come first: of several lines for a file the last one counts, and that is to be the user's.
    start, end = found.span() if found else (0, 0)
    after = before[:start] + block + before[end:]
    if after == before:
        return
    if after:
        path.parent.mkdir(exist_ok=True)
        write_durably(path, after)
    else:
        path.unlink()
