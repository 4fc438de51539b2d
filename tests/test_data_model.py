"""A reader made from docs/data-model.md alone, and whether it agrees with gitexp's own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

import gitexp
from gitexp.formats.record import encode
from gitexp.model.history import MISSING
from gitexp.model.names import parse_id, parse_name
from gitexp.model.record import (
    Artifact,
    Code,
    Failure,
    Input,
    Keep,
    Pin,
    Record,
    Results,
    Resumption,
    RunInfo,
    Status,
)
from gitexp.model.reproduction import Fate, InputChange, Measured, Reproduction, Verdict
from gitexp.model.run_steps import RunStep, StepStatus
from gitexp.model.values import Digest, Oid
from tests.gitrepo import Repo, init

PAGE = Path(__file__).parents[1] / "docs" / "data-model.md"
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n"
)

# -- the reader; nothing of gitexp from here to the next line of dashes ----------------------------------


@dataclass
class Read:
    """A run as the page lets one read it."""

    run: dict[str, Any]
    params: dict[str, Any]
    metrics: dict[str, Any]
    inputs: dict[str, Any]
    env: dict[str, Any]
    requirements: str
    steps: list[dict[str, Any]]
    rows: list[tuple[Any, float, dict[str, Any]]] = field(default_factory=list)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    stale: bool = False


class Reader:
    """Reads runs with `git cat-file`, PyYAML and csv."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = dict(environ)

    def git(self, *arguments: str) -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.environ, check=True, capture_output=True
        ).stdout

    def names(self) -> Iterator[str]:
        for line in (
            self.git("for-each-ref", "--format=%(refname) %(symref)", "refs/exp/").decode().splitlines()
        ):
            ref, _, target = line.partition(" ")
            if not target and re.fullmatch(
                r"[a-z0-9]+(-[a-z0-9]+)*-[a-z2-7]{6}", ref.removeprefix("refs/exp/")
            ):
                yield ref.removeprefix("refs/exp/")

    def tree(self, tree: str) -> dict[str, tuple[str, str]]:
        """Name -> mode and object, of one level."""
        entries = {}
        for line in self.git("ls-tree", "-z", tree).decode().split("\0")[:-1]:
            meta, _, name = line.partition("\t")
            mode, _, oid = meta.split(" ")
            entries[name] = (mode, oid)
        return entries

    def files(self, tree: str, above: str = "") -> Iterator[tuple[str, str]]:
        for name, (mode, oid) in self.tree(tree).items():
            if mode == "040000":
                yield from self.files(oid, f"{above}{name}/")
            elif mode.startswith("100"):
                yield above + name, oid

    def read(self, commit: str) -> Read:
        root = self.tree(commit)
        found = dict(self.files(root[".exp"][1]))
        files = {path: self.git("cat-file", "blob", oid) for path, oid in found.items()}

        def mapping(path: str) -> dict[str, Any]:
            return yaml.safe_load(files[path]) if path in files else {}

        run = mapping("run.yaml")
        if run["format"] != 1:
            raise ValueError("a newer program is needed")
        code = {name: entry for name, entry in root.items() if name != ".exp"}
        return Read(
            run,
            mapping("params.yaml"),
            mapping("metrics.yaml"),
            mapping("inputs.yaml"),
            mapping("env.yaml"),
            files.get("requirements.txt", b"").decode(),
            mapping("steps.yaml").get("steps", []),
            [row for path in sorted(files) if path.startswith("series/") for row in rows(files[path])],
            dict(self.artifacts(mapping("artifacts.yaml"), files)),
            code != self.tree(run["code"]["tree"]) or "mixed_with" in run,
        )

    def artifacts(self, listed: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
        for path, entry in listed.items():
            data = files[f"artifacts/{path}"]
            wanted = entry["oid"].removeprefix("sha256:")
            if hashlib.sha256(data).hexdigest() != wanted:
                pointer = _POINTER.fullmatch(data)
                assert pointer
                assert (pointer[1].decode(), int(pointer[2])) == (wanted, entry["size"])
                common = self.git("rev-parse", "--path-format=absolute", "--git-common-dir").decode().strip()
                data = Path(common, "lfs", "objects", wanted[:2], wanted[2:4], wanted).read_bytes()
            assert (hashlib.sha256(data).hexdigest(), len(data)) == (wanted, entry["size"])
            yield path, data


class Archive:
    """Reads an archive as section 16 lets one."""

    def __init__(self, reader: Reader, ref: str) -> None:
        self.git = reader.git
        self.ref = ref
        files = dict(reader.files(self.git("rev-parse", f"{ref}^{{tree}}").decode().strip()))
        order = {"removed": 0, "runs": 1}
        self.files = sorted(
            (int(path[-28:-22]), order[path.partition("/")[0]], path[-21:-5], path, oid)
            for path, oid in files.items()
        )

    def runs(self) -> dict[str, dict[str, Any]]:
        """Name -> the columns of each run that is listed."""
        found: dict[str, dict[str, Any]] = {}
        said: dict[str, int] = {}
        for generation, _, digits, path, oid in self.files:
            assert oid.startswith(digits)
            value = json.loads(self.git("cat-file", "blob", oid))
            assert value.pop("format") == (2 if "steps" in value else 1)
            if path.startswith("removed/"):
                for name, commit in zip(value["name"], value["commit"], strict=True):
                    if name in found and found[name]["commit"] == commit:
                        del found[name]
                continue
            columns = {key: self.column(column) for key, column in value.items()}
            for row in zip(*columns.values(), strict=True):
                run = dict(zip(columns, row, strict=True))
                before = found.get(run["name"])
                tied = before is not None and said[run["name"]] == generation
                if (
                    before is None
                    or not tied
                    or (before["at"], before["commit"]) < (run["at"], run["commit"])
                ):
                    found[run["name"]] = run
                said[run["name"]] = generation
        return found

    @staticmethod
    def column(column: Any) -> list[Any]:
        if isinstance(column, list):
            return column
        return [column["values"][row] for row in column["rows"]]

    def held(self) -> set[str]:
        """Every commit of a run that the chain keeps reachable."""
        found, waiting = set(), self.git("rev-parse", self.ref).decode().split()
        while waiting:
            commit = self.git("cat-file", "commit", waiting.pop()).decode()
            parents = re.findall(r"^parent (\w+)$", commit.partition("\n\n")[0], re.MULTILINE)
            count = int(re.findall(r"^Exp-Runs: (\d+)$", commit, re.MULTILINE)[-1])
            waiting += parents[: len(parents) - count]
            found.update(parents[len(parents) - count :])
        return found


def unfolded(run: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The params and the metrics of a run that an archive lists."""
    paths, metrics = run["shape"]
    params: dict[str, Any] = {}
    for path, value in zip(paths, run["cells"], strict=False):
        node = params
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = value
    return params, dict(zip(metrics, run["cells"][len(paths) :], strict=True))


def rows(chunk: bytes) -> Iterator[tuple[Any, float, dict[str, Any]]]:
    """Step, time and values of each row."""
    lines = csv.reader(io.StringIO(chunk.decode(), newline=""))
    header = next(lines)
    assert header[:2] == ["step", "time"]
    names = [json.loads(name) if name.startswith('"') else name for name in header[2:]]
    for step, time, *cells in lines:
        assert len(cells) == len(names)
        values = {name: scalar(cell) for name, cell in zip(names, cells, strict=True) if cell}
        yield json.loads(step) if step else None, json.loads(time), values


def scalar(cell: str) -> Any:
    return float(cell) if cell in ("nan", "inf", "-inf") else json.loads(cell)


# --------------------------------------------------------------------------------------------------------

SCRIPT = """
import math, sys
import gitexp

params = {"lr": 1e-5, "optimizer": {"name": "no", "at": "12:30"}, "list": [1, 2.5, {"k": None}], "n.m": 2**63}
labels = {"title": "A: title", "group": "g", "tags": ["b", "a"], "note": "two\\nlines"}
with gitexp.start("first", params=params, **labels) as run:
    run.use("dataset", "README")
    run.use("model", "some-model")
    run.log({"loss": math.nan, "ok": True, "text": 'a, "b"', 'odd,"name': 1, "tab\\t": -0.0}, step=5)
    run.log({"late": math.inf, "none": None, "big": 2**70}, step=3.5)
    run.params["lr"] = 0.5
    run.summary["best"] = 5e-324
    run.log_artifact(b"small", "folder/small.bin", kind="model", metadata={"b": 1, "a": 2.0})
    run.log_artifact(bytes(2 << 20), "large [1].bin")
    run.checkpoint()
    run.log({"loss": 1e-7, "train/loss": -math.inf})
    run.log_text("hello", "note.txt")
    with run.step("outer", inputs={"dataset": "README"}), run.step("inner", outputs="lib.py"):
        pass
with gitexp.start("second", fork=run.name) as other:
    other.log({"loss": 2.0}, step=6)
with gitexp.start(resume=run.name) as again:
    again.log({"loss": 3.0}, step=7)
gitexp.start("third")
raise RuntimeError("broken: 'x'")
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository with runs of every shape: with checkpoints, resumed, forked, failed, from the shell."""
    repo = init(tmp_path_factory.mktemp("recorded") / "repo", dict(os.environ))
    repo.commit("first", {"lib.py": "x = 1\n"})
    repo.write("train.py", SCRIPT)
    repo.write("README", "read me\n")
    failed = _python(repo, "train.py")
    assert "RuntimeError" in failed.stderr
    first = next(name for name in Reader(repo.path, repo.environ).names() if name.startswith("first"))
    checkpoint = repo.git("log", "--format=%H", "--grep=^Exp-Checkpoint: 1$", f"exp/{first}")
    back = (
        "import gitexp, sys\nwith gitexp.start(resume=sys.argv[1]) as run: run.log({'loss': 4.0}, step=6)\n"
    )
    assert _python(repo, "-c", back, checkpoint).stderr == ""
    fork = (
        "import gitexp, sys\nwith gitexp.start('fourth', fork=sys.argv[1]) as run: run.log({'loss': 5.0})\n"
    )
    assert _python(repo, "-c", fork, first).stderr == ""
    ran = _python(repo, "-m", "gitexp", "run", "--name", "shell", "--", sys.executable, "-c", "print('out')")
    assert ran.stdout == "out\n", ran.stderr
    return repo


def _python(repo: Repo, *arguments: str) -> subprocess.CompletedProcess[str]:
    package = str(Path(gitexp.__file__).parents[1])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=repo.path,
        env={**repo.environ, "PYTHONPATH": package},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reader_made_from_the_page_agrees_with_ours(recorded: Repo) -> None:
    reader = Reader(recorded.path, recorded.environ)
    names = list(reader.names())
    assert sorted(name[:-7] for name in names) == ["first", "fourth", "second", "shell", "third"]
    for name in names:
        ours = gitexp.get_run(name, repository=recorded.path)
        theirs = reader.read(f"refs/exp/{name}")
        assert _same(theirs.params, ours.params)
        assert _same(theirs.metrics, ours.metrics)
        assert _same(theirs.env, ours.env)
        assert theirs.run["status"] == ours.status
        assert theirs.run.get("tags", []) == list(ours.tags)
        assert {role: len(ones) for role, ones in theirs.inputs.items()} == _roles(ours)
        assert _steps(theirs.steps) == [
            (one.name, one.status.value, one.within, len(one.inputs), [(o.path, o.oid) for o in one.outputs])
            for one in ours.steps
        ]
        history = ours.history()
        assert [row[0] for row in theirs.rows] == list(history.steps)
        assert [row[1] for row in theirs.rows] == list(history.times)
        for row, values in zip(theirs.rows, _rows(history), strict=True):
            assert _same(row[2], values)
        assert {path: len(data) for path, data in theirs.artifacts.items()} == {
            one.path: one.size for one in ours.artifacts
        }
        assert not theirs.stale


def _steps(steps: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    outputs = [[one for ones in step.get("outputs", {}).values() for one in ones] for step in steps]
    return [
        (
            *(step["name"], step["status"], step.get("within")),
            sum(map(len, step.get("inputs", {}).values())),
            [(one["path"], one["oid"].removeprefix("sha256:")) for one in made],
        )
        for step, made in zip(steps, outputs, strict=True)
    ]


def test_a_reader_of_archives_made_from_the_page_agrees_with_ours(recorded: Repo, tmp_path: Path) -> None:
    recorded.git("clone", "-q", "--mirror", str(recorded.path), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", recorded.environ)
    reader = Reader(clone.path, clone.environ)
    names = list(reader.names())
    source = Reader(recorded.path, recorded.environ)  # which has the bytes of large artifacts, too
    records = {name: source.read(f"refs/exp/{name}") for name in names}
    commits = {name: clone.git("rev-parse", f"refs/exp/{name}") for name in names}

    def command(*arguments: str) -> None:
        done = _python(clone, "-m", "gitexp", *arguments)
        assert done.returncode == 0, done.stderr

    command("archive", "--keep", "0", "--fan-in", "3")
    command("tag", names[0], "+later")
    command("archive", names[0])
    command("rm", names[1])
    (ref,) = clone.refs("refs/exp-archive/")
    archive = Archive(reader, ref)
    found = archive.runs()
    assert sorted(found) == sorted({*names} - {names[1]})
    assert {*commits.values()} <= archive.held()
    for name, run in found.items():
        ours = gitexp.get_run(name, repository=clone.path)
        params, metrics = unfolded(run)
        assert run["commit"] == ours.commit
        assert run["commit"] in archive.held()
        assert _same(params, records[name].params)
        assert _same(metrics, records[name].metrics)
        assert _same(run["env"], records[name].env)
        assert run["info"]["id"] == records[name].run["id"]
        assert run["inputs"].keys() == records[name].inputs.keys()
        assert run["artifacts"].keys() == records[name].artifacts.keys()
        assert run.get("steps", {}).get("steps", []) == records[name].steps
        assert run["at"] == int(clone.git("log", "-1", "--format=%ct", run["commit"]))
        assert {*run["series"]} <= set(ours.history().columns)  # without what was abandoned
        for series in run["series"].values():
            assert len(series) == 8
            assert series[0] <= len(ours.history())
    assert "later" in found[names[0]]["info"]["tags"]


def test_the_reader_sees_what_was_logged(recorded: Repo) -> None:
    reader = Reader(recorded.path, recorded.environ)
    first = reader.read("refs/exp/" + next(name for name in reader.names() if name.startswith("first")))
    assert first.params["n.m"] == 2**63
    assert first.params["optimizer"] == {"name": "no", "at": "12:30"}
    assert first.metrics["best"] == 5e-324
    assert first.run["earlier_params"] == {"lr": [1e-5]}
    assert [row[0] for row in first.rows] == [5, 3.5, 4, 7, 6]
    assert math.isnan(first.rows[0][2]["loss"])
    assert first.rows[0][2]['odd,"name'] == 1
    assert math.copysign(1, first.rows[0][2]["tab\t"]) == -1
    assert first.rows[1][2] == {"late": math.inf, "none": None, "big": 2**70}
    assert first.artifacts["folder/small.bin"] == b"small"
    assert first.inputs.keys() == {"dataset", "model"}


def test_rows_that_a_resumption_left_behind_can_be_told(recorded: Repo) -> None:
    reader = Reader(recorded.path, recorded.environ)
    for slug, losses in (("first", [math.nan, 4.0]), ("fourth", [math.nan, 4.0, 5.0])):
        name = next(name for name in reader.names() if name.startswith(slug))
        run = reader.read(f"refs/exp/{name}")
        assert [(one["kept"], one["rows"]) for one in run.run["resumed"]] == [(2, 4)]
        left = {i for one in run.run["resumed"] for i in range(one["kept"], one["rows"])}
        kept = [row[2]["loss"] for i, row in enumerate(run.rows) if i not in left and "loss" in row[2]]
        assert _same(kept, losses)
        assert _same(kept, list(gitexp.get_run(name, repository=recorded.path).series("loss").values))
        assert run.artifacts["folder/small.bin"] == b"small"


def test_commits_have_the_shape_of_the_page(recorded: Repo) -> None:
    reader = Reader(recorded.path, recorded.environ)
    names = {name[:-7]: name for name in reader.names()}
    base = recorded.git("rev-parse", "HEAD")
    shapes = recorded.git("log", "--format=%P|%s", "--first-parent", f"exp/{names['first']}").splitlines()
    subjects = [line.split("|")[1] for line in shapes]
    assert [subject.split(":")[1].split(",")[0].strip()[:12] for subject in subjects[:-1]][
        -1
    ] == "checkpoint 1"
    assert len(shapes) == 5  # base, checkpoint, end, resumed from the end, resumed from the checkpoint
    parents = recorded.git("log", "-1", "--format=%P", f"exp/{names['second']}").split()
    assert parents[0] == base
    assert len(parents) == 2
    assert recorded.git("log", "-1", "--format=%P", f"exp/{names['third']}") == base
    message = recorded.git("log", "-1", "--format=%B", f"exp/{names['third']}")
    assert message.startswith(f"exp {names['third']}: failed\n\n")
    assert f"Exp-Run: {names['third']}\nExp-Status: failed" in message


def test_a_record_beside_other_code_is_stale(recorded: Repo, tmp_path: Path) -> None:
    clone = Repo(tmp_path / "clone", recorded.environ)
    recorded.git("clone", "-q", str(recorded.path), str(clone.path))
    clone.git("fetch", "-q", "origin", "refs/exp/*:refs/exp/*")
    reader = Reader(clone.path, clone.environ)
    name = next(name for name in reader.names() if name.startswith("shell"))
    assert not reader.read(f"exp/{name}").stale
    clone.git("checkout", "-q", "--detach", f"exp/{name}")
    clone.commit("other code", {"train.py": "pass\n"})
    assert reader.read("HEAD").stale


def test_every_key_that_is_written_stands_on_the_page() -> None:
    oid, digest = Oid("0" * 40), Digest("0" * 64)
    info = RunInfo(
        id=parse_id("a" * 16),
        name=parse_name("brave-otter-aaaaaa"),
        status=Status.FAILED,
        started="2026-11-23T18:05:00.123Z",
        code=Code(oid, oid, True),
        ended="2026-11-23T18:05:01.123Z",
        exit_code=1,
        signal="SIGTERM",
        failure=Failure("RuntimeError", "broken", "train.py:1 in main: work()"),
        command=("python",),
        results=Results(("scores.json",), ("model.pt",)),
        parents=("calm-cat-aaaaaa",),
        resumed=(Resumption("2026-11-23T18:05:00.123Z", oid, 1, 2),),
        title="title",
        group="group",
        tags=("tag",),
        note="note",
        star=True,
        source="import",
        lost=1,
        earlier_params={"lr": [1]},
        reproduction=Reproduction(
            parse_name("calm-cat-aaaaaa"),
            oid,
            Verdict.DIFFERENT,
            oid,
            {"acc": Measured(Verdict.DIFFERENT, 0.5, 0.25, 0.1, "noise in .gitexp.yaml")},
            {"dataset a.csv": InputChange(Fate.CHANGED, "old", "new")},
        ),
        mixed_with=("b-aaaaaa",),
    )
    unset = [one.name for one in fields(info) if getattr(info, one.name) in (None, (), {}, 0, False)]
    assert unset == []
    record = Record(
        info,
        inputs=(
            Input(
                "dataset",
                "name",
                "path",
                digest,
                1,
                "value",
                pin=Pin.NAMED,
                none=True,
                seen={"k": 1},
                suites=("s",),
            ),
        ),
        artifacts=(Artifact("a", digest, 1, "kind", {"k": 1}, Keep("last:1", "a", 1, {"m": 1})),),
        steps=(
            RunStep("outer", "2026-11-23T18:05:00.123Z"),
            RunStep(
                *("inner", "2026-11-23T18:05:00.123Z", StepStatus.FAILED, 0.5, 1, "ValueError"),
                *((Input("dataset", "name"),),) * 2,
            ),
        ),
        steps_left_out=1,
    )
    files = {path: yaml.safe_load(data) for path, data in encode(record).items()}
    keys = {*files["run.yaml"], *files["inputs.yaml"]["dataset"][0], *files["artifacts.yaml"]["a"]}
    for nested in ("code", "failure", "results"):
        keys |= files["run.yaml"][nested].keys()
    keys |= files["artifacts.yaml"]["a"]["keep"].keys()
    keys |= files["run.yaml"]["resumed"][0].keys()
    verdict = files["run.yaml"]["reproduction"]
    keys |= {*verdict, *verdict["of"], *verdict["metrics"]["acc"], *verdict["inputs"]["dataset a.csv"]}
    keys |= {*files["steps.yaml"], *files["steps.yaml"]["steps"][1]}
    assert {"format", "earlier_params", "dirty", "kept", "metadata"} <= keys
    page = PAGE.read_text()
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def _same(one: Any, other: Any) -> bool:
    """Equal in type and value, NaN to NaN, -0.0 only to itself."""
    return repr(_plain(one)) == repr(_plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _roles(run: gitexp.RecordedRun) -> dict[str, int]:
    roles: dict[str, int] = {}
    for one in run.inputs:
        roles[one.role] = roles.get(one.role, 0) + 1
    return roles


def _rows(history: gitexp.History) -> Iterator[dict[str, Any]]:
    columns = history.columns
    for index in range(len(history)):
        yield {name: cells[index] for name, cells in columns.items() if cells[index] is not MISSING}
