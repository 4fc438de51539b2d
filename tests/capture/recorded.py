"""`python -m tests.capture.recorded RECORD CMD…`: CMD through spawn.run, its output into RECORD."""

import os
import sys
from pathlib import Path

from gitexp.capture import spawn


def main() -> int:
    if terminal := os.environ.pop("CONTROLLING_TERMINAL", ""):
        os.close(os.open(terminal, os.O_RDWR))
    with open(sys.argv[1], "wb", buffering=0) as record:
        ended = spawn.run(sys.argv[2:], cwd=Path("."), environ=dict(os.environ), sink=record.write)
    return ended.shell_code


if __name__ == "__main__":
    sys.exit(main())
