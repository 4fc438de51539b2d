"""What keeping artifacts costs, one large one and many small ones, against `cp` and `sha256sum`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import gitexp
from benchmarks._measure import Chosen, Comparison, in_turns, process, tell
from benchmarks.transfer import LOADS, ROUNDS, Load, filled, scaled

_COPY = 'cp -r "$1" "$2" && find "$2" -type f -exec sha256sum {} + >"$2.sums"'


def main(chosen: Chosen) -> Iterator[Comparison]:
    """For each load: new to the store, and known to the stat cache. On one file system, as it is."""
    for load in LOADS:
        with tempfile.TemporaryDirectory() as folder:
            yield from _kept(Path(folder), scaled(load, chosen), chosen)


def _kept(place: Path, load: Load, chosen: Chosen) -> Iterator[Comparison]:
    repo, copied = filled(place / "repo", load), place / "copied"
    copy = process(place, "sh", "-c", _COPY, "-", repo / "out", copied)

    def clean() -> None:
        shutil.rmtree(copied, ignore_errors=True)
        os.sync()

    def fresh() -> None:
        shutil.rmtree(repo / ".git" / "lfs", ignore_errors=True)
        clean()

    with gitexp.start(repository=repo, strict=True) as run:

        def keep() -> None:
            run.log_artifact(repo / "out")

        pairs = in_turns(keep, copy, chosen.rounds(ROUNDS), fresh)
        yield tell(f"kept, {load.name}", "cp, sha256sum", pairs, budget=None)
        time.sleep(3)  # files that were written just now are not trusted
        keep()
        pairs = in_turns(keep, copy, chosen.rounds(ROUNDS), clean)
        yield tell(f"kept again, {load.name}", "cp, sha256sum", pairs, budget=None)
