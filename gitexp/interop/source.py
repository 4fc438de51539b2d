"""A log on the disk: what kind of file it is, and its contents, read within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gitexp.artifacts.store import open_regular
from gitexp.errors import BrokenFile, NotFound
from gitexp.interop.problems import Problems
from gitexp.interop.salvaging import salvaged

MAX_DOCUMENT = 256 << 20
"""Bytes of a log that is one JSON document: it is read at once."""
MAX_LINE = 64 << 20
"""Bytes of a row that is one line of JSON."""
MAX_ROWS = 1_000_000
_START = 1 << 20
_AGAIN = "mend that place, or write the log again"
_STRUCTURE = re.compile(r'[\[\]{},:"]')


class CutOff(BrokenFile):
    """A document that ends too early."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message, hint=_AGAIN)
        self.text = text


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file of JSON lines, or why it is none."""

    where: str
    value: Any = None
    fault: str | None = None


class Source:
    """One file or folder. Raises NotFound for what is not there, BrokenFile for a pipe and the like."""

    def __init__(self, path: Path, shown: str | None = None, folder: Path | None = None) -> None:
        self.path = path
        self.folder = folder
        """Where it was found, if that is what was named: what is elsewhere is none of it."""
        self.shown = shown or str(path)
        """What it is called in messages."""
        if not path.exists():
            raise NotFound(
                f"no file {self.shown!r}", hint="check the path: it starts from the current folder"
            )
        if not path.is_file() and not path.is_dir():
            # It is read more than once.
            raise BrokenFile(
                f"{self.shown!r} is not a regular file", hint="write it to a file first: … >FILE"
            )

    def is_outside(self, path: Path) -> bool:
        """Whether `path` leads out of the folder that was named."""
        return self.folder is not None and not path.resolve().is_relative_to(self.folder.resolve())

    @property
    def stem(self) -> str:
        return self.path.name.partition(".")[0] or self.path.name

    @property
    def is_folder(self) -> bool:
        return self.path.is_dir()

    @cached_property
    def start(self) -> bytes:
        """The first bytes; none of a folder."""
        if self.is_folder:
            return b""
        with open_regular(self.path) as file:
            return file.read(_START)

    @property
    def is_zip(self) -> bool:
        return self.start.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    @property
    def is_json(self) -> bool:
        """Whether it is one JSON document, by how it begins."""
        return self.start.lstrip()[:1] in (b"{", b"[") and not self.is_lines

    @cached_property
    def is_lines(self) -> bool:
        """Whether it is JSON lines: the first line is an object, and more follows."""
        first, end, rest = self.start.lstrip().partition(b"\n")
        if not end or not rest.strip():
            return False
        try:
            return isinstance(json.loads(first), dict)
        except json.JSONDecodeError:
            return False
        except (ValueError, RecursionError):
            # JSON with a number, or a depth, that Python does not take: a row like any other that is no good.
            return rest.lstrip().startswith(b"{")

    @cached_property
    def _loaded(self) -> tuple[Any, str | None]:
        """The JSON document, and if it is cut off how; it has its whole rows then."""
        try:
            return load(self.path, self.shown), None
        except CutOff as error:
            text = salvaged(error.text)
            if text is None:
                raise
            return parse(text.encode(), self.shown), error.message

    @property
    def is_cut_off(self) -> bool:
        """Whether it is one JSON document that ends too early. Raises BrokenFile."""
        return self.is_json and self._loaded[1] is not None

    @property
    def document(self) -> Any:
        """The JSON document, to tell what it is; of one that is cut off what is whole. Raises BrokenFile."""
        return self._loaded[0]

    def read_document(self, problems: Problems) -> Any:
        """The JSON document; that it is cut off is one of the problems. Raises BrokenFile."""
        found, fault = self._loaded
        if fault is not None:
            problems.error(self.shown, fault.removeprefix(self.shown).lstrip(", :"))
        return found

    @property
    def keys(self) -> frozenset[str]:
        """Those of the JSON document, or of the first line of JSON lines; none where it is something else."""
        if self.is_json:
            found = self.document
            return frozenset(found) if isinstance(found, dict) else frozenset()
        if self.is_lines:
            try:
                return frozenset(json.loads(self.start.lstrip().partition(b"\n")[0]))
            except (ValueError, RecursionError):
                return frozenset()
        return frozenset()

    def lines(self) -> Iterator[Line]:
        return lines(self.path, self.shown)


def load(path: Path, shown: str) -> Any:
    """The JSON document in a file. Raises BrokenFile."""
    with open_regular(path) as file:
        data = file.read(MAX_DOCUMENT + 1)
        while more := file.read(MAX_DOCUMENT + 1 - len(data)):
            data += more
    if len(data) > MAX_DOCUMENT:
        raise BrokenFile(
            f"{shown!r} has more than {MAX_DOCUMENT} bytes", hint="write the log in a format of lines"
        )
    return parse(data, shown)


def parse(data: bytes, where: str) -> Any:
    """`data` as JSON, NaN allowed. Raises BrokenFile that names `where`, line and column."""
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        place = f"{where}, line {error.lineno}, column {error.colno}: {error.msg}"
        # Within a text, or within what is neither text nor structure.
        if error.msg.startswith("Unterminated string") or not _STRUCTURE.search(error.doc, error.pos + 1):
            raise CutOff(f"{place} (is it truncated?)", error.doc) from None
        raise BrokenFile(place, hint=_AGAIN) from None
    except UnicodeDecodeError as error:
        raise BrokenFile(
            f"{where}: byte {error.start} is not UTF-8", hint="iconv -f LATIN1 -t UTF-8 makes it that"
        ) from None
    except RecursionError:
        raise BrokenFile(f"{where}: nested too deep", hint=_AGAIN) from None
    except ValueError as error:
        raise BrokenFile(f"{where}: {error}", hint=_AGAIN) from None


def lines(path: Path, shown: str) -> Iterator[Line]:
    """Each row of a file of JSON lines; empty lines are left out. One that is too long ends the reading."""
    with path.open("rb") as file:
        number = 0
        while data := file.readline(MAX_LINE + 1):
            number += 1
            where = f"{shown}, line {number}"
            if len(data) > MAX_LINE:
                yield Line(where, fault=f"more than {MAX_LINE} bytes")
                return
            if number > MAX_ROWS:
                yield Line(where, fault=f"more than {MAX_ROWS} lines")
                return
            if data.strip():
                yield _line(data, where)


def _line(data: bytes, where: str) -> Line:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        cut = "" if data.endswith(b"\n") else " (is it truncated?)"
        return Line(where, fault=f"not JSON: {error}{cut}")
    return Line(where, value) if isinstance(value, dict) else Line(where, fault="not a JSON object")


def mapping(value: object) -> dict[str, Any]:
    """`value` where it is a mapping, else an empty one: logs leave out what they do not know."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
