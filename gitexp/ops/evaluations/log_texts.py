"""The text of a suite that was imported without it, out of the log that its run keeps."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gitexp.errors import BrokenFile, UsageError
from gitexp.interop.imported import Request
from gitexp.interop.logs import importer_of
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source
from gitexp.model.evaluation import Suite, suite_name
from gitexp.ops.artifacts import Artifacts
from gitexp.ops.evaluations.files import LOG_KIND
from gitexp.ops.read import StoredRun


def with_texts(run: StoredRun, suite: Suite) -> Suite:
    """`suite` with the texts that the record has, or else that its log has; as it is where neither has any.

    A log of several runs is taken only where one of them alone can be meant. Raises NotFound where the log is
    not to be had.
    """
    if suite.outputs or suite.texts:
        return suite
    found = [one for one in _suites(run, suite) if _same_questions(one, suite)]
    if len(found) != 1:
        return suite
    keys = {one.key for one in suite.results}
    return replace(
        suite, texts=found[0].texts, outputs=tuple(one for one in found[0].outputs if one.key in keys)
    )


def _suites(run: StoredRun, suite: Suite) -> list[Suite]:
    stored = Artifacts(run)
    logs = [one for one in stored.all if one.kind == LOG_KIND]
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        places = [Path(folder) / f"{at}-{suite_name(Path(one.path).name)}" for at, one in enumerate(logs)]
        # A log that is a folder is known by the names that its files have beside one another.
        if len({Path(one.path).name for one in logs}) == len(logs):
            places = [Path(folder) / suite_name(Path(one.path).name) for one in logs]
        for one, place in zip(logs, places, strict=True):
            with stored.open(one) as source, place.open("wb") as target:
                shutil.copyfileobj(source, target)
        return [found for place in (*places, Path(folder)) for found in _read(place, suite)]


def _read(place: Path, suite: Suite) -> list[Suite]:
    with suppress(BrokenFile, UsageError):
        source = Source(place)
        asked = Request(suite.name, with_text=True)
        made = importer_of(source).read(source, asked, Problems(partial=True))
        return [one for log in made for one in log.suites]
    return []


def _same_questions(one: Suite, other: Suite) -> bool:
    """Whether every answer of `other` has its question in `one`."""
    known = {(example.id, example.x) for example in one.examples}
    return all((example.id, example.x) in known for example in other.examples)
