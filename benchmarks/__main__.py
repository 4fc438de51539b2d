"""`python -m benchmarks [--quick] [NAME...]`: all benchmarks, or those named; docs/benchmarks.md explains.

A benchmark is a module with `main(chosen)`, which measures, prints as it goes, and yields its comparisons.
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import benchmarks
from benchmarks import _peers, _report
from benchmarks._measure import QUICK_RUNS, Chosen, Comparison, hermetic

RUNS = (1_000, 10_000)


def main() -> None:
    """Runs the benchmarks that the command line asks for."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_"
    )
    asked = _parser(names).parse_args()
    runs = tuple(sorted(asked.runs or ((QUICK_RUNS,) if asked.quick else RUNS)))
    # With the settings of whoever calls, as installing may need them; all else is without.
    chosen = Chosen(asked.quick, runs, _peers.install() if asked.peers else {})
    with tempfile.TemporaryDirectory() as home:
        environ = hermetic(Path(home))
        os.environ.clear()
        os.environ.update(environ)
        try:
            told = [one for name in asked.names or names for one in _measure(name, chosen)]
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error}\n{(error.stderr or b'').decode(errors='replace')}")
    for part in (_report.table(told), _report.growth(told)):
        print(f"\n{part}" if part else "")
    if asked.json:
        _report.write_json(asked.json, told, [_peers.VERSIONS[peer] for peer in chosen.peers])


def _parser(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    # Not `choices=`: with nargs="*" it refuses the empty list.
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="show that they work; the figures mean nothing")
    parser.add_argument(
        "--runs",
        type=int,
        action="append",
        metavar="N",
        help=f"measure at so many runs; may be given more than once (default: {', '.join(map(str, RUNS))})",
    )
    parser.add_argument(
        "--peers",
        action="store_true",
        help=f"compare with {' and '.join(_peers.VERSIONS.values())} too, installed into {_peers.folder()}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    return parser


def _measure(name: str, chosen: Chosen) -> list[Comparison]:
    print(f"{name}:", flush=True)
    return list(import_module(f"benchmarks.{name}").main(chosen))


if __name__ == "__main__":
    main()
