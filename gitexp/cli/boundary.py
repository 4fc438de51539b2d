"""The one place where errors become words and exit codes."""

from __future__ import annotations

import errno
import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gitexp.cli import exit_codes
from gitexp.cli.safe_text import safe
from gitexp.cli.session import Session, tell
from gitexp.errors import GitExpError, StorageFull

_STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOLCK)
_IN_THE_WAY = (errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
"""In our folder these say that there is a file where a folder is to be, or a folder in a file's place."""


def run(arguments: Sequence[str]) -> int:
    """The exit code of `git exp *arguments`, after everything was said; nothing is raised."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # A list makes 100,000 objects that stay; looking for cycles among them each time took a fifth.
    gc.set_threshold(100_000)
    session = Session(dict(os.environ))
    try:
        return _run(arguments, session)
    except BrokenPipeError:
        # What is left in the buffer must not be written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return exit_codes.BROKEN_PIPE
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the boundary)
        return _internal(error, arguments, session.home)


def _open_closed_streams() -> None:
    """Lead closed standard streams to nowhere, or a file of ours or of git would take their place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # Not closed: they live as long as the process.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def _run(arguments: Sequence[str], session: Session) -> int:
    try:
        code = _called(arguments, session)
        sys.stdout.flush()
        return code
    except GitExpError as error:
        failed = error
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno not in _STORAGE and not _is_in_the_way(error, session.home):
            raise
        what = f"use {error.filename!r}" if error.filename else "write"
        failed = StorageFull(f"cannot {what}: {error.strerror}")
    tell(failed)
    return _code_of(failed, arguments)


def _is_in_the_way(error: OSError, home: Path | None) -> bool:
    if home is None or error.errno not in _IN_THE_WAY or not isinstance(error.filename, str):
        return False
    return Path(error.filename).is_relative_to(home)


def _code_of(error: GitExpError | None, arguments: Sequence[str]) -> int:
    """The exit code of an error, or of one inside of us where it is None."""
    if next((one for one in arguments if not one.startswith("-")), None) == "gate":
        from gitexp.cli import gate_codes  # Its codes are verdicts, and an error is none.

        return gate_codes.of_error(error, arguments)
    return exit_codes.INTERNAL if error is None else error.exit_code


def _called(arguments: Sequence[str], session: Session) -> int:
    if list(arguments) == ["ls"]:
        # Nothing is to be parsed, and to import the parser takes longer than to list 1,000 runs.
        from gitexp.cli.list_runs import Options, list_runs

        list_runs(session, Options())
        return exit_codes.OK
    if "hook" in arguments[:1]:
        # Nor here, as scripts call it: a commit waits for this two times.
        from gitexp.cli.hook_call import call_hook, is_plain

        if is_plain(arguments[1:]):
            return call_hook(session, arguments[1], arguments[2:])
    if list(arguments[:2]) in (["driver", "merge"], ["driver", "textconv"]):
        # git waits for it, file by file.
        from gitexp.cli.driving import drive

        return drive(arguments[1:])
    from gitexp.cli.invocation import invoke

    return invoke(arguments, session)


def _internal(error: Exception, arguments: Sequence[str], home: Path | None) -> int:
    from gitexp.sharing import make_folder

    report = _report(error, arguments)
    print(f"error: internal error: {safe(f'{type(error).__name__}: {error}')}", file=sys.stderr)
    for folder in (home / "reports" if home else None, Path(_temporary())):
        if folder is None:
            continue
        path = folder / f"gitexp-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        try:
            make_folder(folder)
            path.write_text(report, "utf-8", "backslashreplace")
        except OSError:
            continue
        print(f"hint: a report for an issue is in {safe(str(path))}", file=sys.stderr)
        break
    # What is wrong with us is no reason for git not to commit.
    return exit_codes.OK if "hook" in arguments[:1] else _code_of(None, arguments)


def _report(error: Exception, arguments: Sequence[str]) -> str:
    """All that an issue needs, secrets masked."""
    import platform
    import subprocess
    import traceback

    from gitexp import __version__
    from gitexp.formats.redact import Redactor, secret_values

    redactor = Redactor(secret_values(os.environ))
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    lines = [
        f"git-exp {__version__}, {git}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {redactor.argv(list(arguments))!r}",
        "",
        redactor.text("".join(traceback.format_exception(error))),
    ]
    return "\n".join(lines)


def _temporary() -> str:
    import tempfile

    return tempfile.gettempdir()
