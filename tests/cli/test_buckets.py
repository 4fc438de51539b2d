"""Artifacts in a bucket, and the bar that shows them on their way."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitexp.ops import moving
from tests.artifacts.servers import S3_ENVIRON, s3_server
from tests.cli.program import ARGV, program_environ
from tests.cli.sharing import Person, World

CODE = "open('model.bin', 'wb').write(b'm' * 9_000_000)"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with s3_server() as url:
        for name, value in {**S3_ENVIRON, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        yield "s3://bucket/artifacts"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "sleep", lambda _: None)


def _person(world: World, name: str, bucket: str) -> Person:
    one = world.person(name)
    one.repo.git("config", "exp.artifacts", bucket)
    return one


def test_there_and_back(world: World, bucket: str) -> None:
    ada, bob = _person(world, "ada", bucket), _person(world, "bob", bucket)
    name = ada.record("big", CODE, "--output", "model.bin")
    assert ada("push").code == 0
    assert bob("pull", "--artifacts").code == 0
    assert bob("get", f"{name}:model.bin", "-o", "back").code == 0
    assert (bob.repo.path / "back/model.bin").stat().st_size == 9_000_000
    world.fsck(ada, bob)


def test_what_nothing_points_to_is_freed(world: World, bucket: str) -> None:
    ada = _person(world, "ada", bucket)
    kept, gone = (
        ada.record("kept", CODE, "--output", "model.bin"),
        ada.record("gone", OTHER, "--output", "x.bin"),
    )
    assert ada("push").code == 0
    ada("rm", "--remote", gone)
    assert "freed 0 B of 0 artifacts" in ada("gc", "--remote", "--alone").out
    assert "freed 2.0 MB of 1 artifact in s3://bucket/artifacts" in ada(*GC).out
    assert ada(*GC).out.startswith("freed 0 B")
    assert ada("get", kept, "-o", "back").code == 0


OTHER = "open('x.bin', 'wb').write(b'x' * 2_000_000)"
GC = ("gc", "--remote", "--alone", "--older-than", "0s")


def test_a_bucket_that_is_not_there(world: World, bucket: str) -> None:
    ada = _person(world, "ada", "s3://no-such-bucket/x")
    name = ada.record("big", CODE, "--output", "model.bin")
    said = ada("push")
    assert said.code == 3
    assert f"missing artifacts  {name}: there is no s3://no-such-bucket/x: " in said.err
    assert not world.runs


def test_nobody_is_let_in_without_credentials(
    world: World, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = _person(world, "ada", bucket)
    ada.record("big", CODE, "--output", "model.bin")
    for variable in S3_ENVIRON:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = ada("push")
    assert said.code == 3
    assert "access to s3://bucket/artifacts was denied" in said.err


def test_a_bar_on_a_terminal(world: World, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ada = _person(world, "ada", str(tmp_path / "folder"))
    ada.record("big", CODE, "--output", "model.bin")
    master, slave = pty.openpty()
    done = subprocess.run(
        [*ARGV, "push"], cwd=ada.repo.path, env=program_environ(ada.repo.environ), stderr=slave, check=False
    )
    os.close(slave)
    shown = os.read(master, 1 << 16).decode()
    os.close(master)
    assert done.returncode == 0
    assert "sending 1 artifact" in shown
    assert "of 9.0 MB" in shown
