"""Git alone is killed while it holds locks, as by the kernel that is out of memory: none of them stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gitexp
from gitexp.errors import GitKilled
from gitexp.ops import tidy, transaction
from gitexp.ops.remove import remove
from tests.gitrepo import Repo, wrapped_git
from tests.ops.recorded import chosen, open_here, record


@pytest.fixture
def deadly(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Has the next git whose command is the first word die as it holds the second."""
    monkeypatch.chdir(repo.path)
    monkeypatch.setattr(transaction, "STALE_SECONDS", 0.2)
    body = f"""
told_in={tmp_path}
case "$*" in
    *"$(cat $told_in/command 2>&1)"*) rm $told_in/command; : > "$(cat $told_in/lock)"; kill -KILL $$ ;;
esac
"""
    environ = wrapped_git(tmp_path / "bin", repo.environ, body)
    monkeypatch.setenv("PATH", environ["PATH"])
    monkeypatch.setattr(repo, "environ", environ)

    def arm(command: str, lock: str) -> None:
        (tmp_path / "lock").write_text(str(repo.path / ".git" / lock))
        (tmp_path / "command").write_text(command)

    return arm


def locks(repo: Repo) -> list[Path]:
    return list((repo.path / ".git").rglob("*.lock"))


def test_a_change_leaves_no_lock(repo: Repo, deadly: Callable[[str, str], None]) -> None:
    name = record("one")
    for lock in (f"refs/exp/{name}.lock", f"refs/exp-trash/{name}.lock", "packed-refs.lock"):
        (repo.path / ".git/refs/exp-trash").mkdir(exist_ok=True)
        deadly("update-ref", lock)
        with open_here(repo) as opened, pytest.raises(GitKilled, match="ended by signal 9"):
            remove(opened, chosen(opened, name))
        assert locks(repo) == []
    with open_here(repo) as opened:
        assert not [one for one in remove(opened, chosen(opened, name)) if one.error]
    repo.fsck()


def test_packing_leaves_no_lock(
    repo: Repo, deadly: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = record("one")
    monkeypatch.setattr(tidy, "MANY_REFS", 0)
    deadly("pack-refs", f"refs/exp/{name}.lock")
    with open_here(repo) as opened:
        assert not tidy.pack_refs(opened)
        assert locks(repo) == []
        assert tidy.pack_refs(opened)


def test_the_process_that_records_goes_on(repo: Repo, deadly: Callable[[str, str], None]) -> None:
    run = gitexp.start("one", strict=True)
    run.log({"a": 1})
    deadly("update-ref", f"refs/exp/{run.name}.lock")
    with pytest.raises(GitKilled):
        run.checkpoint()
    assert locks(repo) == []
    assert run.checkpoint()
    run.finish()
    assert gitexp.get_run(run.name).status == "finished"
    repo.fsck()
