"""Real logs give the rows that a first importer made of them, where the two mean the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED

import pytest

from gitexp.formats import eval_files
from gitexp.formats.identity import identity, pin_of, vector
from gitexp.interop.imported import Request
from gitexp.interop.told import dataset_digest
from gitexp.interop.zip_members import opened
from gitexp.model.eval_summary import mean_of
from gitexp.model.evaluation import Direction, Kind, State, Suite
from tests.interop.logs import EXPECTED, FIXTURES, read, rows, suites, write_eval

LOGS = {
    "inspect-baseline/tinyqa": ("inspect/baseline.zstd.eval", 0),
    "inspect-candidate/tinyqa": ("inspect/candidate.zstd.eval", 0),
    "inspect-json/tinyqa": ("inspect/baseline.json", 0),
    "lmeval-baseline/tinyqa_filters": ("lm_eval/baseline", 0),
    "lmeval-baseline/tinyqa_mc": ("lm_eval/baseline", 1),
    "lmeval-candidate/tinyqa_filters": ("lm_eval/candidate", 0),
    "lmeval-candidate/tinyqa_mc": ("lm_eval/candidate", 1),
    "promptfoo-baseline/echo_42e3ff4f": ("promptfoo/baseline.json", 0),
    "promptfoo-baseline/echo_bcbd09f3": ("promptfoo/baseline.json", 1),
    "promptfoo-candidate/echo_07d9e717": ("promptfoo/candidate.json", 0),
    "promptfoo-candidate/echo_bcbd09f3": ("promptfoo/candidate.json", 1),
}
"""Expected rows -> the log, and which suite of it."""


@pytest.mark.parametrize("name", LOGS)
def test_the_rows_are_those_expected(name: str) -> None:
    log, index = LOGS[name]
    suite = suites(FIXTURES / log, with_text=True)[index]
    folder = EXPECTED / name
    scores = [{"ep": one.epoch, "id": one.id, "s": dict(one.scores)} for one in suite.results]
    assert scores == rows(folder / "scores.jsonl")
    assert [one.id for one in suite.examples] == [row["id"] for row in rows(folder / "examples.jsonl")]
    # x was one hash of input and target then; it is two now, so that a corrected label can be told.
    assert [dict(one.tags) for one in suite.examples] == [
        row.get("tags", {}) for row in rows(folder / "examples.jsonl")
    ]
    if (folder / "usage.jsonl").exists():
        for one, row in zip(suite.usage, rows(folder / "usage.jsonl"), strict=True):
            # The number of calls was not taken then.
            assert {**one.values, "ep": one.epoch, "id": one.id, "calls": 1} == {**row, "calls": 1}


@pytest.mark.parametrize("name", [name for name in LOGS if not name.startswith("lmeval")])
def test_the_answers_are_kept_only_where_text_is_asked_for(name: str) -> None:
    log, index = LOGS[name]
    suite = suites(FIXTURES / log, with_text=True)[index]
    said = [{"ep": one.epoch, "id": one.id, "output": one.output} for one in suite.outputs]
    assert said == rows(EXPECTED / name / "outputs.jsonl")
    assert len(suite.texts) == len(suite.examples)
    without = suites(FIXTURES / log)[index]
    assert (without.outputs, without.texts) == ((), ())
    assert without.examples == suite.examples


@pytest.mark.parametrize("name", LOGS)
def test_the_tables_come_back_from_their_files_as_they_were(name: str) -> None:
    log, index = LOGS[name]
    suite = suites(FIXTURES / log, with_text=True)[index]
    assert eval_files.decode(suite.name, eval_files.encode(suite), what="eval") == suite


def _without_times(suite: Suite) -> Suite:
    usage = tuple(
        replace(one, values={k: v for k, v in one.values.items() if k != "sec"}) for one in suite.usage
    )
    return replace(suite, usage=usage)


def test_two_forms_of_one_inspect_run_differ_in_nothing_but_times() -> None:
    archive, document = (
        suites(FIXTURES / "inspect" / name)[0] for name in ("baseline.zstd.eval", "baseline.json")
    )
    assert archive.usage != document.usage
    assert _without_times(archive) == _without_times(document)


def test_how_the_members_of_an_archive_are_packed_makes_no_difference(tmp_path: Path) -> None:
    path = FIXTURES / "inspect" / "baseline.zstd.eval"
    for method in (ZIP_DEFLATED, ZIP_STORED):
        with opened(path, "log") as archive:
            members = {one.name: archive.read(one) for one in archive.members}
        again = write_eval(tmp_path / "log.eval", members, method)
        ((one,), told), ((other,), _) = (
            read(again, Request(with_text=True)),
            read(path, Request(with_text=True)),
        )
        assert told == []
        assert one == other


def test_two_forms_of_one_promptfoo_run_have_the_same_rows() -> None:
    whole, lines = (
        suites(FIXTURES / "promptfoo" / name, suite="p") for name in ("baseline.json", "baseline.jsonl")
    )
    assert [one.results for one in whole] == [one.results for one in lines]
    assert [one.examples for one in whole] == [one.examples for one in lines]


def test_the_same_data_is_the_same_dataset_whoever_answered() -> None:
    def digests(log: str) -> list[str]:
        return [dataset_digest(one) for one in suites(FIXTURES / log)]

    assert digests("inspect/baseline.zstd.eval") == digests("inspect/candidate.zstd.eval")
    assert digests("lm_eval/baseline") == digests("lm_eval/candidate")
    generation, choice = digests("lm_eval/baseline")
    assert generation != choice, "the target of a multiple choice is another one"


@pytest.mark.parametrize("log", ["inspect/baseline.zstd.eval", "lm_eval/baseline", "promptfoo/baseline.json"])
def test_the_means_that_a_log_reports_are_those_of_its_rows(log: str) -> None:
    found, told = read(FIXTURES / log)
    assert told == []
    assert found
    assert all(one.suites for one in found)
    assert all(suite.meta.reported for one in found for suite in one.suites)


def test_what_inspect_clusters_its_error_by_is_known() -> None:
    (suite,) = suites(FIXTURES / "inspect" / "baseline.zstd.eval")
    assert suite.meta.cluster == "topic"
    assert {one.id: one.cluster for one in suite.examples}["q-sum-01"] == "math"
    found = mean_of(suite, "match")
    assert found is not None
    reported = suite.meta.reported
    assert (found.value, found.clusters) == (reported["match/accuracy"], 2)
    assert found.se == pytest.approx(reported["match/stderr"], abs=1e-12)


def test_the_error_of_lm_eval_is_ours() -> None:
    found = suites(FIXTURES / "lm_eval" / "baseline")
    assert all(suite.meta.metrics for suite in found)
    for suite in found:
        for metric in suite.meta.metrics:
            mean = mean_of(suite, metric.name)
            assert mean is not None
            name, _, behind = metric.name.partition("@")
            assert mean.se == pytest.approx(
                suite.meta.reported[f"{name}_stderr,{behind or 'none'}"], abs=1e-12
            )
            assert (metric.kind, metric.direction) == (Kind.BINARY, Direction.MAX)


def test_what_a_log_tells_of_its_making_becomes_inputs() -> None:
    (run,), _ = read(FIXTURES / "inspect" / "candidate.zstd.eval")
    inputs = {one.role: one for one in run.inputs}
    assert inputs.keys() == {*"model prompt dataset grader settings seeds tools sandbox".split()}
    assert inputs["model"].name == "mockllm/model"
    assert inputs["settings"].value["temperature"] == 0.7  # type: ignore[index,call-overload]
    assert inputs["seeds"].value == {"api": 7}
    assert "Answer with the fact only." in str(inputs["prompt"].value)
    assert (run.started, run.ended) == ("2026-11-23T16:19:01.000Z", "2026-11-23T16:19:02.000Z")
    assert run.requirements == "inspect_ai==0.3.285\n"


@pytest.mark.parametrize("name", LOGS)
def test_the_inputs_are_those_expected(name: str) -> None:
    log, index = LOGS[name]
    wanted = json.loads((EXPECTED / name / "inputs.json").read_text())
    runs, _ = read(FIXTURES / log)
    suites = [(run, suite) for run in runs for suite in run.suites]
    run, suite = suites[index]
    found: Any = {one.role: one for one in run.inputs if one.name in (suite.name, "lm-eval", "none")}
    (model,) = [one for one in run.inputs if one.role == "model"]
    assert model.name == wanted["model"]["name"]
    assert found["dataset"].value["examples"] == wanted["dataset"]["n"]
    assert (found.get("seeds") and found["seeds"].value) == (
        {"api": wanted["seed"]} if isinstance(wanted["seed"], int) else wanted["seed"]
    )
    if name.startswith("inspect"):
        steps = {one["solver"]: one["params"] for one in found["prompt"].value["steps"]}
        assert steps == wanted["prompt"]["content"]
        assert [one["name"] for one in found["grader"].value["scorers"]] == wanted["grader"]["name"]
        assert [one["options"] for one in found["grader"].value["scorers"]] == wanted["grader"]["options"]
        assert found["settings"].value["temperature"] == wanted["model"]["config"]["temperature"]
    elif name.startswith("lmeval"):
        assert found["prompt"].value["doc_to_text"] == wanted["prompt"]["template"]
        assert found["grader"].value["version"] == wanted["task"]["version"]
        assert found["settings"].value.get("generation") == wanted["model"]["config"]
    else:
        assert found["prompt"].value["template"] == wanted["prompt"]["template"]
        assert identity(found["prompt"]) == f"sha256:{wanted['prompt']['hash']}"


def test_how_firmly_each_is_known() -> None:
    def pins(log: str) -> dict[str, str]:
        found = {one.role: pin_of(one) for one in read(FIXTURES / log)[0][0].inputs}
        return {role: pin.value if pin else "none" for role, pin in found.items()}

    known = {"model": "named", "prompt": "content", "dataset": "content", "grader": "revision"}
    known |= {"settings": "content", "seeds": "content"}
    assert pins("inspect/baseline.zstd.eval") == {**known, "tools": "none", "sandbox": "none"}
    assert pins("lm_eval/baseline") == known
    assert pins("promptfoo/baseline.json") == {
        **{"model": "named", "prompt": "content", "dataset": "content", "grader": "content"}
    }


def test_the_inputs_that_differ_are_those_that_were_changed() -> None:
    def changed(one: str, other: str) -> set[str]:
        vectors = [vector(read(FIXTURES / log)[0][0].inputs) for log in (one, other)]
        return {
            role
            for role in vectors[0].keys() | vectors[1].keys()
            if vectors[0].get(role) != vectors[1].get(role)
        }

    assert changed("inspect/baseline.zstd.eval", "inspect/baseline.json") == set()
    assert changed("inspect/baseline.zstd.eval", "inspect/candidate.zstd.eval") == {"prompt", "settings"}
    assert changed("lm_eval/baseline", "lm_eval/candidate") == {"model"}


@pytest.mark.parametrize("log", ["inspect/baseline.json", "lm_eval/baseline", "promptfoo/baseline.json"])
def test_no_text_of_the_benchmark_is_in_what_git_gets(log: str) -> None:
    found, _ = read(FIXTURES / log)
    assert found
    for one in found:
        kept = [*one.inputs, *(data for suite in one.suites for data in eval_files.encode(suite).values())]
        assert "Capital of France" not in repr(kept)
        assert "Tokyo" not in repr(kept)


def test_nothing_went_wrong_in_them() -> None:
    for log in {path for path, _ in LOGS.values()}:
        assert all(row.state is State.OK for one in suites(Path(FIXTURES / log)) for row in one.results)
