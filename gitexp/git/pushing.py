"""One `git push`: what each ref was to become, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from gitexp.errors import RemoteError
from gitexp.git.process import Git, Result
from gitexp.git.refs import ARCHIVE, ARCHIVE_BRANCHES, BASELINE, BASELINE_BRANCHES, BRANCHES, EXP
from gitexp.git.remotes import Remote, remote_error
from gitexp.model.values import Oid

Progress: TypeAlias = Callable[[str], None] | None
"""Told how far a push has come."""

# Stock git-lfs hooks would look for bytes to send: ours went first, and it may be to another place.
# Our own hook would look for runs to send.
_ENVIRONMENT = {"GIT_LFS_SKIP_PUSH": "1", "GITEXP_SKIP": "1"}
# What git notes of a push is in a repository that nobody needs afterwards.
_UNSYNCED = ("-c", "core.fsync=none")
_LINE = re.compile(r"([ +\-*!=])\t[^\t]*:(refs/[^\t]+)\t([^\t]*)")
_REASON = re.compile(r"\[[^\]]*\] \((.*)\)", re.DOTALL)
_STALE = ("stale info", "fetch first", "non-fast-forward", "already exists", "needs force")
# How hosts name what they do not take at all, whatever the commit. In the order of the lines: git's own
# `receive.hideRefs` (GitHub and GitLab) and its check of names; Gerrit; Azure DevOps (TF401021); Codeup;
# Gitea 1.15; then what hooks say that allow only branches and tags.
_UNWELCOME = re.compile(
    r"deny updating a hidden ref|funny refname"
    r"|prohibited by Gerrit(?!:)|prohibited by Gerrit: not permitted: create"
    r"|is not a valid name for a Git ref"
    r"|refs/\S+ is illegal|illegal ref"
    r"|unexpected ref\b"
    r"|\bref(?:erence|name)?s?\b.* (?:not allowed|not supported|not permitted|must (?:start|begin) with)"
    r"|not allowed.* refs?\b|only .*\b(?:branch(?:es)?|heads|tags)\b.* (?:allowed|accepted|supported|pushed)"
    r"|invalid ref|cannot update.* outside",
    re.IGNORECASE,
)
_DECLINED = re.compile(r"(?:pre-receive |update )?hook declined")
_REMARK = re.compile(r"^remote: *(.*?) *$", re.MULTILINE)


_TOLD = 300
"""Characters of the host's words that are told."""


class Fate(str, Enum):
    """What became of one ref."""

    DONE = "done"
    STALE = "stale"
    """The remote has another value than the lease says: nothing was changed."""
    UNWELCOME = "unwelcome"
    """The host takes no ref of that kind."""
    REFUSED = "refused"
    """A hook or a rule of the host said no."""
    UNTOLD = "untold"
    """The server said nothing of it: it failed, or the connection was cut."""


@dataclass(frozen=True, slots=True)
class RefPush:
    """One ref that is to change on the remote, only where it is as expected there."""

    ref: str
    new: Oid | None
    """None: the ref is deleted."""
    expected: Oid | None
    """What the remote has now; None: nothing."""


@dataclass(frozen=True, slots=True)
class RefFate:
    """What became of it, and why, in the host's words: text of others."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one `git push` came to."""

    fates: dict[str, RefFate]
    failure: RemoteError | None
    """Why the push as a whole failed; what it says nothing of is UNTOLD."""


def push(git: Git, remote: Remote, refs: Sequence[RefPush], progress: Progress = None) -> Pushed:
    """Push `refs` at once, each with a lease; `git` is one from `remotes.toward`.

    A lease lets an update through that is no fast-forward: what may replace what is for the caller to decide.
    The user's pre-push hook runs.
    """
    leases = [f"--force-with-lease={one.ref}:{one.expected or ''}" for one in refs]
    specs = [f"{one.new or ''}:{one.ref}" for one in refs]
    arguments = (*leases, "--", remote.name, *specs)
    return _pushed(git, remote, arguments, refs, progress, _untracked(remote.name))


def _untracked(remote: str) -> list[str]:
    """Options with which no ref of ours is taken for what tracks one of the remote.

    A fetch refspec of the user's, such as `refs/exp/*:refs/exp/*`, makes it that: git then sets the local run
    to what it has pushed, and deletes it with the remote's. A mirror cannot be told which refs to push.
    """
    spaces = (EXP, BRANCHES, ARCHIVE, ARCHIVE_BRANCHES, BASELINE, BASELINE_BRANCHES)
    settings = [f"remote.{remote}.mirror=false", *(f"remote.{remote}.fetch=^{space}*" for space in spaces)]
    return [part for setting in settings for part in ("-c", setting)]


def push_all(
    git: Git, remote: Remote, specs: Sequence[str], refs: Sequence[RefPush], progress: Progress = None
) -> Pushed:
    """Push what `specs` find, which are `refs`; what is expected there is what git takes for known."""
    leases = ("--force-with-lease", "--no-force-if-includes")
    return _pushed(git, remote, (*leases, "--", remote.name, *specs), refs, progress, _UNSYNCED)


def _pushed(
    git: Git,
    remote: Remote,
    arguments: Sequence[str],
    refs: Sequence[RefPush],
    progress: Progress,
    options: Sequence[str] = (),
) -> Pushed:
    result = git.run(
        *(*options, "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--no-signed"),
        *(("--progress",) if progress else ()),
        *arguments,
        env=_ENVIRONMENT,
        check=False,
        user_hooks=True,
        progress=progress,
    )
    told = _told(result)
    fates = {one.ref: told.get(one.ref, RefFate(Fate.UNTOLD)) for one in refs}
    cut = any(one.fate is Fate.UNTOLD for one in fates.values())
    return Pushed(fates, remote_error(result, remote) if cut else None)


def _told(result: Result) -> dict[str, RefFate]:
    """What git said of each ref. `remote failed to report status` says nothing."""
    lines = [line for text in result.text.split("\n") if (line := _LINE.fullmatch(text))]
    # A remote with two addresses answers twice, and has a ref only where both took it: failures come last.
    lines.sort(key=lambda line: line[1] == "!")
    # Where a hook declines, why it does stands among what the host has printed.
    remarks = [words for line in _REMARK.findall(result.talk) if (words := line.strip())]
    return {line[2]: _fate(line[1], line[3], remarks) for line in lines if "failed to report" not in line[3]}


def _fate(flag: str, summary: str, remarks: Sequence[str]) -> RefFate:
    if flag != "!":
        return RefFate(Fate.DONE)
    told = _REASON.match(summary)
    reason = told[1] if told else summary
    if any(word in reason for word in _STALE):
        return RefFate(Fate.STALE, reason)
    if remarks and _DECLINED.fullmatch(reason):
        unwelcome = next((line for line in remarks if _UNWELCOME.search(line)), None)
        if unwelcome is not None:
            return RefFate(Fate.UNWELCOME, unwelcome)
        reason = f"{reason}: {'; '.join(remarks)[:_TOLD]}"
    return RefFate(Fate.UNWELCOME if _UNWELCOME.search(reason) else Fate.REFUSED, reason)
