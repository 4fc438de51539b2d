"""Other trackers, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

VERSIONS = {"dvc": "dvc==3.67.1", "mlflow": "mlflow==3.17.2"}
"""Name -> what pip is asked for."""


def folder() -> Path:
    """Where the environments are kept between calls."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gitexp-benchmarks"


def install() -> dict[str, Path]:
    """The `bin` folder of each; made where it does not exist yet. Raises CalledProcessError."""
    return {name: _environment(name, wanted) for name, wanted in VERSIONS.items()}


def _environment(name: str, wanted: str) -> Path:
    home = folder() / f"{wanted}-python{sys.version_info.major}.{sys.version_info.minor}"
    done = home / "installed"
    if not done.exists():
        print(f"installing {wanted}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([home / "bin" / "pip", "install", "-qq", wanted], check=True)
        done.touch()
    return home / "bin"
