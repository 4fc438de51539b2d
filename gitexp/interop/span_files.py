"""The span files that the processes of a run left in its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.interop import otlp
from gitexp.interop.otlp import Loose
from gitexp.interop.problems import Problems
from gitexp.interop.source import MAX_DOCUMENT, Source
from gitexp.model.trace import Span

MAX_FILES = 10_000
MAX_BYTES = 1 << 30
"""Of all files together."""


def read(folder: Path, files: Mapping[str, int], problems: Problems) -> Iterator[tuple[str, Span | Loose]]:
    """What is in `files` (paths below `folder`, and their bytes), and where it stands.

    What cannot be read is told, and costs the rest nothing.
    """
    left = MAX_BYTES
    for number, (name, size) in enumerate(files.items()):
        left -= size
        if number >= MAX_FILES or left < 0:
            problems.error(name, f"left out: more than {MAX_FILES} files or {MAX_BYTES} bytes of spans")
            continue
        try:
            for where, value in _values(Source(folder / name, name), problems):
                for one in otlp.read(value, where, problems):
                    yield where, one
        except BrokenFile as error:
            problems.error(name, error.message.removeprefix(name).lstrip(":, "))
        except OSError as error:
            problems.error(name, error.strerror or "cannot be read")


def _values(source: Source, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """One mapping for each line, or for each of a document."""
    if not source.start.strip():
        return
    if _is_document(source):
        found = source.document
        for number, one in enumerate(found if isinstance(found, list) else [found], 1):
            where = f"{source.shown}, item {number}" if isinstance(found, list) else source.shown
            if isinstance(one, dict):
                yield where, one
            else:
                problems.error(where, "not a span")
        return
    for line in source.lines():
        if line.fault is None:
            yield line.where, line.value
        else:
            problems.error(line.where, line.fault, kind="not JSON")


def _is_document(source: Source) -> bool:
    """Whether it is one document over many lines: lines of JSON each begin with an object and end with it."""
    first = source.start.lstrip().partition(b"\n")[0].strip()
    return source.path.stat().st_size <= MAX_DOCUMENT and (first in (b"{", b"[") or first.startswith(b"["))
