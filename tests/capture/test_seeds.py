from __future__ import annotations

import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from gitexp.capture import seeds


@pytest.fixture(autouse=True)
def _states_restored():
    python, legacy = random.getstate(), np.random.get_state()
    yield
    random.setstate(python)
    np.random.set_state(legacy)


@pytest.mark.parametrize("seed", [0, 1, 42, 123_456_789, 2**32 - 1])
def test_numpy_seed_is_read_while_untouched(seed):
    np.random.seed(seed)
    assert seeds.read(sys.modules)["numpy"] == {"seed": seed}
    np.random.rand()
    assert seeds.read(sys.modules)["numpy"].keys() == {"state"}


@pytest.mark.parametrize("seed", [[1, 2, 3], None])
def test_numpy_seeded_otherwise_gives_a_digest(seed):
    np.random.seed(seed)
    assert seeds.read(sys.modules)["numpy"].keys() == {"state"}


def test_every_numpy_draw_changes_the_digest():
    np.random.seed(3)
    digests = set()
    for _ in range(5):
        np.random.rand()
        digests.add(str(seeds.read(sys.modules)["numpy"]))
    assert len(digests) == 5


@pytest.mark.parametrize("seed", [0, 42, 3407])
def test_usual_random_seed_is_proven(seed):
    random.seed(seed)
    assert seeds.read({"random": random}) == {"random": {"seed": seed}}
    random.random()
    assert seeds.read({"random": random})["random"].keys() == {"state"}


def test_unusual_random_seed_is_proven_if_another_package_has_it():
    random.seed(987_654)
    assert seeds.read({"random": random})["random"].keys() == {"state"}
    np.random.seed(987_654)
    assert seeds.read(sys.modules)["random"] == {"seed": 987_654}


def test_reading_changes_no_state():
    random.seed(5)
    np.random.seed(6)
    before = random.getstate(), repr(np.random.get_state())
    seeds.read(sys.modules)
    assert (random.getstate(), repr(np.random.get_state())) == before


def torch(**more):
    return SimpleNamespace(
        initial_seed=lambda: 7,
        are_deterministic_algorithms_enabled=lambda: True,
        backends=SimpleNamespace(cudnn=SimpleNamespace(deterministic=True, benchmark=False)),
        cuda=SimpleNamespace(is_initialized=lambda: False, initial_seed=pytest.fail),
        **more,
    )


def test_torch_is_asked_without_touching_cuda():
    modules = {"torch": torch()}
    assert seeds.read(modules) == {"torch": {"seed": 7}}
    environ = {"PYTHONHASHSEED": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "OTHER": "x"}
    assert seeds.determinism(modules, environ) == {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "PYTHONHASHSEED": "0",
        "cudnn_benchmark": False,
        "cudnn_deterministic": True,
        "torch_deterministic_algorithms": True,
    }


def test_initialised_cuda_tells_its_seed():
    module = torch()
    module.cuda = SimpleNamespace(is_initialized=lambda: True, initial_seed=lambda: 9)
    assert seeds.read({"torch": module})["torch_cuda"] == {"seed": 9}


def test_nothing_imported_gives_nothing():
    assert seeds.read({}) == {}
    assert seeds.determinism({}, {}) == {}


def test_half_imported_package_gives_nothing():
    def fail():
        raise RuntimeError("not initialised")

    assert (
        seeds.read({"torch": SimpleNamespace(initial_seed=fail), "random": None, "numpy.random": object()})
        == {}
    )
