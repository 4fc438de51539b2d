"""gc frees what only removed runs needed, and nothing that anything else needs."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import gitexp
from gitexp.errors import GitExpError, UsageError
from gitexp.model.labels import Edit
from gitexp.model.names import RunName
from gitexp.model.values import Digest
from gitexp.ops import collect as collecting
from gitexp.ops import doomed, dropped, quiet, recover
from gitexp.ops.annotate import annotate
from gitexp.ops.collect import Collected, collect
from gitexp.ops.remove import remove
from gitexp.ops.undo import undo
from gitexp.repo import Repository
from tests.gitrepo import Repo, object_formats
from tests.ops.recorded import aside, chosen, multiply, open_here, record


@pytest.fixture(autouse=True)
def _here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    monkeypatch.setattr(recover, "MIN_KEPT_SECONDS", -1.0)


def untracked(repo: Repo, text: str) -> str:
    """The id of a blob that the next run captures, and nothing else has."""
    repo.write("only.txt", text)
    return repo.git("hash-object", "only.txt")


def has(repo: Repo, oid: str) -> bool:
    said = repo.git("cat-file", "--batch-check", input=oid + "\n")
    return not said.endswith("missing")


def rm_and_gc(repo: Repo, *names: str) -> Collected:
    with open_here(repo) as opened:
        assert not [one for one in remove(opened, chosen(opened, *names)) if one.error]
        found = collect(opened)
    repo.git("fsck", "--strict", "--no-progress")
    return found


def size(repo: Repo) -> int:
    return sum(path.stat().st_size for path in (repo.path / ".git").rglob("*") if path.is_file())


def random_text(length: int, seed: int = 0) -> str:
    return random.Random(seed).randbytes(length // 2).hex()


def test_a_removed_run_gives_its_disk_back(repo: Repo) -> None:
    kept = record("kept")
    blob = untracked(repo, random_text(200_000))
    name = record("gone")
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(add_tags=("a",)))
        remove(opened, chosen(opened, name))
        before, dry = size(repo), collect(opened, dry_run=True)
        assert size(repo) == before
        assert aside(repo)
        found = collect(opened)
        assert found.runs == dry.runs == (name,)
        assert before - size(repo) > 100_000
        assert dry.bytes["objects"] > 100_000
        assert abs(dry.bytes["objects"] - found.bytes["objects"]) < 5_000
        assert aside(repo) == {}
        assert not has(repo, blob)
        with pytest.raises(UsageError, match="cannot be undone"):
            undo(opened)
        assert sum(collect(opened).bytes.values()) == 0
    assert [run.name for run in gitexp.runs()] == [kept]
    assert recover.recover(open_here(repo)) == []
    assert os.listdir(repo.path / ".git/exp/done") == [".checked"]
    repo.git("fsck", "--strict")


def keepers(name: str) -> dict[str, Callable[[Repo, Path], object]]:
    """Each of these makes something need the run; the trash ref is `refs/exp-trash/<name>`."""
    ref = f"refs/exp/{name}"

    def reflog(repo: Repo, root: Path) -> None:
        repo.git("branch", "--create-reflog", "passing", ref)
        repo.git("update-ref", "refs/heads/passing", "HEAD")

    def detached(repo: Repo, root: Path) -> None:
        repo.git("worktree", "add", "-q", "--detach", str(root / "tree"), ref)
        for log in (repo.path / ".git/worktrees").rglob("logs/HEAD"):
            log.unlink()

    def index(repo: Repo, root: Path) -> None:
        repo.git("worktree", "add", "-q", "--detach", str(root / "tree"))
        Repo(root / "tree", repo.environ).git("read-tree", ref)

    def stash(repo: Repo, root: Path) -> None:
        repo.git("stash", "-q", "-u")

    def dangling(repo: Repo, root: Path) -> None:
        repo.git("commit-tree", f"{ref}^{{tree}}", "-m", "the user's own")

    def merging(repo: Repo, root: Path) -> None:
        repo.write(".git/MERGE_HEAD", repo.git("rev-parse", ref) + "\n")

    def rebasing(repo: Repo, root: Path) -> None:
        repo.write(".git/rebase-merge/orig-head", repo.git("rev-parse", ref) + "\n")

    def tag(repo: Repo, root: Path) -> None:
        repo.git("tag", "-a", "-m", "x", "v1", f"{ref}:only.txt")

    def replaced(repo: Repo, root: Path) -> None:
        other = repo.git("rev-parse", "HEAD")
        branch = repo.git("commit-tree", f"{ref}^{{tree}}", "-p", ref, "-m", "branch")
        repo.git("update-ref", "refs/heads/branch", branch)
        repo.git("replace", branch, other)

    def keep(repo: Repo, root: Path) -> None:
        for pack in (repo.path / ".git/objects/pack").glob("*.pack"):
            pack.with_suffix(".keep").write_text("mine")

    def other_run(repo: Repo, root: Path) -> None:
        record("other")

    def merged(repo: Repo, root: Path) -> None:
        (repo.path / "only.txt").unlink()
        repo.git("merge", "-q", "--no-edit", ref)

    def history(repo: Repo, root: Path) -> None:
        repo.commit("with it")
        (repo.path / "only.txt").unlink()
        repo.commit("without it")

    found = locals()
    return {key: found[key] for key in found if callable(found[key])}


@pytest.mark.parametrize("keeper", sorted(keepers("x")))
def test_what_anything_needs_stays(repo: Repo, tmp_path: Path, keeper: str) -> None:
    blob = untracked(repo, random_text(3000))
    name = record("gone")
    commit = repo.git("rev-parse", f"refs/exp/{name}")
    keepers(name)[keeper](repo, tmp_path)
    rm_and_gc(repo, name)
    assert has(repo, blob)
    assert has(repo, commit) == (
        keeper in ("reflog", "detached", "merging", "rebasing", "replaced", "keep", "merged")
    )
    assert repo.git("cat-file", "-p", blob) == random_text(3000)


def test_without_a_keeper_it_goes(repo: Repo) -> None:
    blob = untracked(repo, random_text(3000))
    name = record("gone")
    rm_and_gc(repo, name)
    assert not has(repo, blob)


def test_dangling_objects_of_the_users_stay(repo: Repo) -> None:
    mine = [repo.git("hash-object", "-w", "--stdin", input=f"mine {number}") for number in range(3)]
    commit = repo.git("commit-tree", "HEAD^{tree}", "-m", "dangling")
    repo.git("update-ref", "refs/heads/x", commit)
    repo.git("repack", "-adq")
    repo.git("update-ref", "-d", "refs/heads/x")
    name = record("gone")
    repo.git("update-ref", "refs/heads/y", f"refs/exp/{name}")
    repo.git("repack", "-adkq")  # everything in one pack
    repo.git("branch", "-q", "-D", "y")
    for log in (repo.path / ".git/logs").rglob("y"):
        log.unlink()
    run = repo.git("rev-parse", f"refs/exp/{name}")
    rm_and_gc(repo, name)
    assert all(has(repo, oid) for oid in (*mine, commit))
    assert not has(repo, run)


@pytest.mark.parametrize("where", ["loose", "packed with all", "midx", "commit graph", "split graph"])
@pytest.mark.parametrize("hashes", object_formats())
def test_wherever_the_objects_are(
    make_repo, monkeypatch: pytest.MonkeyPatch, where: str, hashes: str
) -> None:
    repo = make_repo("plain", hashes)
    monkeypatch.chdir(repo.path)
    kept, blob = record("kept"), untracked(repo, random_text(5000))
    name = record("gone")
    packs = repo.path / ".git/objects/pack"
    if where == "loose":
        for path in list(packs.glob("*.pack")):
            data = path.read_bytes()
            for suffix in (".pack", ".idx", ".keep"):
                path.with_suffix(suffix).unlink(missing_ok=True)
            repo.git_bytes("unpack-objects", "-q", input=data)
    elif where == "packed with all":
        for keep in packs.glob("*.keep"):
            keep.unlink()
        repo.git("repack", "-adq", "--write-bitmap-index")
    elif where == "midx":
        repo.git("multi-pack-index", "write")
    else:
        repo.git("commit-graph", "write", "--reachable", *(["--split"] if where == "split graph" else []))
    run = repo.git("rev-parse", f"refs/exp/{name}")
    rm_and_gc(repo, name)
    assert not has(repo, blob)
    assert not has(repo, run)
    assert gitexp.get_run(kept).metrics == {"acc": 0.5}
    repo.git("gc", "-q", "--prune=now")
    repo.git("fsck", "--strict")


def with_artifact(slug: str, data: bytes) -> tuple[str, str]:
    """The name of a run with a large artifact, and its sha256."""
    with gitexp.start(slug) as run:
        run.log_artifact(data, "model.bin")
    return str(run.name), hashlib.sha256(data).hexdigest()


def stored(repo: Repo, oid: str) -> bool:
    return (repo.path / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid).exists()


def test_artifacts_go_with_the_last_run_that_points_to_them(repo: Repo) -> None:
    repo.git("config", "exp.maxBlob", "1k")
    one, shared = with_artifact("one", b"shared" * 1000)
    two, _ = with_artifact("two", b"shared" * 1000)
    three, own = with_artifact("three", b"own" * 1000)
    found = rm_and_gc(repo, one, three)
    assert found.bytes["artifacts"] == 3000
    assert (stored(repo, shared), stored(repo, own)) == (True, False)
    rm_and_gc(repo, two)
    assert not stored(repo, shared)


def test_an_artifact_that_any_pointer_names_stays(repo: Repo) -> None:
    repo.git("config", "exp.maxBlob", "1k")
    name, oid = with_artifact("one", b"x" * 5000)
    # As another git-lfs may write it: not the pointer that we write, and only in the index.
    repo.write("big.bin", f"version https://hawser.github.com/spec/v1\noid sha256:{oid}\nsize 5000\n")
    repo.git("add", "big.bin")
    foreign = repo.write(".git/lfs/objects/aa/bb/" + "aabb" * 16, "of somebody else")
    rm_and_gc(repo, name)
    assert stored(repo, oid)
    assert foreign.exists()


def test_a_live_run_keeps_its_artifacts_and_its_code(repo: Repo) -> None:
    repo.git("config", "exp.maxBlob", "1k")
    blob = untracked(repo, random_text(3000))
    name, oid = with_artifact("one", b"x" * 5000)
    with gitexp.start("live") as run:
        run.log_artifact(b"x" * 5000, "again.bin")
        found = rm_and_gc(repo, name)
        assert "artifacts stay while a run is live" in found.left
        assert stored(repo, oid)
        assert has(repo, blob)
    with open_here(repo) as opened:
        collect(opened)
        assert stored(repo, oid)
        remove(opened, chosen(opened, "live"))
        collect(opened)
    assert not stored(repo, oid)
    repo.git("fsck", "--strict")


@pytest.mark.parametrize("pointer_in", ["one", "dropped"])
def test_a_run_that_ends_meanwhile_keeps_its_artifacts(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, pointer_in: str
) -> None:
    repo.git("config", "exp.maxBlob", "1k")
    name, oid = with_artifact("one", b"x" * 5000)
    run = gitexp.start("live")
    run.log_artifact(b"x" * 5000 if pointer_in == "one" else b"y" * 5000, "again.bin")
    kept = oid
    if pointer_in == "dropped":
        kept = hashlib.sha256(b"y" * 5000).hexdigest()
        with open_here(repo) as opened:
            dropped.note(opened, RunName(name), [Digest(kept)])
    real = collecting._compact_index

    def late(opened: Repository) -> None:
        run.finish()
        real(opened)

    monkeypatch.setattr(collecting, "_compact_index", late)
    found = rm_and_gc(repo, name)
    assert "artifacts stay while a run is live" in found.left
    assert stored(repo, kept)
    ended = next(one for one in gitexp.runs() if one.name != name)
    assert len(ended.read_artifact("again.bin")) == 5000


@pytest.mark.parametrize("kind", ["partial", "alternates"])
def test_where_objects_cannot_be_freed_it_says_so(make_repo, kind: str, repo: Repo) -> None:
    other = make_repo(kind)
    name = record("one")
    other.git("fetch", "-q", str(repo.path), "refs/exp/*:refs/exp/*")
    commit = other.git("rev-parse", f"refs/exp/{name}")
    found = rm_and_gc(other, name)
    assert found.left[0].startswith("objects and artifacts are left to git: ")
    assert aside(other) == {}
    assert has(other, commit)


@pytest.mark.parametrize("kind", ["bare", "worktree", "shallow"])
def test_in_other_kinds_of_repository(make_repo, kind: str, repo: Repo) -> None:
    other = make_repo(kind)
    blob = untracked(repo, random_text(3000))
    name = record("one")
    other.git("fetch", "-q", str(repo.path), "refs/exp/*:refs/exp/*")
    (Path(other.git("rev-parse", "--git-common-dir")) / "FETCH_HEAD").unlink(missing_ok=True)
    for path in (other.path / other.git("rev-parse", "--git-common-dir")).rglob("FETCH_HEAD"):
        path.unlink()
    rm_and_gc(other, name)
    assert not has(other, blob)


def test_only_the_old_trash_and_none_of_it(repo: Repo) -> None:
    name = record("one")
    with open_here(repo) as opened:
        remove(opened, chosen(opened, name))
        assert collect(opened, older_than=3600).runs == ()
        assert collect(opened, keep_trash=True).runs == ()
        assert list(aside(repo)) == [f"refs/exp-trash/{name}"]
        undo(opened)
    assert gitexp.get_run(name).metrics == {"acc": 0.5}


def test_what_came_to_be_needed_meanwhile_stays(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = untracked(repo, random_text(3000))
    name = record("one")
    commit = repo.git("rev-parse", f"refs/exp/{name}")
    real, calls = doomed.needs, []

    def late(opened, refs, names):
        calls.append(1)
        if len(calls) == 2:
            repo.git("branch", "rescued", commit)
        return real(opened, refs, names)

    monkeypatch.setattr(doomed, "needs", late)
    found = rm_and_gc(repo, name)
    assert found.left == ("objects stay for now: something came to need them meanwhile",)
    assert repo.git("show", "rescued:only.txt") == random_text(3000)
    monkeypatch.setattr(doomed, "needs", real)
    repo.git("branch", "-q", "-D", "rescued")
    with open_here(repo) as opened:
        collect(opened)
    assert not has(repo, blob)


def test_objects_that_were_written_again_stay(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = untracked(repo, random_text(3000))
    name = record("one")
    real, calls = doomed.needs, []

    def late(opened, refs, names):
        calls.append(1)
        if len(calls) == 1:
            found = real(opened, refs, names)
            repo.git("hash-object", "-w", "only.txt")
            return found
        return real(opened, refs, names)

    monkeypatch.setattr(doomed, "needs", late)
    old = time.time() - 1000
    for pack in (repo.path / ".git/objects/pack").glob("*.pack"):
        os.utime(pack, (old, old))
    rm_and_gc(repo, name)
    assert has(repo, blob)


def test_git_at_work_is_waited_for(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doomed, "INDEX_PATIENCE", 0.1)
    name = record("one")
    with open_here(repo) as opened:
        remove(opened, chosen(opened, name))
        lock = repo.write(".git/index.lock", "")
        with pytest.raises(GitExpError, match="git is at work here"):
            collect(opened)
        lock.unlink()
        assert collect(opened).runs == (name,)


def test_a_starting_run_is_waited_for(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "PATIENCE", 0.1)
    with open_here(repo) as opened:
        with quiet.storing(opened), pytest.raises(GitExpError, match="just starting"):
            collect(opened)
        collect(opened)


def test_dropped_edits_and_rests_of_kills_go(repo: Repo) -> None:
    name = record("one")
    home = repo.path / ".git/exp"
    with open_here(repo) as opened:
        annotate(opened, chosen(opened, name), Edit(note=random_text(20_000)))
        dropped = repo.git("rev-parse", f"refs/exp/{name}")
        undo(opened)
        for path in (
            home / "edit-1-a.pack",
            repo.path / ".git/lfs/tmp/gitexp-1",
            home / "reports/gitexp-1.log",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * 100)
            os.utime(path, (1, 1))
        found = collect(opened)
    assert found.bytes["temporary files"] == 200
    assert found.bytes["reports"] == 100
    assert found.bytes["objects"] > 5_000
    assert not has(repo, dropped)
    assert gitexp.get_run(name).metrics == {"acc": 0.5}
    repo.git("fsck", "--strict")


def test_many_runs_take_as_many_processes_as_few(repo: Repo) -> None:
    names = multiply(repo, record("one"), 60)

    def processes(some: list[str]) -> int:
        trace = repo.path / f".git/trace-{len(some)}"
        with open_here(Repo(repo.path, {**repo.environ, "GIT_TRACE2_EVENT": str(trace)})) as opened:
            remove(opened, chosen(opened, *some))
            collect(opened)
        return trace.read_text().count('"event":"start"')

    assert abs(processes(names[:5]) - processes(names[5:])) <= 3
    assert len(repo.refs("refs/exp/")) == 1
    repo.git("fsck", "--strict")
    assert subprocess.run(["git", "fsck"], cwd=repo.path, check=False).returncode == 0
