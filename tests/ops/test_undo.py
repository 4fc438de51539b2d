"""The last change of any command can be taken back and made again, and nothing else moves."""

from __future__ import annotations

import json

import pytest

import gitexp
from gitexp.errors import GitExpError, NotFound, RefChanged
from gitexp.model.labels import Edit
from gitexp.ops import operations
from gitexp.ops.annotate import annotate
from gitexp.ops.operations import Operation
from gitexp.ops.remove import choose_trashed, remove, restore
from gitexp.ops.undo import history, redo, undo
from tests.gitrepo import Repo
from tests.ops.recorded import aside, chosen, open_here, record


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)


def runs(repo: Repo) -> dict[str, str]:
    return repo.refs("refs/exp/")


def test_undo_walks_back_through_everything_and_redo_forward(repo: Repo) -> None:
    name, other = record("one"), record("two")
    states = [runs(repo)]
    with open_here(repo) as opened:

        def step(act) -> None:
            act()
            states.append(runs(repo))

        step(lambda: annotate(opened, chosen(opened, name, other), Edit(add_tags=("a",))))
        step(lambda: remove(opened, chosen(opened, name)))
        step(lambda: annotate(opened, chosen(opened, other), Edit(star=True)))
        step(lambda: restore(opened, choose_trashed(opened, [name])))
        step(lambda: annotate(opened, chosen(opened, name), Edit(note="x")))
        for state in reversed(states[:-1]):
            undo(opened)
            assert runs(repo) == state
            repo.git("gc", "-q", "--prune=now")
        for state in states[1:]:
            redo(opened)
            assert runs(repo) == state
        with pytest.raises(NotFound, match="nothing to redo"):
            redo(opened)
        assert aside(repo) == {}
    repo.fsck()


def test_a_recording_goes_to_the_trash_and_back(repo: Repo) -> None:
    name = record("one")
    before = repo.refs()
    with open_here(repo) as opened:
        assert undo(opened).what == f"record {name}"
        assert runs(repo) == {}
        assert repo.refs("refs/exp-trash") == {f"refs/exp-trash/{name}": before[f"refs/exp/{name}"]}
        with pytest.raises(NotFound, match="nothing to undo"):
            undo(opened)
        redo(opened)
        assert repo.refs() == before


def test_a_resumed_run_goes_back_to_what_it_was(repo: Repo) -> None:
    name = record("one")
    before = runs(repo)
    with gitexp.start(resume=name) as run:
        run.log({"acc": 0.9})
    after = runs(repo)
    assert after != before
    with open_here(repo) as opened:
        undo(opened)
        assert runs(repo) == before
        redo(opened)
    assert runs(repo) == after


def test_what_was_changed_since_is_not_touched(repo: Repo) -> None:
    name, other = record("one"), record("two")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name, other), Edit(add_tags=("a",)))
        repo.git("update-ref", f"refs/exp/{other}", f"refs/exp/{other}~1")
        before = repo.refs()
        with pytest.raises(RefChanged, match=f"run '{other}' was changed since") as failure:
            undo(opened)
        assert failure.value.hint == f"git log exp/{other}"
        repo.git("update-ref", "-d", f"refs/exp/{other}")
        before.pop(f"refs/exp/{other}")
        with pytest.raises(RefChanged, match=f"run '{other}' is gone"):
            undo(opened)
    assert repo.refs() == before


def test_a_live_run_is_not_undone_but_its_labels_are(repo: Repo) -> None:
    first = record("first")
    with gitexp.start("live", tags=["t"]) as run:
        with open_here(repo) as opened:
            annotate(opened, chosen(opened, "live"), Edit(add_tags=("a",), remove_tags=("t",), note="n"))
            assert undo(opened).what.startswith("tag +a -t, note")
            assert gitexp.get_run("live").tags == ("t",)
            assert gitexp.get_run("live").info.note is None
            redo(opened)
            assert gitexp.get_run("live").tags == ("a",)
            undo(opened)
            undo(opened)
        assert list(runs(repo)) == [f"refs/exp/{run.name}"]
    assert list(repo.refs("refs/exp-trash")) == [f"refs/exp-trash/{first}"]
    assert gitexp.get_run("live").tags == ("t",)


def test_labels_set_while_live_are_undone_after_the_end(repo: Repo) -> None:
    with gitexp.start("live") as run, open_here(repo) as opened:
        annotate(opened, chosen(opened, "live"), Edit(add_tags=("a",)))
    with open_here(repo) as opened:
        assert undo(opened).what == f"record {run.name}"
        redo(opened)
        last = operations.read(opened)
        (repo.path / ".git/exp/operations.jsonl").write_bytes(_only(repo, last[0].id))
        undo(opened)
    assert gitexp.get_run("live").tags == ()
    repo.fsck()


def _only(repo: Repo, id: str) -> bytes:
    lines = (repo.path / ".git/exp/operations.jsonl").read_bytes().splitlines(keepends=True)
    return b"".join(line for line in lines if id.encode() in line)


def test_a_dry_run_and_a_damaged_log(repo: Repo) -> None:
    name = record("one")
    log = repo.path / ".git/exp/operations.jsonl"
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
        before = repo.refs()
        assert undo(opened, dry_run=True).what == "tag +a on 1 run"
        assert repo.refs() == before
        with log.open("ab") as file:
            file.write(b'{"v":1,"id":"x","changes":[["refs/heads/main",null,"' + b"0" * 40 + b'"]]}\n')
            file.write(b'{"v":99}\n[]\n\xff\xfe\n{"v":1,"what":"torn')
        remove(opened, chosen(opened, name))
        assert [step.operation.what for step in history(opened)] == [
            f"rm {name}",
            "tag +a on 1 run",
            f"record {name}",
        ]
        undo(opened)
        undo(opened)
    assert gitexp.get_run(name).tags == ()


def test_the_log_is_bounded_and_keeps_the_newest(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_SIZE", 2000)
    with open_here(repo) as opened:
        for number in range(100):
            operations.log(opened, Operation(f"change {number}"))
        kept = [one.what for one in operations.read(opened)]
        assert kept[-1] == "change 99"
        assert 5 < len(kept) < 40
        operations.log(opened, Operation("long " + "x" * 5000))
        assert [one.what[:4] for one in operations.read(opened)] == ["long"]
        assert (repo.path / ".git/exp/operations.jsonl").read_text().count("\n") == 1


def test_a_log_that_cannot_be_written_fails_nothing(repo: Repo) -> None:
    (repo.path / ".git/exp").mkdir()
    (repo.path / ".git/exp/operations.jsonl").mkdir()
    name = record("one")
    assert gitexp.get_run(name).status == "finished"
    with open_here(repo) as opened:
        assert opened.lasting is None
        remove(opened, chosen(opened, name))
        assert opened.lasting is not None
        assert opened.lasting.hint == f"git exp restore {name}"


def test_hostile_lines_change_nothing_but_our_refs(repo: Repo) -> None:
    name = record("one")
    commit = repo.git("rev-parse", "HEAD")
    line = {"v": 1, "id": "x", "at": 1, "kind": "change", "what": "\x1b[31m", "changes": []}
    for ref in (
        "refs/heads/main",
        "refs/exp/../heads/main",
        f"refs/exp/{name}/x",
        "refs/exp-dropped/a",
        "-x",
    ):
        line["changes"] = [[ref, None, commit]]
        with (repo.path / ".git/exp/operations.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
    with open_here(repo) as opened:
        assert [step.operation.what for step in history(opened)] == [f"record {name}"]
        undo(opened)
    assert repo.git("rev-parse", "HEAD") == commit


def test_an_undone_commit_that_is_gone_is_told(repo: Repo) -> None:
    name = record("one")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
        undo(opened)
        [dropped] = repo.refs("refs/exp-dropped")
        repo.git("update-ref", "-d", dropped)
        with pytest.raises(GitExpError) as failure:
            redo(opened)
    assert failure.value.hint
    assert gitexp.get_run(name).tags == ()


def test_a_new_change_ends_what_can_be_done_again(repo: Repo) -> None:
    name, other = record("one"), record("two")
    with open_here(repo) as opened:
        remove(opened, chosen(opened, name))
        undo(opened)
        remove(opened, chosen(opened, other))
        with pytest.raises(NotFound, match="nothing to redo"):
            redo(opened)
        assert [run.name for run in gitexp.runs()] == [name]
        undo(opened)
        redo(opened)
        assert [run.name for run in gitexp.runs()] == [name]
