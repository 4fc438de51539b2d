from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from gitexp.capture import accelerator


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def linux(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(sysname="Linux", machine="x86_64"))


def test_none(tmp_path, linux):
    assert accelerator.describe({}, tmp_path) == {}


def test_nvidia(tmp_path, linux):
    folder = tmp_path / "proc/driver/nvidia"
    write(
        folder / "version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n",
    )
    for index in range(2):
        write(
            folder / f"gpus/0000:0{index}:00.0/information",
            "Model: \t\t NVIDIA A100-SXM4-40GB\nGPU UUID: GPU-1\n",
        )
    expected = {
        "count": 2,
        "devices": ["NVIDIA A100-SXM4-40GB"] * 2,
        "driver": "535.104.05",
        "vendor": "nvidia",
    }
    assert accelerator.describe({}, tmp_path) == expected
    write(
        folder / "version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14  Release Build\n",
    )
    assert accelerator.describe({}, tmp_path)["driver"] == "550.54.14"


def test_amd(tmp_path, linux):
    nodes = tmp_path / "sys/class/kfd/kfd/topology/nodes"
    write(nodes / "0/properties", "cpu_cores_count 64\ngfx_target_version 0\n")
    write(nodes / "1/properties", "simd_count 440\ngfx_target_version 90010\n")
    write(tmp_path / "sys/module/amdgpu/version", "6.3.6\n")
    assert accelerator.describe({}, tmp_path) == {
        "count": 1,
        "devices": ["gfx90a"],
        "driver": "6.3.6",
        "vendor": "amd",
    }


def test_apple(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(sysname="Darwin", machine="arm64"))
    assert accelerator.describe({}, tmp_path)["vendor"] == "apple"


def test_torch_is_asked_for_cudnn_only_when_cuda_is_up(tmp_path, linux):
    cudnn = SimpleNamespace(version=lambda: 8902)
    up = SimpleNamespace(is_initialized=lambda: True)
    down = SimpleNamespace(is_initialized=lambda: False)
    for cuda, expected in ((up, {"cuda": "12.1", "cudnn": 8902}), (down, {"cuda": "12.1"})):
        torch = SimpleNamespace(
            version=SimpleNamespace(cuda="12.1", hip=None), backends=SimpleNamespace(cudnn=cudnn), cuda=cuda
        )
        assert accelerator.describe({"torch": torch}, tmp_path) == {"torch": expected}
