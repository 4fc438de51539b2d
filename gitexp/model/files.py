"""The names of files that are looked at where nobody has named any."""

from __future__ import annotations

RECORD_FOLDER = ".exp"
"""In the tree of a run: all that gitexp has written."""
RUN_FILE = "run.yaml"
"""There: what the run is."""
PARAMS_FILES = ("params.yaml", "params.yml", "params.json", "params.toml")
METRICS_FILES = (
    "metrics.yaml",
    "metrics.yml",
    "metrics.json",
    "metrics.toml",
    "metrics.jsonl",
    "metrics.ndjson",
    "metrics.csv",
    "metrics.tsv",
)
