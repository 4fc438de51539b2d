"""The program `git-exp`."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Runs the command line of this process and returns its exit code."""
    arguments = sys.argv[1:]
    # Asked before anything heavy is imported: scripts and completions call it often.
    if arguments in (["--version"], ["version"]):
        from gitexp import __version__

        print(f"git-exp version {__version__}")
        return 0
    code = _run(arguments)
    # What is left goes with the process: to look for cycles in it takes Python a tenth of what it ran.
    gc.freeze()
    return code


def _run(arguments: list[str]) -> int:
    from gitexp.cli.boundary import run

    if "_gitexp_observe" in sys.modules:  # this is part of a run
        from gitexp.api.unseen import unseen

        with unseen():
            return run(arguments)
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
