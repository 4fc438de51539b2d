"""The git program, run so that what it says can be read and what it writes stays written.

Every call fsyncs what it writes, waits for locks instead of failing at once, runs no hooks of the user's
unless asked to, never starts maintenance in the background, never prompts, and speaks untranslated English.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple, TypeAlias

from gitexp.errors import GitError, GitKilled, StorageFull, storage_hint

OPTIONS = (
    "core.fsync=all",
    "gc.auto=0",
    "maintenance.auto=false",
    "reftable.lockTimeout=10000",
    "core.packedRefsTimeout=10000",
    "core.filesRefLockTimeout=10000",
)
NO_HOOKS = "core.hooksPath=/dev/null"

# What an enclosing git command (a hook's caller, an alias) sets for itself; each would redirect ours.
_SCRUBBED = """
    GIT_INDEX_FILE GIT_INDEX_VERSION GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_QUARANTINE_PATH
    GIT_PREFIX GIT_INTERNAL_SUPER_PREFIX GIT_SHALLOW_FILE GIT_GRAFT_FILE GIT_REPLACE_REF_BASE
    GIT_NO_REPLACE_OBJECTS GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS
    GIT_NAMESPACE GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_IMPLICIT_WORK_TREE GIT_CONFIG
"""
_DROPPED = frozenset(_SCRUBBED.split())
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")

# Compiled when git has failed: every command starts git, and hardly any needs them.
_FULL = (
    r"(?m)No space left on device|Out of diskspace|Read-only file system|Disk quota exceeded|File too large"
    r"|Permission denied\s*$|Operation not permitted\s*$|insufficient permission|couldn't write '"
)
_PROGRESS = rb"(?:Enumerating|Counting|Compressing|Writing) objects: "
_TOLD = r"(?m)^(?:fatal|error): (.*)$"
_HINT = r"(?m)^(?:hint: |\t)(git .*)$"

Stream: TypeAlias = int | IO[bytes] | None


class Result(NamedTuple):
    """What one finished git process left."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """stdout without the final line break; bytes that are not UTF-8 come as surrogates."""
        return self.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    @property
    def lines(self) -> list[str]:
        """What stands between line breaks of git's: names may hold what Python takes for others."""
        return self.text.split("\n") if self.stdout else []

    @property
    def talk(self) -> str:
        """stderr as text."""
        return self.stderr.decode("utf-8", "replace")


def unplaced(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what leads git to another repository, working tree or index than the folder's own."""
    return {k: v for k, v in environ.items() if k not in _DROPPED and k not in _PLACES}


class Git:
    """Runs git in the folder `cwd` with `environ` as the whole environment."""

    def __init__(self, cwd: Path, environ: Mapping[str, str], *, held: Sequence[int] = ()) -> None:
        self.cwd = Path(cwd)
        self.held = tuple(held)
        self.environ: dict[str, str] = {k: v for k, v in environ.items() if k not in _DROPPED}
        for name in _PLACES:
            if name in self.environ:
                self.environ[name] = os.path.abspath(os.path.join(self.cwd, self.environ[name]))
        self.environ.update(LC_ALL="C", GIT_TERMINAL_PROMPT="0")

    def at(self, cwd: Path) -> Git:
        """The same git in another folder; GIT_DIR and its like keep pointing to where they did."""
        return Git(cwd, self.environ, held=self.held)

    def holding(self, *descriptors: int) -> Git:
        """The same git, whose processes hold what is locked on `descriptors` for as long as they live."""
        return Git(self.cwd, self.environ, held=descriptors)

    def within(self, env: Mapping[str, str]) -> Git:
        """The same git with `env` laid over its environment, also what is dropped from a caller's."""
        git = Git(self.cwd, self.environ, held=self.held)
        git.environ.update(env)
        return git

    def run(
        self,
        *args: str,
        input: bytes | None = None,
        stdin: Stream = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
        user_hooks: bool = False,
        pass_fds: Sequence[int] = (),
        progress: Callable[[str], None] | None = None,
    ) -> Result:
        """The result of `git *args`, fed with `input` or from the file `stdin`.

        `env` is laid over the environment; `pass_fds` stay open in git (a held lock lives as long as git).
        `progress`, for a call without input, is told how far git has come, in its words.
        Raises GitError where `check` and git's exit code is not 0.
        """
        source = stdin if stdin is not None else subprocess.DEVNULL
        process = self.start(
            *args,
            stdin=source if input is None else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            user_hooks=user_hooks,
            pass_fds=pass_fds,
        )
        result = _finished(process, input) if progress is None else _followed(process, progress)
        if check and result.code != 0:
            raise error(result, args)
        return result

    def ask(self, *args: str) -> Callable[[], Result]:
        """Starts `git *args`; what is returned waits for its result. Raises GitError, then and there."""
        process = self.start(*args, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

        def answer() -> Result:
            result = _finished(process)
            if result.code != 0:
                raise error(result, args)
            return result

        return answer

    def start(
        self,
        *args: str,
        stdin: Stream = subprocess.PIPE,
        stdout: Stream = subprocess.PIPE,
        stderr: Stream = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
        user_hooks: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """The started process `git *args`. Raises GitError where there is no git, or no folder to run in."""
        try:
            return subprocess.Popen(
                command(args, user_hooks=user_hooks),
                cwd=self.cwd,
                env=self.environ if env is None else {**self.environ, **env},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(*self.held, *pass_fds),
            )
        except NotADirectoryError:
            raise GitError(f"'{self.cwd}' is not a folder") from None
        except FileNotFoundError:
            if not self.cwd.is_dir():
                raise GitError(f"'{self.cwd}' does not exist") from None
            raise GitError(
                "git was not found", hint="install git 2.30 or later: https://git-scm.com"
            ) from None


def _finished(process: subprocess.Popen[bytes], input: bytes | None = None) -> Result:
    with process:
        try:
            stdout, stderr = process.communicate(input)
        except BaseException:
            process.kill()
            raise
    return Result(process.returncode, stdout, stderr)


def _followed(process: subprocess.Popen[bytes], progress: Callable[[str], None]) -> Result:
    """As `_finished`, telling of its progress meanwhile."""
    talk = bytearray()
    with process:
        assert process.stdout is not None
        follower = Thread(target=_follow, args=(process.stderr, talk, progress), daemon=True)
        follower.start()
        try:
            stdout = process.stdout.read()
        except BaseException:
            process.kill()
            raise
        follower.join()
    return Result(process.returncode, stdout, bytes(talk))


def _follow(stream: BufferedReader, talk: bytearray, progress: Callable[[str], None]) -> None:
    begun = b""
    while chunk := stream.read1(4096):
        talk += chunk
        *lines, begun = re.split(rb"[\r\n]", begun + chunk)
        # What a host says is not passed on: it may be anything.
        for line in lines:
            if re.match(_PROGRESS, line):
                progress(line.decode("ascii", "replace"))


def command(args: Sequence[str], *, user_hooks: bool = False) -> list[str]:
    """The argument list of `git *args` with the options that every call of ours gets."""
    options = OPTIONS if user_hooks else (*OPTIONS, NO_HOOKS)
    return ["git", *(part for option in options for part in ("-c", option)), *args]


def error(result: Result, args: Sequence[str]) -> GitError:
    """The error that stands for a failed result: git's own words, its advice as the hint."""
    told = re.search(_TOLD, result.talk)
    how = (
        f"failed with exit code {result.code}" if result.code >= 0 else f"was ended by signal {-result.code}"
    )
    message = told[1].rstrip(".") if told else f"'git {' '.join(args[:1])}' {how}"
    advice = re.search(_HINT, result.talk)
    hint = advice[1] if advice else None
    if result.code < 0:
        return GitKilled(message, hint=hint)
    if full := re.search(_FULL, result.talk):
        return StorageFull(message, hint=hint or storage_hint(full[0]))
    return GitError(message, hint=hint)
