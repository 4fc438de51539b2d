"""A record that is about to be committed with code that did not produce it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitexp.capture.snapshot import of_index
from gitexp.errors import GitExpError
from gitexp.formats.record import decode_info
from gitexp.git.process import Git
from gitexp.model.files import RECORD_FOLDER as FOLDER
from gitexp.repo import Repository


def stale(repo: Repository, git: Git, data: bytes) -> Iterator[GitExpError]:
    """Whether `data`, the run.yaml that is staged, is of other code than what is. Raises BrokenRecord."""
    if b"\n<<<<<<< " in b"\n" + data:  # that is told already
        return
    info = decode_info(data, name=f":{FOLDER}")
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        tree = of_index(repo.git, repo.layout, Path(folder) / "objects").tree
    if info.mixed_with or tree != info.code.tree:
        # Not --cached: what then lies there untracked comes back with the next git add -A.
        yield GitExpError(
            f"'{FOLDER}' is the record of run '{info.name}', and what is staged is not its code: the record "
            "would be stale",
            hint=f"git rm {'-rq' if _is_in_head(git) else '-rqf'} :/{FOLDER}",
        )


def _is_in_head(git: Git) -> bool:
    """Whether the record stands in HEAD as it is staged; git removes no other without being forced."""
    return git.run("diff", "--cached", "--quiet", "HEAD", "--", FOLDER, check=False).code == 0
