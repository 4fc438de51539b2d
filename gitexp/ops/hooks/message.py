"""The message of a commit as the hook sees it: whether it says anything, and where a line of ours goes."""

from __future__ import annotations

import os
import re

from gitexp.formats.trailers import line, says_nothing
from gitexp.git.process import Git
from gitexp.model.names import RunName
from gitexp.repo import Repository

_CHOICES = b"#;@!$%^&|:"
"""What git takes one of to begin its comments with, where core.commentChar is auto."""
_CUT = re.compile(rb"^(.+) -{24} >8 -{24}$", re.MULTILINE)
# Three dashes end no message here: they are the user's.
_HOW = ("--no-divider", "--where=end", "--if-exists=add", "--if-missing=add")


def is_nothing(repo: Repository, message: bytes) -> bool:
    """Whether git will refuse the message as it is, or might: then it must not get a line."""
    template = _template(repo)
    mark = _configured(repo)
    marks = [mark] if mark is not None else [_CHOICES[i : i + 1] for i in range(len(_CHOICES))]
    return any(says_nothing(message, template, one) for one in marks)


def with_line(repo: Repository, message: bytes, run: RunName) -> bytes:
    """The message with one line more where git would put a trailer; every other byte is as it was."""
    if message and not message.endswith(b"\n"):
        message += b"\n"
    ours = line(run)
    mark = os.fsdecode(_configured(repo) or _chosen(message))
    command = ("-c", f"core.commentChar={mark}", "interpret-trailers", *_HOW, "--trailer", ours)
    # It puts other trailers into its own form, so just the place of ours is taken over.
    before, _, after = _plain(repo.git).run(*command, input=message).stdout.rpartition(ours.encode() + b"\n")
    if not message.endswith(after):
        return message
    rest = message[: len(message) - len(after)]
    own_paragraph = before.endswith(b"\n\n") and not rest.endswith(b"\n\n")
    return rest + (b"\n" if own_paragraph else b"") + ours.encode() + b"\n" + after


def _plain(git: Git) -> Git:
    """git without anybody's configuration: trailer.* of a user would run commands, and rewrite lines."""
    kept = {k: v for k, v in git.environ.items() if not k.startswith("GIT_") or k == "GIT_EXEC_PATH"}
    nowhere = dict.fromkeys(("GIT_DIR", "GIT_CONFIG_GLOBAL", "HOME", "XDG_CONFIG_HOME"), os.devnull)
    return Git(git.cwd, {**kept, "GIT_CONFIG_NOSYSTEM": "1"}).within(nowhere)


def _configured(repo: Repository) -> bytes | None:
    """What comments begin with; None where git chooses for each message."""
    config = repo.config
    mark = config.get("core.commentString") or config.get("core.commentChar") or "#"
    return None if mark == "auto" else os.fsencode(mark)


def _chosen(message: bytes) -> bytes:
    """What git seems to have chosen: it ends a message with its comments."""
    cut = _CUT.search(message)
    if cut is not None:
        return cut[1]
    last = message.rstrip().rpartition(b"\n")[2][:1]
    return last if last and last in _CHOICES else b"#"


def _template(repo: Repository) -> bytes:
    """The message that git begins with."""
    name = repo.config.get("commit.template")
    if not name or repo.layout.top is None:
        return b""
    home = repo.environ.get("HOME", "~")
    try:
        return (repo.layout.top / (home + name[1:] if name.startswith("~/") else name)).read_bytes()
    except OSError:
        return b""
