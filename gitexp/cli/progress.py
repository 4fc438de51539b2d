"""How far something has come that takes long, as a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_WORTHWHILE = 4 << 20
"""Bytes below which nothing is shown: it is over at once."""


@contextmanager
def bar(what: str, size: int) -> Iterator[Callable[[int], object]]:
    """What is to be told how many more of `size` bytes have passed; silent where stderr is no terminal."""
    if size < _WORTHWHILE or not sys.stderr.isatty():
        yield lambda _: None
        return
    import click

    from gitexp.cli.render.values import size_text

    total, lock, passed = size_text(size), Lock(), 0
    shown: Any = click.progressbar(
        length=size,
        label=what,
        file=sys.stderr,
        item_show_func=lambda _: f"{size_text(passed)} of {total}",
        update_min_steps=1 << 20,
    )
    with shown:

        def moved(count: int) -> None:
            nonlocal passed
            with lock:  # many threads tell, and a bar is for one
                passed += count
                shown.update(count)

        yield moved
