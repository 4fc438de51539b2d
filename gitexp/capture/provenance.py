"""Where the code around a run comes from: lock files, submodules, the remote."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from gitexp.formats.redact import strip_url

_LOCK_FILES = re.compile(
    r"uv\.lock|poetry\.lock|pdm\.lock|Pipfile\.lock|conda-lock\.ya?ml|requirements[\w.-]*\.txt|environment\.ya?ml"
    r"|pixi\.lock|pylock(?:\.[\w-]+)?\.toml|package-lock\.json|yarn\.lock|pnpm-lock\.yaml|flake\.lock|renv\.lock|Cargo\.lock"
)
_LARGEST = 64 << 20
_PATH = re.compile(r"\s*path\s*=\s*(.*?)\s*")


def is_lock_file(name: str) -> bool:
    return _LOCK_FILES.fullmatch(name) is not None


def lock_files(top: Path, cwd: Path) -> dict[str, str]:
    """Path relative to `top` -> sha256 of the bytes, for the lock files at the root and in `cwd`."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys((top, cwd)):
        relative = os.path.relpath(folder, top)
        if relative.startswith(".."):
            continue
        for name in _names(folder):
            if digest := _sha256(folder / name):
                found[Path(relative, name).as_posix()] = digest
    return dict(sorted(found.items()))


def remote(url: str | None) -> str | None:
    """`url` without credentials, or None for a path of this machine's."""
    if not url or url.startswith(("/", ".", "~", "file:", "\\")) or re.match(r"[A-Za-z]:[\\/]", url):
        return None
    if "://" not in url and ":" not in url:
        return None
    return strip_url(url)


def submodules(gitmodules: str, index: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Path -> commit of the submodules that the text of `.gitmodules` declares.

    `index` holds (path, object id) of the index entries with mode 160000.
    """
    declared = {
        match.group(1).strip('"') for line in gitmodules.splitlines() if (match := _PATH.fullmatch(line))
    }
    return {path: oid for path, oid in sorted(index) if path in declared}


def _names(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if is_lock_file(name))
    except OSError:
        return []


def _sha256(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
