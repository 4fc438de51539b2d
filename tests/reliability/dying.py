"""A command that SIGKILL ends at the Nth thing that it does to files, from when it begins to change some.

`python -m tests.reliability.dying N apply RUN`: 0 never dies. On stderr it says at last how many there were.
Instead of N a text can be given: then it dies when it touches the first file with that in its path.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

_EVENTS = {
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.symlink",
    "subprocess.Popen",
}


class Counter:
    """Counts from when the note of what is going on is written, or one that is there is read."""

    def __init__(self, last: str) -> None:
        self.last = last
        self.count = 0
        self.begun = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _EVENTS:
            return
        path = str(arguments[0])
        if "applying.json" in path and (event == "os.rename" or os.path.exists(path)):
            self.begun = True
        if self.begun:
            self.count += 1
            if str(self.count) == self.last or (self.last.isalpha() and self.last in path):
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    from gitexp.cli.boundary import run

    counter = Counter(sys.argv[1])
    sys.addaudithook(counter)
    code = run(sys.argv[2:])
    sys.stderr.write(f"{counter.count}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
