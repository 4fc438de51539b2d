"""What git calls for one file, without the parser of the command line: that takes longer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from gitexp.cli import exit_codes
from gitexp.cli.safe_text import safe
from gitexp.errors import GitExpError, UsageError

_TEXT_CONVERSION = 2
_MERGE = 6


def drive(arguments: Sequence[str]) -> int:
    """The exit code of `git exp driver *arguments`. Raises GitExpError, OSError."""
    try:
        return _drive(arguments)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise GitExpError(f"cannot read {error.filename!r}: {error.strerror}") from None


def _drive(arguments: Sequence[str]) -> int:
    if len(arguments) == _TEXT_CONVERSION and arguments[0] == "textconv":
        return _put_as_text(Path(arguments[1]))
    if len(arguments) == _MERGE and arguments[0] == "merge":
        base, ours, theirs, _, path = arguments[1:]
        return _merge(Path(base), Path(ours), Path(theirs), path)
    raise UsageError("git calls drivers, as its settings say", hint="git exp hooks install")


def _put_as_text(path: Path) -> int:
    lines = _of_log(path) if _is_log(path) else _as_lines(path.name, path.read_bytes())
    # All at once: where something fails, git shows the file as it is, and nothing is to stand before it.
    sys.stdout.write("".join(f"{safe(line)}\n" for line in lines))
    return exit_codes.OK


def _as_lines(name: str, data: bytes) -> Iterator[str]:
    from gitexp.formats import excerpt

    if name.endswith(".jsonl"):
        from gitexp.formats import eval_lines

        # git hands over a copy, whose name may have something before it.
        table = next((one for one in eval_lines.NAMES if name.endswith(one)), None)
        if table is not None:
            return eval_lines.shown(table, data)
    return excerpt.of_series(data) if excerpt.is_series(data) else excerpt.of_text(data)


def _is_log(path: Path) -> bool:
    return path.name.endswith(".eval") and path.open("rb").read(4) == b"PK\x03\x04"


def _of_log(path: Path) -> Iterator[str]:
    from gitexp.ops.evaluations.log_excerpt import of_log

    return of_log(path)


def _merge(base: Path, ours: Path, theirs: Path, path: str) -> int:
    from gitexp.git.process import Git
    from gitexp.ops.drivers.merging import merge_files

    merged = merge_files(Git(Path.cwd(), dict(os.environ)), base, ours, theirs, path)
    for note in merged.notes:
        print(f"note: {safe(note)}", file=sys.stderr)
    return exit_codes.OK if merged.is_clean else exit_codes.ERROR
