"""Seeds and determinism switches, as far as the packages that a program has imported reveal them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from gitexp.capture.imported import call, lookup
from gitexp.model.values import Value

_MT_LENGTH = 624
_MT_MULTIPLIER = 1812433253
_USUAL_SEEDS = (
    *range(12), 13, 17, 21, 23, 31, 37, 42, 99, 100, 111, 123, 222, 314, 333, 666, 777, 999, 1000, 1111,
    1234, 1337, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 3407, 12345, 31415, 123456,
)  # fmt: skip

_SWITCHES = {
    "cudnn_allow_tf32": ("torch", "backends.cudnn.allow_tf32"),
    "cudnn_benchmark": ("torch", "backends.cudnn.benchmark"),
    "cudnn_deterministic": ("torch", "backends.cudnn.deterministic"),
    "cudnn_enabled": ("torch", "backends.cudnn.enabled"),
    "matmul_allow_tf32": ("torch", "backends.cuda.matmul.allow_tf32"),
    "jax_default_matmul_precision": ("jax", "config.jax_default_matmul_precision"),
    "jax_default_prng_impl": ("jax", "config.jax_default_prng_impl"),
    "jax_enable_x64": ("jax", "config.jax_enable_x64"),
    "jax_threefry_partitionable": ("jax", "config.jax_threefry_partitionable"),
}
_QUESTIONS = {
    "torch_deterministic_algorithms": ("torch", "are_deterministic_algorithms_enabled"),
    "torch_deterministic_warn_only": ("torch", "is_deterministic_algorithms_warn_only_enabled"),
    "torch_float32_matmul_precision": ("torch", "get_float32_matmul_precision"),
    "tensorflow_op_determinism": ("tensorflow.python.framework.config", "is_op_determinism_enabled"),
}
VARIABLES = (
    "CUBLAS_WORKSPACE_CONFIG", "CUDA_LAUNCH_BLOCKING", "NCCL_ALGO", "NCCL_PROTO", "NVIDIA_TF32_OVERRIDE",
    "PYTHONHASHSEED", "TF_CUDNN_DETERMINISTIC", "TF_DETERMINISTIC_OPS", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)  # fmt: skip
"""Those of the environment that say how exactly a computation repeats itself."""


def read(modules: Mapping[str, object]) -> Mapping[str, Value]:
    """Package -> `{seed: …}` where the seed is certain, else `{state: …}`, the start of its sha256.

    It is certain for torch and TensorFlow, which keep it, and for numpy and `random` while nothing was drawn.
    """
    found: dict[str, dict[str, int | str]] = {}
    torch = call(modules, "torch", "initial_seed")
    if isinstance(torch, int):
        found["torch"] = {"seed": torch}
    if call(modules, "torch", "cuda.is_initialized") is True:
        cuda = call(modules, "torch", "cuda.initial_seed")
        if isinstance(cuda, int):
            found["torch_cuda"] = {"seed": cuda}
    tensorflow = call(modules, "tensorflow.python.eager.context", "global_seed")
    if isinstance(tensorflow, int):
        found["tensorflow"] = {"seed": tensorflow}
    if numpy := _numpy(modules):
        found["numpy"] = numpy
    others = [item["seed"] for item in found.values() if "seed" in item]
    if python := _random(modules, others):
        found["random"] = python
    return dict(sorted(found.items()))


def determinism(modules: Mapping[str, object], environ: Mapping[str, str]) -> Mapping[str, Value]:
    """Switch -> its value, for each that is set or that an imported package knows."""
    found: dict[str, Value] = {name: environ[name] for name in VARIABLES if name in environ}
    for name, (module, path) in _SWITCHES.items():
        _keep(found, name, lookup(modules, module, path))
    for name, (module, path) in _QUESTIONS.items():
        _keep(found, name, call(modules, module, path))
    return dict(sorted(found.items()))


def _keep(found: dict[str, Value], name: str, value: object) -> None:
    if isinstance(value, (bool, int, float, str)):
        found[name] = value


def _numpy(modules: Mapping[str, object]) -> dict[str, int | str] | None:
    """The legacy global generator: `np.random.seed(n)` leaves n as the first word of the state.

    In the Mersenne Twister's initialisation (`init_genrand` of Matsumoto and Nishimura, 2002) the second word
    follows from the first, which is the proof; the first draw replaces all words.
    """
    get_state = lookup(modules, "numpy.random", "get_state")
    state = call(modules, "numpy.random", "get_state") if callable(get_state) else None
    if not isinstance(state, tuple) or len(state) < 3 or state[0] != "MT19937":
        return None
    key, position = state[1], int(state[2])
    first, second = int(key[0]), int(key[1])
    follows = (_MT_MULTIPLIER * (first ^ (first >> 30)) + 1) & 0xFFFFFFFF
    if second == follows:
        return {"seed": first}
    return {"state": _digest(key.tobytes() + repr((position, *state[3:])).encode())}


def _random(modules: Mapping[str, object], others: Iterable[int | str]) -> dict[str, int | str] | None:
    """`random` hashes its seed away, but a fresh generator can be compared with one of each usual seed."""
    state = call(modules, "random", "getstate")
    generator = lookup(modules, "random", "Random")
    if not isinstance(state, tuple) or not callable(generator):
        return None
    if state[1][-1] == _MT_LENGTH:
        for seed in dict.fromkeys((*others, *_USUAL_SEEDS)):
            if generator(seed).getstate() == state:
                return {"seed": seed}
    return {"state": _digest(repr(state).encode())}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
