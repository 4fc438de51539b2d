"""What params files, results and the record say, as they are staged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from gitexp.errors import BrokenFile, GitExpError
from gitexp.formats.params_file import parse
from gitexp.formats.redact import Redactor, secret_values
from gitexp.formats.results import SERIES_SUFFIXES, metrics, series
from gitexp.formats.secret_assignments import masked_names
from gitexp.formats.secret_lines import secret_lines
from gitexp.git.reader import LIMIT
from gitexp.model.values import Scalar
from gitexp.ops.hooks.guard.kinds import is_params, is_read, is_results
from gitexp.ops.hooks.guard.staged import File, Staged
from gitexp.repo import Repository

_MARKS = [re.compile(mark, re.MULTILINE) for mark in (rb"^<{7} ", rb"^={7}$", rb"^>{7} ")]


def look(repo: Repository, staged: Staged) -> Iterator[GitExpError]:
    """Each file is read once, and only those that may hold what is looked for."""
    guard, hidden = staged.settings.guard, staged.settings.redact
    redactor = Redactor(secret_values(repo.environ, hidden), hidden)
    for file in staged.files:
        if file.size > LIMIT or not is_read(staged.settings, file.path):
            continue
        data = staged.reader.read(file.oid)[1]
        if all(mark.search(data) for mark in _MARKS):
            # Nothing else can be read in it.
            if guard.conflicts:
                yield _conflict(file)
            continue
        if guard.secrets and is_params(staged.settings, file.path):
            yield from _secrets(redactor, file, data)
        if guard.nan and is_results(staged.settings, file.path):
            yield from _not_finite(file, data)


def _conflict(file: File) -> GitExpError:
    return GitExpError(
        f"{file.path!r} has the marks of a conflict in it",
        hint=f"edit it, then git add -- {file.shown}",
    )


def _secrets(redactor: Redactor, file: File, data: bytes) -> Iterator[GitExpError]:
    """What it looks like is told, and where; never the value."""
    masked: list[str] = []
    with suppress(BrokenFile):  # what cannot be read as params is looked at as text
        hidden = redactor.params(parse(file.path, data))
        masked = masked_names(hidden) if isinstance(hidden, Mapping) else []
    shown = redactor.certain(file.path)
    for number, kind in secret_lines(redactor, file.path, data, masked):
        yield GitExpError(
            f"{shown!r} line {number} looks like {kind}",
            hint=f"{file.unstaging}, and have the program read it from the environment",
        )


def _not_finite(file: File, data: bytes) -> Iterator[GitExpError]:
    found = [name for name, value in _values(file.path, data) if _is_not_finite(value)]
    if found:
        names = ", ".join(dict.fromkeys(found))
        yield GitExpError(
            f"{file.path!r} has results that are NaN or infinite, which .gitexp.yaml forbids: {names}",
            hint=file.unstaging,
        )


def _values(path: str, data: bytes) -> Iterator[tuple[str, Scalar]]:
    """The numbers of a metrics file, or of the last row of a series; none where it cannot be read."""
    with suppress(BrokenFile):
        if path.endswith(SERIES_SUFFIXES):
            for row in series(path, data)[-1:]:
                yield from row.values.items()
        else:
            yield from metrics(path, data).items()


def _is_not_finite(value: Scalar) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
