"""Where the parts of a repository are, and of what kind it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from gitexp.config_file import written
from gitexp.errors import GitError, NotARepository
from gitexp.git.process import Git, Result, error

ObjectFormat = Literal["sha1", "sha256"]
RefFormat = Literal["files", "reftable"]


class Layout(NamedTuple):
    """The places and kinds that everything else needs to know; all paths are absolute."""

    git_dir: Path
    """This working tree's own git folder: HEAD and index."""
    common_dir: Path
    """What all working trees share: objects, refs, `exp/`."""
    top: Path | None
    """The root of the working tree; None where there is none."""
    bare: bool
    object_format: ObjectFormat
    ref_format: RefFormat
    shallow: bool
    partial: bool
    prefix: str
    """Where in the working tree we stand: empty, or relative to `top` and ending with `/`."""
    index_file: Path
    """The index in use; it may not exist yet."""

    @property
    def packs(self) -> Path:
        return self.common_dir / "objects" / "pack"


def discover(cwd: Path, environ: Mapping[str, str]) -> Layout:
    """The layout of the repository around `cwd`, or the one that GIT_DIR names.

    Raises NotARepository where there is none, GitError where git refuses it (an owner it does not trust,
    a format it does not know).
    """
    git = Git(cwd, environ)
    # --show-toplevel comes last: without a working tree it fails, after the rest has been answered.
    args = [
        *("rev-parse", "--is-bare-repository", "--is-shallow-repository", "--show-object-format=storage"),
        *("--show-prefix", "--absolute-git-dir", "--git-common-dir", "--show-toplevel"),
    ]
    result = git.run(*args, check=False)
    lines = result.text.split("\n")
    if result.code != 0 and len(lines) < 6:
        raise _refusal(result, args, cwd, environ)
    if len(lines) > 7:
        raise GitError("a path of this repository has a line break in it", hint="git mv it to another place")
    bare, shallow, hashes, prefix, git_dir, common = lines[:6]
    top = Path(lines[6]) if result.code == 0 and len(lines) == 7 else None
    common_dir = Path(os.path.abspath(os.path.join(cwd, common)))
    settings = _repository_settings(common_dir / "config")
    return Layout(
        git_dir=Path(git_dir),
        common_dir=common_dir,
        top=top,
        bare=bare == "true",
        object_format="sha256" if hashes == "sha256" else "sha1",
        ref_format="reftable"
        if settings.get("extensions.refstorage", "").startswith("reftable")
        else "files",
        shallow=shallow == "true",
        partial="extensions.partialclone" in settings or "remote.promisor" in settings,
        prefix=prefix,
        index_file=_index(environ, Path(git_dir), top or Path(cwd)),
    )


def _refusal(result: Result, args: list[str], cwd: Path, environ: Mapping[str, str]) -> GitError:
    if "not a git repository" in result.talk:
        if "GIT_DIR" in environ:
            return NotARepository(
                f"GIT_DIR is not a git repository: '{environ['GIT_DIR']}'", hint="unset GIT_DIR"
            )
        if found := next((one for one in (cwd, *cwd.parents) if (one / ".git").exists()), None):
            return NotARepository(
                error(result, args).message,
                hint=f"git cannot use what is in '{found / '.git'}': look at its HEAD, or restore it",
            )
        return NotARepository(f"not a git repository: '{cwd}'", hint="git init")
    return error(result, args)


def _index(environ: Mapping[str, str], git_dir: Path, root: Path) -> Path:
    """The index of the command that we run inside of (a hook has its own), or else the usual one."""
    given = environ.get("GIT_INDEX_FILE")
    return Path(os.path.abspath(root / given)) if given else git_dir / "index"


def _repository_settings(config: Path) -> dict[str, str]:
    """The extensions, and whether any remote is a promisor, as written in the repository's own config file.

    git itself reads extensions from this one file alone, so no second process is needed.
    """
    found = written(config, "[extensions", "promisor")
    if found.get("remote.promisor", "").lower() in ("false", "no", "off", "0"):
        del found["remote.promisor"]
    return found
