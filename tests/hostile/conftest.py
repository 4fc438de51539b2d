from __future__ import annotations

import pytest

from tests.cli.conftest import world
from tests.cli.sharing import Person, World
from tests.hostile.corpus import Forger

__all__ = ["world"]


@pytest.fixture
def forger(world: World) -> Forger:
    """Plants runs beside a good one that Ada has pushed."""
    ada = world.person("ada")
    good = ada.record("good", "print('hello')\nopen('out.txt', 'w').write('x')", "--output", "out.txt")
    assert ada("push").code == 0
    return Forger(world.remote, good)


@pytest.fixture
def bob(world: World, forger: Forger) -> Person:
    return world.person("bob")
