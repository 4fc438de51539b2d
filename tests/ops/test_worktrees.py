"""Worktrees filled by us: nothing is run for code that is not trusted, and nothing leaves them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from gitexp.errors import GitError
from gitexp.model.values import Oid
from gitexp.ops.supply import Source
from gitexp.ops.worktrees import Filled, drop_worktree, make_worktree
from gitexp.repo import Repository
from tests.gitrepo import Repo

BIG = bytes(range(256)) * 16
DRIVERS = ("plain", "od=d", 'quo"te\\d', "lfs", "Upper.dotted")


def made(repo: Repo, path: Path, tree: str = "HEAD", *, trusted: bool = False) -> Filled:
    with Repository.open(repo.path, repo.environ) as opened:
        commit = Oid(repo.git("rev-parse", tree))
        return make_worktree(opened, path, Oid(repo.git("rev-parse", "HEAD")), commit, trusted=trusted)


class Canaries:
    """Hooks and filters that leave a file when they are run."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for hook in ("post-checkout", "post-index-change", "fsmonitor"):
            script = repo.path / ".git/hooks" / hook
            script.parent.mkdir(exist_ok=True)
            script.write_text(f"#!/bin/sh\ntouch '{folder}/{hook}'\n")
            script.chmod(0o755)
        for number, name in enumerate(DRIVERS):
            for kind in ("smudge", "clean"):
                repo.git("config", f"filter.{name}.{kind}", f"touch '{folder}/{kind}-{number}'; cat")
            repo.git("config", f"filter.{name}.required", "true")
        repo.git("config", "core.fsmonitor", str(repo.path / ".git/hooks/fsmonitor"))

    def add_process(self, repo: Repo) -> None:
        """A filter that would be asked again and again, if it spoke git's language."""
        repo.git("config", "filter.process.process", f"touch '{self.folder}/process'; exit 1")

    @property
    def seen(self) -> set[str]:
        found = {path.name for path in self.folder.iterdir()}
        for path in self.folder.iterdir():
            path.unlink()
        return found


@pytest.fixture
def canaries(repo: Repo, tmp_path: Path) -> Canaries:
    """A repository in which every way of running something at a checkout is laid out."""
    lines = [f"f{number}.txt filter={name}" for number, name in enumerate(DRIVERS)]
    repo.commit("files", {f"f{number}.txt": f"{number}\n" for number in range(len(DRIVERS))})
    repo.commit("attributes", {".gitattributes": "\n".join(lines) + "\n*.p filter=process\n", "a.p": "p\n"})
    return Canaries(repo, tmp_path / "canaries")


def test_nothing_is_run_for_code_that_is_not_trusted(repo: Repo, canaries: Canaries, tmp_path: Path) -> None:
    # Each of them sings for plain git.
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "loud"))
    assert canaries.seen >= {"smudge-0", "smudge-1", "smudge-4", "post-checkout", "post-index-change"}
    repo.git("-C", str(tmp_path / "loud"), "status")
    assert "fsmonitor" in canaries.seen
    canaries.add_process(repo)
    command = ["git", "worktree", "add", "-q", "--detach", str(tmp_path / "broken")]
    subprocess.run(command, cwd=repo.path, env=repo.environ, capture_output=True, check=False)
    assert "process" in canaries.seen
    filled = made(repo, tmp_path / "quiet")
    assert canaries.seen == set()
    assert (filled.path / "f1.txt").read_text() == "1\n"
    assert (filled.path / "a.p").read_text() == "p\n"
    assert not list((repo.path / ".git/worktrees/quiet").glob("no-filters*"))
    repo.fsck()


def test_filters_of_the_users_global_settings_are_off_as_well(
    repo: Repo, tmp_path: Path, environ: dict[str, str]
) -> None:
    told = tmp_path / "told"
    settings = Path(environ["HOME"]) / ".gitconfig"
    before = settings.read_text()
    repo.commit("files", {".gitattributes": "*.txt filter=mine\n", "a.txt": "a\n"})
    try:
        settings.write_text(before + f'[filter "mine"]\n\tsmudge = "touch {told}; cat"\n\trequired\n')
        made(repo, tmp_path / "quiet")
        assert not told.exists()
        made(repo, tmp_path / "loud", trusted=True)
        assert told.exists()
    finally:
        settings.write_text(before)


def test_the_users_filters_are_run_for_trusted_code_but_no_hook_and_no_git_lfs(
    repo: Repo, canaries: Canaries, tmp_path: Path
) -> None:
    made(repo, tmp_path / "loud", trusted=True)
    seen = canaries.seen
    assert {"smudge-0", "smudge-1", "smudge-4"} <= seen
    assert seen.isdisjoint({"smudge-3", "clean-3", "post-checkout", "post-index-change"})


def test_modes_links_line_endings_and_the_index_are_as_git_has_them(repo: Repo, tmp_path: Path) -> None:
    repo.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    (repo.path / "link").symlink_to("train.py")
    repo.commit("odd", {".gitattributes": "*.win text eol=crlf\n*.id ident\n", "a.win": "x\r\ny\r\n"})
    repo.commit("id", {"a.id": "$Id$\n", "naïve dir/ü.txt": "ü"})
    (path := made(repo, tmp_path / "a b").path)
    plain = tmp_path / "plain"
    repo.git("worktree", "add", "-q", "--detach", str(plain))
    found, expected = (
        {
            str(one.relative_to(root)): (one.lstat().st_mode, one.is_symlink() or one.read_bytes())
            for one in root.rglob("*")
            if one.name != ".git" and not one.is_dir()
        }
        for root in (path, plain)
    )
    assert found == expected
    assert found["a.win"][1] == b"x\r\ny\r\n"
    assert repo.git("-C", str(path), "status", "--porcelain") == ""


def test_the_record_of_a_run_is_left_out(repo: Repo, tmp_path: Path) -> None:
    repo.commit("record", {".exp/run.yaml": "x\n", ".exp/series/0.csv": "y\n", "sub/.exp/z": "z\n"})
    path = made(repo, tmp_path / "tree").path
    assert not (path / ".exp").exists()
    assert (path / "sub/.exp/z").read_text() == "z\n"
    assert ".exp/run.yaml" not in repo.git("-C", str(path), "ls-files").split("\n")


@pytest.fixture
def lfs(repo: Repo) -> Repo:
    """A repository with a file that git-lfs looks after, really."""
    repo.git("lfs", "install", "--local")
    repo.git("lfs", "track", "*.bin")
    repo.write("model.bin", BIG).chmod(0o755)
    repo.commit("model", {"notes.txt": pointer_text(BIG), "empty.bin": b""})
    assert repo.git("show", "HEAD:model.bin").startswith("version https://git-lfs")
    return repo


def pointer_text(data: bytes) -> str:
    oid = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"


def stored(repo: Repo, data: bytes = BIG) -> Path:
    oid = hashlib.sha256(data).hexdigest()
    return repo.path / f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}"


@pytest.mark.parametrize("trusted", [False, True])
def test_pointers_of_git_lfs_get_their_bytes(lfs: Repo, tmp_path: Path, trusted: bool) -> None:
    filled = made(lfs, tmp_path / "tree", trusted=trusted)
    assert (filled.path / "model.bin").read_bytes() == BIG
    assert os.access(filled.path / "model.bin", os.X_OK)
    assert [(one.path, one.source, one.error) for one in filled.pointers] == [
        ("model.bin", Source.STORE, None)
    ]
    # A text that only looks like one is left as it is.
    assert (filled.path / "notes.txt").read_text() == pointer_text(BIG)
    (filled.path / "model.bin").write_bytes(b"other")
    assert stored(lfs).read_bytes() == BIG
    (filled.path / "model.bin").write_bytes(BIG)
    assert lfs.git("-C", str(filled.path), "status", "--porcelain") == ""


def test_pointers_whose_bytes_are_gone_or_damaged_stay_and_are_told(lfs: Repo, tmp_path: Path) -> None:
    stored(lfs).chmod(0o600)
    stored(lfs).write_bytes(b"X" + BIG[1:])
    filled = made(lfs, tmp_path / "damaged")
    assert [(one.path, one.source) for one in filled.pointers] == [("model.bin", None)]
    assert "is damaged" in str(filled.pointers[0].error)
    assert (filled.path / "model.bin").read_text() == pointer_text(BIG)
    filled = made(lfs, tmp_path / "gone", trusted=True)
    assert "not in this clone" in str(filled.pointers[0].error)
    assert (filled.path / "model.bin").read_text() == pointer_text(BIG)


def test_pointers_are_fetched_where_the_remote_has_their_bytes(lfs: Repo, tmp_path: Path) -> None:
    lfs.git("clone", "-q", "--bare", str(lfs.path), str(tmp_path / "remote.git"))
    lfs.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    there = tmp_path / "remote.git/lfs/objects" / stored(lfs).relative_to(lfs.path / ".git/lfs/objects")
    there.parent.mkdir(parents=True)
    there.write_bytes(BIG)
    # A damaged one here gives way to the good one there.
    stored(lfs).chmod(0o600)
    stored(lfs).write_bytes(b"X" + BIG[1:])
    filled = made(lfs, tmp_path / "tree")
    assert [(one.source, one.error) for one in filled.pointers] == [(Source.REMOTE, None)]
    assert (filled.path / "model.bin").read_bytes() == BIG
    assert stored(lfs).read_bytes() == BIG


def hostile_tree(repo: Repo, *entries: tuple[str, str, str]) -> str:
    """The tree of (mode, name, content or oid), written as no git command would."""
    data = b""
    for mode, name, content in entries:
        oid = content if mode == "40000" else repo.git("hash-object", "-w", "--stdin", input=content)
        data += f"{mode} {name}\0".encode() + bytes.fromhex(oid)
    return repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input=data)


def test_a_file_below_a_link_does_not_leave_the_worktree(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    below = hostile_tree(repo, ("100644", "b", "evil\n"))
    tree = hostile_tree(repo, ("120000", "a", str(outside)), ("40000", "a", below))
    try:
        made(repo, tmp_path / "tree", tree)
    except GitError:
        pass
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", [".git", ".GIT", "..", "git~1"])
def test_what_would_be_a_repository_is_refused(repo: Repo, tmp_path: Path, name: str) -> None:
    below = hostile_tree(repo, ("100755", "config", "[core]\n\tfsmonitor = touch /tmp/evil\n"))
    tree = hostile_tree(repo, ("40000", name, below))
    with pytest.raises(GitError, match="invalid path"):
        made(repo, tmp_path / "tree", tree)
    assert (tmp_path / "tree/.git").is_file()
    with Repository.open(repo.path, repo.environ) as opened:
        drop_worktree(opened, tmp_path / "tree")
    assert repo.git("worktree", "list").count("\n") == 0


def test_a_pointer_below_a_link_is_written_nowhere_else(lfs: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    attributes = lfs.git("show", "HEAD:.gitattributes") + "\n"
    below = hostile_tree(lfs, ("100644", "b.bin", pointer_text(BIG)))
    tree = hostile_tree(
        lfs, ("100644", ".gitattributes", attributes), ("120000", "a", str(outside)), ("40000", "a", below)
    )
    try:
        made(lfs, tmp_path / "tree", tree)
    except GitError:
        pass
    assert list(outside.iterdir()) == []


def test_submodules_stay_empty_and_are_told(tmp_path: Path, environ: dict[str, str], repo: Repo) -> None:
    repo.git("clone", "-q", str(repo.path), str(tmp_path / "inner"))
    repo.git("submodule", "--quiet", "add", str(tmp_path / "inner"), "lib")
    repo.git("config", "submodule.recurse", "true")
    repo.commit("submodule")
    filled = made(repo, tmp_path / "tree")
    assert filled.submodules == ("lib",)
    assert list((filled.path / "lib").iterdir()) == []


@pytest.mark.parametrize("kind", ["bare", "worktree", "submodule", "sparse", "partial", "separate"])
def test_from_any_kind_of_repository(make_repo: object, tmp_path: Path, kind: str) -> None:
    repo: Repo = make_repo(kind)  # type: ignore[operator]
    path = made(repo, tmp_path / "tree").path
    assert (path / "train.py").read_text() == "print('training harder')\n"
    assert (path / "data/naïve.txt").read_text() == "two\n"
    assert repo.git("-C", str(path), "status", "--porcelain") == ""
    repo.fsck()
