"""How the code of runs differs, as git sees it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.git.process import Git
from gitexp.model.values import Oid

WITHOUT_RECORD = ("--", ":(top)", ":(top,exclude).exp")
"""The arguments that keep the record folder out of a diff."""
# What other people's attributes name as a filter of diffs is not run.
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv")
# The two trees of a pair, then its files: a path may hold line breaks, but no NUL.
_NUMSTAT = re.compile(
    rb"(?P<pair>[0-9a-f]{40,64} [0-9a-f]{40,64}\n)"
    rb"|(?P<added>\d+|-)\t(?P<deleted>\d+|-)\t(?P<path>[^\0]+)\0"
)

_NAME_STATUS = re.compile(
    rb"[0-9a-f]{40,64} (?P<new>[0-9a-f]{40,64})\n"
    rb"|[A-Z]\0(?P<path>[^\0]+)\0"
)
_OID = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs; None for the lines of a binary file."""

    path: str
    added: int | None
    deleted: int | None


def stat(git: Git, old: Oid, new: Oid, *, width: int, inside: Mapping[str, str] | None = None) -> str:
    """What `git diff --stat` says; empty where the code is the same."""
    command = ("diff", *_PLAIN, f"--stat={width}", old, new, *WITHOUT_RECORD)
    return git.run(*command, env=inside).stdout.decode("utf-8", "replace")


def changed_files(
    git: Git, old: Oid, others: Sequence[Oid], *, inside: Mapping[str, str] | None = None
) -> list[list[FileChange]]:
    """For each of `others` the files that differ from `old`, sorted by path; one git process for all."""
    trees = _trees(git, [old, *others], inside)
    pairs = "".join(f"{trees[0]} {tree}\n" for tree in trees[1:])
    command = ("diff-tree", "--stdin", "-r", "-z", *_PLAIN, "--numstat", "--no-renames", *WITHOUT_RECORD)
    listed = git.run(*command, input=pairs.encode(), env=inside).stdout
    found: list[list[FileChange]] = []
    for match in _NUMSTAT.finditer(listed):
        if match["pair"]:
            found.append([])
        else:
            path = os.fsdecode(match["path"])
            found[-1].append(FileChange(path, _lines(match["added"]), _lines(match["deleted"])))
    return found


def changed_paths(
    git: Git, old: Oid, new: Oid, *, inside: Mapping[str, str] | None = None
) -> set[str] | None:
    """The files that differ, record aside; None where git cannot tell."""
    command = ("diff-tree", "-r", "-z", *_PLAIN, "--name-only", "--no-renames", old, new, *WITHOUT_RECORD)
    listed = git.run(*command, env=inside, check=False)
    return {os.fsdecode(path) for path in listed.stdout.split(b"\0") if path} if listed.code == 0 else None


def changed_paths_of_each(git: Git, old: Oid, others: Sequence[Oid]) -> list[set[str] | None]:
    """As `changed_paths`, for each of `others` against `old`, with two git processes for all of them."""
    trees = trees_of(git, [old, *others])
    known = dict.fromkeys(tree for tree in trees[1:] if tree is not None)
    if trees[0] is None:
        return [None] * len(others)
    pairs = "".join(f"{trees[0]} {tree}\n" for tree in known).encode()
    command = ("diff-tree", "--stdin", "-r", "-z", *_PLAIN, "--name-status", "--no-renames", *WITHOUT_RECORD)
    listed = git.run(*command, input=pairs, check=False)
    found: dict[str, set[str]] = {}
    for match in _NAME_STATUS.finditer(listed.stdout):
        if match["new"]:
            last = found.setdefault(match["new"].decode(), set())
        else:
            last.add(os.fsdecode(match["path"]))
    if listed.code and found:
        found.popitem()  # what git says last before it fails need not be all
    return [found.get(tree) if tree else None for tree in trees[1:]]


def trees_of(git: Git, commits: Sequence[Oid]) -> list[str | None]:
    """The root tree of each; None for a commit that is not here."""
    asked = "".join(f"{one}^{{tree}}\n" for one in commits).encode()
    lines = git.run("cat-file", "--batch-check=%(objectname)", input=asked, check=False).lines
    known = [line if _OID.fullmatch(line) else None for line in lines if line]
    return [*known, *[None] * (len(commits) - len(known))]


def _trees(git: Git, revisions: Sequence[Oid], inside: Mapping[str, str] | None) -> list[str]:
    asked = [f"{one}^{{tree}}" for one in revisions]
    return git.run("rev-parse", *asked, env=inside).text.split("\n")


def _lines(text: bytes) -> int | None:
    return None if text == b"-" else int(text)
