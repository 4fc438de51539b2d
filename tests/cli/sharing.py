"""People who share runs through one remote: each a clone with a program of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import moulds
from tests.cli.program import Program, Said
from tests.gitrepo import Repo


class Person:
    """A clone of the remote; `person("push")` calls the program there."""

    def __init__(self, repo: Repo, capture: pytest.CaptureFixture[str]) -> None:
        self.repo = repo
        self._capture = capture
        self._program = Program(repo, capture)

    def __call__(self, *arguments: str) -> Said:
        os.chdir(self.repo.path)
        return self._program(*arguments)

    def at(self, repo: Repo) -> Person:
        """The same person in another clone."""
        return Person(repo, self._capture)

    def record(self, slug: str, code: str = "pass", *options: str) -> str:
        """The name of a new run."""
        os.chdir(self.repo.path)
        return self._program.record(slug, code, *options)

    @property
    def runs(self) -> dict[str, str]:
        """Name -> commit of every run, as plain git sees them."""
        return refs(self.repo)


class World:
    """A bare remote and the people who have cloned it."""

    def __init__(self, folder: Path, environ: Mapping[str, str], capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._environ, self._capture = environ, capture
        self.remote = Repo(folder / "remote.git", environ)
        moulds.remote().pour(self.remote.path)
        self._first = self._branches()
        self.url = f"file://{self.remote.path}"

    def person(self, name: str, url: str | None = None) -> Person:
        """A new clone, of the remote as it is reached by `url`."""
        repo = Repo(self.folder / name, self._environ)
        if url is None and self._branches() == self._first:
            moulds.clone().pour(repo.path)
            moulds.know_files(repo)
        else:
            self.remote.git("clone", "-q", url or self.url, str(repo.path))
        return Person(repo, self._capture)

    def _branches(self) -> list[str | bytes]:
        """What a clone takes along, as the files of the remote tell it."""
        folder = self.remote.path
        loose = [str(path) for kind in ("heads", "tags") for path in (folder / "refs" / kind).rglob("*")]
        return [*sorted(loose), *((folder / name).read_bytes() for name in ("HEAD", "config", "packed-refs"))]

    def hook(self, name: str, script: str) -> None:
        """Gives the remote a hook."""
        path = self.remote.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    @property
    def runs(self) -> dict[str, str]:
        """Name -> commit of every run on the remote."""
        return refs(self.remote)

    def fsck(self, *people: Person) -> None:
        """Git finds nothing wrong anywhere."""
        for repo in (self.remote, *(one.repo for one in people)):
            repo.fsck()


def refs(repo: Repo, namespace: str = "refs/exp/") -> dict[str, str]:
    """Name -> commit of what is in a namespace."""
    lines = repo.git("for-each-ref", "--format=%(refname) %(objectname)", namespace).split("\n")
    return {ref.removeprefix(namespace): oid for ref, oid in (line.split(" ") for line in lines if line)}
