"""Files that are never captured: by their name, or because a private key stands in them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from subprocess import Popen

from gitexp.git.process import Git

NEVER_CAPTURED = (
    ".env",
    ".env.*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".netrc",
    ".pgpass",
    ".pypirc",
)
HARMLESS = (".env.example", ".env.sample", ".env.template", ".env.dist")
_PRIVATE_KEY = (b"-----BEGIN", b"PRIVATE KEY-----")
_KEY_LIMIT = 1 << 16
"""Bytes above which no file is a key."""

# Renames are two changes here, and what happened inside a submodule is none.
_DIFF = ("diff-index", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=all")
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


def is_secret(path: bytes, patterns: Sequence[str] = NEVER_CAPTURED) -> bool:
    """Whether a file of that name is never captured."""
    text = os.fsdecode(path)
    name = text.rpartition("/")[2].lower()
    if name in HARMLESS:
        return False
    pattern = _any_of(tuple(patterns))
    return bool(pattern.match(name) or pattern.match(text))


@lru_cache(maxsize=8)
def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """One pattern, for a run may have read very many files."""
    return re.compile("|".join(translate(one) for one in patterns) or r"(?!)")


def holds_key(full: bytes, size: int) -> bool:
    """Whether the file of `size` bytes is a private key. Raises OSError."""
    if size > _KEY_LIMIT:
        return False
    with open(full, "rb") as file:
        start = file.read(4096)
    return all(mark in start for mark in _PRIVATE_KEY)


def list_changes(git: Git, inside: Mapping[str, str]) -> Popen[bytes]:
    """A git that lists how the tracked files differ from HEAD, while other work goes on."""
    return git.start(*_DIFF, "HEAD", "--", env=inside)


def restore(
    git: Git,
    inside: Mapping[str, str],
    top: Path,
    changes: Popen[bytes],
    patterns: Sequence[str],
    object_format: str,
) -> None:
    """Take secret files that are staged or tracked back to what HEAD has of them, or out of the index."""
    listed, _ = changes.communicate()
    if changes.returncode:  # an unborn branch
        listed = git.run(*_DIFF, _EMPTY_TREE[object_format], "--", env=inside).stdout
    undone = list(_undone(os.fsencode(top), listed, patterns))
    if undone:
        command = ("-c", "core.splitIndex=false", "update-index", "-z", "--index-info")
        git.run(*command, input=b"".join(line + b"\0" for line in undone), env=inside)


def _undone(top: bytes, listed: bytes, patterns: Sequence[str]) -> Iterator[bytes]:
    """`update-index --index-info` lines that undo the changes to secret files, out of `diff-index --raw`."""
    parts = iter(listed.split(b"\0")[:-1])
    for meta in parts:
        path = next(parts)
        mode, _, oid = meta.lstrip(b":").split(b" ")[:3]
        if is_secret(path, patterns) or _is_key(os.path.join(top, path)):
            yield (b"0" if mode == b"000000" else mode) + b" " + oid + b"\t" + path


def _is_key(full: bytes) -> bool:
    try:
        found = os.lstat(full)
        return stat.S_ISREG(found.st_mode) and holds_key(full, found.st_size)
    except OSError:
        return False
