"""What the staged files of a project say: its settings, params and results."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gitexp.formats.trailers import named
from gitexp.git.read_catfile import CatFileReader
from gitexp.model.files import METRICS_FILES, PARAMS_FILES

if TYPE_CHECKING:
    from gitexp.formats.settings import Settings
    from gitexp.model.history import Row
    from gitexp.model.values import Oid, Scalar
    from gitexp.ops.params import ParamsFile

_SETTINGS = ".gitexp.yaml"
"""Not that of formats.settings: there is hardly ever such a file, and importing it takes long."""

_USUAL = (_SETTINGS, *PARAMS_FILES, *METRICS_FILES)

# What reads files of a kind is imported where there is one: most commits change none.


@dataclass(frozen=True, slots=True)
class Results:
    """What the staged metrics files say."""

    metrics: Mapping[str, Scalar]
    rows: Sequence[Row]


class StagedFiles:
    """The files of a staged state, by their paths from the root, as long as its reader is open."""

    def __init__(self, reader: CatFileReader, before: str = "HEAD") -> None:
        """`before` is the revision that changes are seen against."""
        self.reader = reader
        self._before = before
        self._found: dict[str, Oid | None] = {}
        """What revisions name."""
        # All are asked for in nearly every commit; each question by itself takes longer than this one.
        self._ask([f"{revision}:{path}" for path in _USUAL for revision in ("", before)])

    def read(self, path: str) -> bytes | None:
        """None where no such file is staged. Raises BrokenRecord where it is too large."""
        found = self._find("", path)
        if found is None:
            return None
        kind, data = self.reader.read(found)
        return data if kind == "blob" else None

    def changed(self, path: str) -> bool:
        """Whether the file is staged, and not as it was before."""
        found = self._find("", path)
        return found is not None and found != self._find(self._before, path)

    def head_names_runs(self) -> bool:
        """Whether the message of HEAD names runs; that may be about to be amended."""
        head = self.reader.lookup("HEAD")
        return head is not None and bool(named(self.reader.read(head)[1]))

    @cached_property
    def settings(self) -> Settings | None:
        """None where no `.gitexp.yaml` is staged. Raises BrokenFile."""
        data = self.read(_SETTINGS)
        if data is None:
            return None
        from gitexp.formats.settings import parse

        return parse(data)

    def params_files(self) -> Sequence[str]:
        """The declared ones, or else the one that is found by its name."""
        settings = self.settings
        if settings and settings.params:
            return settings.params
        return [path for path in PARAMS_FILES if self._find("", path)][:1]

    def metrics_files(self) -> Sequence[str]:
        """Those that are staged and not as they were: what has not changed is no result of this code."""
        settings = self.settings
        declared = settings.metrics if settings else ()
        return [path for path in declared or METRICS_FILES if self.changed(path)]

    def read_params(self) -> dict[str, Any]:
        """Raises BrokenFile."""
        from gitexp.ops.params import merged

        return merged([file for path in self.params_files() for file in self._params_file(path)])

    def read_results(self) -> Results:
        """Raises BrokenFile."""
        paths = self.metrics_files()
        if not paths:
            return Results({}, ())
        from gitexp.formats import results as formats

        metrics: dict[str, Scalar] = {}
        rows: list[Row] = []
        for path in paths:
            data = self.read(path) or b""
            if path.endswith(formats.SERIES_SUFFIXES):
                rows += formats.series(path, data, default_time=time.time())
            else:
                metrics.update(formats.metrics(path, data))
        last = {name: value for row in rows for name, value in row.values.items()}
        return Results({**last, **metrics}, rows)

    def _params_file(self, path: str) -> Iterator[ParamsFile]:
        data = self.read(path)
        if data is not None:
            from gitexp.formats.plain_params import parse
            from gitexp.ops.params import ParamsFile

            yield ParamsFile(path, data, parse(path, data))

    def _find(self, revision: str, path: str) -> Oid | None:
        if "\n" in path:  # one line is one question
            return None
        name = f"{revision}:{path}"
        if name not in self._found:
            self._ask([name])
        return self._found[name]

    def _ask(self, names: Sequence[str]) -> None:
        self._found.update(zip(names, self.reader.lookups(names), strict=True))
