"""Which files that were opened are inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.ops.observing.places import Roots

ROOTS = Roots(
    trees=(Path("/w/run"), Path("/home/ada/project")),
    home=Path("/home/ada"),
    temporary=("/tmp",),
    never=("*.private",),
    known=frozenset(("params.yaml", ".gitexp.yaml")),
)


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/w/run/data/a.csv", "data/a.csv"),
        ("/home/ada/project/data/a b.csv", "data/a b.csv"),
        ("/w/run/train.py", "train.py"),
        ("/home/ada/data/a.csv", None),
        ("/mnt/data/a.csv", None),
        ("/w/running/a.csv", None),
        ("/home/ada/projects.csv", None),
        ("/tmp/data/a.csv", None),
    ],
)
def test_inputs(path: str, relative: str | None) -> None:
    assert ROOTS.inside(path) == relative
    assert ROOTS.is_input(path, relative)


@pytest.mark.parametrize(
    "path",
    [
        "/w/run/.git/config",
        "/w/run/sub/.git/index",
        "/w/run/.exp/run.yaml",
        "/w/run/params.yaml",
        "/w/run/.env",
        "/w/run/keys/server.pem",
        "/w/run/some.private",
        "/w/run/.env.local",
        "/w/run/deep/SERVER.PEM",
        "/w/run/.venv/lib/python3/site-packages/pkg/data.json",
        "/w/run/src/__pycache__/a.pyc",
        "/usr/share/zoneinfo/UTC",
        "/etc/hosts",
        "/proc/self/maps",
        "/tmp/.cache/a.csv",
        "/tmp/torchinductor_ada/a.json",
        "/home/ada/.cache/matplotlib/fontlist.json",
        "/home/ada/.netrc",
        "/home/ada/id_rsa",
        "/opt/lib/python/module.py",
        "/opt/conda/lib/libfoo.so",
    ],
)
def test_programs_caches_and_secrets_are_none(path: str) -> None:
    assert not ROOTS.is_input(path, ROOTS.inside(path))
