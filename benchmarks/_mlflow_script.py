"""Run by MLflow's own Python: `fill`, `search` or `serve` a store.

`fill` reads runs from stdin, a JSON object a line. MLflow writes the first; the others are copies of its
rows, with other ids and values: by its client 10,000 runs would take it many minutes.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import uuid
from typing import Any

import mlflow  # type: ignore[import-not-found, unused-ignore]


def main() -> None:
    """Does what the command line says."""
    task, store = sys.argv[1:]
    mlflow.set_tracking_uri(store)
    mlflow.set_experiment("benchmark")
    if task == "fill":
        fill(store.removeprefix("sqlite:///"), [json.loads(line) for line in sys.stdin])
    elif task == "search":
        print(len(mlflow.search_runs()))
    else:
        for _ in sys.stdin:
            print(len(mlflow.search_runs()), flush=True)


def fill(path: str, runs: list[dict[str, Any]]) -> None:
    """Raises RuntimeError unless MLflow then finds them all, with their values."""
    with mlflow.start_run(run_name=runs[0]["name"]) as first:
        mlflow.log_params(runs[0]["params"])
        mlflow.log_metrics(runs[0]["metrics"], step=19)
    with sqlite3.connect(path) as database:
        database.row_factory = sqlite3.Row
        for run in runs[1:]:
            copy(database, first.info.run_id, run)
    database.close()
    found = mlflow.search_runs()
    if found["metrics.loss"].nunique() != len(runs) or found["params.lr"].isna().any():
        raise RuntimeError(f"MLflow finds {len(found)} runs, not {len(runs)}")


def copy(database: sqlite3.Connection, first: str, run: dict[str, Any]) -> None:
    """Adds `run`: the rows of the first one, but for what it is and holds."""
    values = {
        "runs": {},
        "params": run["params"],
        "metrics": run["metrics"],
        "latest_metrics": run["metrics"],
        "tags": {"mlflow.runName": run["name"]},
    }
    new = uuid.uuid4().hex
    for table, own in values.items():
        for row in database.execute(f"SELECT * FROM {table} WHERE run_uuid = ?", [first]).fetchall():
            kept = {**row, "run_uuid": new}
            if table == "runs":
                kept |= {"name": run["name"], "artifact_uri": row["artifact_uri"].replace(first, new)}
            elif row["key"] in own:
                kept["value"] = own[row["key"]]
            marks = ", ".join("?" * len(kept))
            database.execute(f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})", [*kept.values()])


if __name__ == "__main__":
    main()
