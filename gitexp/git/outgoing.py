"""A repository that has the refs of one push and nothing else; its objects and settings are another's.

git compares each ref or lease that it is given by name with all refs of both sides, in six spellings: at
10,000 runs 500 names cost it 13 s. A pattern costs next to nothing, but takes all that it fits; so does a
lease on what a remote was last known to have, which is found by name. So what is to be pushed, and what is
expected, are put where nothing else is. It is a folder of three small files, and what a crash leaves of it is
no matter.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitexp.git.config import Config, read
from gitexp.git.layout import Layout
from gitexp.git.process import Git
from gitexp.git.pushing import Progress, Pushed, RefPush, push, push_all
from gitexp.git.refs import BRANCHES, EXP
from gitexp.git.remotes import Remote

_PACKED = "# pack-refs with: peeled fully-peeled sorted \n"
_EXPECTED = "refs/expected/"
_OURS = ("include.path", "core.bare", "core.repositoryformatversion", "extensions.objectformat")
"""Settings that are others in such a repository."""


def can_be_apart(git: Git, layout: Layout, config: Config) -> bool:
    """Whether a push from such a repository is the same push.

    Not so in a clone that lacks objects, nor where a hook looks at the repository that it runs in.
    """
    if layout.shallow or layout.partial:
        return False
    hook = git.cwd / git.run("rev-parse", "--git-path", "hooks/pre-push", user_hooks=True).text
    return not os.access(hook, os.X_OK) and not any(key.startswith("hook.") for key in config.values)


def push_apart(
    git: Git,
    layout: Layout,
    config: Config,
    folder: Path,
    remote: Remote,
    refs: Sequence[RefPush],
    progress: Progress = None,
) -> Pushed:
    """As `pushing.push`, from a repository at `folder` that is made for it; no ref may be one to delete.

    Where other settings would hold there it is `pushing.push` itself. Raises OSError.
    """
    places = _places(refs, config.all(f"remote.{remote.name}.fetch"))
    with _apart(git, layout, folder, _settings(layout, remote, places), refs) as inner:
        if _holds_there(inner, config, remote, places):
            return push_all(inner, remote, [f"{space}*:{space}*" for space in _spaces(refs)], refs, progress)
    return push(git, remote, refs, progress)


def _holds_there(inner: Git, config: Config, remote: Remote, places: Sequence[str]) -> bool:
    """Whether git goes to the one address, and by the same settings, from the other repository as well.

    `includeIf` may ask where a repository is, and what the user has for all of his is read before ours.
    """
    addresses = inner.run("remote", "get-url", "--push", "--all", "--", remote.name, check=False)
    if addresses.code != 0 or addresses.lines != [remote.push_url]:
        return False
    fetch = f"remote.{remote.name}.fetch"
    there = read(inner)
    return there.all(fetch) == (*places, *config.all(fetch)) and all(
        there.values.get(key) == config.values.get(key)
        for key in there.values.keys() | config.values.keys()
        if key not in (fetch, *_OURS)
    )


def _spaces(refs: Sequence[RefPush]) -> list[str]:
    return [space for space in (BRANCHES, EXP) if any(one.ref.startswith(space) for one in refs)]


@contextmanager
def _apart(git: Git, layout: Layout, folder: Path, settings: str, refs: Sequence[RefPush]) -> Iterator[Git]:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        (folder / "refs").mkdir(parents=True)
        # The same branch, for settings that hold on one alone.
        (folder / "HEAD").write_bytes((layout.git_dir / "HEAD").read_bytes())
        _write(folder / "packed-refs", _PACKED + "".join(_lines(refs)))
        _write(folder / "config", settings)
        yield _within(git, layout, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lines(refs: Sequence[RefPush]) -> list[str]:
    found = {one.ref: one.new for one in refs}
    found |= {_expected(one.ref): one.expected for one in refs if one.expected is not None}
    return [f"{oid} {ref}\n" for ref, oid in sorted(found.items())]


def _expected(ref: str) -> str:
    return _EXPECTED + ref.removeprefix("refs/")


def _within(git: Git, layout: Layout, folder: Path) -> Git:
    objects = str(layout.common_dir / "objects")
    inner = git.within({"GIT_DIR": str(folder), "GIT_OBJECT_DIRECTORY": objects})
    for name in ("GIT_WORK_TREE", "GIT_COMMON_DIR"):
        inner.environ.pop(name, None)
    return inner


def _places(refs: Sequence[RefPush], fetched: Sequence[str]) -> list[str]:
    """Where to find what is expected: the first place counts, and where nothing is found nothing is expected.

    `fetched` are settings by which something might be.
    """
    usual = all(spec.lstrip("+").startswith(("refs/heads/", "refs/tags/")) for spec in fetched)
    known = [one.ref for one in refs if one.expected is not None]
    # git notes there what it has pushed, a file each: so only where it must.
    known += [f"{space}*" for space in _spaces(refs) if space == BRANCHES or not usual]
    return [f"+{ref}:{_expected(ref)}" for ref in known]


def _settings(layout: Layout, remote: Remote, places: Sequence[str]) -> str:
    """What holds in the other repository: all that does in the first, but `places` before it."""
    paths = (layout.common_dir / "config", layout.git_dir / "config.worktree")
    includes = "".join(f"\tpath = {_quoted(str(path))}\n" for path in paths)
    fetched = "".join(f"\tfetch = {place}\n" for place in places)
    return (
        f"[remote {_quoted(remote.name)}]\n{fetched}[include]\n{includes}"
        "[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n"
        f"[extensions]\n\tobjectFormat = {layout.object_format}\n"
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", "surrogateescape")
