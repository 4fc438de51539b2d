"""Labels edited after the fact."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import gitexp
from gitexp.errors import BrokenRecord, NewerFormat, NotFound, RefChanged
from gitexp.formats.yaml import load
from gitexp.model.labels import Edit
from gitexp.model.names import RunName
from gitexp.ops import annotate as annotating
from gitexp.ops import turns
from gitexp.ops.annotate import annotate
from gitexp.ops.change import change
from gitexp.ops.choose import Chosen
from gitexp.ops.operations import read
from gitexp.repo import Repository
from tests.cli.program import forge
from tests.gitrepo import KINDS, Repo, object_formats, ref_formats
from tests.ops.recorded import chosen, multiply, open_here, record


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)


def test_an_edit_is_a_commit_that_changes_run_yaml_alone(repo: Repo) -> None:
    name = record("one")
    before = repo.git("rev-parse", f"exp/{name}")
    old = load(repo.git_bytes("show", f"exp/{name}:.exp/run.yaml"), what="it")
    with open_here(repo) as opened:
        [one] = annotate(opened, chosen(opened, name), Edit(add_tags=("b", "a"), title="wide", star=True))
    assert one.commit == repo.git("rev-parse", f"exp/{name}")
    assert repo.git("rev-parse", f"exp/{name}^@") == before
    assert repo.git("diff", "--name-only", before, one.commit) == ".exp/run.yaml"
    new = load(repo.git_bytes("show", f"exp/{name}:.exp/run.yaml"), what="it")
    assert new == {**old, "tags": ["a", "b"], "title": "wide", "star": True}
    assert repo.git("log", "-1", "--format=%an %ae|%B", one.commit) == (
        f"Ada Tester ada@example.org|exp {name}: tag +b +a, title 'wide', star\n\n"
        f"Exp-Run: {name}\nExp-Status: finished\nExp-Edit: tags, title, star\n"
    )
    assert not list((repo.path / ".git/objects/pack").glob("*.keep.tmp"))
    repo.fsck()


def test_nothing_to_change_makes_no_commit(repo: Repo) -> None:
    name = record("one")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
        before = repo.refs()
        [one] = annotate(opened, chosen(opened, name), Edit(add_tags=("a",), remove_tags=("zz",)))
        assert not one.changed
        assert one.commit is None
        [two] = annotate(opened, chosen(opened, name), Edit(add_tags=("b",)), dry_run=True)
        assert two.changed
    assert repo.refs() == before


def test_many_runs_take_one_pack_one_transaction_and_few_processes(repo: Repo) -> None:
    names = multiply(repo, record("one"), 60)

    def processes(count: int) -> int:
        trace = repo.path / f".git/trace-{count}"
        environ = {**repo.environ, "GIT_TRACE2_EVENT": str(trace)}
        packs = len(list((repo.path / ".git/objects/pack").glob("*.pack")))
        with gitexp_repository(repo.path, environ) as opened:
            results = annotate(opened, chosen(opened, *names[:count]), Edit(add_tags=(f"t{count}",)))
        assert all(one.changed for one in results)
        assert len(results) == count
        assert len(list((repo.path / ".git/objects/pack").glob("*.pack"))) == packs + 1
        return trace.read_text().count('"event":"start"')

    assert processes(2) == processes(60) < 20
    assert not list((repo.path / ".git/objects/pack").glob("*.keep"))[2:]
    assert len(read(open_here(repo))[-1].changes) == 60
    repo.fsck()


def gitexp_repository(path: Path, environ: dict[str, str]):
    from gitexp.repo import Repository

    return Repository.open(path, environ)


def test_one_broken_run_stops_no_other(repo: Repo) -> None:
    good = record("good")
    other = forge(repo, good, "broken-aaaaaa", {"run.yaml": "format: [\n"})
    yaml = repo.git("show", f"exp/{good}:.exp/run.yaml")
    newer = forge(repo, good, "newer-aaaaaa", {"run.yaml": yaml.replace("format: 1", "format: 9") + "\n"})
    with open_here(repo) as opened:
        runs = [*chosen(opened, "broken", "good", "newer"), Chosen("gone-aaaaaa", other)]  # type: ignore[arg-type]
        results = annotate(opened, runs, Edit(add_tags=("a",)))
    kinds = [type(one.error) for one in results]
    assert kinds == [BrokenRecord, type(None), NewerFormat, NotFound]
    assert all(one.error.hint for one in results if one.error and not isinstance(one.error, BrokenRecord))
    assert repo.git("rev-parse", "exp/broken-aaaaaa", "exp/newer-aaaaaa").split() == [other, newer]
    assert gitexp.get_run(good).tags == ("a",)
    repo.fsck()


def test_keys_that_are_not_ours_stay(repo: Repo) -> None:
    name = record("one")
    yaml = repo.git("show", f"exp/{name}:.exp/run.yaml").replace(name, "other-aaaaaa")
    forge(repo, name, "other-aaaaaa", {"run.yaml": yaml + "\nreviewer: bob\n"})
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, "other"), Edit(note="seen"))
    assert "reviewer: bob" in repo.git("show", "exp/other-aaaaaa:.exp/run.yaml")
    assert gitexp.get_run("other").info.note == "seen"


def test_a_live_run_is_not_disturbed_and_keeps_its_labels(repo: Repo) -> None:
    with gitexp.start("live", tags=["mine", "gone"]) as run:
        before = repo.git("rev-parse", f"exp/{run.name}")
        with open_here(repo) as opened:
            [one] = annotate(
                opened,
                chosen(opened, "live"),
                Edit(add_tags=("a",), remove_tags=("gone",), note="so far", star=True),
            )
            assert one.changed
            assert one.commit is None
            [two] = annotate(opened, chosen(opened, "live"), Edit(append_note="more", remove_tags=("a",)))
            assert two.before == one.after
        assert repo.git("rev-parse", f"exp/{run.name}") == before
        run.log({"a": 1})
    found = gitexp.get_run(str(run.name)).info
    assert (found.tags, found.note, found.star) == (("mine",), "so far\nmore", True)
    assert repo.git("rev-list", "--count", f"exp/{run.name}", "^HEAD") == "1"
    repo.fsck()


def test_the_race_with_another_edit_is_run_again(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    name = record("one")
    real, calls = annotating.change, []

    def late(opened, updates, operation=None) -> None:
        if not calls:
            calls.append(1)
            annotate(opened, chosen(opened, name), Edit(add_tags=("theirs",)))
        real(opened, updates, operation)

    monkeypatch.setattr(annotating, "change", late)
    with open_here(repo) as opened:
        [one] = annotate(opened, chosen(opened, name), Edit(add_tags=("ours",)))
    assert one.error is None
    assert gitexp.get_run(name).tags == ("ours", "theirs")
    repo.fsck()


def test_secrets_are_masked(repo: Repo) -> None:
    name = record("one")
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(note=f"used {secret}", title=f"with {secret}"))
    everything = repo.git_bytes("cat-file", "--batch-all-objects", "--batch", "--buffer")
    assert b"with ***" in everything
    assert secret.encode() not in everything


@pytest.mark.parametrize("kind", ["bare", "worktree", "shallow", "partial", "alternates", "separate"])
def test_in_every_kind_of_repository(make_repo, kind: str, repo: Repo) -> None:
    assert kind in KINDS
    other = make_repo(kind)
    name = record("one")
    other.git("fetch", "-q", str(repo.path), "refs/exp/*:refs/exp/*")
    with open_here(other) as opened:
        [one] = annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
        assert one.error is None
        assert opened.reader.read(one.commit)
    assert gitexp.get_run(name, repository=other.path).tags == ("a",)
    other.fsck()


@pytest.mark.parametrize("hashes", object_formats())
@pytest.mark.parametrize("refs", ref_formats())
def test_in_every_format(make_repo, hashes: str, refs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_repo("plain", hashes, refs)
    monkeypatch.chdir(other.path)
    name = record("one")
    with open_here(other) as opened:
        [one] = annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
    assert len(one.commit or "") == {"sha1": 40, "sha256": 64}[hashes]
    assert gitexp.get_run(name).tags == ("a",)
    other.fsck()


def test_nothing_of_ours_is_left_lying_about(repo: Repo) -> None:
    name = record("one")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
    assert sorted(os.listdir(repo.path / ".git/exp")) == [
        *("changing", "collecting", "live", "logging", "operations.jsonl")
    ]


def test_each_edit_is_later_than_what_it_changes(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    name = record("one")
    monkeypatch.setattr("gitexp.ops.tip.time.time", lambda: 1.0)  # a clock that was set back
    with open_here(repo) as opened:
        for tag in "ab":
            annotate(opened, chosen(opened, name), Edit(add_tags=(tag,)))
    times = [int(line) for line in repo.git("log", "-3", "--format=%ct", f"exp/{name}").splitlines()]
    assert times == [times[-1] + 2, times[-1] + 1, times[-1]]


@pytest.mark.parametrize(("faster", "told"), [(8, None), (99, "keeps being changed by somebody else")])
def test_who_is_outrun_comes_again_and_again_and_then_says_so(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, faster: int, told: str | None
) -> None:
    name = record("one")
    real, tries = annotating._edit_commits, []

    def outrun(work: annotating._Work, names: list[RunName]) -> None:
        """Somebody else edits the run after it was read, a number of times."""
        tries.append(names)
        monkeypatch.setattr(annotating, "change", overtaken if len(tries) <= faster else change)
        real(work, names)

    def overtaken(opened: Repository, *rest: object) -> None:
        tip = f"refs/exp/{name}"
        told = f"again {len(tries)}\n\nExp-Run: {name}\nExp-Status: finished"
        repo.git("update-ref", tip, repo.git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", told))
        change(opened, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(annotating, "_edit_commits", outrun)
    monkeypatch.setattr(turns, "_PAUSE", 0.0)
    with open_here(repo) as opened:
        if told is None:
            [one] = annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
            assert one.commit == repo.git("rev-parse", f"exp/{name}")
            assert len(tries) == faster + 1
        else:
            with pytest.raises(RefChanged, match=told) as caught:
                annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
            assert caught.value.hint == "try again"
