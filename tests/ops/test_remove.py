"""Runs go into the trash and come back, all in one transaction, whatever their records are."""

from __future__ import annotations

import pytest

import gitexp
from gitexp.errors import NotFound, UsageError
from gitexp.model.labels import Edit
from gitexp.model.names import RunName
from gitexp.ops.annotate import annotate
from gitexp.ops.archive.archiving import archive
from gitexp.ops.choose import Chosen, is_run
from gitexp.ops.operations import read
from gitexp.ops.read import list_all
from gitexp.ops.remove import choose_trashed, list_trash, remove, restore
from gitexp.ops.undo import undo
from tests.cli.program import forge
from tests.gitrepo import Repo
from tests.ops.recorded import aside, chosen, multiply, open_here, record


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)


def test_a_run_goes_and_comes_back_as_it_was(repo: Repo) -> None:
    one, two = record("one"), record("two")
    before = repo.refs()
    with open_here(repo) as opened:
        assert [moved.error for moved in remove(opened, chosen(opened, one))] == [None]
        assert repo.refs("refs/exp/") == {f"refs/exp/{two}": before[f"refs/exp/{two}"]}
        assert [trashed.name for trashed in list_trash(opened)] == [one]
        repo.git("gc", "-q", "--prune=now")
        restore(opened, choose_trashed(opened, ["on"]))
    assert repo.refs() == before
    assert gitexp.get_run(one).metrics == {"acc": 0.5}
    repo.fsck()


def test_best_is_the_best_run_and_not_the_beginning_of_a_name(repo: Repo) -> None:
    good, so_called = record("good", acc=0.9), record("best", acc=0.1)
    with open_here(repo) as opened:
        assert [one.name for one in chosen(opened, "best", "best:acc", so_called)] == [good, so_called]
        assert [one.name for one in chosen(opened, "best-")] == [so_called]
        assert is_run(opened, "best")


def test_a_file_system_without_locks_is_no_reason_to_fail(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = record("one")

    def no_lock(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_lock)
    with open_here(repo) as opened:
        remove(opened, chosen(opened, name))
        assert repo.refs("refs/exp/") == {}
        undo(opened)
    assert f"refs/exp/{name}" in repo.refs()


def test_a_damaged_and_a_newer_record_go_as_well(repo: Repo) -> None:
    good = record("good")
    forge(repo, good, "broken-aaaaaa", {"run.yaml": "format: [\n"})
    forge(repo, good, "newer-aaaaaa", {"run.yaml": "format: 9\n"})
    before = repo.refs()
    with open_here(repo) as opened:
        results = remove(opened, chosen(opened, "broken", "newer", good))
        assert not [one for one in results if one.error]
        assert repo.refs("refs/exp/") == {}
        restore(opened, choose_trashed(opened, ["broken", "newer", "good"]))
    assert repo.refs() == before


def test_one_transaction_and_the_same_processes_for_any_number(repo: Repo) -> None:
    names = multiply(repo, record("one"), 80)

    def processes(some: list[str]) -> int:
        trace = repo.path / f".git/trace-{len(some)}"
        with open_here(Repo(repo.path, {**repo.environ, "GIT_TRACE2_EVENT": str(trace)})) as opened:
            assert not [one for one in remove(opened, chosen(opened, *some)) if one.error]
            restore(opened, choose_trashed(opened, some))
        return trace.read_text().count('"event":"start"')

    assert processes(names[:2]) == processes(names) < 20
    assert len(read(open_here(repo))[-1].changes) == 160


def test_a_live_run_stays(repo: Repo) -> None:
    other = record("other")
    with gitexp.start("live") as run:
        with open_here(repo) as opened:
            results = remove(opened, chosen(opened, "live", "other"))
        assert [type(one.error) for one in results] == [UsageError, type(None)]
        assert list(repo.refs("refs/exp/")) == [f"refs/exp/{run.name}"]
        assert list(repo.refs("refs/exp-trash")) == [f"refs/exp-trash/{other}"]
        run.log({"a": 1})
    assert gitexp.get_run(run.name or "").metrics == {"a": 1}


def test_two_runs_of_one_name_in_the_trash_are_both_kept(repo: Repo) -> None:
    name = record("one")
    first = repo.git("rev-parse", f"exp/{name}")
    with open_here(repo) as opened:
        remove(opened, chosen(opened, name))
        second = _twin(repo, first, name)
        before = repo.refs()
        remove(opened, chosen(opened, name))
        assert aside(repo) == {
            f"refs/exp-trash/{name}": second,
            f"refs/exp-dropped/{name}/{first}": first,
        }
        undo(opened)
        assert repo.refs() == before
        with pytest.raises(UsageError, match="another run"):
            raise restore(opened, [Chosen(name, first).name])[0].error or AssertionError  # type: ignore[arg-type]
    assert repo.refs() == before


def _twin(repo: Repo, commit: str, name: str) -> str:
    """Another commit with the same tree, as the run that a colleague pushed."""
    twin = repo.git("commit-tree", f"{commit}^{{tree}}", "-m", f"exp {name}: twin")
    repo.git("update-ref", f"refs/exp/{name}", twin, "")
    return twin


def test_the_trash_is_searched_by_name_beginning_and_at(repo: Repo) -> None:
    names = [record("aa-one"), record("aa-two"), record("b")]
    with open_here(repo) as opened:
        for name in (names[1], names[2], names[0]):
            remove(opened, chosen(opened, name))
        assert choose_trashed(opened, ["@", "aa-two", "b", names[2]]) == names
        for text, error in (("aa", "matches 2 runs"), ("zz", "no removed run matches")):
            with pytest.raises(NotFound, match=error):
                choose_trashed(opened, [text])
        restore(opened, choose_trashed(opened, names))
        with pytest.raises(NotFound, match="the trash is empty"):
            choose_trashed(opened, ["b"])
        [gone] = restore(opened, [list_names(repo)[0]])  # type: ignore[list-item]
        assert isinstance(gone.error, NotFound)


def list_names(repo: Repo) -> list[str]:
    return [ref.removeprefix("refs/exp/") for ref in repo.refs("refs/exp/")]


@pytest.mark.parametrize("kind", ["bare", "worktree", "partial", "unborn"])
def test_in_other_kinds_of_repository(make_repo, kind: str, repo: Repo) -> None:
    other = make_repo(kind)
    name = record("one")
    other.git("fetch", "-q", str(repo.path), "refs/exp/*:refs/exp/*")
    before = other.refs()
    with open_here(other) as opened:
        remove(opened, chosen(opened, name))
        assert other.refs("refs/exp/") == {}
        undo(opened)
    assert other.refs() == before


def test_a_run_that_was_annotated_and_merged_goes_without_harm(repo: Repo) -> None:
    name = record("one")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
        repo.git("merge", "-q", "--no-edit", f"exp/{name}")
        remove(opened, chosen(opened, name))
        with pytest.raises(NotFound) as failure:
            chosen(opened, "HEAD")
    assert failure.value.hint == f"git exp restore {name}"
    repo.fsck()


def test_a_run_whose_commit_is_gone_is_named_and_can_be_removed_and_others_archived(repo: Repo) -> None:
    name, lost = record("one"), RunName("lost-aaaaaa")
    (repo.path / f".git/refs/exp/{lost}").write_text("1" * 40 + "\n")
    with open_here(repo) as opened:
        [(_, error)] = list_all(opened).broken
        assert error.message.startswith(f"run '{lost}': ")
        assert error.hint == "git fsck"
        [filed] = archive(opened, chosen(opened, name))
        assert (filed.name, filed.error) == (name, None)
        [moved] = remove(opened, chosen(opened, lost))
        assert moved.error is None
        assert f"nothing of run '{lost}' could be kept" in str(opened.lasting)
        assert list_all(opened).broken == ()
    assert aside(repo).keys() == {ref for ref in aside(repo) if ref.startswith("refs/exp-archive/")}
    repo.fsck()
