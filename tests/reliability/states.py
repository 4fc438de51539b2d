"""Repositories in every state that a person may leave one in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.gitrepo import FILES, Repo, init, make

Environ = Mapping[str, str]


def _plain(root: Path, environ: Environ, *options: str) -> Repo:
    repo = init(root / "plain", environ, *options)
    repo.commit(
        "first", {**FILES, "gone.py": "GONE = 1\n", "old name.py": "NAME = 'a longer line of text'\n"}
    )
    return repo


def _messy(root: Path, environ: Environ, *options: str) -> Repo:
    repo = _plain(root, environ, *options)
    _mess_up(repo)
    return repo


def _mess_up(repo: Repo) -> None:
    """Everything at once that git can tell apart."""
    repo.write("train.py", "print('stashed')\n")
    repo.git("stash", "push", "--quiet")
    repo.write("train.py", "print('staged')\n")
    repo.git("add", "train.py")
    repo.write("train.py", "print('staged, then changed')\n")
    repo.write("params.yaml", "lr: 0.5\n")
    (repo.path / "gone.py").unlink()
    repo.git("rm", "--quiet", "--cached", "data/a b.txt")
    repo.git("mv", "old name.py", "new näme.py")
    repo.write(".gitignore", "*.ckpt\n/cache/\n")
    repo.write("weights.ckpt", "ignored")
    repo.write("cache/one.txt", "ignored")
    repo.write("later.py", "LATER = 1\n")
    repo.git("add", "--intent-to-add", "later.py")
    repo.write("sub dir/ünïcode \t tab.py", "X = 1\n")
    repo.write("run.sh", "#!/bin/sh\n").chmod(0o755)
    (repo.path / "src/model.py").chmod(0o755)
    (repo.path / "link").symlink_to("src/model.py")
    (repo.path / "dangling").symlink_to("nowhere")
    os.mkdir(repo.path / "empty")


def _sha256(root: Path, environ: Environ) -> Repo:
    return _messy(root, environ, "--object-format=sha256")


def _odd_path(root: Path, environ: Environ) -> Repo:
    return _messy(root / "a räther odd 'path' $HOME", environ)


def _subfolder(root: Path, environ: Environ) -> Repo:
    return Repo(_messy(root, environ).path / "src", environ)


def _detached(root: Path, environ: Environ) -> Repo:
    repo = _plain(root, environ)
    repo.git("checkout", "--quiet", "--detach")
    _mess_up(repo)
    return repo


def _unborn(root: Path, environ: Environ, *options: str) -> Repo:
    repo = init(root / "unborn", environ, *options)
    repo.write("train.py", "print('staged')\n")
    repo.git("add", "train.py")
    repo.write("new.py", "NEW = 1\n")
    return repo


def _empty(root: Path, environ: Environ) -> Repo:
    return init(root / "empty", environ)


def _worktree(root: Path, environ: Environ) -> Repo:
    main = _plain(root, environ)
    main.git("worktree", "add", "--quiet", "-b", "side", str(root / "linked tree"))
    linked = Repo(root / "linked tree", environ)
    _mess_up(linked)
    return linked


def _separate(root: Path, environ: Environ) -> Repo:
    return _messy(root, environ, f"--separate-git-dir={root / 'elsewhere.git'}")


def _kind(name: str) -> Callable[[Path, Environ], Repo]:
    def build(root: Path, environ: Environ) -> Repo:
        repo = make(name, root, environ)
        repo.git("checkout", "--quiet", "HEAD", "--", ".")
        repo.write("src/model.py", "WIDTH = 4\n")
        repo.write("new.py", "NEW = 1\n")
        return repo

    return build


def _submodules(root: Path, environ: Environ) -> Repo:
    inner = make("plain", root / "inner", environ)
    outer = _plain(root, environ)
    for path in ("lib/clean", "lib/dirty", "lib/moved"):
        outer.git("submodule", "--quiet", "add", str(inner.path), path)
    outer.commit("submodules")
    outer.write("lib/dirty/train.py", "print('dirty')\n")
    Repo(outer.path / "lib/moved", environ).commit("on", {"more.py": "MORE = 1\n"})
    return outer


def _sparse(root: Path, environ: Environ) -> Repo:
    repo = _plain(root, environ)
    repo.git("sparse-checkout", "set", "--cone", "src")
    repo.write("src/model.py", "WIDTH = 5\n")
    repo.write("src/new.py", "NEW = 1\n")
    return repo


def _split_index(root: Path, environ: Environ) -> Repo:
    repo = _messy(root, environ)
    repo.git("update-index", "--split-index")
    repo.write("more.py", "MORE = 1\n")
    repo.git("add", "more.py")
    return repo


def _index_4(root: Path, environ: Environ) -> Repo:
    repo = _messy(root, environ)
    repo.git("update-index", "--index-version", "4")
    return repo


def _untracked_cache(root: Path, environ: Environ) -> Repo:
    repo = _messy(root, environ)
    repo.git("config", "core.untrackedCache", "true")
    repo.git("config", "feature.manyFiles", "true")
    repo.git("status")
    repo.write("after status.py", "AFTER = 1\n")
    return repo


def _line_ends(root: Path, environ: Environ) -> Repo:
    repo = _plain(root, environ)
    repo.write(".gitattributes", "*.txt text eol=crlf\n*.dat -text\n")
    repo.git("config", "core.autocrlf", "true")
    repo.commit("attributes")
    repo.write("data/a b.txt", "one\r\ntwo\r\n")
    repo.write("new.txt", "new\r\n")
    repo.write("raw.dat", "raw\r\n")
    return repo


def _filtered(root: Path, environ: Environ) -> Repo:
    repo = _plain(root, environ)
    repo.git("config", "filter.shout.clean", "tr a-z A-Z")
    repo.git("config", "filter.shout.smudge", "tr A-Z a-z")
    repo.git("config", "filter.shout.required", "true")
    repo.write(".gitattributes", "*.loud filter=shout\n")
    repo.commit("filter", {"one.loud": "quiet\n"})
    repo.write("one.loud", "changed\n")
    repo.write("two.loud", "new\n")
    return repo


def _lfs(root: Path, environ: Environ) -> Repo:
    repo = _plain(root, environ)
    repo.git("lfs", "install", "--local")
    repo.git("lfs", "track", "*.bin")
    repo.commit("lfs", {"one.bin": b"\0one" * 100})
    repo.write("one.bin", b"\0two" * 100)
    repo.write("three.bin", b"\0three" * 100)
    return repo


def _branches(root: Path, environ: Environ) -> Repo:
    """Two branches that changed one line each their own way."""
    repo = _plain(root, environ)
    repo.git("checkout", "--quiet", "-b", "other")
    repo.commit("theirs", {"train.py": "print('theirs')\n", "theirs.py": "T = 1\n"})
    repo.git("checkout", "--quiet", "main")
    repo.commit("ours", {"train.py": "print('ours')\n"})
    return repo


def _stopping(*command: str) -> Callable[[Path, Environ], Repo]:
    """In the middle of a `command` that met a conflict."""

    def build(root: Path, environ: Environ) -> Repo:
        repo = _branches(root, environ)
        stopped = subprocess.run(
            ["git", *command], cwd=repo.path, env=environ, capture_output=True, check=False
        )
        assert stopped.returncode != 0
        repo.write("notes.py", "NOTES = 1\n")
        return repo

    return build


def _in_bisect(root: Path, environ: Environ) -> Repo:
    repo = _branches(root, environ)
    repo.commit("more")
    repo.git("bisect", "start", "HEAD", "HEAD~2")
    repo.write("new.py", "NEW = 1\n")
    return repo


def _nested(root: Path, environ: Environ) -> Repo:
    """With another repository inside that is no submodule."""
    repo = _plain(root, environ)
    init(repo.path / "vendor" / "theirs", environ).commit("inner", {"inner.py": "I = 1\n"})
    repo.write("vendor/ours.py", "OURS = 1\n")
    return repo


STATES: dict[str, Callable[[Path, Environ], Repo]] = {
    "messy": _messy,
    "sha256": _sha256,
    "odd path": _odd_path,
    "sub-folder": _subfolder,
    "detached": _detached,
    "unborn": _unborn,
    "unborn sha256": lambda root, environ: _unborn(root, environ, "--object-format=sha256"),
    "empty": _empty,
    "linked worktree": _worktree,
    "separate git dir": _separate,
    "shallow": _kind("shallow"),
    "partial": _kind("partial"),
    "alternates": _kind("alternates"),
    "inside a submodule": _kind("submodule"),
    "dirty submodules": _submodules,
    "sparse": _sparse,
    "split index": _split_index,
    "index version 4": _index_4,
    "untracked cache": _untracked_cache,
    "line ends": _line_ends,
    "filters": _filtered,
    "lfs": _lfs,
    "conflicted merge": _stopping("merge", "--quiet", "other"),
    "conflicted rebase": _stopping("rebase", "--quiet", "other"),
    "conflicted pick": _stopping("cherry-pick", "other"),
    "bisect": _in_bisect,
    "nested repository": _nested,
}
