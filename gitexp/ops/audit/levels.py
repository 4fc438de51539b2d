"""How complete many runs are, each level read when it is asked for."""

from __future__ import annotations

from gitexp.errors import GitExpError
from gitexp.ops import audit
from gitexp.ops.makers import Makers
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


class Levels:
    """The levels of a listing's runs, which no index has: which bytes are here may change."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._makers = Makers(repo)
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, run: StoredRun) -> str | None:
        """`E2`, as `git exp show` has it; None where it cannot be told."""
        key = run.name, run.commit
        if key not in self._known:
            self._known[key] = self._read(run)
        return self._known[key]

    def _read(self, run: StoredRun) -> str | None:
        try:
            return str(audit.of(self._repo, run, among_all=False, makers=self._makers).level)
        except GitExpError:  # of a damaged run nobody knows
            return None
