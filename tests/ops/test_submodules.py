"""Which submodules code has."""

from __future__ import annotations

from gitexp.ops.submodules import find
from gitexp.repo import Repository
from tests.gitrepo import Repo


def test_what_a_record_holds_is_no_code(repo: Repo) -> None:
    """Whoever made the record may have put anything there."""
    first = repo.commit("first", {"a": "1"})
    for path in ("lib", ".exp/lib", ".exports"):
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{first},{path}")
    repo.git("commit", "-q", "-m", "with submodules")
    with Repository.open(repo.path, repo.environ) as opened:
        assert [one.path for one in find(opened, "HEAD")] == [".exports", "lib"]
