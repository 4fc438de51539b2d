"""Every kind of log that can be read, and which one a file is."""

from __future__ import annotations

from collections.abc import Mapping

from gitexp.errors import BrokenFile, UsageError
from gitexp.interop import deepeval, inspect_log, lm_eval, plain_rows, promptfoo
from gitexp.interop.eee import reading as eee
from gitexp.interop.imported import Importer
from gitexp.interop.source import Source

FORMATS: Mapping[str, Importer] = {
    inspect_log.NAME: inspect_log,
    lm_eval.NAME: lm_eval,
    promptfoo.NAME: promptfoo,
    deepeval.NAME: deepeval,
    eee.NAME: eee,
    plain_rows.JSON_LINES.NAME: plain_rows.JSON_LINES,
    plain_rows.CSV.NAME: plain_rows.CSV,
}
"""In the order in which they are asked: what takes almost anything comes last."""
_FILES = "name the logs in it: git exp eval import FOLDER/*"


def logs_in(source: Source, importer: Importer) -> list[Source]:
    """The logs in a folder that have nothing to do with one another; any other log is one."""
    return eee.logs_in(source) if importer is eee and source.is_folder else [source]


def importer_of(source: Source, name: str | None = None) -> Importer:
    """The importer called `name`, or the one that knows the log. Raises UsageError or BrokenFile."""
    if name is not None:
        if name not in FORMATS:
            raise UsageError(f"unknown format {name!r}", hint=" ".join(FORMATS))
        if source.is_folder and not FORMATS[name].recognises(source):
            raise BrokenFile(f"{source.shown!r} is a folder, and no log of {name}", hint=_FILES)
        return FORMATS[name]
    for one in FORMATS.values():
        if one.recognises(source):
            return one
    if source.is_folder:
        raise BrokenFile(f"{source.shown!r} holds no log that is known", hint=_FILES)
    raise BrokenFile(f"{source.shown!r} is no log of a known format", hint=f"--format {'|'.join(FORMATS)}")
