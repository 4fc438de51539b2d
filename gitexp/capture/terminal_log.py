"""Raw console bytes, reduced to the text that a person would have been left with on the screen.

The terminal that is imagined here has no right margin, and is as high as the last `REACH` lines: further up
no cursor gets.
What the escape sequences mean: ECMA-48 and https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

REACH = 200
"""How many lines up a cursor can move; progress displays are never higher."""
WIDEST = 500
"""The last column that a cursor movement reaches without text being there."""
_FAR = 8 * WIDEST
"""In a longer line, which is no progress bar, changes that would touch all of it are left undone."""

_CUT = r"\n\[\.\.\. [\d,]+ bytes left out \.\.\.\]\n"
_ALTERNATE = re.compile(
    r"\x1b\[\?(?:1049|1047|47)h.*?(?:\x1b\[\?(?:1049|1047|47)l|(?=" + _CUT + r")|\Z)", re.DOTALL
)
# Two expressions, because each then starts with something that `re` finds quickly in plain text.
_WITHOUT_EFFECT = re.compile(
    r"\x1b(?:\[[0-9;:]*m|\[[<=>?][0-9;:]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~])"
)
_CONTROLS = re.compile(r"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f]+")
_TOKEN = re.compile(
    r"(?P<text>[^\x08\x0b-\x0d\x1b]+)|(?P<return>\r)|(?P<back>\x08+)|(?P<feed>[\x0b\x0c])"
    r"|\x1b\[(?P<numbers>[0-9;:]*)[ -/]*(?P<final>[@-~])|\x1b(?P<escape>[0-Z\\^-~])|\x1b(?:\[[0-?]*|\])?"
)


def left_out(count: int) -> bytes:
    """The line that stands for `count` bytes that were not kept."""
    return b"\n[... %s bytes left out ...]\n" % f"{count:,}".encode()


def reduce(data: bytes, *, limit: int = 1 << 20) -> bytes:
    """Readable UTF-8 text with LF line ends; over `limit` bytes its beginning, a marker and its end.

    Overwritten text (carriage return, backspace, cursor movements, erased lines) is gone, as are
    colours, titles, the alternate screen and control characters. Bytes that are not UTF-8 become U+FFFD.
    Time is linear in `data`.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\x1b[?" in text:
        text = _ALTERNATE.sub("", text)
    screen = _Screen()
    for token in _TOKEN.finditer(_CONTROLS.sub("", _WITHOUT_EFFECT.sub("", text))):
        _apply(screen, token)
    return _cut(screen.text().encode("utf-8", "replace"), limit)


def _apply(screen: _Screen, token: re.Match[str]) -> None:
    match token.lastgroup:
        case "text":
            screen.write(token["text"])
        case "return":
            screen.column = 0
        case "back":
            screen.column = max(0, screen.column - len(token["back"]))
        case "feed":
            screen.write("\n")
        case "final":
            _control(screen, token["final"], [int(n[:6] or 0) for n in re.split("[;:]", token["numbers"])])
        case "escape":
            _escape(screen, token["escape"])


def _escape(screen: _Screen, letter: str) -> None:
    if letter in "78":
        _SEQUENCES["s" if letter == "7" else "u"](screen, [0])
    elif letter == "M":
        screen.move(-1, screen.column)
    elif letter in "DE":
        screen.move(1, 0 if letter == "E" else screen.column)
    elif letter == "c":
        screen.clear()


def _control(screen: _Screen, letter: str, numbers: list[int]) -> None:
    sequence = _SEQUENCES.get(letter)
    if sequence is not None:
        sequence(screen, numbers)


def _cut(data: bytes, limit: int) -> bytes:
    if len(data) <= limit:
        return data
    half = limit // 2
    head = data.rfind(b"\n", 0, half) + 1 or half
    tail = data.find(b"\n", len(data) - half) + 1 or len(data) - half
    # A line longer than half the limit is cut inside, but never inside a character.
    while head > 0 and data[head] & 0xC0 == 0x80:
        head -= 1
    while tail < len(data) and data[tail] & 0xC0 == 0x80:
        tail += 1
    return (
        data[:head]
        + left_out(tail - head).lstrip(b"\n" if data[:head].endswith(b"\n") else b"")
        + data[tail:]
    )


class _Screen:
    """Lines that can still change, and above them those that cannot.

    A line is a string until something is written into it, then a list of characters, so that
    any number of small changes of a very long line costs no more than the changes themselves.
    """

    def __init__(self) -> None:
        self.done: list[str] = []
        self.lines: list[str | list[str]] = [""]
        self.row = 0
        self.column = 0
        self.saved = (0, 0)
        self.top: int | None = None
        """What the program took for the top of the screen when it cleared it or moved to a fixed place."""

    def text(self) -> str:
        rows = [*self.done, *map(_string, self.lines)]
        while len(rows) > 1 and rows[-1] == "" and rows[-2] == "":
            rows.pop()
        return "\n".join(rows)

    def write(self, text: str) -> None:
        first, newline, rest = text.partition("\n")
        self._put(first)
        while newline:
            if self.row + 1 == len(self.lines):
                self._append(rest.split("\n"))
                return
            self.row, self.column = self.row + 1, 0
            first, newline, rest = rest.partition("\n")
            self._put(first)

    def _append(self, lines: list[str]) -> None:
        self.lines += lines
        self.row, self.column = len(self.lines) - 1, len(lines[-1])
        if len(self.lines) > 2 * REACH:
            self._settle(len(self.lines) - REACH)

    def _settle(self, count: int) -> None:
        self.done += map(_string, self.lines[:count])
        del self.lines[:count]
        self.row = max(0, self.row - count)
        self.saved = (max(0, self.saved[0] - count), self.saved[1])
        if self.top is not None:
            self.top = max(0, self.top - count)

    def _put(self, text: str) -> None:
        if not text:
            return
        line = self._cells()
        if self.column > len(line):
            line += " " * (self.column - len(line))
        line[self.column : self.column + len(text)] = text
        self.column += len(text)

    def _cells(self) -> list[str]:
        line = self.lines[self.row]
        if isinstance(line, str):
            self.lines[self.row] = line = list(line)
        return line

    def move(self, rows: int, column: int) -> None:
        """The cursor `rows` down (up when negative), in `column`."""
        self.row = max(self.top or 0, self.row + max(-REACH, min(rows, REACH)))
        self.column = max(0, min(column, max(WIDEST, self.column)))
        missing = self.row + 1 - len(self.lines)
        if missing > 0:
            column = self.column
            self._append([""] * missing)
            self.column = column

    def go(self, row: int, column: int) -> None:
        """The cursor to a fixed place of the screen, counted from 1."""
        if self.top is None:
            self.clear()
        self.row = self.top or 0
        self.move(max(row, 1) - 1, max(column, 1) - 1)

    def clear(self) -> None:
        """What was there first scrolls out of reach; later clearings wipe what came after the one before."""
        if self.top is None:
            self._settle(len(self.lines) - (self.lines[-1] in ("", [])))
            self.top = 0
        self.lines[self.top :] = [""]
        self.row, self.column = self.top, 0

    def erase_line(self, how: int) -> None:
        line = self._cells()
        if how == 1:
            end = min(self.column + 1, len(line))
            start = max(0, end - _FAR)
            line[start:end] = " " * (end - start)
        else:
            del line[self.column if how == 0 else 0 :]

    def erase_characters(self, count: int, *, close_up: bool) -> None:
        line = self._cells()
        count = min(count, max(0, len(line) - self.column), _FAR)
        if close_up and len(line) - self.column > _FAR:
            return
        line[self.column : self.column + count] = "" if close_up else " " * count

    def erase_screen(self, how: int) -> None:
        if how == 0:
            self.erase_line(0)
            del self.lines[self.row + 1 :]
        elif how == 2:
            row, column = self.row, self.column
            self.clear()
            self.move(row - (self.top or 0) if row > (self.top or 0) else 0, column)

    def save(self) -> None:
        self.saved = (self.row, self.column)

    def restore(self) -> None:
        self.row = min(self.saved[0], len(self.lines) - 1)
        self.column = self.saved[1]


def _string(line: str | list[str]) -> str:
    """Blanks at the end are the padding that wiped out something longer."""
    return (line if isinstance(line, str) else "".join(line)).rstrip(" ")


def _count(numbers: list[int]) -> int:
    return max(1, numbers[0])


_SEQUENCES: dict[str, Callable[[_Screen, list[int]], None]] = {
    "A": lambda screen, n: screen.move(-_count(n), screen.column),
    "B": lambda screen, n: screen.move(_count(n), screen.column),
    "C": lambda screen, n: screen.move(0, screen.column + _count(n)),
    "D": lambda screen, n: screen.move(0, screen.column - _count(n)),
    "E": lambda screen, n: screen.move(_count(n), 0),
    "F": lambda screen, n: screen.move(-_count(n), 0),
    "G": lambda screen, n: screen.move(0, _count(n) - 1),
    "H": lambda screen, n: screen.go(n[0], n[1] if len(n) > 1 else 1),
    "f": lambda screen, n: screen.go(n[0], n[1] if len(n) > 1 else 1),
    "J": lambda screen, n: screen.erase_screen(n[0]),
    "K": lambda screen, n: screen.erase_line(n[0]),
    "P": lambda screen, n: screen.erase_characters(_count(n), close_up=True),
    "X": lambda screen, n: screen.erase_characters(_count(n), close_up=False),
    "s": lambda screen, n: screen.save(),
    "u": lambda screen, n: screen.restore(),
}
