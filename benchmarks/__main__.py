"""`python -m benchmarks [--quick] [NAME...]`: all benchmarks, or those named.

A benchmark is a module with `main()`, which measures `ROUNDS` times and prints its ratio and budget.
"""

from __future__ import annotations

import argparse
import pkgutil
from importlib import import_module

import benchmarks

QUICK_ROUNDS = 2


def main() -> None:
    """Runs the benchmarks that the command line asks for."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_"
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="show that they work; the figures mean nothing")
    chosen = parser.parse_args()
    for name in chosen.names or names:
        module = import_module(f"benchmarks.{name}")
        if chosen.quick:
            module.ROUNDS = QUICK_ROUNDS
        print(f"{name}:", flush=True)
        module.main()


if __name__ == "__main__":
    main()
