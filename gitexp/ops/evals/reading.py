"""The suites that a run holds."""

from __future__ import annotations

from gitexp.errors import NotFound
from gitexp.formats.eval_files import FOLDER, decode
from gitexp.model.evaluation import Suite
from gitexp.ops.absent import telling
from gitexp.ops.read import StoredRun
from gitexp.ops.recorded import recorded_blobs


def suite_names(run: StoredRun) -> list[str]:
    """The names of the run's suites, sorted. Raises BrokenRecord or NotFound."""
    return sorted(_files(run))


def read_suites(run: StoredRun, wanted: str | None = None) -> dict[str, Suite]:
    """The run's suites by their names, or the one that is wanted.

    Raises NotFound where it has none, BrokenRecord that names file and line, NewerFormat.
    """
    files = _files(run)
    if not files:
        raise NotFound(f"run {run.name!r} has no evaluation", hint="git exp eval import PATH")
    if wanted is not None and wanted not in files:
        raise NotFound(f"run {run.name!r} has no suite {wanted!r}", hint=f"one of {', '.join(sorted(files))}")
    return {name: _read(run, name, files[name]) for name in sorted(files) if wanted in (None, name)}


def _read(run: StoredRun, name: str, files: list[str]) -> Suite:
    with telling(run.repo, run.name):
        places = [(run.commit, f".exp/{FOLDER}/{name}/{file}") for file in files]
        blobs = dict(zip(files, run.repo.reader.blobs(places), strict=True))
        return decode(name, blobs, what=f"run {run.name!r}: {FOLDER}/{name}")


def _files(run: StoredRun) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with telling(run.repo, run.name):
        paths = recorded_blobs(run.repo.reader, run.commit)
    for path in paths:
        folder, _, rest = path.partition("/")
        name, _, file = rest.partition("/")
        if folder == FOLDER and file and "/" not in file:
            found.setdefault(name, []).append(file)
    return found
