"""A person at a terminal: starts a command at a real pseudo-terminal, types, and looks at what comes out."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 20


def recorded(record: Path, *argv: str) -> list[str]:
    return [sys.executable, "-m", "tests.capture.recorded", str(record), *argv]


class Terminal:
    """The controlling terminal of a new session that runs `argv`; standard streams can be given instead."""

    def __init__(self, argv: list[str], *, rows: int = 24, columns: int = 80, **streams: object) -> None:
        self.master, self.slave = os.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        name = os.ttyname(self.slave)
        given = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave, **streams}
        environ = {**os.environ, "CONTROLLING_TERMINAL": name, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
        self.process = subprocess.Popen(argv, cwd=ROOT, env=environ, start_new_session=True, **given)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def see(self, text: bytes) -> bytes:
        """Wait for `text`, and return what came up to its end; the next call looks behind it."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output:
            assert time.monotonic() < deadline, f"no {text!r} in {self.output!r}"
            self._look()
        end = self.output.index(text) + len(text)
        seen, self.output = self.output[:end], self.output[end:]
        return seen

    def _look(self) -> bool:
        if not select.select([self.master], [], [], 0.05)[0]:
            return False
        self.output += os.read(self.master, 1 << 16)
        return True

    def end(self) -> int:
        """Wait for the command's end, and return its exit code; `output` then has the rest."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {self.output!r}"
            self._look()
        while self._look():
            pass
        return self.process.returncode

    def modes(self) -> list[object]:
        return termios.tcgetattr(self.slave)
