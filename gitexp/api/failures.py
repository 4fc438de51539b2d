"""Exceptions as records hold them."""

from __future__ import annotations

import os

from gitexp.model.record import Failure


def failure_of(error: BaseException) -> Failure:
    """What is recorded of an exception: its last 20 frames by file name, its message as it is."""
    # Only needed where something failed.
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{os.path.basename(f.filename)}:{f.lineno} in {f.name}: {f.line or ''}" for f in frames[-20:]]
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Failure(name, str(error)[:4000], "\n".join(line.rstrip(": ") for line in lines))
