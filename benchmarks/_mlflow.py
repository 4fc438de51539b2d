"""`gitexp.runs()` and `git exp ls` against `mlflow.search_runs`, with the same runs."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._frames import reads
from benchmarks._many_runs import record_of, repository_of_runs
from benchmarks._measure import Chosen, Comparison, in_turns, process, tell
from gitexp.model.record import Record
from gitexp.model.values import Value

ROUNDS = 5
RUNS = 10_000
_SCRIPT = str(Path(__file__).with_name("_mlflow_script.py"))


def measure(chosen: Chosen) -> Iterator[Comparison]:
    """In process, after everything is imported; and as a process, as from a shell."""
    runs = min(RUNS, chosen.runs[-1])
    python = str(chosen.peers["mlflow"] / "python")
    rounds = chosen.rounds(ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        ours = repository_of_runs(Path(folder) / "ours", runs)
        store = f"sqlite:///{folder}/mlflow.db"
        _fill(python, store, runs)
        with _serving(python, store) as search:
            for name, read in reads(ours).items():
                pairs = in_turns(read, search, rounds)
                yield tell(name, "mlflow.search_runs(), imported", pairs, budget=None, runs=runs)
        whole = process(ours, python, _SCRIPT, "search", store)
        for name in ("ls", "ls --json"):
            pairs = in_turns(process(ours, "git", "exp", *name.split()), whole, rounds)
            yield tell(f"{name} vs MLflow", "a search_runs() script", pairs, budget=None, runs=runs)


def _fill(python: str, store: str, runs: int) -> None:
    lines = "".join(json.dumps(_plain(record_of(number)[0])) + "\n" for number in range(runs))
    command = [python, _SCRIPT, "fill", store]
    subprocess.run(command, input=lines, cwd=_folder(store), text=True, check=True, capture_output=True)


def _plain(record: Record) -> dict[str, object]:
    return {"name": record.info.name, "params": _flat(record.params), "metrics": dict(record.metrics)}


def _flat(value: Value, path: str = "") -> dict[str, str]:
    """Dotted keys, and values as MLflow keeps them: as text."""
    if not isinstance(value, dict):
        return {path: str(value)}
    return {
        key: text
        for name, below in value.items()
        for key, text in _flat(below, f"{path}.{name}" if path else name).items()
    }


@contextmanager
def _serving(python: str, store: str) -> Iterator[Callable[[], object]]:
    """A process that searches once at each call."""
    command = [python, _SCRIPT, "serve", store]
    with subprocess.Popen(
        command, cwd=_folder(store), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        asked, answered = server.stdin, server.stdout

        def search() -> None:
            asked.write("\n")
            if not answered.readline():
                raise RuntimeError("MLflow has ended")

        yield search
        asked.close()


def _folder(store: str) -> str:
    return os.path.dirname(store.removeprefix("sqlite:///"))
