"""The submodules of code that runs again: they are the user's own checkouts, so it is told which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitexp.git.process import Git, unplaced
from gitexp.model.record import Record
from gitexp.model.values import Oid, Value
from gitexp.ops import isolate
from gitexp.repo import Repository


def told(repo: Repository, commit: Oid, record: Record) -> Iterator[str]:
    """What a person should know of the submodules of `commit` where they are not as they were."""
    recorded: Value = record.env.get("submodules")
    known = recorded if isinstance(recorded, Mapping) else {}
    for path, wanted in isolate.submodules(repo, commit).items():
        now = _head(repo, path)
        if now is None:
            yield f"submodule {path!r} is not here: it was at {wanted[:10]}"
        elif now != wanted:
            yield f"submodule {path!r} is at {now[:10]} here, and was at {wanted[:10]}"
        one = known.get(path)
        if isinstance(one, Mapping) and one.get("dirty") is True:
            yield f"submodule {path!r} had uncommitted changes, which are not recorded"


def _head(repo: Repository, path: str) -> Oid | None:
    """The commit that a submodule of the user's is at."""
    if repo.layout.top is None or not (repo.layout.top / path / ".git").exists():
        return None
    git = Git(repo.layout.top / path, unplaced(repo.environ))
    result = git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False)
    return Oid(result.text) if result.code == 0 else None
