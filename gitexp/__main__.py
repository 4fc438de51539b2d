"""`python -m gitexp`: the same as `git exp`."""

import sys

from gitexp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
