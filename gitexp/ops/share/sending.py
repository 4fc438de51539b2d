"""Refs sent to a remote in few pushes: batched, not too often, and halved where the server fails."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gitexp.errors import RemoteError
from gitexp.git.outgoing import can_be_apart, push_apart
from gitexp.git.process import Git
from gitexp.git.pushing import Fate, Pushed, RefFate, RefPush, push
from gitexp.git.remotes import Remote, list_remote
from gitexp.model.values import Oid
from gitexp.ops.share.outbox import Outbox, outbox_file
from gitexp.repo import Repository

BATCH = 500
"""Refs in one push; hosts are known to fail on more."""
LOCAL_BATCH = 5000
"""Refs in one push to a folder of this machine: as many as a command line holds with ease."""
RATE = 6
"""Pushes a minute, as hosts advise."""
_MANY = 20
"""Refs from which on it pays to put them where nothing else is."""
_ASKED = 1000
"""Refs that a remote is asked for by name at once."""
_GIVEN_UP = 3
"""Single refs in a row that the server failed at: then it is the server, not the refs."""


@dataclass
class Sender:
    """Sends refs to one remote, and remembers the pushes in its outbox."""

    repo: Repository
    git: Git
    remote: Remote
    outbox: Outbox
    failed: int = 0
    """Single refs that the server has failed at, one after the other."""
    failure: RemoteError | None = None
    """How the server failed last."""
    fates: dict[str, RefFate] = field(default_factory=dict)
    _total: int = 0

    def send(self, refs: Sequence[RefPush]) -> Mapping[str, RefFate]:
        """What became of each of `refs`; UNTOLD where the server failed. Never raises RemoteError."""
        usual = LOCAL_BATCH if self.remote.is_local else BATCH
        size = max(1, self.repo.config.int("exp.pushBatch", usual))
        self._total = len(refs)
        try:
            for start in range(0, len(refs), size):
                self._send(refs[start : start + size])
        finally:
            self._tell("")
        return self.fates

    def _tell(self, progress: str) -> None:
        """How far git is with a batch, and we with all of them."""
        if self.repo.progress is not None:
            more = f"{len(self.fates)} of {self._total} runs sent: " if self.fates and progress else ""
            self.repo.progress(more + progress)

    @property
    def _over(self) -> bool:
        """Whether nothing more will be taken."""
        unwelcome = bool(self.fates) and all(one.fate is Fate.UNWELCOME for one in self.fates.values())
        return self.failed >= _GIVEN_UP or unwelcome

    def _send(self, refs: Sequence[RefPush]) -> None:
        if self._over:
            last = next(reversed(self.fates.values()), RefFate(Fate.UNTOLD))
            self.fates |= {one.ref: last for one in refs}
            return
        self._wait()
        self.outbox.note_push()
        pushed = self._pushed(refs)
        self.fates |= pushed.fates
        left = [one for one in refs if pushed.fates[one.ref].fate is Fate.UNTOLD]
        if not left:
            self.failed = 0
            return
        self.failure = pushed.failure
        self._send_left(left, whole=len(left) == len(refs))

    def _pushed(self, refs: Sequence[RefPush]) -> Pushed:
        progress = self._tell if self.repo.progress else None
        if len(refs) < _MANY or any(one.new is None for one in refs) or not self._can_be_apart:
            return push(self.git, self.remote, refs, progress)
        folder = outbox_file(self.repo, self.remote.name, "git")
        return push_apart(self.git, self.repo.layout, self.repo.config, folder, self.remote, refs, progress)

    @cached_property
    def _can_be_apart(self) -> bool:
        return can_be_apart(self.git, self.repo.layout, self.repo.config)

    def _send_left(self, refs: Sequence[RefPush], *, whole: bool) -> None:
        """Once more, in halves, what a push that broke off says nothing of."""
        refs = self._still_due(refs)
        if len(refs) == 1 and whole:
            self.failed += 1
            reason = self.failure.message if self.failure else "the server failed"
            self.fates[refs[0].ref] = RefFate(Fate.UNTOLD, reason)
        elif refs:
            half = (len(refs) + 1) // 2
            self._send(refs[:half])
            if refs[half:]:
                self._send(refs[half:])

    def _still_due(self, refs: Sequence[RefPush]) -> list[RefPush]:
        """Those of `refs` that the remote has not taken: a connection may be cut after the work was done."""
        there: dict[str, Oid] = {}
        try:
            for start in range(0, len(refs), _ASKED):
                names = [one.ref for one in refs[start : start + _ASKED]]
                there |= list_remote(self.git, self.remote, names, push=True)
        except RemoteError as error:
            self.failed, self.failure = _GIVEN_UP, error
            self.fates |= {one.ref: RefFate(Fate.UNTOLD, error.message) for one in refs}
            return []
        done = {one.ref for one in refs if there.get(one.ref) == one.new}
        self.fates |= {ref: RefFate(Fate.DONE) for ref in done}
        return [one for one in refs if one.ref not in done]

    def _wait(self) -> None:
        """Returns when the host may be asked again. A folder of this machine always may."""
        if self.remote.is_local:
            return
        rate = self.repo.config.int("exp.pushRate", RATE)
        seconds = self.outbox.due(rate, time.time())
        if seconds > 0:
            self._tell("")
            self.repo.remark(f"waiting {seconds:.0f} s: at most {rate} pushes a minute (exp.pushRate)")
            time.sleep(seconds)
