"""A million points in one run: small in git, in bounded chunks, exact."""

from __future__ import annotations

import random
import zlib

import pytest

import gitexp
from tests.gitrepo import Repo

ROWS, METRICS = 200_000, 5


@pytest.mark.long
def test_a_million_points_stay_small_and_come_back(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    names = [f"m{number}" for number in range(METRICS)]
    rows = [[random.random() for _ in names] for _ in range(ROWS)]
    with gitexp.start() as run:
        for step, row in enumerate(rows):
            run.log(dict(zip(names, row, strict=True)), step=step)
    stored = gitexp.get_run(run.name)
    for number, name in enumerate(names):
        series = stored.series(name)
        assert series.values == [row[number] for row in rows]
        assert series.steps == list(range(ROWS))
    chunks = repo.git("ls-tree", "-l", f"exp/{run.name}", ".exp/series/").splitlines()
    sizes = [int(line.split()[3]) for line in chunks]
    assert max(sizes) <= 8 << 20
    text = "".join(f"{step},{','.join(map(repr, row))}\n" for step, row in enumerate(rows))
    repo.git("gc", "-q")
    packed = sum(path.stat().st_size for path in (repo.path / ".git/objects/pack").glob("*.pack"))
    assert packed <= 3 * len(zlib.compress(text.encode()))
