"""`git exp lineage` over runs of several people, and what it is asked for."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

import gitexp
from tests.cli.program import Program
from tests.cli.sharing import Person, World


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def _prepare() -> str:
    _write("raw.csv", "raw")
    with gitexp.start("prep") as run:
        with run.step("clean", inputs="raw.csv", outputs="data/clean.csv", keep=True):
            _write("data/clean.csv", "clean")
        with run.step("tokenize", inputs="data/clean.csv", outputs={"dataset": "data/tokens.bin"}):
            _write("data/tokens.bin", "tokens")
    return str(run.name)


def _train() -> str:
    _write("in/tokens.bin", "tokens")
    with gitexp.start("train") as run:
        run.use("dataset", "in/tokens.bin")
        run.log_artifact(b"weights", "model/weights.bin")
        run.log_artifact(b"config", "model/config.json")
    return str(run.name)


def _evaluate() -> str:
    _write("got/weights.bin", "weights")
    _write("got/config.json", "config")
    with gitexp.start("eval") as run:
        run.use("model", "got")
        run.use("dataset", "raw.csv" if os.path.exists("raw.csv") else "in/tokens.bin")
        run.log({"acc": 0.9})
    return str(run.name)


def _at(person: Person, record: object) -> str:
    os.chdir(person.repo.path)
    return str(record())  # type: ignore[operator]


def _runs(person: Person, *arguments: str) -> set[str]:
    said = person("lineage", *arguments, "--json")
    assert said.code == 0, said.err
    return {run["name"] for run in said.json["runs"]}


def test_preparation_training_and_evaluation_of_two_people_hang_together(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    prep = _at(ada, _prepare)
    assert ada("push").code == 0
    assert bob("fetch").code == 0
    train = _at(bob, _train)
    assert bob("push").code == 0
    assert ada("fetch").code == 0
    evaluation = _at(ada, _evaluate)
    # Archived, and fetched as such, it is the same.
    assert ada("push").code == 0
    assert ada("archive", prep).code == 0
    assert ada("push").code == 0
    assert bob("fetch").code == 0
    whole = {prep, train, evaluation}
    for person in (ada, bob):
        before = person.repo.refs(), person.repo.git("status", "--porcelain")
        assert _runs(person, evaluation, "--up") == whole
        assert _runs(person, prep, "--down") == whole
        assert _runs(person, train) == whole
        assert _runs(person, train, "--up") == {prep, train}
        assert _runs(person, f"sha256:{_sha('raw')}", "--down") == whole
        assert _runs(person, "data/clean.csv", "--down") == whole
        assert before == (person.repo.refs(), person.repo.git("status", "--porcelain"))
        text = person("lineage", evaluation, "--up").out
        assert f"model got from {train}, as model/  sha256:" in text
        assert f"from {prep}, step tokenize, as data/tokens.bin" in text
        assert f"raw.csv, made by no run  sha256:{_sha('raw')[:10]}" in text
    world.fsck(ada, bob)


def test_files_that_were_seen_to_be_read_join_runs_of_which_only_outputs_were_told(exp: Program) -> None:
    exp.repo.write(".gitignore", "*.csv\n")
    _write("raw.csv", "raw")
    prep = exp.record(
        "prep", "open('clean.csv', 'w').write(open('raw.csv').read() * 2)", "--output=clean.csv"
    )
    train = exp.record("train", "open('clean.csv').read()")
    found = exp("lineage", train, "--json").json
    assert [(one["made"]["run"], one["used"]["run"]) for one in found["links"]] == [(prep, train)]
    assert [one["used"]["path"] for one in found["sources"]] == ["raw.csv"]
    assert [one["used"]["declared"] for one in found["sources"]] == [False]


def test_the_document_says_what_joins_what(exp: Program) -> None:
    prep, train = _prepare(), _train()
    found = exp("lineage", train, "--up", "--format=json").json
    assert found == exp("lineage", train, "--up", "--json").json
    assert found["start"] == {"text": train, "run": train, "oid": None}
    assert (found["up"], found["down"], found["depth"]) == (True, False, None)
    assert [(one["name"], one["above"], one["below"], one["cut"]) for one in found["runs"]] == [
        (train, True, False, False),
        (prep, True, False, False),
    ]
    assert found["links"][0] == {
        "oid": f"sha256:{_sha('tokens')}",
        "made": {"run": prep, "path": "data/tokens.bin", "step": {"number": 2, "name": "tokenize"}},
        "used": {
            **{"run": train, "role": "dataset", "path": "in/tokens.bin", "step": None},
            "declared": True,
        },
    }
    (source,) = found["sources"]
    assert (source["oid"], source["used"]["step"]) == (
        f"sha256:{_sha('raw')}",
        {"number": 1, "name": "clean"},
    )
    assert (found["kin"], found["unused"], found["made_by"]) == ([], [], [])
    near = exp("lineage", train, "--depth", "1", "--json").json
    assert [(one["name"], one["cut"]) for one in near["runs"]] == [(train, False), (prep, True)]


def test_a_start_is_a_run_a_file_a_path_that_was_recorded_or_a_hash(
    exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    prep, train = _prepare(), _train()

    def oid(*start: str) -> str | None:
        said = exp("lineage", *start, "--json")
        assert said.code == 0, said.err
        return said.json["start"]["oid"]  # type: ignore[no-any-return]

    clean, tokens = f"sha256:{_sha('clean')}", f"sha256:{_sha('tokens')}"
    assert (oid(), oid("train")) == (None, None)
    assert [oid(one) for one in ("data/clean.csv", clean, clean[7:20], f"{prep}:data/clean.csv")] == [
        clean
    ] * 4
    assert oid(f"{train}:in/tokens.bin") == tokens
    assert oid("model") == exp("artifacts", train, "--json").json["folders"]["model"]["oid"]
    # A file as it is now comes before what runs knew by its name.
    _write("data/clean.csv", "tokens")
    assert oid("data/clean.csv") == tokens
    monkeypatch.chdir("data")
    assert (oid("clean.csv"), oid("../in/tokens.bin")) == (tokens, tokens)
    os.unlink("clean.csv")
    assert oid("clean.csv") == clean
    monkeypatch.chdir("..")
    # A pointer that git-lfs has not replaced stands for what it points to.
    _write("large.bin", f"version https://git-lfs.github.com/spec/v1\noid {tokens}\nsize 6\n")
    assert oid("large.bin") == tokens
    # Of several contents of one path the newest run's.
    with gitexp.start("later") as run:
        run.log_artifact(b"other", "data/clean.csv")
    said = exp("lineage", "data/clean.csv", "--json")
    assert said.json["start"]["oid"] == f"sha256:{_sha('other')}"
    assert f"earlier ones are {clean[:17]}" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nothing"], 1, "'nothing' is no run, no file, and nothing that a run made or used"),
        (["sha256:abcdef"], 1, "is no run, no file"),
        (["empty"], 2, "'empty' is empty"),
        (["fresh"], 1, "no run made or used what is in 'fresh'"),
        (["HEAD"], 1, "'HEAD' is a commit that names no run"),
        (["@~7"], 1, "only 1 recorded so far"),
        (["train:nothing"], 1, "made and used no 'nothing'"),
        (["nobody:x"], 1, "no run matches 'nobody'"),
        (["a" * 5000], 1, "is no run, no file"),
        (["x\0y"], 2, "invalid run"),
        (["train", "--depth", "0"], 2, "'--depth'"),
        (["train", "--format", "svg"], 2, "'--format'"),
        (["train", "--format", "dot", "--json"], 2, "exclude one another"),
    ],
)
def test_bad_input_is_told(exp: Program, arguments: list[str], code: int, told: str) -> None:
    _train()
    _write("empty", "")
    _write("fresh", "fresh")
    said = exp("lineage", *arguments)
    assert (said.code, said.out) == (code, "")
    assert told in said.err
    assert "hint: " in said.err


def test_a_beginning_of_several_hashes_is_ambiguous(exp: Program) -> None:
    first = next(n for n in range(100_000) if _sha(str(n)).startswith("abcd"))
    second = next(n for n in range(first + 1, 900_000) if _sha(str(n)).startswith("abcd"))
    with gitexp.start() as run:
        run.log_artifact(str(first).encode(), "a")
        run.log_artifact(str(second).encode(), "b")
    said = exp("lineage", "sha256:abcd")
    assert (said.code, said.out) == (1, "")
    assert "begins 2 contents" in said.err
    assert f"sha256:{_sha(str(first))[:16]}" in said.err


def test_graphs_are_printed(exp: Program) -> None:
    train = (_prepare(), _train())[1]
    assert exp("lineage", train, "--format", "mermaid").out.startswith("flowchart TD\n")
    assert exp("lineage", train, "--format=dot").out.startswith("digraph lineage {\n")


def test_of_a_run_that_goes_on_what_was_logged_so_far_counts(exp: Program) -> None:
    prep = _prepare()
    with gitexp.start("live") as run, run.step("read", inputs="data/tokens.bin"):
        said = exp("lineage", str(run.name), "--json").json
        assert [one["name"] for one in said["runs"]] == [run.name, prep]
        assert f"{run.name} (running)" in exp("lineage", prep).out
        assert "running" in exp("show", str(run.name)).out.partition("Steps")[2]


def test_show_has_the_steps_of_a_run(exp: Program) -> None:
    prep = _prepare()
    page = exp("show", prep).out
    assert "clean     finished" in page
    assert "raw.csv → data/clean.csv" in page
    shown = exp("show", prep, "--json").json
    assert [one["name"] for one in shown["steps"]] == ["clean", "tokenize"]
    assert shown["steps"][1]["outputs"]["dataset"][0]["oid"] == f"sha256:{_sha('tokens')}"
    assert json.dumps(shown["steps_left_out"]) == "0"


def test_runs_hang_together_by_what_they_come_from(exp: Program) -> None:
    _write("one.py", "one = 1\n")
    with gitexp.start("base") as base:
        base.log({"loss": 1.0})
    os.rename("one.py", "two.py")
    fork = gitexp.start("fork", fork=str(base.name))
    with gitexp.start("inner") as inner:
        pass
    fork.finish()
    merged = exp("merge", str(base.name), str(inner.name), "--name", "both")
    assert merged.code == 0, merged.err
    kin = exp("lineage", str(base.name), "--json").json["kin"]
    names = {one["new"]: one["kind"] for one in kin}
    assert {name.rpartition("-")[0]: kind for name, kind in names.items()} == {
        **{"fork": "forked", "inner": "nested", "both": "merged"},
    }
    page = exp("lineage", str(base.name)).out
    assert f"forked as {fork.name}" in page
    assert f"started {inner.name}" in page
    assert "merged into both-" in page
    # The other parent of the merge is not in view from here.
    alone = exp("lineage", str(inner.name), "--down", "--json").json["kin"]
    assert [(one["kind"], one["new"]) for one in alone] == [("merged", merged.name)]
    alone = exp("lineage", str(merged.name), "--up", "--depth", "1", "--json").json["kin"]
    assert {one["kind"] for one in alone} == {"merged"}
