"""On a full or read-only disk fetch brings all or nothing, says why, and the next one brings the rest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.cli.conftest import world
from tests.cli.sharing import Person, World, refs
from tests.gitrepo import Repo
from tests.reliability.disks import mounted
from tests.reliability.test_full_disk_changes import fill

__all__ = ["world"]


def _clone(world: World, disk: Path, person: Person) -> Person:
    world.remote.git("clone", "-q", world.url, str(disk / "bob"))
    return person.at(Repo(disk / "bob", person.repo.environ))


def test_a_fetch_on_a_full_disk(world: World, tmp_path: Path) -> None:
    ada = world.person("ada")
    (ada.repo.path / "large.bin").write_bytes(os.urandom(900_000))
    for slug in ("one", "two"):
        ada.record(slug)
    assert ada("push").code == 0
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=6m", "tmpfs") as disk:
        bob = _clone(world, disk, ada)
        fill(disk / "ballast")
        for spare in (0, 8_000, 400_000):
            os.truncate(disk / "ballast", (disk / "ballast").stat().st_size - spare)
            said = bob("fetch")
            assert said.code == 128, said
            assert said.err.startswith("error: "), said
            assert not bob.runs
            assert not refs(bob.repo, "refs/exp-incoming/")
        (disk / "ballast").unlink()
        said = bob("fetch")
        assert said.code == 0, said
        assert bob.runs == ada.runs
        bob.repo.fsck()
        os.chdir(tmp_path)


def test_a_fetch_into_a_repository_that_cannot_be_written(world: World, tmp_path: Path) -> None:
    ada = world.person("ada")
    ada.record("one")
    ada("push")
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=6m", "tmpfs") as disk:
        bob = _clone(world, disk, ada)
        _remount(disk, "ro")
        try:
            said = bob("fetch")
            assert said.code == 128, said
            assert said.err.startswith("error: "), said
        finally:
            _remount(disk, "rw")
        assert bob("fetch").code == 0
        assert bob.runs == ada.runs
        bob.repo.fsck()
        os.chdir(tmp_path)


def _remount(disk: Path, how: str) -> None:
    os.chdir("/")
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_a_push_to_a_store_that_is_full(world: World, tmp_path: Path) -> None:
    ada = world.person("ada")
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=2m", "tmpfs") as disk:
        (disk / "bytes").mkdir()
        ada.repo.git("config", "exp.artifacts", str(disk / "bytes"))
        code = "import os; open('model.bin', 'wb').write(os.urandom(3_000_000))"
        name, small = ada.record("big", code, "--output", "model.bin"), ada.record("small")
        said = ada("push")
        assert said.code == 3
        assert f"missing artifacts  {name}: " in said.err
        assert "No space left" in said.err
        assert set(world.runs) == {small}
        assert not [path for path in (disk / "bytes").rglob("*") if path.is_file()]
        (tmp_path / "bytes").mkdir()
        ada.repo.git("config", "exp.artifacts", str(tmp_path / "bytes"))
        assert ada("push").code == 0
        assert world.runs == ada.runs
        world.fsck(ada)
