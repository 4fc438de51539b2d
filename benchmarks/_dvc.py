"""`git exp ls` against `dvc exp show`, with the same runs."""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
from collections.abc import Iterator
from hashlib import md5, sha256
from pathlib import Path
from subprocess import check_output

from benchmarks._many_runs import data, file, import_commits, record_of, repository_of_runs
from benchmarks._measure import Chosen, Comparison, git, in_turns, process, tell
from benchmarks._project import START, signature
from gitexp.formats.record import encode
from gitexp.model.record import Record

ROUNDS = 5
RUNS = 1_000
BUDGET = 1 / 8
_TRAIN = "import json\n\njson.dump({}, open('metrics.json', 'w'))\n"
_STAGE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [{params.yaml: }]
    metrics: [metrics.json: {cache: false}]
"""
_LOCKED = re.compile(r"(?<=      params\.yaml:\n).*?(?=    outs:\n)", re.DOTALL)
_OUTS = re.compile(r"(?<=    outs:\n).*", re.DOTALL)


def measure(chosen: Chosen) -> Iterator[Comparison]:
    """Our listing, as a table and as JSON, against theirs."""
    runs = min(RUNS, chosen.runs[-1])
    program = chosen.peers["dvc"] / "dvc"
    with tempfile.TemporaryDirectory() as folder:
        ours = repository_of_runs(Path(folder) / "ours", runs)
        theirs = _experiments(Path(folder) / "theirs", program, runs)
        show = process(theirs, program, "exp", "show", "--json")
        for name in ("ls", "ls --json"):
            pairs = in_turns(process(ours, "git", "exp", *name.split()), show, chosen.rounds(ROUNDS))
            yield tell(f"{name} vs DVC", "dvc exp show --json", pairs, budget=BUDGET, runs=runs)


def _experiments(folder: Path, program: Path, runs: int) -> Path:
    """A repository in which `dvc exp show` lists so many: one that DVC ran, and others made after it."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for args in (["init", "-q"], ["config", "core.analytics", "false"]):
        process(folder, program, *args)()
    first = record_of(0)[0]
    (folder / "dvc.yaml").write_text(_STAGE)
    (folder / "params.yaml").write_text(_params(first))
    (folder / "train.py").write_text(_TRAIN.format(dict(first.metrics)))
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "project")
    process(folder, program, "exp", "run", "-q", "-n", first.info.name)()
    pattern = f"refs/exps/*/*/{first.info.name}"
    ref = git(folder, "for-each-ref", "--format=%(refname)", pattern).decode().strip()
    lock = git(folder, "show", f"{ref}:dvc.lock").decode()
    import_commits(folder, (_copy(lock, ref, number) for number in range(1, runs)))
    git(folder, "repack", "-adfq")
    git(folder, "pack-refs", "--all")
    _check(folder, program, runs)
    return folder


def _copy(lock: str, ref: str, number: int) -> bytes:
    """A commit as DVC makes it for an experiment, with the params and metrics of run `number`."""
    record = record_of(number)[0]
    metrics = json.dumps(record.metrics).encode()
    params = textwrap.indent(_params(record), " " * 8)
    outs = f"    - path: metrics.json\n      hash: md5\n      md5: {md5(metrics).hexdigest()}\n"
    locked = _OUTS.sub(f"{outs}      size: {len(metrics)}\n", _LOCKED.sub(lambda _: params, lock))
    name = ref.rpartition("/")[0] + "/" + record.info.name
    message = f"dvc: commit experiment {sha256(params.encode()).hexdigest()}"
    return b"".join(
        [
            b"commit %b\ncommitter %b\n" % (name.encode(), signature(START + number)),
            data(message.encode()),
            b"from refs/heads/main^0\n",
            file("dvc.lock", locked.encode()),
            file("metrics.json", metrics),
            file("params.yaml", _params(record).encode()),
        ]
    )


def _params(record: Record) -> str:
    return encode(record)["params.yaml"].decode()


def _check(folder: Path, program: Path, runs: int) -> None:
    """Raises RuntimeError unless DVC lists so many experiments with metrics."""
    shown = json.loads(check_output([program, "exp", "show", "--json"], cwd=folder))
    metrics = [
        experiment["revs"][0]["data"]["metrics"]["metrics.json"]["data"]
        for commit in shown
        for experiment in commit["experiments"] or ()
    ]
    if len({one["loss"] for one in metrics}) != runs:
        raise RuntimeError(f"DVC lists {len(metrics)} experiments, not {runs}")
