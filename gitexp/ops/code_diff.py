"""How the code of two runs differs, as git sees it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from gitexp.git.process import Git
from gitexp.model.values import Oid

WITHOUT_RECORD = ("--", ":(top)", ":(top,exclude).exp")
"""The arguments that keep the record folder out of a diff."""
# What other people's attributes name as a filter of diffs is not run.
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv")


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs; None for the lines of a binary file."""

    path: str
    added: int | None
    deleted: int | None


def stat(git: Git, old: Oid, new: Oid, *, width: int) -> str:
    """What `git diff --stat` says; empty where the code is the same."""
    return git.run("diff", *_PLAIN, f"--stat={width}", old, new, *WITHOUT_RECORD).stdout.decode(
        "utf-8", "replace"
    )


def changed_files(git: Git, old: Oid, new: Oid) -> list[FileChange]:
    """The files that differ, sorted by path."""
    listed = git.run("diff", *_PLAIN, "--numstat", "-z", "--no-renames", old, new, *WITHOUT_RECORD).stdout
    return [_file(os.fsdecode(line)) for line in listed.split(b"\0") if line]


def _file(line: str) -> FileChange:
    added, deleted, path = line.split("\t", 2)
    return FileChange(path, _lines(added), _lines(deleted))


def _lines(text: str) -> int | None:
    return None if text == "-" else int(text)
