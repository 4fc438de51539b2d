"""Refs brought in by `git fetch`, their objects checked by git; what it refuses stops nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitexp.errors import RemoteError
from gitexp.git.process import Git
from gitexp.git.remotes import Remote, remote_error

_CONFIG = ("fetch.fsckObjects=true", "transfer.fsckObjects=true", "fetch.unpackLimit=1", "fetch.prune=false")
_OPTIONS = (
    *("--stdin", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"),
    *("--no-auto-maintenance", "--refmap="),
)
_GIVEN_UP = 20
"""Refs that are refused one by one before all that are left count as refused."""


def fetch(git: Git, remote: Remote, refs: Mapping[str, str]) -> dict[str, RemoteError]:
    """Brings each remote ref to the local one that it maps to; why some were refused, by remote ref.

    `git` is one from `remotes.toward`. A local ref that exists is overwritten.
    """
    refused: dict[str, RemoteError] = {}
    _fetch(git, remote, list(refs.items()), refused)
    return refused


def _fetch(
    git: Git, remote: Remote, refs: Sequence[tuple[str, str]], refused: dict[str, RemoteError]
) -> None:
    if not refs:
        return
    options = [part for one in _CONFIG for part in ("-c", one)]
    script = "".join(f"+{source}:{target}\n" for source, target in refs).encode()
    result = git.run(*options, "fetch", *_OPTIONS, "--", remote.name, input=script, check=False)
    if result.code == 0:
        return
    if len(refs) == 1 or len(refused) >= _GIVEN_UP:
        refused.update((source, remote_error(result, remote)) for source, _ in refs)
        return
    # git takes all or nothing: the ones that it refuses are found by halving.
    half = len(refs) // 2
    _fetch(git, remote, refs[:half], refused)
    _fetch(git, remote, refs[half:], refused)
