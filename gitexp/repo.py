"""A repository with everything that operations need of it, wired together."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitError, GitExpError, NotFound
from gitexp.git.layout import Layout, discover
from gitexp.git.process import Git
from gitexp.model.names import RunName

if TYPE_CHECKING:
    from gitexp.artifacts.digests import DigestCache
    from gitexp.artifacts.store import ArtifactStore
    from gitexp.capture.live import Live
    from gitexp.formats.redact import Redactor
    from gitexp.formats.settings import Settings
    from gitexp.git.config import Config
    from gitexp.git.reader import ObjectReader

DEFAULT_MAX_BLOB = 1 << 20
"""Bytes from which on an artifact goes to the artifact store instead of into git."""
DEFAULT_MAX_UNTRACKED = 10 << 20
"""Bytes above which an untracked file stays out of git."""


ARCHIVED_NAMES = "archived-names"
"""In our folder: the names of all archived runs, a line each, for the shells that complete them."""

RUN_VARIABLE = "GITEXP_RUN"
"""Holds the live directory of the run that a process was started by."""
TRACE_VARIABLE = "GITEXP_TRACE_DIR"
"""Holds the folder of that run for files of spans."""
AUTO_PUSH = "exp.autoPush"
"""The setting that says whether runs which end are pushed by themselves."""


def _unseen(_what: str, _size: int) -> AbstractContextManager[Callable[[int], object]]:
    return nullcontext(lambda _: None)


def process_environment() -> dict[str, str]:
    """The environment of this process, as it is now."""
    return dict(os.environ)


class Repository:
    """One repository, seen from one folder in one environment. `close()` ends its helper processes."""

    # Looking needs few of the modules that recording needs: each is imported where it is asked for.

    def __init__(self, layout: Layout, git: Git, environ: Mapping[str, str], cwd: Path) -> None:
        self.layout = layout
        self.git = git
        self.environ = environ
        self.cwd = cwd
        self.processes = 1
        """How many may read for it at once: more than one only for a process that has no threads."""
        self.remark: Callable[[str], None] = lambda sentence: None
        """Told what its user should know of how a question was understood; whoever talks sets it."""
        self.moving: Callable[[str, int], AbstractContextManager[Callable[[int], object]]] = _unseen
        """Opened for what takes long, by what is done and how many bytes; told how many have passed."""
        self.lasting: GitExpError | None = None
        """Why a change that was made cannot be undone; whoever talks tells it."""
        self.progress: Callable[[str], None] | None = None
        """Told how far a long push has come, and an empty text at its end; whoever has a terminal sets it."""

    @classmethod
    def open(cls, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> Repository:
        """The repository around `cwd`. Raises NotARepository, GitError."""
        cwd = Path.cwd() if cwd is None else cwd.absolute()
        environ = process_environment() if environ is None else environ
        layout = discover(cwd, environ)
        return cls(layout, Git(layout.top or layout.git_dir, environ), environ, cwd)

    @classmethod
    def of_live(cls, folder: Path, environ: Mapping[str, str]) -> Repository:
        """The repository of a live directory, seen from the current folder where that belongs to it.

        Raises NotFound where `folder` cannot be a live directory, GitError.
        """
        if not folder.is_absolute() or [part.name for part in folder.parents[:2]] != ["live", "exp"]:
            raise NotFound(f"{str(folder)!r} is not the folder of a run", hint=f"unset {RUN_VARIABLE}")
        common_dir = folder.parents[2]
        try:
            repo = cls.open(environ=environ)
        except GitError:
            repo = None
        if repo is not None and repo.layout.common_dir.resolve() == common_dir.resolve():
            return repo
        layout = discover(common_dir, environ)
        return cls(layout, Git(layout.git_dir, environ), environ, Path.cwd())

    def within(self, environ: Mapping[str, str]) -> Repository:
        """The same repository and voice in another environment."""
        other = Repository(self.layout, Git(self.git.cwd, environ), environ, self.cwd)
        other.processes, other.progress = self.processes, self.progress
        other.remark, other.moving = self.remark, self.moving
        return other

    @property
    def home(self) -> Path:
        """The folder for everything of ours that is not in git."""
        return self.layout.common_dir / "exp"

    @property
    def live_root(self) -> Path:
        return self.home / "live"

    @property
    def done_root(self) -> Path:
        """Live directories whose commit was verified once; kept for a day to heal from."""
        return self.home / "done"

    def live(self, name: RunName) -> Live:
        from gitexp.capture.live import Live

        return Live(self.live_root / name)

    @cached_property
    def config(self) -> Config:
        from gitexp.git.config import read

        return read(self.git)

    @cached_property
    def settings(self) -> Settings:
        """`.gitexp.yaml` of the working tree. Raises BrokenFile."""
        from gitexp.formats.settings import FILE, Settings, parse

        if self.layout.top is None:
            return Settings()
        try:
            return parse((self.layout.top / FILE).read_bytes())
        except FileNotFoundError:
            return Settings()

    @cached_property
    def store(self) -> ArtifactStore:
        from gitexp.artifacts.store import ArtifactStore
        from gitexp.sharing import permissions_in

        return ArtifactStore(self.layout.common_dir / "lfs" / "objects", permissions_in(self.home))

    @cached_property
    def digests(self) -> DigestCache:
        from gitexp.artifacts.digests import DigestCache

        return DigestCache(self.home / "digests.jsonl")

    @cached_property
    def redactor(self) -> Redactor:
        from gitexp.formats.redact import Redactor, secret_values

        return Redactor(secret_values(self.environ, self.settings.redact), self.settings.redact)

    @cached_property
    def reader(self) -> ObjectReader:
        """Closed with the repository, or when that is forgotten."""
        reader = self.open_reader()
        weakref.finalize(self, reader.close)
        return reader

    def open_reader(self) -> ObjectReader:
        """A reader of one's own, to be closed."""
        from gitexp.git.reader import open_reader

        return open_reader(self.git, self.layout)

    @property
    def max_blob(self) -> int:
        return self.config.int("exp.maxBlob", DEFAULT_MAX_BLOB)

    @property
    def max_untracked(self) -> int:
        return self.config.int("exp.maxUntracked", DEFAULT_MAX_UNTRACKED)

    @property
    def pushes_by_itself(self) -> bool:
        """Whether a run that ends is to be pushed."""
        return self.config.get(AUTO_PUSH, "never") != "never"

    @property
    def has_remotes(self) -> bool:
        """Whether anybody else can be asked for artifacts."""
        return self.config.get("exp.artifacts") is not None or any(
            key.startswith("remote.") and key.endswith(".url") for key in self.config.values
        )

    def relative(self, path: Path) -> str | None:
        """`path` relative to the root of the working tree, with `/`; None where it is outside."""
        if self.layout.top is None:
            return None
        top = self.layout.top
        # As it is written first: what a link inside the tree leads to is a thing of the tree.
        places = (path.absolute(), top), (path.parent.resolve() / path.name, top.resolve())
        for full, root in places:
            normal = Path(os.path.normpath(full))
            if normal.is_relative_to(root):
                return normal.relative_to(root).as_posix()
        return None

    def close(self) -> None:
        reader = self.__dict__.pop("reader", None)
        if reader is not None:
            reader.close()

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
