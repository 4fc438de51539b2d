"""Artifacts on their way when the disk is full or the process is killed: what came is kept."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifacts.servers import Lfs, lfs_server
from tests.cli.conftest import world
from tests.cli.program import ARGV, program_environ
from tests.cli.sharing import Person, World
from tests.gitrepo import Repo
from tests.reliability.checks import next_command
from tests.reliability.disks import mounted
from tests.reliability.test_kill_changes import killed

__all__ = ["world"]

MB = 1_000_000
FILES = 4
CODE = f"""
import hashlib
import os
for number in range({FILES}):
    open(f'{{number}}.bin', 'wb').write(bytes([number]) * {3 * MB})
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Lfs]:
    with lfs_server(tmp_path / "lfs") as running:
        yield running


def _recorded(world: World, server: Lfs) -> Person:
    """Somebody with a run of FILES large artifacts, and a clone that knows the server."""
    ada = world.person("ada")
    ada.repo.git("config", "remote.origin.lfsurl", server.url)
    ada.record("big", CODE, *(part for number in range(FILES) for part in ("--output", f"{number}.bin")))
    return ada


def _objects(one: Person) -> int:
    return sum(path.stat().st_size == 3 * MB for path in (one.repo.path / ".git/lfs/objects").glob("*/*/*"))


def test_a_full_disk_keeps_what_came(
    world: World,
    server: Lfs,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _recorded(world, server)("push")
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=16m", "tmpfs") as disk:
        world.remote.git("clone", "-q", world.url, str(disk / "bob"))
        bob = Person(Repo(disk / "bob", world.remote.environ), capfd)
        bob.repo.git("config", "remote.origin.lfsurl", server.url)
        with (disk / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - 8 * MB)
        said = bob("pull", "--artifacts")
        assert said.code == 3
        assert "No space left on device" in said.err
        came = _objects(bob)
        assert came < FILES
        (disk / "ballast").unlink()
        server.asked.clear()
        assert bob("pull", "--artifacts").code == 0
        assert _objects(bob) == FILES
        gets = [headers for method, _, headers in server.asked if method == "GET"]
        assert len(gets) == FILES - came
        assert not list((bob.repo.path / ".git/lfs/incomplete").iterdir())
        bob.repo.fsck()
        monkeypatch.chdir(tmp_path)  # nothing is unmounted that somebody is in


@pytest.mark.long
@pytest.mark.parametrize("way", ["push", "pull"])
def test_a_kill_loses_nothing_that_came(world: World, server: Lfs, way: str) -> None:
    ada, chance = _recorded(world, server), random.Random(way)
    bob = world.person("bob")
    bob.repo.git("config", "remote.origin.lfsurl", server.url)
    # What was removed there is sent again only where it is named.
    arguments = ["push", "origin", *ada.runs] if way == "push" else ["pull", "--artifacts"]
    one = ada if way == "push" else bob
    if way == "pull":
        ada("push")
    whole = killed(one.repo, arguments, None)
    for _ in range(40):
        if way == "push":
            shutil.rmtree(server.folder / "objects", ignore_errors=True)
            world.remote.git("update-ref", "-d", f"refs/exp/{next(iter(ada.runs))}")
        else:
            shutil.rmtree(bob.repo.path / ".git/lfs", ignore_errors=True)
            bob.repo.git("update-ref", "-d", f"refs/exp/{next(iter(ada.runs))}")
        killed(one.repo, arguments, chance.uniform(0.2, 1.1) * whole)
        # Bytes first, refs last: whoever sees the run can have its bytes.
        sent = len(
            [path for path in (server.folder / "objects").glob("*/*/*") if path.stat().st_size == 3 * MB]
        )
        assert not world.runs or sent == FILES
        next_command(one.repo)
        assert one(*arguments).code == 0
        assert world.runs == ada.runs
        if way == "pull":
            assert _objects(bob) == FILES
            assert bob("get", next(iter(ada.runs)), "-o", "back", "-f").code == 0
        world.fsck(one)


def test_several_fetch_the_same_at_once(world: World, server: Lfs) -> None:
    """Also as somebody who is not let write to what is read-only, as root is."""
    ada = _recorded(world, server)
    ada("push")
    bob = world.person("bob")
    bob.repo.git("config", "remote.origin.lfsurl", server.url)
    bob("fetch")
    drop = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    unprivileged = drop if os.geteuid() == 0 and shutil.which("setpriv") else []
    # What one that was killed while it published has left.
    left = bob.repo.path / ".git/lfs/incomplete" / f"{hashlib.sha256(b'').hexdigest()}.gitexp"
    left.parent.mkdir(parents=True)
    for number in range(FILES):
        data = bytes([number]) * 3 * MB
        path = left.with_name(f"{hashlib.sha256(data).hexdigest()}.gitexp")
        path.write_bytes(data)
        path.chmod(0o444)
    getting = [
        subprocess.Popen(
            [*unprivileged, *ARGV, "get", next(iter(ada.runs)), "-o", f"out-{number}"],
            cwd=bob.repo.path,
            env=program_environ(bob.repo.environ),
            stderr=subprocess.PIPE,
        )
        for number in range(3)
    ]
    for one in getting:
        _, talk = one.communicate()
        assert one.returncode == 0, talk.decode()
    assert _objects(bob) == FILES
    assert not list(left.parent.iterdir())
    bob.repo.fsck()
