"""Keeping the last and the best of what a run logs, while it goes on; the bytes of the rest are let go of.

First it is noted which bytes may go, then, in the journal, that their artifact is no more, and only when
that is on the disk do they go. A death in between leaves bytes to `git exp gc`; never an artifact without.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import TypeGuard

from gitexp.artifacts.store import Mark
from gitexp.capture.following import Follower
from gitexp.capture.journal import SUFFIX, Writer
from gitexp.capture.live import Live, all_live
from gitexp.capture.liveness import Lock
from gitexp.errors import GitExpError, UsageError
from gitexp.formats.fold import State
from gitexp.formats.record_fields import FAULTS
from gitexp.model.record import Artifact, Keep
from gitexp.model.retention import group_of, kept, parse_rules
from gitexp.model.values import Digest, Scalar
from gitexp.ops import doomed, dropped
from gitexp.ops.best import snippet
from gitexp.ops.goals import goal_of
from gitexp.ops.headline import deciding
from gitexp.ops.keeping import Brought
from gitexp.repo import Repository

_NOTED = 3
"""Metrics whose values are noted where the rules name none: which of them tells most may yet change."""
_SHARE = 20.0
"""How many times as long as it took to look through the repository it is not looked through again."""


@dataclass
class Retention:
    """The artifacts that a live run keeps by rules, as this process knows them."""

    repo: Repository
    live: Live
    writer: Writer
    _state: State = field(init=False)
    _follower: Follower = field(init=False)
    _marks: dict[Digest, Mark] = field(default_factory=dict)
    """What this process has put into the store."""
    _loose: set[Digest] = field(default_factory=set)
    """What may leave the store once it was looked whether anything needs it."""
    _pause_until: float = 0.0
    _unjudged: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._state = State(self.live.read_start().record)
        self._follower = Follower(self.live.journal)

    def check(self, rules: str) -> None:
        """Raises UsageError for rules that cannot be understood."""
        for rule in parse_rules(rules):
            if rule.metric is not None and self._goal(rule.metric) is None:
                raise UsageError(
                    f"which way metric {rule.metric!r} is better is not known", hint=snippet(rule.metric)
                )

    def keep(self, name: str, rules: str) -> Keep:
        """What is noted of an artifact, or a folder of them, that is being logged as `name` now."""
        self._catch_up()
        metrics = self._metrics()
        deciders = [rule.metric for rule in parse_rules(rules) if rule.metric is not None]
        deciders += deciding(metrics, self.repo.settings.goals)[:_NOTED]
        values = {key: value for key in deciders if _is_finite(value := metrics.get(key))}
        numbers = (one.keep.number for one in self._state.artifacts.values() if one.keep)
        return Keep(rules, name, max(numbers, default=0) + 1, values)

    def replaced(self, brought: Iterable[Brought]) -> set[Digest]:
        """What rules kept where the `brought` will stand; to be asked before they are noted."""
        found = set()
        for one in brought:
            if one.mark is not None:
                self._marks[one.stored.oid] = one.mark
            before = self._state.artifacts.get(one.path)
            if before is not None and before.keep is not None:
                found.add(before.oid)
        return found

    def drop(self, newest: Keep, kind: str | None, replaced: Iterable[Digest]) -> list[str]:
        """Let go of what the rules of the newest do not keep beside it; the paths of what is no more."""
        self._catch_up()
        gone = self._gone(newest, group_of(newest.name, kind))
        self._loosen({*replaced, *(one.oid for one in gone)})
        for one in gone:
            self.writer.append(["d", time.time(), {"path": one.path, "oid": f"sha256:{one.oid}"}])
        self.release()
        return [one.path for one in gone]

    def release(self, *, last: bool = False) -> None:
        """Free what nothing needs, when there is time for it; what stays is for `git exp gc`."""
        if self._loose and (last or time.monotonic() >= self._pause_until):
            began = time.monotonic()
            with suppress(GitExpError, OSError):
                # Whoever commits the run holds this: what it has read of the journal, and not yet written
                # into git, is needed.
                lock = Lock.take(self.live.writing)
                if lock is not None:
                    with lock:
                        self._release()
            self._pause_until = time.monotonic() + _SHARE * (time.monotonic() - began)
        if last:
            dropped.forget_freed(self.repo)

    def remarks(self) -> list[str]:
        """What a person should know once the run ends."""
        return [
            f"no metric said which {where!r} are best, so the newest were kept"
            for where in sorted(self._unjudged)
        ]

    def _loosen(self, oids: set[Digest]) -> None:
        """Note which bytes may go, unless anything needs them."""
        loose = {oid for oid in oids if self.repo.store.path(oid).exists()}
        if loose:
            dropped.note(self.repo, self.live.name, loose)
        self._loose |= loose & self._marks.keys()

    def _release(self) -> None:
        if doomed.hindrance(self.repo) or not self.writer.sync():
            return
        self._catch_up()
        candidates = self._loose - {one.oid for one in self._state.artifacts.values()}
        self._loose.clear()
        for oid in doomed.unpointed(self.repo, candidates) - self._logged_elsewhere(candidates):
            self.repo.store.withdraw(oid, self._marks.pop(oid))

    def _logged_elsewhere(self, oids: Iterable[Digest]) -> set[Digest]:
        """Those that another live run has, whose journal may hold what no commit does yet."""
        found: set[Digest] = set()
        others = (live for live in all_live(self.repo.live_root) if live.path != self.live.path)
        for path in (path for live in others for path in live.journal.glob(f"*{SUFFIX}")):
            data = path.read_bytes()
            found |= {oid for oid in oids if oid.encode() in data}
        return found

    def _gone(self, newest: Keep, group: tuple[str, str]) -> list[Artifact]:
        """The artifacts of the group that go: what the rules do not keep, and what came earlier in a folder
        that was logged again."""
        ours = [
            (one, one.keep)
            for one in self._state.artifacts.values()
            if one.keep is not None and group_of(one.keep.name, one.kind) == group
        ]
        latest: dict[str, Keep] = {}
        for _, keep in sorted(ours, key=lambda pair: pair[1].number):
            latest[keep.name] = keep
        names = self._kept(list(latest.values()), newest.rules, " ".join(filter(None, group)) or "artifacts")
        return [one for one, keep in ours if keep.name not in names or keep.number < latest[keep.name].number]

    def _kept(self, logged: Sequence[Keep], rules: str, where: str) -> set[str]:
        parsed = parse_rules(rules)
        main = next(iter(deciding(self._metrics(), self.repo.settings.goals)), None)
        for metric in {rule.metric or main for rule in parsed if rule.best}:
            judged = any(metric in one.values for one in logged)
            (self._unjudged.discard if judged else self._unjudged.add)(where)
        return kept(logged, parsed, main, self._goal)

    def _metrics(self) -> dict[str, Scalar]:
        return {**self._state.summary, **self._state.metrics}

    def _goal(self, metric: str) -> str | None:
        return goal_of(metric, self.repo.settings.goals)

    def _catch_up(self) -> None:
        for row in self._follower.added():
            # A row that makes no sense is one row lost, as where they are folded.
            with suppress(*FAULTS):
                if row[0] == "m":
                    self._state.add_row(row)
                elif row[0] != "c":
                    self._state.apply(row)


def _is_finite(value: Scalar) -> TypeGuard[int | float]:
    return type(value) is int or (type(value) is float and isfinite(value))
