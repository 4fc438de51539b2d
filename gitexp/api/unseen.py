"""What gitexp opens in the process of a program is nothing that the program reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from types import ModuleType

OBSERVER = "_gitexp_observe"
"""The module that observes this process, whoever put it there."""
VERSION = 1
"""The one whose functions are known here."""


@contextmanager
def unseen() -> Iterator[None]:
    """What this thread opens meanwhile is for the recorder."""
    observer, me = observer_here(), get_ident()
    if observer is None or me in observer.unseen:
        yield
        return
    observer.unseen.add(me)
    try:
        yield
    finally:
        observer.unseen.discard(me)


def observer_here() -> ModuleType | None:
    """What observes this process; None where nothing does, or that of another gitexp."""
    found = sys.modules.get(OBSERVER)
    return found if getattr(found, "VERSION", None) == VERSION else None
