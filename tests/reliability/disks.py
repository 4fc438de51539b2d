"""Small file systems of their own, where this process may mount some."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN of linux/fs.h."""
_NO_LOG_FLUSH = 2
"""What the file system's journal holds in memory is lost, as when the power goes."""


def power_off(mounted: Path) -> None:
    """Cut the file system off its disk at this moment; nothing that is not on the disk gets there."""
    descriptor = os.open(mounted, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
    finally:
        os.close(descriptor)


def make_ext4(image: Path, megabytes: int) -> None:
    """An image of an empty ext4. Skips the test where that cannot be made or mounted."""
    _make(image, megabytes, "mkfs.ext4", "-q")


def make_xfs(image: Path) -> None:
    """An image of an empty xfs, whose files can share blocks. Skips as `make_ext4` does."""
    _make(image, 400, "mkfs.xfs", "-q", "-m", "reflink=1")


def _make(image: Path, megabytes: int, *command: str) -> None:
    for tool in (command[0], "mount", "umount", "losetup"):
        if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            pytest.skip(f"{tool} is not installed")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    _run(*command, str(image))


@contextmanager
def mounted(point: Path, *how: str) -> Iterator[Path]:
    """`mount *how point`, and unmounted in the end. Skips the test where that is refused."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    point.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *how, str(point)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield point
    except BaseException:
        # What failed may hold files open until it was told of.
        _run("umount", "--lazy", str(point))
        raise
    _unmount(point)


def _unmount(point: Path) -> None:
    """Mounted twice, an image would be torn: so what was killed and still holds it is waited for."""
    gc.collect()  # runs that were read hold a git program in their repository
    for _ in range(100):
        done = subprocess.run(["umount", str(point)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        time.sleep(0.05)
    _run("umount", "--lazy", str(point))
    raise AssertionError(done.stderr)


def _run(*command: str) -> None:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    subprocess.run(command, env={**os.environ, "PATH": path}, check=True, capture_output=True)
