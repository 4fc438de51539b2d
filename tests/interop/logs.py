"""Real logs of other tools, and made-up ones; see tests/fixtures/eval/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from gitexp.interop.imported import Imported, Request
from gitexp.interop.logs import importer_of
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source
from gitexp.model.evaluation import Suite

FIXTURES = Path(__file__).parents[1] / "fixtures" / "eval"
EXPECTED = FIXTURES / "expected"


def read(
    path: Path, request: Request | None = None, *, partial: bool = False
) -> tuple[list[Imported], list[str]]:
    """What is in a log, and what was odd about it."""
    source, problems = Source(path, path.name), Problems(partial)
    found = importer_of(source).read(source, request or Request(), problems)
    problems.check()
    return found, problems.told()


def suites(path: Path, **options: Any) -> list[Suite]:
    return [suite for one in read(path, Request(**options))[0] for suite in one.suites]


def rows(path: Path) -> list[dict[str, Any]]:
    """A file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def sample(id: object = "a", epoch: int = 1, value: object = "C", **more: Any) -> dict[str, Any]:
    """A sample of Inspect."""
    scores = {"match": {"value": value, "answer": "x"}}
    return {"id": id, "epoch": epoch, "input": f"question {id}", "target": "t", "scores": scores, **more}


def inspect_log(*samples: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A log of Inspect in the JSON form."""
    about = {"task": "made_up", "model": "m", "config": {}, "dataset": {}}
    return {"version": 2, "status": "success", "eval": about, "samples": list(samples), **more}


def write_eval(path: Path, members: dict[str, Any], method: int = ZIP_DEFLATED) -> Path:
    """An archive with those members: text as it is, other values as JSON."""
    with ZipFile(path, "w", method) as archive:
        for name, value in members.items():
            archive.writestr(name, value if isinstance(value, (str, bytes)) else json.dumps(value))
    return path


def members_of(log: dict[str, Any]) -> dict[str, Any]:
    """The members of the archive that holds `log`."""
    samples = {f"samples/{one['id']}_epoch_{one['epoch']}.json": one for one in log["samples"]}
    return {**samples, "header.json": {key: value for key, value in log.items() if key != "samples"}}
