"""Which of the files that a run opened are inputs, and what they may be called in a record."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitexp.capture.withheld import NEVER_CAPTURED, is_secret
from gitexp.model.files import RECORD_FOLDER

_SYSTEM = tuple(
    "/bin /boot /dev /etc /lib /lib32 /lib64 /nix/store /proc /run /sbin /snap /sys /usr "
    "/var/cache /var/lib /var/run".split()
)
_NEVER_INSIDE = frozenset(
    (
        *(".git", RECORD_FOLDER, "__pycache__", "site-packages", "dist-packages", "node_modules"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"),
    )
)
_SCRATCH = (".", "torchinductor_", "triton_", "matplotlib-", "pymp-", "numba_")
"""How names below temporary folders begin that are caches, and what processes pass to one another."""
_CODE = (".py", ".pyc", ".pyi", ".so")


@dataclass(frozen=True, slots=True)
class Roots:
    """What paths are told apart by."""

    trees: tuple[Path, ...]
    """Where the run's working tree is; the user's own as well, where the run has another."""
    home: Path | None
    temporary: tuple[str, ...]
    never: tuple[str, ...]
    """Patterns of what is never captured."""
    known: frozenset[str] = frozenset()
    """Paths in the tree that the record has by other means: params files, settings."""
    _starts: tuple[str, ...] = field(init=False)
    """How paths in the working tree begin, by whichever links."""

    def __post_init__(self) -> None:
        real = (f"{root}/" for tree in self.trees for root in (str(tree), os.path.realpath(tree)))
        object.__setattr__(self, "_starts", tuple(dict.fromkeys(real)))

    def inside(self, path: str) -> str | None:
        """The path relative to the root of the working tree, with `/`; None for what is not in it."""
        return next((path[len(one) :] for one in self._starts if path.startswith(one)), None)

    def is_temporary(self, path: str) -> bool:
        """Whether it lies where programs keep what lasts no longer than they do."""
        return self.inside(path) is None and _is_below(path, self.temporary)

    def is_input(self, path: str, relative: str | None) -> bool:
        """Whether a file that was opened is one that results may depend on, and is not part of a program."""
        if path.endswith(_CODE) and relative is None:
            return False
        if is_secret(os.fsencode(relative or path), (*NEVER_CAPTURED, *self.never)):
            return False
        if relative is not None:
            return relative not in self.known and _NEVER_INSIDE.isdisjoint(relative.split("/"))
        parts = path.split("/")
        if not _NEVER_INSIDE.isdisjoint(parts) or _is_below(path, _SYSTEM):
            return False
        if self.is_temporary(path) and any(part.startswith(_SCRATCH) for part in parts):
            return False
        # What is hidden in somebody's home are settings, caches and keys.
        return self.home is None or not path.startswith(f"{self.home}/.")


def temporary_folders(environ_tmp: str | None) -> tuple[str, ...]:
    """Where programs keep what lasts no longer than they do."""
    return tuple(dict.fromkeys(one.rstrip("/") for one in (environ_tmp, "/tmp", "/var/tmp") if one))


def is_code(relative: str) -> bool:
    """Whether the name is one of code, which counts as such where the code tree has it."""
    return relative.endswith(_CODE)


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
