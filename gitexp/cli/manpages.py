"""Writes the man pages: `python -m gitexp.cli.manpages man/`."""

from __future__ import annotations

import sys
from pathlib import Path

from gitexp import __version__
from gitexp.cli.manual import pages
from gitexp.cli.render.roff import roff


def sources() -> dict[str, str]:
    """File name -> man page source."""
    return {f"{page.name}.1": roff(page, __version__) for page in pages()}


def write(folder: Path) -> None:
    """Make `folder` hold the man pages and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.1"):
        old.unlink()
    for name, text in sources().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
