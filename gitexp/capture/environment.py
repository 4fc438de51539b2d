"""What a run ran on and with: the values of `env.yaml`, and the text of `requirements.txt`.

No absolute path, host name or user name enters: environments are compared between people and machines, and
published.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from gitexp.capture import accelerator, packages, provenance, seeds
from gitexp.capture.interpreter import Interpreter
from gitexp.formats.redact import Redactor
from gitexp.formats.secret_names import Suspicion, suspicion
from gitexp.model.values import Value


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


VARIABLES = _words(
    """ACCELERATE_* CUBLAS_WORKSPACE_CONFIG CUDA_DEVICE_MAX_CONNECTIONS CUDA_DEVICE_ORDER
    CUDA_LAUNCH_BLOCKING CUDA_VISIBLE_DEVICES DATASETS_OFFLINE FSDP_* GOMP_CPU_AFFINITY GROUP_RANK
    HF_DATASETS_OFFLINE HF_HUB_OFFLINE HIP_VISIBLE_DEVICES HSA_OVERRIDE_GFX_VERSION
    JAX_DEFAULT_MATMUL_PRECISION JAX_ENABLE_X64 JAX_PLATFORMS KMP_AFFINITY KMP_BLOCKTIME LANG LC_ALL
    LOCAL_RANK LOCAL_WORLD_SIZE LSB_JOBID LSB_JOBINDEX MALLOC_ARENA_MAX MKL_CBWR MKL_DEBUG_CPU_TYPE
    MKL_DYNAMIC MKL_NUM_THREADS NCCL_ALGO NCCL_DEBUG NCCL_IB_DISABLE NCCL_P2P_DISABLE NCCL_PROTO NODE_RANK
    NUMBA_NUM_THREADS NUMEXPR_MAX_THREADS NUMEXPR_NUM_THREADS NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES
    OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE OMP_NUM_THREADS OMP_PROC_BIND OMP_SCHEDULE
    OPENBLAS_NUM_THREADS PBS_ARRAY_INDEX PBS_JOBID PMI_RANK PMI_SIZE PYTHONHASHSEED PYTHONOPTIMIZE
    PYTHONUTF8 PYTORCH_ALLOC_CONF PYTORCH_CUDA_ALLOC_CONF PYTORCH_ENABLE_MPS_FALLBACK RANK RAYON_NUM_THREADS
    ROCR_VISIBLE_DEVICES SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_CPUS_PER_TASK SLURM_GPUS
    SLURM_GPUS_ON_NODE SLURM_GPUS_PER_NODE SLURM_JOB_ID SLURM_JOB_NUM_NODES SLURM_JOB_PARTITION
    SLURM_LOCALID SLURM_NNODES SLURM_NODEID SLURM_NTASKS SLURM_NTASKS_PER_NODE SLURM_PROCID
    SLURM_RESTART_COUNT TF32_OVERRIDE TF_CPP_MIN_LOG_LEVEL TF_CUDNN_DETERMINISTIC TF_DETERMINISTIC_OPS
    TF_ENABLE_ONEDNN_OPTS TF_FORCE_GPU_ALLOW_GROWTH TF_NUM_INTEROP_THREADS TF_NUM_INTRAOP_THREADS
    TOKENIZERS_PARALLELISM TORCHDYNAMO_DISABLE TORCH_ALLOW_TF32_CUBLAS_OVERRIDE TORCH_CUDA_ARCH_LIST
    TORCH_NCCL_ASYNC_ERROR_HANDLING TORCH_NUM_THREADS TRANSFORMERS_OFFLINE TZ VECLIB_MAXIMUM_THREADS
    VLLM_ATTENTION_BACKEND VLLM_USE_V1 WORLD_SIZE XLA_FLAGS XLA_PYTHON_CLIENT_MEM_FRACTION
    XLA_PYTHON_CLIENT_PREALLOCATE"""
)
"""The variables that are recorded unless told otherwise; `*` matches any run of characters."""

REPEATED = _words(
    """CUBLAS_WORKSPACE_CONFIG CUDA_DEVICE_MAX_CONNECTIONS CUDA_LAUNCH_BLOCKING DATASETS_OFFLINE
    HF_DATASETS_OFFLINE HF_HUB_OFFLINE JAX_DEFAULT_MATMUL_PRECISION JAX_ENABLE_X64 LANG LC_ALL MKL_CBWR
    MKL_DYNAMIC MKL_NUM_THREADS NCCL_ALGO NCCL_PROTO NUMBA_NUM_THREADS NUMEXPR_MAX_THREADS
    NUMEXPR_NUM_THREADS NVIDIA_TF32_OVERRIDE OMP_NUM_THREADS OMP_SCHEDULE OPENBLAS_NUM_THREADS PYTHONHASHSEED
    PYTHONOPTIMIZE PYTHONUTF8 RAYON_NUM_THREADS TF32_OVERRIDE TF_CUDNN_DETERMINISTIC TF_DETERMINISTIC_OPS
    TF_ENABLE_ONEDNN_OPTS TF_NUM_INTEROP_THREADS TF_NUM_INTRAOP_THREADS TOKENIZERS_PARALLELISM
    TORCHDYNAMO_DISABLE TORCH_ALLOW_TF32_CUBLAS_OVERRIDE TORCH_NUM_THREADS TRANSFORMERS_OFFLINE TZ
    VECLIB_MAXIMUM_THREADS VLLM_ATTENTION_BACKEND VLLM_USE_V1 XLA_FLAGS"""
)
"""Those that a result may depend on wherever it is computed: not what a cluster or a machine sets."""

_ABSOLUTE = re.compile(r"(?:^|[\s=:,;\"'(])(?:/|~|[A-Za-z]:\\|\\\\|file:)")
_PRIVATE_VARIABLES = ("HOME", "USER", "LOGNAME", "USERNAME", "HOSTNAME", "HOST", "COMPUTERNAME")


@dataclass(frozen=True, slots=True)
class Environment:
    env: Mapping[str, Value]
    """Sorted keys; only what could be found out is there."""
    requirements: str
    """Sorted `name==version` lines; empty where the interpreter is unknown."""


def capture(
    *,
    interpreter: Interpreter | None,
    environ: Mapping[str, str],
    modules: Mapping[str, object],
    cwd: Path,
    top: Path | None,
    redactor: Redactor,
    allow: Sequence[str] = VARIABLES,
    submodules: Mapping[str, Value] | None = None,
    remote_url: str | None = None,
) -> Environment:
    """The environment of a run in `cwd`. Starts no process and imports nothing.

    `modules` are those of the process that computes (`sys.modules`), or {} when it is another one.
    `allow` are the names and patterns of the variables to record. `submodules` maps paths to commits.
    """
    found: dict[str, Value] = {
        "accelerator": accelerator.describe(modules),
        "cpu": _cpu(),
        "determinism": seeds.determinism(modules, environ),
        "interpreter": _interpreter(interpreter),
        "lock_files": provenance.lock_files(top, cwd) if top else {},
        "memory": _memory(),
        "platform": _platform(),
        "remote": provenance.remote(remote_url),
        "seeds": seeds.read(modules),
        "submodules": dict(sorted(submodules.items())) if submodules else {},
        "variables": _variables(environ, allow, redactor),
    }
    listed = packages.scan(interpreter.site_packages) if interpreter else {}
    return Environment({key: value for key, value in found.items() if value}, packages.requirements(listed))


def _interpreter(interpreter: Interpreter | None) -> dict[str, Value]:
    if interpreter is None:
        return {}
    found: dict[str, Value] = {"implementation": interpreter.implementation, "kind": interpreter.kind}
    return {**found, "version": interpreter.version} if interpreter.version else found


def _platform() -> dict[str, Value]:
    machine = os.uname()
    found: dict[str, Value] = {
        "machine": machine.machine,
        "release": machine.release,
        "system": machine.sysname,
    }
    return dict(sorted({**found, "libc": libc}.items())) if (libc := _libc()) else found


def _libc() -> str | None:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        return None


def _cpu() -> dict[str, Value]:
    found: dict[str, Value] = {"count": os.cpu_count() or 1}
    if hasattr(os, "sched_getaffinity"):
        found["available"] = len(os.sched_getaffinity(0))
    try:
        with open("/proc/cpuinfo", "rb") as file:
            start = file.read(4096).decode("utf-8", "replace")
    except OSError:
        start = ""
    if match := re.search(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", start, re.MULTILINE):
        found["model"] = match.group(1).strip()
    return dict(sorted(found.items()))


def _memory() -> int | None:
    """Bytes of main memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _variables(environ: Mapping[str, str], allow: Sequence[str], redactor: Redactor) -> dict[str, Value]:
    exact = {name for name in allow if "*" not in name}
    patterns = [name for name in allow if "*" in name]
    names = sorted(n for n in environ if n in exact or any(fnmatchcase(n, pattern) for pattern in patterns))
    private = {value for name in _PRIVATE_VARIABLES if len(value := environ.get(name, "")) > 2} | {
        os.uname().nodename
    }
    kept = {
        name: environ[name]
        for name in names
        if name not in _PRIVATE_VARIABLES and suspicion(name) < Suspicion.SURE
    }
    return dict(redactor.env({n: v for n, v in kept.items() if not _identifies(v, private)}))


def _identifies(value: str, private: set[str]) -> bool:
    """Whether a variable's value tells whose machine this is."""
    return bool(_ABSOLUTE.search(value)) or any(
        re.search(rf"(?<!\w){re.escape(p)}(?!\w)", value) for p in private
    )
