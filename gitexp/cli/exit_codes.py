"""The exit codes that `git exp` promises; the manual prints them from here."""

from __future__ import annotations

from typing import Final

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
REMOTE: Final = 3
INCOMPLETE: Final = 5
INTERNAL: Final = 70
REFUSED: Final = 75
GIT: Final = 128
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

MEANINGS: Final[dict[int, str]] = {
    OK: "It worked.",
    ERROR: "There is no such run, a record is broken, runs conflict, (with --exit-code) they differ, a run "
    "is not reproduced, or is not to be executed without --trust, or git exp bisect cannot tell the commit.",
    USAGE: "The command line, a name, a parameter or a params file was wrong.",
    REMOTE: "Another repository or store failed.",
    INCOMPLETE: "Less is known of a run than is required: git exp audit.",
    INTERNAL: "An error inside gitexp; a report was written, and its place printed.",
    REFUSED: "git exp hook refuses: git is to stop. It has no other meaning, so that whoever calls a hook "
    "can let git go on where git exp itself is broken.",
    GIT: "git failed, there is no repository, or it cannot be written to.",
    INTERRUPTED: "It was interrupted from the keyboard.",
    BROKEN_PIPE: "Whoever read the output went away.",
}

RUN: Final = (
    "git exp run exits with the code of its command: 128 + N where signal N ended it, 127 where the command "
    "was not found, 126 where it could not be run. A run that cannot be started gives those of git exp. "
    "git exp repro does the same where the command fails."
)

GATE: Final = (
    "git exp gate has codes of its own. 0: it passes. 1: it fails, because a metric is worse, an example "
    "that must pass does not, or a cost has grown too much. 2: the command line or a setting is wrong. "
    "3: inconclusive, as too little is known. 4: not comparable, as there is no such run, no baseline, "
    "another dataset or grader, or a record cannot be read. 5: policy, as there are too many errors, or the "
    "record is not complete enough. With --bisect they are what git bisect run goes by: 0 good, 1 bad (for 1 "
    "and 5), 125 skip (for 3 and 4), and 128, which stops it, for everything else. No error is ever a 0, but "
    "for a 4 with --exit-zero, or, with --bisect, a 1."
)
