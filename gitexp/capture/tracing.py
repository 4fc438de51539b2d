"""How much of what a run reads is noted, and how a child is told to note it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gitexp.capture.shim._gitexp_observe import VARIABLE

OFF, OPEN, INOTIFY = "off", "open", "inotify"
MODES = (OFF, OPEN, INOTIFY)
"""Nothing; what Pythons open; and also what any program opens in watched folders."""

FOLDER = "observed"
"""In the live directory: the reports of the processes."""
LEFT = "observed.json"
"""Beside it: what has to be known to make sense of them, should the recorder die."""
SHIM = Path(__file__).with_name("shim")
_PATH = "PYTHONPATH"


def observed_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`environ` in which each Python that starts reports into `folder`."""
    return {**unobserved(environ), _PATH: _joined(SHIM, environ.get(_PATH, "")), VARIABLE: str(folder)}


def unobserved(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what `observed_environment` put there."""
    kept = {name: value for name, value in environ.items() if name not in (VARIABLE, _PATH)}
    rest = _without_shim(environ.get(_PATH, ""))
    return {**kept, _PATH: rest} if rest or (_PATH in environ and VARIABLE not in environ) else kept


def _joined(first: Path, rest: str) -> str:
    # An empty entry would be the current folder.
    return os.pathsep.join(filter(None, [str(first), _without_shim(rest)]))


def _without_shim(path: str) -> str:
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if entry != str(SHIM))
