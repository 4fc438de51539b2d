"""The process that pushes runs which have ended: `python -m gitexp.cli.auto_push FOLDER DESCRIPTOR`.

It is started by gitexp itself, in a session without a terminal, and writes to a log.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from gitexp.cli.limited import limit
from gitexp.cli.safe_text import safe


def main(folder: str, descriptor: int) -> None:
    """Pushes as `ops.share.auto.attend` does, with the lock that `descriptor` holds."""
    from gitexp.capture.liveness import Lock
    from gitexp.ops.share.auto import attend
    from gitexp.repo import Repository, process_environment

    os.set_inheritable(descriptor, False)
    os.chdir(folder)
    environ = process_environment()
    attend(Lock(descriptor), lambda: Repository.open(Path(folder), environ), _limited, _say)


def _limited(seconds: int) -> None:
    limit(seconds, "it took too long (exp.autoPushLimit)")


def _say(sentence: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), safe(sentence), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
