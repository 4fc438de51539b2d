"""Folders that git makes once and every test gets anew: writing the files costs a tenth of making them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.gitrepo import FILES, Repo, hermetic, init


@dataclass(frozen=True, slots=True)
class Mould:
    """What a folder of files holds, wherever it stands."""

    place: bytes
    """The folder around it when it was made, as files of git tell it."""
    folders: tuple[str, ...]
    files: tuple[tuple[str, int, bytes], ...]

    @classmethod
    def of(cls, folder: Path) -> Mould:
        found = sorted(folder.rglob("*"))
        return cls(
            os.fsencode(folder.parent),
            tuple(str(one.relative_to(folder)) for one in found if one.is_dir()),
            tuple(
                (str(one.relative_to(folder)), one.stat().st_mode & 0o777, one.read_bytes())
                for one in found
                if one.is_file()
            ),
        )

    def pour(self, target: Path) -> None:
        """The same folder as `target`, which does not exist."""
        target.mkdir(parents=True)
        for name in self.folders:
            (target / name).mkdir()
        place = os.fsencode(target.parent)
        for name, mode, data in self.files:
            descriptor = os.open(target / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with open(descriptor, "wb") as file:
                file.write(data.replace(self.place, place))


def know_files(repo: Repo) -> Repo:
    """The repository, whose index knows the files by where they stand now."""
    repo.git("update-index", "-q", "--refresh")
    return repo


def _made(make: Callable[[Path, dict[str, str]], Path]) -> Mould:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "place")
        return Mould.of(make(place, hermetic(Path(folder, "home"))))


@cache
def first() -> Mould:
    """A repository with one commit of FILES."""

    def make(place: Path, environ: dict[str, str]) -> Path:
        repo = init(place / "repo", environ)
        repo.commit("first", FILES)
        return repo.path

    return _made(make)


@cache
def remote() -> Mould:
    """A bare clone of `first`, `remote.git`."""

    def make(place: Path, environ: dict[str, str]) -> Path:
        first().pour(place / "seed")
        Repo(place, environ).git("clone", "-q", "--bare", str(place / "seed"), str(place / "remote.git"))
        return place / "remote.git"

    return _made(make)


@cache
def clone() -> Mould:
    """A clone of the `remote` that stands beside it."""

    def make(place: Path, environ: dict[str, str]) -> Path:
        remote().pour(place / "remote.git")
        Repo(place, environ).git("clone", "-q", f"file://{place}/remote.git", str(place / "clone"))
        return place / "clone"

    return _made(make)
