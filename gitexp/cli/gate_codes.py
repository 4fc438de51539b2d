"""The exit codes of `git exp gate`: what came of it, and never a verdict where there was none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gitexp.cli import exit_codes
from gitexp.errors import Ambiguous, GitError, GitExpError, NotFound, RemoteError, UsageError
from gitexp.model.gate import Outcome

BISECT: Final = "--bisect"
SKIP, ABORT = 125, 128
"""What git bisect takes for `this one cannot be tested`, and for `stop`."""

_VERDICTS: Final = {
    Outcome.PASS: 0,
    Outcome.FAIL: 1,
    Outcome.INCONCLUSIVE: 3,
    Outcome.INCOMPARABLE: 4,
    Outcome.POLICY: 5,
}
_BISECTED: Final = {
    Outcome.PASS: 0,
    Outcome.FAIL: 1,
    Outcome.INCONCLUSIVE: SKIP,
    Outcome.INCOMPARABLE: SKIP,
    Outcome.POLICY: 1,
}


def of_verdict(outcome: Outcome, *, bisect: bool = False) -> int:
    return (_BISECTED if bisect else _VERDICTS)[outcome]


def told(code: int) -> str:
    """What the exit code of an error amounts to: `not comparable`, or `no verdict`."""
    codes = (_VERDICTS[Outcome.INCOMPARABLE], _BISECTED[Outcome.INCOMPARABLE])
    return Outcome.INCOMPARABLE.value if code in codes else "no verdict"


def of_error(error: GitExpError | None, arguments: Sequence[str]) -> int:
    """Of a gate that came to no verdict; None for an error inside of us.

    What is missing cannot be compared; all else is no answer.
    """
    bisect = BISECT in arguments
    if isinstance(error, NotFound) and not isinstance(error, Ambiguous):
        return of_verdict(Outcome.INCOMPARABLE, bisect=bisect)
    if bisect or isinstance(error, (GitError, RemoteError)):
        return ABORT
    if error is None:
        return exit_codes.INTERNAL
    if isinstance(error, (UsageError, Ambiguous)):
        return exit_codes.USAGE
    return of_verdict(Outcome.INCOMPARABLE)
