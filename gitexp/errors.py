"""Everything that gitexp raises on purpose, and the exit code each error stands for.

GitExpError (1)
├── UsageError (2)          the command line or a call was wrong
│   ├── InvalidName         a name, tag or path that is not allowed
│   ├── UnknownKey          a parameter or metric that does not exist
│   ├── BrokenFile          a file of the user's that cannot be read, with line and column
│   └── QueryError          a query that cannot be understood, with the column
├── NotFound (1)            no run, file or object of that name
│   └── Ambiguous           more than one
├── BrokenRecord (1)        a record that is damaged, or not ours
│   └── NewerFormat         written by a later gitexp
├── SecretsFound (1)        what looks like a secret would leave the machine
├── RemoteError (3)         another repository or store failed
│   └── Unreachable         there is no way to it now
└── GitError (128)          git itself failed, or there is no repository
    ├── NotARepository
    ├── NoWorkTree
    ├── GitKilled           a signal ended it: what it was at is not known
    ├── RefChanged          a compare-and-swap lost the race
    └── StorageFull         no space, no permission, read-only
"""

from __future__ import annotations


class GitExpError(Exception):
    """An error with a message in git's voice and, where there is one, the next command to type."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GitExpError):
    exit_code = 2


class InvalidName(UsageError):
    pass


class UnknownKey(UsageError):
    pass


class BrokenFile(UsageError):
    pass


class QueryError(UsageError):
    """Its text ends in an excerpt of the query: one line, and one with carets below the fault."""

    def __init__(self, message: str, *, column: int, excerpt: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.column = column
        self.excerpt = excerpt

    def __str__(self) -> str:
        return f"{self.message}\n{self.excerpt}"


class NotFound(GitExpError):
    pass


class Ambiguous(NotFound):
    pass


class BrokenRecord(GitExpError):
    pass


class NewerFormat(BrokenRecord):
    pass


class SecretsFound(GitExpError):
    pass


class RemoteError(GitExpError):
    exit_code = 3


class Unreachable(RemoteError):
    pass


class GitError(GitExpError):
    exit_code = 128


class NotARepository(GitError):
    pass


class NoWorkTree(GitError):
    pass


class GitKilled(GitError):
    pass


class RefChanged(GitError):
    pass


class StorageFull(GitError):
    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint or storage_hint(message))


def storage_hint(said: str) -> str:
    """Where to look when something cannot be written, by what the system or git said of it."""
    said = said.lower()
    if "read-only" in said:
        return "the file system is read-only: findmnt -T ."
    if "permi" in said:
        # `git help config` has how a repository is shared.
        return "ls -ld .git .git/exp shows who may write, core.sharedRepository lets several people"
    if "a directory" in said or "exists" in said:
        return "ls -ld .git/exp .git/exp/* shows what is in the way, mv puts it aside"
    return "df -h .git"
