"""Suites and logs as files of a record: tables as they are, large text and logs by their hash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitexp.artifacts.store import Stored
from gitexp.errors import UsageError
from gitexp.formats import eval_files, pointer
from gitexp.formats.eval_tables import MAX_TABLE
from gitexp.formats.record import ARTIFACT_FOLDER
from gitexp.model.evaluation import Suite, suite_name
from gitexp.model.record import Artifact
from gitexp.repo import Repository

TEXT_LIMIT = 1 << 20
"""Bytes of text of a suite that go into git at most."""
TEXT_KIND, LOG_KIND = "eval", "eval-log"
ATTRIBUTES = f"{ARTIFACT_FOLDER}/.gitattributes"


@dataclass(slots=True)
class Files:
    """What is to stand in a record, by its path below `.exp/`, and the artifacts that come with it."""

    files: dict[str, bytes] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)

    def add_suite(self, repo: Repository, suite: Suite, *, text_in_git: bool = True) -> None:
        """The tables; text that is too large for git, or not wanted there, goes into the store."""
        tables = eval_files.encode(suite)
        texts = {name: tables.pop(name) for name in eval_files.TEXT_FILES if name in tables}
        # What a model said may hold what nobody should read; it is masked before it is written.
        texts = {name: repo.redactor.certain(data.decode()).encode() for name, data in texts.items()}
        apart = not text_in_git or sum(map(len, texts.values())) > TEXT_LIMIT
        for name, data in texts.items():
            if apart:
                path = eval_files.path_of(suite.name, name)
                self.add_pointer(path, repo.store.add_bytes(data), TEXT_KIND)
            else:
                tables[name] = data
        for name, data in tables.items():
            if len(data) > MAX_TABLE:
                raise UsageError(
                    f"{name} of suite {suite.name!r} has {len(data)} bytes, where {MAX_TABLE} are allowed",
                    hint="put the examples into several suites",
                )
            self.files[eval_files.path_of(suite.name, name)] = data

    def add_pointer(self, path: str, stored: Stored, kind: str) -> None:
        """An artifact whose bytes are in the store: its content never goes into git, however small it is."""
        self.artifacts.append(Artifact(path, stored.oid, stored.size, kind))
        self.files[f"{ARTIFACT_FOLDER}/{path}"] = pointer.encode(stored.oid, stored.size)

    def attributes(self, before: bytes = b"") -> bytes:
        """The `.gitattributes` of the artifacts, on top of what it was `before`."""
        own = pointer.attributes(one.path for one in self.artifacts)
        return b"".join(sorted({*before.splitlines(keepends=True), *own.splitlines(keepends=True)}))


def keep(repo: Repository, logs: Sequence[Path]) -> list[Stored]:
    """The logs in the artifact store, in their order. Raises OSError."""
    return [repo.store.add_file(path) for path in logs]


def names_of(logs: Sequence[Path], root: Path) -> Iterable[str]:
    """What each log is called among the artifacts: `logs/<file>`, or `logs/<folder>/<file>`."""
    for path in logs:
        parts = (
            (path.name,) if path == root or not root.is_dir() else (root.name, *path.relative_to(root).parts)
        )
        yield "/".join(["logs", *map(suite_name, parts)])
