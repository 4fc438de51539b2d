"""Which contents are artifacts of runs, and whether their bytes are here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from gitexp.errors import GitExpError
from gitexp.model.values import Digest
from gitexp.ops.read import StoredRun, list_all
from gitexp.repo import Repository

if TYPE_CHECKING:
    from gitexp.model.lineage import Made
    from gitexp.ops.lineage.traces import Traces


class Makers:
    """The runs of a repository; they are looked at once, when something is found nowhere else."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._kept: dict[str, Mapping[str, bool]] = {}
        """Run -> its artifacts, and whether their bytes are here."""

    def have(self, oid: Digest) -> bool:
        """Whether some run has it, a file or a folder, among its artifacts: in its commit or in the store."""
        return self.find(oid) is not None

    def find(self, oid: Digest) -> tuple[StoredRun, str] | None:
        """Such a run, and what it calls the file or folder there."""
        there = (made for made in self._traces.made.get(oid, ()) if self._is_there(made))
        return next(((self._runs[made.run], _path(made)) for made in there), None)

    @cached_property
    def _runs(self) -> Mapping[str, StoredRun]:
        return {run.name: run for run in list_all(self._repo).runs}

    @cached_property
    def _traces(self) -> Traces:
        from gitexp.ops.lineage.traces import trace

        return trace(run.row for run in self._runs.values())

    def _is_there(self, made: Made) -> bool:
        if made.run not in self._kept:
            self._kept[made.run] = {}
            with suppress(GitExpError):  # of a damaged run nothing is counted on
                self._kept[made.run] = _artifacts(self._runs[made.run])
        below = [
            there
            for path, there in self._kept[made.run].items()
            if path == _path(made) or path.startswith(f"{_path(made)}/")
        ]
        return bool(below) and all(below)


def _path(made: Made) -> str:
    """A folder is told with a slash at its end."""
    return made.path.rstrip("/")


def _artifacts(run: StoredRun) -> Mapping[str, bool]:
    from gitexp.ops.artifacts import Artifacts, Place  # heavy, and nothing to most runs

    return {one.artifact.path: one.place is not Place.ABSENT for one in Artifacts(run).kept()}
