"""The gitexp that runs, as a package of another environment, without what is installed beside it."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

NAME = "gitexp"
VERSION: str = sys.modules[NAME].__version__
"""An import statement would make all of the Python interface one of what operations depend on."""
_COPIED = "gitexp-copied"
_ORIGIN = '{"url": "file:", "dir_info": {}}'
"""PEP 610: it came from a folder, so a record does not say that it can be had from an index."""


def copy_into(environment: Path) -> None:
    """Put a copy into a virtual environment. Raises OSError."""
    source = Path(__file__).parents[2]
    for folder in environment.glob("lib/*/site-packages"):
        shutil.copytree(source, folder / NAME, ignore=shutil.ignore_patterns("__pycache__"))
        info = folder / f"{NAME}-{VERSION}.dist-info"
        info.mkdir()
        (info / "direct_url.json").write_text(_ORIGIN)
        with suppress(metadata.PackageNotFoundError):  # it runs from its sources
            (info / "METADATA").write_text(metadata.distribution(NAME).read_text("METADATA") or "")
    (environment / _COPIED).touch()


def is_copied(environment: Path) -> bool:
    return (environment / _COPIED).exists()
