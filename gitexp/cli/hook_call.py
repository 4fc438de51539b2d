"""What `git exp hook` does, once its arguments are understood."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from gitexp.cli import exit_codes
from gitexp.cli.session import Session, say, tell, warn
from gitexp.errors import GitExpError
from gitexp.ops.hooks.calling import call
from gitexp.ops.hooks.table import GIT_HOOKS, HOOKS, SENT_TO, TIMEOUT, Answer, Call


def is_plain(arguments: Sequence[str]) -> bool:
    """Whether that is a call as our scripts make it: a known name, and nothing that looks like an option."""
    name, *rest = arguments or [""]
    return (name in HOOKS or name in GIT_HOOKS) and not any(word.startswith("-") for word in rest)


def call_hook(
    session: Session, name: str, arguments: Sequence[str], *, timeout: int = TIMEOUT, strict: bool = False
) -> int:
    """The exit code, after everything was said: it is 0 unless a hook refuses."""
    how = Call(name if name in GIT_HOOKS else None, tuple(arguments), timeout, strict)
    try:
        answer = _answer(session, name, how)
    except GitExpError as error:  # there is no repository, or none that we can work in
        answer = Answer(failures=(error,))
    except OSError as error:
        answer = Answer(failures=(GitExpError(f"hook {name}: {error}"),))
    # Nobody may be there to read it: that changes no answer.
    with suppress(OSError):
        _tell(answer)
    return exit_codes.REFUSED if answer.refusals else exit_codes.OK


def _answer(session: Session, name: str, how: Call) -> Answer:
    """Raises GitExpError, OSError."""
    sent = _sent() if name in SENT_TO else b""
    with session.repository(sweep=False) as repo:
        return call(repo, name, how._replace(stdin=sent))


def _tell(answer: Answer) -> None:
    for failure in answer.failures:
        warn(failure)
    for refusal in answer.refusals:
        tell(refusal)
    if answer.refusals:
        say("hint: to commit all the same: GITEXP_SKIP=1 git commit")


def _sent() -> bytes:
    """What git sends; a person who types this sends nothing."""
    return b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
