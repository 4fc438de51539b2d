"""The accelerators of this machine, from files of the kernel's; nothing is started or initialised for it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gitexp.capture.imported import call, lookup
from gitexp.model.values import Value

_NVIDIA_VERSION = re.compile(r"Module(?: for \S+)?\s+([0-9]+(?:\.[0-9]+)+)")
_NVIDIA_MODEL = re.compile(r"^Model:[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_GFX = re.compile(r"^gfx_target_version ([0-9]+)$", re.MULTILINE)
_MOST_DEVICES = 64


def describe(modules: Mapping[str, object], root: Path = Path("/")) -> Mapping[str, Value]:
    """Vendor, device names and driver, and what an imported torch says of CUDA; {} without an accelerator.

    `root` is the root of the file system.
    """
    device = _nvidia(root) or _amd(root) or _apple()
    torch = _torch(modules)
    return {**device, "torch": torch} if torch else device


def _nvidia(root: Path) -> dict[str, Value]:
    folder = root / "proc/driver/nvidia"
    names = []
    for device in _listed(folder / "gpus"):
        if match := _NVIDIA_MODEL.search(_read(device / "information")):
            names.append(match.group(1))
    driver = _NVIDIA_VERSION.search(_read(folder / "version"))
    if not names and not driver:
        return {}
    found: dict[str, Value] = {"count": len(names), "devices": sorted(names), "vendor": "nvidia"}
    return {**found, "driver": driver.group(1)} if driver else found


def _amd(root: Path) -> dict[str, Value]:
    names = []
    for node in _listed(root / "sys/class/kfd/kfd/topology/nodes"):
        target = _GFX.search(_read(node / "properties"))
        if target and target.group(1) != "0":  # 0 is the processor's own node
            names.append(_read(node / "name").strip() or f"gfx{_gfx(int(target.group(1)))}")
    if not names:
        return {}
    driver = _read(root / "sys/module/amdgpu/version").strip()
    found: dict[str, Value] = {"count": len(names), "devices": sorted(names), "vendor": "amd"}
    return {**found, "driver": driver} if driver else found


def _gfx(version: int) -> str:
    """90010 is gfx90a: two decimal digits each for minor and stepping, written in hex."""
    major, minor, stepping = version // 10000, version // 100 % 100, version % 100
    return f"{major}{minor:x}{stepping:x}"


def _apple() -> dict[str, Value]:
    machine = os.uname()
    if machine.sysname != "Darwin" or machine.machine != "arm64":
        return {}
    return {"count": 1, "devices": ["Apple arm64"], "vendor": "apple"}


def _torch(modules: Mapping[str, object]) -> dict[str, Value]:
    """Only what an initialised CUDA can tell: asking earlier would initialise it, and break a later fork."""
    found: dict[str, Value] = {}
    for name in ("cuda", "hip"):
        version = lookup(modules, "torch", f"version.{name}")
        if isinstance(version, str):
            found[name] = version
    if call(modules, "torch", "cuda.is_initialized") is True:
        cudnn = call(modules, "torch", "backends.cudnn.version")
        if isinstance(cudnn, int):
            found["cudnn"] = cudnn
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())[:_MOST_DEVICES]
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(8192).decode("utf-8", "replace")
    except OSError:
        return ""
