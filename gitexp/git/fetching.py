"""Refs brought in by `git fetch`, their objects checked by git; what it refuses stops nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gitexp.errors import RemoteError, StorageFull
from gitexp.git.process import Git, Result, error
from gitexp.git.remotes import Remote, remote_error

_CONFIG = ("fetch.fsckObjects=true", "transfer.fsckObjects=true", "fetch.unpackLimit=1", "fetch.prune=false")
_OPTIONS = (
    *("--stdin", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"),
    *("--no-auto-maintenance", "--refmap="),
)
_MOST = 2000
"""Fetches that are made to find what is refused: each such ref costs some."""
_GIVEN_UP = 3
"""Fetches of single refs in a row that failed on the way: then it is the way, not the refs."""
# What git says of objects that it does not take, or that the remote has not got.
_REFUSED = re.compile(
    r"object [0-9a-f]{40,64}: |fsck|pack-objects died|[Cc]ould not read [0-9a-f]{40}|bad object [0-9a-f]{40}"
    r"|missing (?:blob|tree|commit)|did not send all necessary objects|unable to parse|not our ref"
)

_Spec: TypeAlias = tuple[str, str]
"""A ref of the remote, and the local one that it is brought to."""


@dataclass
class Fetched:
    """What was not brought, by the remote's ref, and why."""

    refused: dict[str, RemoteError] = field(default_factory=dict)
    """For what they lead to: another try would come to the same."""
    failed: dict[str, RemoteError] = field(default_factory=dict)
    """The remote, or the way to it, failed."""


def fetch(git: Git, remote: Remote, refs: Mapping[str, str]) -> Fetched:
    """Brings each remote ref to the local one that it maps to, as far as it can be.

    `git` is one from `remotes.toward`. A local ref that exists is overwritten. Raises StorageFull where
    nothing can be written here, but no RemoteError.
    """
    fetching = _Fetching(git, remote)
    fetching.bring(list(refs.items()))
    return fetching.fetched


@dataclass
class _Fetching:
    git: Git
    remote: Remote
    fetched: Fetched = field(default_factory=Fetched)
    made: int = 0
    lost: int = 0
    """Single refs that failed on the way, one after the other."""

    def bring(self, refs: Sequence[_Spec]) -> None:
        """Git takes all or nothing: the refs that it refuses are found by halving."""
        if not refs:
            return
        if self.made >= _MOST or self.lost >= _GIVEN_UP:
            self._give_up(refs)
            return
        self.made += 1
        result = self._fetch(refs)
        if result.code == 0:
            self.lost = 0
        elif isinstance(full := error(result._replace(stderr=_own(result)), ["fetch"]), StorageFull):
            raise full
        elif len(refs) == 1:
            self._judge(refs[0][0], result)
        else:
            half = len(refs) // 2
            self.bring(refs[:half])
            self.bring(refs[half:])

    def _fetch(self, refs: Sequence[_Spec]) -> Result:
        options = [part for one in _CONFIG for part in ("-c", one)]
        script = "".join(f"+{source}:{target}\n" for source, target in refs).encode()
        return self.git.run(*options, "fetch", *_OPTIONS, "--", self.remote.name, input=script, check=False)

    def _judge(self, ref: str, result: Result) -> None:
        told = remote_error(result, self.remote)
        if _REFUSED.search(result.talk):
            self.lost = 0
            self.fetched.refused[ref] = told
        else:
            self.lost += 1
            self.fetched.failed[ref] = told

    def _give_up(self, refs: Sequence[_Spec]) -> None:
        told = next(reversed(self.fetched.failed.values()), None) or RemoteError(
            f"too much of what '{self.remote.name}' has was refused: name a run to fetch it"
        )
        self.fetched.failed.update((source, told) for source, _ in refs)


def _own(result: Result) -> bytes:
    """What git said of this machine, not of the other."""
    return b"\n".join(line for line in result.stderr.split(b"\n") if not line.startswith(b"remote:"))
