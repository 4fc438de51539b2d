"""A record that is about to be committed, and of whose run less is known than the project asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitexp.errors import GitExpError, NotFound
from gitexp.formats.record import decode_info
from gitexp.formats.settings import Settings
from gitexp.model.files import RECORD_FOLDER as FOLDER
from gitexp.ops.archive.names import all_runs
from gitexp.ops.hooks.completeness import of_run
from gitexp.ops.read import load
from gitexp.repo import Repository


def incomplete(repo: Repository, settings: Settings, data: bytes) -> Iterator[GitExpError]:
    """Whether the run of `data`, the run.yaml that is staged, falls short of `settings`.

    Raises BrokenRecord, or NotFound where the run is not here.
    """
    if b"\n<<<<<<< " in b"\n" + data:  # that is told already
        return
    name = decode_info(data, name=f":{FOLDER}").name
    tip = all_runs(repo, name).get(name)
    if tip is None:
        raise NotFound(
            f"run {name!r}, whose record is committed, is not here: how complete it is cannot be told",
            hint="git exp fetch",
        )
    repo.settings = replace(settings, unknown=())  # those that are staged hold
    refusal = of_run(repo, load(repo, tip, name, name))
    if refusal is not None:
        yield refusal
