"""The submodules of code that runs in a worktree of its own: each at the commit that the code names.

Its files come from what git keeps of it here. Nobody else is asked, and no hook runs; filters do where they
do for the code itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitexp.errors import InvalidName
from gitexp.git.filters import LFS, switched_off
from gitexp.git.process import Git, unplaced
from gitexp.model.paths import safe_path
from gitexp.model.values import Oid, Value
from gitexp.ops.lfs_files import Indexed
from gitexp.ops.worktrees import RECORD, SUBMODULE, git_dir_of, links_in, write_files
from gitexp.repo import Repository

_ALONE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_LFS_SKIP_SMUDGE": "1"}
"""What a partial clone lacks it would ask others for."""
_SHORT = 10


@dataclass(frozen=True, slots=True)
class Found:
    """One submodule of some code."""

    path: str
    commit: Oid
    """The one that the code names."""
    git_dir: Path | None
    """A clone that has the commit; None where none is here."""
    now: Oid | None
    """The commit that the user's own checkout is at; None where there is none."""
    cloned: bool
    """Whether some clone of it is here."""

    @property
    def lacking(self) -> str | None:
        """What a person should know where the commit is not to be had."""
        if self.git_dir is not None:
            return None
        if self.now is None:
            return f"submodule {self.path!r} is not here: it was at {self.commit[:_SHORT]}"
        if self.now == self.commit:
            return f"submodule {self.path!r} has submodules that are not here as they were"
        return f"submodule {self.path!r} is at {self.now[:_SHORT]} here, and was at {self.commit[:_SHORT]}"

    @property
    def value(self) -> Value:
        """What a record says of it: of files that are not those of the commit also whose they are."""
        told: dict[str, Value] = {"commit": self.commit, "dirty": self.git_dir is None}
        return told if self.git_dir is not None else {**told, "instead": self.now}


def find(repo: Repository, revision: str) -> list[Found]:
    """The submodules of the code in a tree or commit, as far as they are here."""
    listed = submodules(repo.git, revision)
    wanted = {path: commit for path, commit in listed.items() if not path.startswith(f"{RECORD}/")}
    if not wanted:
        return []
    names = _names(repo.git, revision)
    return [_found(repo, path, commit, names.get(path)) for path, commit in wanted.items()]


def submodules(git: Git, tree: str) -> dict[str, Oid]:
    """The submodules of a tree or commit: path -> the commit that each is at."""
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", tree).stdout.split(b"\0")
    entries = (line.partition(b"\t") for line in listed if line.startswith(SUBMODULE + b" "))
    return {os.fsdecode(path): Oid(meta.split(b" ")[2].decode()) for meta, _, path in entries}


def check_out(repo: Repository, root: Path, found: Sequence[Found], *, trusted: bool) -> list[str]:
    """The files of those that are to be had put into the worktree `root`, their own submodules' too.

    Gives the paths of those that are links. Raises GitError where a clone lacks some of them.
    """
    links: list[str] = []
    for one in found:
        if one.git_dir is not None:
            links += _check_out(repo, root, one.path, one.git_dir, one.commit, trusted=trusted)
    return links


def _check_out(
    repo: Repository, root: Path, path: str, clone: Path, commit: Oid, *, trusted: bool
) -> list[str]:
    folder = root / path
    if not folder.resolve().is_relative_to(root.resolve()):  # a link of the tree leads out of it
        return []
    folder.mkdir(parents=True, exist_ok=True)
    index = git_dir_of(root) / f"submodule-{os.urandom(4).hex()}"
    environ = _at(repo, clone, folder)
    git = Git(folder, environ)
    with (
        Repository.open(folder, environ) as inner,
        switched_off(git, git_dir_of(root), (LFS,) if trusted else None) as quiet,
    ):
        quiet = quiet.within({"GIT_INDEX_FILE": str(index)})
        quiet.run("read-tree", commit)
        entries, _ = write_files(inner, quiet, offline=True)
    links = [f"{path}/{one}" for one in links_in(entries)]
    for below, wanted, nested in _nested(repo, git, clone, commit, entries):
        links += _check_out(repo, root, f"{path}/{below}", nested, wanted, trusted=trusted)
    return links


def _nested(
    repo: Repository, git: Git, clone: Path, commit: Oid, entries: Sequence[Indexed]
) -> Iterator[tuple[str, Oid, Path]]:
    """The submodules of one, with the clones that have their commits."""
    inner = {os.fsdecode(one.path): one.oid for one in entries if one.mode == SUBMODULE}
    names = _names(git, commit) if inner else {}
    for path, wanted in inner.items():
        for below in _clones([clone], names.get(path)):
            if _has(repo, below, wanted):
                yield path, wanted, below


def _found(repo: Repository, path: str, commit: Oid, name: str | None) -> Found:
    own = _own(repo, path)
    known = _clones(dict.fromkeys((repo.layout.git_dir, repo.layout.common_dir)), name)
    clones = [*([own[0]] if own else ()), *known]
    having = next((one for one in clones if _has_whole(repo, one, commit)), None)
    return Found(path, commit, having, own[1] if own else None, bool(clones))


def _own(repo: Repository, path: str) -> tuple[Path, Oid | None] | None:
    """The repository of the user's checkout, and the commit that it is at."""
    if repo.layout.top is None or not (repo.layout.top / path / ".git").exists():
        return None
    git = Git(repo.layout.top / path, unplaced(repo.environ))
    place = git.run("rev-parse", "--absolute-git-dir", check=False)
    if place.code != 0:
        return None
    head = git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False)
    return Path(place.text), Oid(head.text) if head.code == 0 else None


def _clones(git_dirs: Sequence[Path] | Mapping[Path, None], name: str | None) -> list[Path]:
    """Where git keeps the submodule of that name; what it is called another one may have made up."""
    try:
        below = Path("modules", safe_path(name)) if name else None
    except InvalidName:
        return []
    places = [one / below for one in git_dirs] if below else []
    return [one for one in places if (one / "HEAD").is_file() and (one / "objects").is_dir()]


def _names(git: Git, revision: str) -> dict[str, str]:
    """Path -> the name of each submodule that the `.gitmodules` of a commit declares."""
    asked = ("config", "-z", "--blob", f"{revision}:.gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    told = git.run(*asked, check=False).text.split("\0")
    pairs = (line.partition("\n") for line in told if line)
    return {path: key.removeprefix("submodule.").removesuffix(".path") for key, _, path in pairs}


def _has_whole(repo: Repository, clone: Path, commit: Oid) -> bool:
    """Whether a clone has the commit, and those in it the commits of its own submodules."""
    if not _has(repo, clone, commit):
        return False
    git = _git(repo, clone)
    inner = submodules(git, commit)
    names = _names(git, commit) if inner else {}
    # One that was never cloned is not there for the user either.
    known = ((wanted, _clones([clone], names.get(path))) for path, wanted in inner.items())
    return all(not those or any(_has_whole(repo, one, wanted) for one in those) for wanted, those in known)


def _has(repo: Repository, clone: Path, commit: Oid) -> bool:
    git = _git(repo, clone)
    if not any((clone / "objects/pack").glob("*.promisor")):
        return git.run("cat-file", "-e", f"{commit}^{{tree}}", check=False).code == 0
    # A partial clone may lack files of a commit that it has.
    listed = git.run("rev-list", "--objects", "--no-walk", "--missing=print", commit, check=False)
    return listed.code == 0 and not any(line.startswith("?") for line in listed.lines)


def _git(repo: Repository, clone: Path) -> Git:
    return Git(clone, _at(repo, clone, clone))


def _at(repo: Repository, clone: Path, folder: Path) -> dict[str, str]:
    """The environment in which git works with a clone, whose own checkout may be gone."""
    return {**unplaced(repo.environ), **_ALONE, "GIT_DIR": str(clone), "GIT_WORK_TREE": str(folder)}
