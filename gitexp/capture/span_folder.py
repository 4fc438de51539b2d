"""The span files of a live run, and what of the texts in them is to be kept."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from gitexp.capture.durable import write_durably
from gitexp.model.calls import Content, strictest

_CONTENT = "content"


def span_files(folder: Path) -> dict[str, int]:
    """Each file by its path below `folder`, and its bytes; sorted by path."""
    found: dict[str, int] = {}
    for above, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        for name in names:
            path = Path(above, name)
            with suppress(FileNotFoundError):
                if not name.startswith(".") and stat.S_ISREG(path.lstat().st_mode):
                    found[path.relative_to(folder).as_posix()] = path.lstat().st_size
    return dict(sorted(found.items()))


def restrict_content(live: Path, content: Content) -> None:
    """Say in a live directory that no more than `content` of the texts is to be kept of this run."""
    said = read_content(live) or Content.ARTIFACT
    if strictest(said, content) is not said:
        write_durably(live / _CONTENT, content.value.encode())


def read_content(live: Path) -> Content | None:
    """None where nothing was said for this run; what cannot be understood is the least."""
    try:
        return Content((live / _CONTENT).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return Content.NONE
