"""The write path where something is in its way."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitexp.errors import BrokenRecord, GitError, RefChanged, StorageFull
from gitexp.git import refs, write
from gitexp.git.layout import Layout, discover
from gitexp.git.objects import Identity, ObjectBuilder
from gitexp.git.packfile import renew_pack
from gitexp.git.process import Git
from gitexp.git.write import RefUpdate
from gitexp.model.names import RunName
from gitexp.model.values import Oid
from tests.gitrepo import Repo, wrapped_git

NAME = RunName("brave-otter-aaaaaa")
REF = refs.run_ref(NAME)


def opened(repo: Repo) -> tuple[Git, Layout]:
    return Git(repo.path, repo.environ), discover(repo.path, repo.environ)


def commits(repo: Repo, *messages: str) -> list[Oid]:
    """Commits of an empty tree, stored."""
    git, layout = opened(repo)
    objects = ObjectBuilder(layout.object_format)
    tree = objects.tree([])
    found = [objects.commit(tree, [], Identity("A", "a@x"), 1.0, message) for message in messages]
    objects.write_pack(layout.git_dir / "test.pack")
    write.store(git, layout, layout.git_dir / "test.pack", "test")
    return found


def test_a_lock_that_goes_away_is_waited_for(repo: Repo) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")
    lock = layout.common_dir / f"{REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    release = threading.Timer(0.3, lock.unlink)
    release.start()
    write.publish(git, layout, [RefUpdate(REF, commit, None)])
    release.join()
    assert repo.refs(refs.EXP) == {REF: commit}


def test_a_stale_lock_is_removed(repo: Repo) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")
    assert not write.remove_stale_lock(layout, REF)
    write.publish(git, layout, [RefUpdate(REF, commit, None)])
    lock = layout.common_dir / f"{REF}.lock"
    lock.touch()
    assert write.remove_stale_lock(layout, REF)
    write.publish(git, layout, [RefUpdate(REF, None, commit)])
    assert repo.refs(refs.EXP) == {}


def test_an_index_that_gc_took_for_rubbish_is_made_again(repo: Repo) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")
    assert not write.reindex(git, layout)
    (index,) = layout.packs.glob("*.idx")
    index.unlink()
    assert write.verify(git, [commit]) == {commit}
    write.publish(git, layout, [RefUpdate(REF, commit, None)])
    assert repo.refs(refs.EXP) == {REF: commit}
    repo.fsck()


@pytest.mark.parametrize("apply", [True, False], ids=["made-then-failed", "not-made"])
def test_a_try_that_failed_is_made_again_and_not_taken_for_a_lost_race(repo: Repo, apply: bool) -> None:
    """The first `update-ref` does its work (or does not) and then fails as if a lock had been in its way."""
    first, second = commits(repo, "one", "two")
    said = "error: cannot lock ref: Unable to create 'x.lock': File exists."
    marker = repo.path / ".git" / "failed-once"
    work = '"$git" "$@"' if apply else "cat >/dev/null"
    body = f"""case " $* " in *" update-ref "*)
        if test ! -e '{marker}'; then touch '{marker}'; {work}; echo "{said}" >&2; exit 128; fi;; esac"""
    git = Git(repo.path, wrapped_git(repo.path / ".git" / "bin", repo.environ, body))
    layout = discover(repo.path, repo.environ)
    write.publish(git, layout, [RefUpdate(REF, first, None)])
    assert marker.exists()
    assert repo.refs(refs.EXP) == {REF: first}
    marker.unlink()
    trash = refs.trash_ref(NAME)
    write.publish(git, layout, [RefUpdate(trash, first, None), RefUpdate(REF, None, first)])
    assert marker.exists()
    assert (repo.refs(refs.EXP), repo.refs(refs.TRASH)) == ({}, {trash: first})
    with pytest.raises(RefChanged):
        write.publish(git, layout, [RefUpdate(trash, second, None)])


def test_a_write_that_did_not_stay_is_told(repo: Repo) -> None:
    """A git that says yes and does nothing."""
    (commit,) = commits(repo, "one")
    body = 'case " $* " in *" update-ref "*) cat >/dev/null; exit 0;; esac'
    git = Git(repo.path, wrapped_git(repo.path / ".git" / "bin", repo.environ, body))
    with pytest.raises(RefChanged, match="did not stay"):
        write.publish(git, discover(repo.path, repo.environ), [RefUpdate(REF, commit, None)])


def test_one_lost_race_changes_nothing_at_all(repo: Repo) -> None:
    git, layout = opened(repo)
    first, second = commits(repo, "one", "two")
    write.publish(git, layout, [RefUpdate(REF, first, None)])
    other = refs.run_ref(RunName("brave-otter-bbbbbb"))
    with pytest.raises(RefChanged):
        write.publish(git, layout, [RefUpdate(other, first, None), RefUpdate(REF, first, second)])
    assert repo.refs(refs.EXP) == {REF: first}


def test_a_name_below_a_name_is_an_error_and_no_lost_race(repo: Repo) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")
    write.publish(git, layout, [RefUpdate(REF, commit, None)])
    repo.git("pack-refs", "--all")
    with pytest.raises(GitError, match="cannot create") as caught:
        write.publish(git, layout, [RefUpdate(REF + "/below", commit, None)])
    assert not isinstance(caught.value, RefChanged)


def test_a_ref_to_nothing_is_refused(repo: Repo) -> None:
    git, layout = opened(repo)
    with pytest.raises(GitError, match="nonexistent object"):
        write.publish(git, layout, [RefUpdate(REF, Oid("12" * 20), None)])
    assert repo.refs(refs.EXP) == {}


def test_a_symbolic_ref_is_no_run_and_its_target_is_never_written(repo: Repo) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")
    head = repo.git("rev-parse", "HEAD")
    repo.git("symbolic-ref", REF, "refs/heads/main")
    assert refs.list_runs(git) == refs.RunRefs([], [REF])
    write.publish(git, layout, [RefUpdate(REF, commit, Oid(head))])
    assert repo.git("rev-parse", "main") == head
    assert refs.list_runs(git) == refs.RunRefs([(NAME, commit)], [])


def test_strangers_and_broken_refs_never_hide_a_run(repo: Repo) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")
    write.publish(git, layout, [RefUpdate(REF, commit, None)])
    for stranger in ("Not-A-Name", "brave-otter", "brave-otter-aaaaab/below", "brave-otter-\u202eaaaaaa"):
        repo.git("update-ref", refs.EXP + stranger, commit)
    (layout.common_dir / refs.EXP / "empty-file-aaaaaa").touch()
    found = refs.list_runs(git)
    assert found.runs == [(NAME, commit)]
    assert len(found.strangers) == 4
    assert refs.read_ref(git, refs.EXP + "none-such-aaaaaa") is None


def test_everything_is_synced_before_it_is_acknowledged(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    git, layout = opened(repo)
    synced: list[tuple[int, int]] = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_dev, os.fstat(descriptor).st_ino))
        fsync(descriptor)

    def was_synced(path: Path) -> bool:
        return (path.stat().st_dev, path.stat().st_ino) in synced

    monkeypatch.setattr(os, "fsync", recorded)
    (commit,) = commits(repo, "one")
    assert was_synced(layout.packs)
    synced.clear()
    write.publish(git, layout, [RefUpdate(REF, commit, None)])
    for path in (REF, "refs/exp", "refs"):
        assert was_synced(layout.common_dir / path), path
    assert not was_synced(layout.common_dir)
    repo.git("pack-refs", "--all")
    write.publish(git, layout, [RefUpdate(REF, None, commit)])
    assert was_synced(layout.common_dir)


def test_a_pack_that_is_cut_off_brings_nothing_in(repo: Repo) -> None:
    git, layout = opened(repo)
    objects = ObjectBuilder("sha1")
    blob = objects.blob(b"a" * 1000)
    pack = layout.git_dir / "test.pack"
    objects.write_pack(pack)
    whole = pack.read_bytes()
    pack.write_bytes(whole[:-30])
    with pytest.raises(GitError):
        write.store(git, layout, pack, "test")
    assert write.verify(git, [blob]) == {blob}
    pack.write_bytes(whole)
    write.store(git, layout, pack, "test")
    assert write.verify(git, [blob]) == set()


def test_a_copy_of_a_pack_is_renewed_or_refused(repo: Repo, tmp_path: Path) -> None:
    git, layout = opened(repo)
    objects = ObjectBuilder("sha1")
    oids = [objects.blob(os.urandom(100_000)) for _ in range(20)]
    objects.write_pack(tmp_path / "p")
    first = write.store(git, layout, tmp_path / "p", "test")
    renew_pack(tmp_path / "p", tmp_path / "q", b"1", "sha1")
    for path in layout.packs.glob(f"pack-{first.name}.*"):
        path.unlink()
    assert write.verify(git, oids) == set(oids)
    assert write.store(git, layout, tmp_path / "q", "test") != first
    assert write.verify(git, oids) == set()
    damaged = bytearray((tmp_path / "p").read_bytes())
    damaged[5000] ^= 1
    (tmp_path / "p").write_bytes(damaged)
    with pytest.raises(BrokenRecord, match="damaged"):
        renew_pack(tmp_path / "p", tmp_path / "q", b"1", "sha1")


def test_verifying_a_partial_clone_fetches_nothing(make_repo: Callable[..., Repo]) -> None:
    partial = make_repo("partial")
    git, _ = opened(partial)
    blob = Oid(Repo(partial.path.parent / "source", partial.environ).git("rev-parse", "HEAD:train.py"))
    head = Oid(partial.git("rev-parse", "HEAD"))
    nowhere = Oid("12" * 20)
    assert write.verify(git, [head, nowhere]) == {nowhere}
    assert write.verify(git, [head, blob]) == {blob}
    assert partial.git("cat-file", "-t", blob) == "blob"  # fetched now
    assert write.verify(git, [head, blob]) == set()


def test_a_pack_kept_by_somebody_else_stays_kept(repo: Repo) -> None:
    _, layout = opened(repo)
    keep = layout.packs / "pack-12.keep"
    keep.write_text("mine\n")
    assert not write.unkeep(layout, write.KeptPack("12"))
    assert keep.exists()


def test_of_many_creators_one_wins(repo: Repo) -> None:
    git, layout = opened(repo)
    racers = commits(repo, "one", "two", "three", "four")

    def create(ref: str, commit: Oid) -> bool:
        try:
            write.publish(git, layout, [RefUpdate(ref, commit, None)])
        except RefChanged:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        for number in range(5):
            ref = f"{REF}{number}"
            won = list(pool.map(lambda commit, ref=ref: create(ref, commit), racers))
            assert won.count(True) == 1
            assert repo.refs(refs.EXP)[ref] == racers[won.index(True)]


def many(commit: Oid, count: int) -> list[RefUpdate]:
    return [RefUpdate(refs.run_ref(RunName(f"n{number}-aaaaaa")), commit, None) for number in range(count)]


def flushes(path: Path) -> int:
    """How often git has waited for the disk, as its trace tells: in data, or in counters since git 2.46."""
    events = [json.loads(line) for line in path.read_text().splitlines()]
    found = [one for one in events if one.get("category") == "fsync"]
    told = [(one.get("key") or one.get("name"), one.get("value") or one.get("count")) for one in found]
    return sum(int(count) for name, count in told if name.endswith("hardware-flush"))


@pytest.mark.parametrize("count", [write.MANY // 2, write.MANY * 2])
def test_of_many_refs_the_disk_is_waited_for_once(repo: Repo, tmp_path: Path, count: int) -> None:
    (commit,) = commits(repo, "one")
    _, layout = opened(repo)
    trace = tmp_path / "trace"
    write.publish(
        Git(repo.path, {**repo.environ, "GIT_TRACE2_EVENT": str(trace)}), layout, many(commit, count)
    )
    assert len(repo.refs(refs.EXP)) == count
    assert (flushes(trace) >= count) == (count < write.MANY)


@pytest.mark.parametrize("kind", ["plain", "bare", "worktree"])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_many_refs_change_together_or_not_at_all(
    make_repo: Callable[..., Repo], kind: str, object_format: str
) -> None:
    repo = make_repo(kind, object_format)
    git, layout = opened(repo)
    one, two = commits(repo, "one", "two")
    updates = many(one, write.MANY * 2)
    write.publish(git, layout, updates)
    before = repo.refs(refs.EXP)
    assert len(before) == len(updates)
    repo.git("pack-refs", "--all")
    changes = [
        RefUpdate(update.ref, two if number % 2 else None, one) for number, update in enumerate(updates)
    ]
    with pytest.raises(RefChanged):
        write.publish(git, layout, [*changes[:-1], changes[-1]._replace(old=two)])
    assert repo.refs(refs.EXP) == before
    assert not list(layout.common_dir.rglob("*.lock"))
    write.publish(git, layout, changes)
    assert set(repo.refs(refs.EXP).values()) == {two}
    assert len(repo.refs(refs.EXP)) == len(updates) // 2
    repo.fsck()


def test_a_disk_that_says_no_leaves_many_refs_as_they_were(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    git, layout = opened(repo)
    (commit,) = commits(repo, "one")

    def refused(_: Path) -> bool:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(write, "sync_file_system", refused)
    with pytest.raises(StorageFull, match="Input/output error"):
        write.publish(git, layout, many(commit, write.MANY))
    assert repo.refs(refs.EXP) == {}
    assert not list(layout.common_dir.rglob("*.lock"))
