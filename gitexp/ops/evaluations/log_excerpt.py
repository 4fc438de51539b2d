"""A log of Inspect as text, so that two can be compared by `git diff`: without times, which always differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitexp.errors import BrokenFile
from gitexp.formats import eval_lines
from gitexp.formats.canonical import dump
from gitexp.formats.eval_files import OUTPUTS, SCORES, TEXTS, encode
from gitexp.interop import inspect_log
from gitexp.interop.imported import Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source

MAX_SIZE = 16 << 20
"""Bytes: to read more takes seconds, at each commit of a `git log -p`."""


def of_log(path: Path) -> Iterator[str]:
    """What it was made with, what it reports, and its samples.

    Raises GitExpError for what is no such log, or a large one.
    """
    if path.stat().st_size > MAX_SIZE:
        raise BrokenFile(f"{path.name!r} is too large to be shown", hint=f"git exp eval import {path.name}")
    problems = Problems(partial=True)
    for one in inspect_log.read(Source(path, "log"), Request(with_text=True), problems):
        yield from _lines(one)
    yield from problems.told()


def _lines(one: Imported) -> Iterator[str]:
    for suite in one.suites:
        yield f"{suite.name}: {len(suite.examples)} examples, {suite.epochs} epochs, {suite.errors} errors"
        reported = {key: suite.meta.reported[key] for key in sorted(suite.meta.reported)}
        inputs = {item.role: {item.name: item.value} for item in one.inputs}
        yield from dump({"inputs": inputs, "reported": reported}).decode().splitlines()
        tables = encode(suite)
        for name in (SCORES, OUTPUTS, TEXTS):
            if name in tables:
                yield from eval_lines.shown(name, tables[name])
