"""What refs of a remote lead to, brought in by `git fetch` and checked by git.

What git refuses stops nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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
# Anything else a remote may say would be read as a refspec, which can name a ref of this clone.
_NAME = re.compile(r"HEAD|refs/[^\x00-\x20\x7f:^~?*\[\\]+")


@dataclass
class Fetched:
    """What was not brought, by the remote's ref, and why."""

    refused: dict[str, RemoteError] = field(default_factory=dict)
    """For what they lead to: another try would come to the same."""
    failed: dict[str, RemoteError] = field(default_factory=dict)
    """The remote, or the way to it, failed."""


def fetch(git: Git, remote: Remote, refs: Sequence[str]) -> Fetched:
    """Has all that `refs` of the remote lead to here, as far as it can be; no ref of this clone changes.

    `git` is one from `remotes.toward`. Raises StorageFull where nothing can be written here, but no
    RemoteError.
    """
    names = [ref for ref in refs if _NAME.fullmatch(ref)]
    fetching = _Fetching(git, remote)
    fetching.fetched.refused.update({ref: _no_name(remote, ref) for ref in {*refs}.difference(names)})
    fetching.bring(names)
    return fetching.fetched


def _no_name(remote: Remote, ref: str) -> RemoteError:
    return RemoteError(
        f"remote '{remote.name}' says that it has {ref!r}, which is not the name of a ref",
        hint=f"git ls-remote {remote.name}",
    )


@dataclass
class _Fetching:
    git: Git
    remote: Remote
    fetched: Fetched = field(default_factory=Fetched)
    made: int = 0
    lost: int = 0
    """Single refs that failed on the way, one after the other."""

    def bring(self, refs: Sequence[str]) -> None:
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
            self._judge(refs[0], result)
        else:
            half = len(refs) // 2
            self.bring(refs[:half])
            self.bring(refs[half:])

    def _fetch(self, refs: Sequence[str]) -> Result:
        options = [part for one in _CONFIG for part in ("-c", one)]
        script = "".join(f"{ref}\n" for ref in refs).encode("utf-8", "surrogateescape")
        return self.git.run(*options, "fetch", *_OPTIONS, "--", self.remote.name, input=script, check=False)

    def _judge(self, ref: str, result: Result) -> None:
        told = remote_error(result, self.remote)
        if _REFUSED.search(result.talk):
            self.lost = 0
            self.fetched.refused[ref] = told
        else:
            self.lost += 1
            self.fetched.failed[ref] = told

    def _give_up(self, refs: Sequence[str]) -> None:
        told = next(reversed(self.fetched.failed.values()), None) or RemoteError(
            f"too much of what '{self.remote.name}' has was refused: name a run to fetch it"
        )
        self.fetched.failed.update(dict.fromkeys(refs, told))


def _own(result: Result) -> bytes:
    """What git said of this machine, not of the other."""
    return b"\n".join(line for line in result.stderr.split(b"\n") if not line.startswith(b"remote:"))
