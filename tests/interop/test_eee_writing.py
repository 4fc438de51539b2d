"""Runs as Every Eval Ever has them: whole, within the schema, and the same when they come back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from gitexp.errors import UsageError
from gitexp.formats.canonical_json import short_hash
from gitexp.formats.identity import vector
from gitexp.interop import answer_spans, otlp
from gitexp.interop.eee.fields import FIELDS
from gitexp.interop.eee.writing import Written, written
from gitexp.interop.imported import Request
from gitexp.model.eval_summary import mean_of
from gitexp.model.evaluation import Direction, Guess, Kind, Metric, Output, Result, State, Suite, Text
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.values import Oid
from gitexp.ops.evaluations.exporting import flat_rows
from tests.formats.test_eval_files import SUITE, suites
from tests.interop.logs import FIXTURES, read

COMMIT = Oid("c" * 40)
INFO = RunInfo(
    *(RunId("a" * 16), RunName("brave-otter-3f2ak7"), Status.FINISHED, "2026-11-23T18:05:00.123Z"),
    Code(Oid("d" * 40), Oid("e" * 40), dirty=True),
    title="a title",
)
TOLD = {name: words[0] if words else "made up" for name, words in FIELDS.items()}


def write(suites: list[Suite], *inputs: Input, **told: str) -> Written:
    return written(Record(INFO, inputs=inputs), COMMIT, suites, told, 1793527200.5)


def put(found: Written, folder: Path) -> Path:
    """The folder with its files."""
    for path, data in found.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def parts(found: Written) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The document and the samples."""
    *samples, document = found.files.values()
    return json.loads(document), [json.loads(line) for data in samples for line in data.splitlines()]


def check(found: Written) -> None:
    """What the two schemas require, in version 0.3.0."""
    document, samples = parts(found)
    required = "schema_version evaluation_id retrieved_timestamp source_metadata model_info eval_library"
    known = {"evaluation_timestamp", "detailed_evaluation_results"}
    own = {*required.split(), "evaluation_results"}
    assert own <= document.keys() <= own | known
    assert document["schema_version"] == "0.3.0"
    source, model = document["source_metadata"], document["model_info"]
    assert source["source_type"] in ("documentation", "evaluation_run")
    assert source["evaluator_relationship"] in FIELDS["source_metadata.evaluator_relationship"]
    assert {"name", "id"} <= model.keys()
    assert {"deployment_type", "model_availability"} <= model["additional_details"].keys()
    for one in document["evaluation_results"]:
        config, data = one["metric_config"], one["source_data"]
        assert type(config["lower_is_better"]) is bool
        assert config.get("score_type", "binary") in ("binary", "continuous")
        if config.get("score_type") == "continuous":
            assert {"min_score", "max_score"} <= config.keys()
        assert type(one["score_details"]["score"]) in (int, float)
        assert isinstance(data["dataset_name"], str)
        assert data["source_type"] in ("url", "hf_dataset", "other")
        assert "url" not in data or data["url"]
    for details in _details(document):
        assert all(isinstance(value, str) for value in details.values())
    listed = document.get("detailed_evaluation_results")
    assert (listed is None) is (not samples)
    if listed:
        assert re.fullmatch(
            r"data/[^/]+/[^/]+/[^/]+/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
            r"_samples\.jsonl",
            listed["file_path"],
        )
        assert [listed["file_path"], listed["file_path"].replace("_samples.jsonl", ".json")] == [*found.files]
    for one in samples:
        _check_sample(one, document)


def _details(value: Any) -> list[dict[str, Any]]:
    """Every mapping of details, however deep."""
    if not isinstance(value, dict):
        return [found for one in value for found in _details(one)] if isinstance(value, list) else []
    own = [value["additional_details"]] if "additional_details" in value else []
    return own + [
        found for key, one in value.items() if key != "additional_details" for found in _details(one)
    ]


def _check_sample(one: dict[str, Any], document: dict[str, Any]) -> None:
    required = "schema_version evaluation_id model_id evaluation_name sample_id interaction_type input"
    assert {*required.split(), "answer_attribution", "evaluation"} <= one.keys()
    assert (one["evaluation_id"], one["model_id"]) == (
        document["evaluation_id"],
        document["model_info"]["id"],
    )
    single = one["interaction_type"] == "single_turn"
    assert single is ("output" in one) is ("messages" not in one)
    texts = [one["input"]["raw"], *one["input"]["reference"], *(one.get("output") or {"raw": []})["raw"]]
    assert all(isinstance(text, str) for text in [*texts, *one["metadata"].values()])
    assert type(one["evaluation"]["score"]) in (int, float)
    assert type(one["evaluation"]["is_correct"]) is bool
    for count in one.get("token_usage", {}).values():
        assert type(count) is int
        assert count >= 0


@given(suites())
def test_every_suite_is_written_within_the_schema_and_comes_back(
    tmp_path_factory: pytest.TempPathFactory, suite: Suite
) -> None:
    suite = _meant(suite)
    found = write([suite])
    check(found)
    if not suite.results:
        return
    ((run,), _) = read(put(found, tmp_path_factory.mktemp("eee")), Request(with_text=True))
    (again,) = run.suites
    assert again.results == suite.results
    assert again.examples == suite.examples
    assert again.usage == suite.usage
    assert again.texts == suite.texts
    assert again.outputs == (suite.outputs if suite.texts else ())
    assert again.meta.on_error is suite.meta.on_error
    for name in {name for row in suite.results for name in row.scores}:
        assert mean_of(again, name) == mean_of(suite, name)
    kept = {one.name: one for one in again.meta.metrics}
    for metric in suite.meta.metrics:
        if metric.name in kept and metric.kind is not Kind.BINARY:
            assert kept[metric.name] == metric


def _meant(suite: Suite) -> Suite:
    """The suite as an importer would have made it: what is empty, or tells nothing, is not there."""
    answered = {one.id for one in suite.results}
    texts = tuple(
        one
        for one in suite.texts
        if one.id in answered and one.input not in (None, "", []) and one.target not in (None, "", [])
    )
    key = suite.meta.cluster or ""
    labelled = {one.id: short_hash(one.target) for one in texts}
    return replace(
        suite,
        meta=replace(suite.meta, reported={}),
        examples=tuple(
            replace(
                one,
                y=labelled.get(one.id),
                cluster=one.cluster or (str(told) if (told := suite.tag(one, key)) is not None else None),
                tags={name: tag for name, tag in one.tags.items() if not name.startswith("_")},
            )
            for one in suite.examples
            if one.id in answered
        ),
        outputs=tuple(
            replace(one, error=one.error or None)
            for one in suite.outputs
            if replace(one, error=one.error or None) != Output(*one.key)
        ),
        texts=texts,
    )


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    "log",
    ["inspect/baseline.zstd.eval", "lm_eval/baseline", "promptfoo/candidate.json", "deepeval/test_run.json"],
)
def test_a_log_of_another_tool_comes_back(tmp_path: Path, log: str, text: bool) -> None:
    ((run, *_), _) = read(FIXTURES / log, Request(with_text=text))
    found = write(list(run.suites), *run.inputs)
    check(found)
    ((again,), told) = read(put(found, tmp_path), Request(with_text=text))
    assert told == []
    for one, other in zip(run.suites, again.suites, strict=True):
        assert one.results
        assert replace(one, meta=other.meta) == other
        assert (one.name, one.meta.metrics, one.meta.cluster) == (
            *(other.name, other.meta.metrics, other.meta.cluster),
        )
    assert vector(again.inputs) == vector(run.inputs)
    held = b"".join(found.files.values()).decode()
    assert ("Capital of France" in held) is text


def test_of_what_no_text_was_asked_for_no_answer_is_written() -> None:
    suite = replace(SUITE, outputs=(Output("a", 1, "a secret answer", "secret", "secret", "secret"),))
    assert "secret" not in repr(write([suite]).files)
    assert any(one.startswith("input.raw: empty for 3 of 3 answers") for one in write([suite]).unknown)


def test_what_is_required_and_not_known_is_said_and_can_be_told() -> None:
    found = write([SUITE], **TOLD)
    assert not [one for one in found.unknown if one.partition(":")[0] in FIELDS]
    document, _ = parts(found)
    for name in FIELDS:
        value: Any = document
        for part in name.split("."):
            value = value[part]
        assert value == TOLD[name]
    unknown = {one.partition(":")[0] for one in write([SUITE]).unknown}
    assert unknown >= FIELDS.keys()
    assert {"evaluation.score", "input.raw", "interaction_type"} <= unknown
    with pytest.raises(UsageError, match="no field 'x' can be told"):
        write([SUITE], x="y")
    with pytest.raises(UsageError, match="evaluator_relationship cannot be 'me'") as caught:
        write([SUITE], **{"source_metadata.evaluator_relationship": "me"})
    assert caught.value.hint == (
        "source_metadata.evaluator_relationship=first_party|third_party|collaborative|other"
    )


def test_answers_without_a_score_are_no_samples_but_are_not_lost(tmp_path: Path) -> None:
    suite = replace(SUITE, results=(Result("a", 1, {}, State.TIMEOUT), Result("b", 1, {}, State.SKIPPED)))
    suite = replace(suite, usage=(replace(SUITE.usage[0], values={"tools": 2, "turns": 3, "cost": 0.5}),))
    found = write([suite])
    assert [path.endswith(".json") for path in found.files] == [True]
    assert "evaluation.score: none for 2 of 2 answers, of which there is no sample" in found.unknown
    ((run,), _) = read(put(found, tmp_path))
    assert (run.suites[0].results, run.suites[0].usage) == (suite.results, suite.usage)


def test_a_direction_that_nobody_said_is_written_with_a_warning(tmp_path: Path) -> None:
    metrics = (
        Metric("correct", Kind.BINARY),
        Metric("loss", direction=Direction.MIN, guess=Guess.NAME),
        Metric("odd", guess=Guess.NOBODY),
    )
    result = Result("a", 1, {"correct": 1, "loss": 0.5, "odd": 3, "unsaid": 4})
    suite = replace(SUITE, meta=replace(SUITE.meta, metrics=metrics), results=(result,))
    found = write([suite])
    place = "metric_config.lower_is_better: qa"
    assert [one for one in found.unknown if one.startswith(place)] == [
        f"{place}/loss: that less is better is guessed from its name, true is written",
        f"{place}/odd: which way it is better is not known, false is written",
        f"{place}/unsaid: which way it is better is not known, false is written",
    ]
    ((run,), _) = read(put(found, tmp_path))
    assert [one.guess for one in run.suites[0].meta.metrics] == [None, Guess.NAME, Guess.NOBODY, Guess.NOBODY]


def test_numbers_that_json_does_not_have_stop_nothing(tmp_path: Path) -> None:
    odd = {"x": float("nan"), "y": [float("inf")]}
    suite = replace(SUITE, texts=(Text("a", odd, odd),), outputs=(Output("a", 1, odd),))
    model = {**odd, "inference_engine": {"name": "made", "version": float("nan")}}
    data = {**odd, "source_type": "hf_dataset", "hf_repo": "made/qa", "samples_number": float("-inf")}
    values = (("model", "m", model), ("dataset", "qa", data), ("settings", "qa", odd))
    inputs = [Input(role, name, value=dict(value)) for role, name, value in values]
    found = write([suite], *inputs)
    check(found)
    document, _ = parts(found)
    assert document["model_info"]["inference_engine"]["version"] == "nan"
    assert document["evaluation_results"][0]["source_data"]["samples_number"] == "-inf"
    ((run,), _) = read(put(found, tmp_path))
    assert run.suites[0].results == suite.results
    assert [one.name for one in run.inputs] == ["qa", "m", "qa"]
    for batch in answer_spans.batches(INFO, COMMIT, inputs, [suite]):
        assert json.dumps(otlp.document(batch), allow_nan=False)
    assert json.dumps([*flat_rows([suite])], allow_nan=False)


def test_a_tag_is_no_word_of_ours_and_stays_of_its_type(tmp_path: Path) -> None:
    tags = {"gitexp.x": "0", "gitexp.tags": "{}", "n": 3, "long": True, "topic": "geo"}
    suite = replace(SUITE, examples=(replace(SUITE.examples[0], tags=tags), SUITE.examples[1]))
    ((run,), _) = read(put(write([suite]), tmp_path))
    assert run.suites[0].examples == suite.examples


def test_one_run_has_one_document_whoever_writes_it_when() -> None:
    one = write([SUITE])
    other = written(Record(INFO), COMMIT, [SUITE], {}, 9.0)
    assert [*one.files] == [*other.files]
    assert [*one.files] != [
        *written(Record(replace(INFO, id=RunId("b" * 16))), COMMIT, [SUITE], {}, 9.0).files
    ]
    document, samples = parts(one)
    assert document["evaluation_id"] == "qa/unknown/brave-otter-3f2ak7"
    assert document["source_metadata"]["additional_details"]["gitexp.code"] == "e" * 40
    assert samples[0]["evaluation"] == {"score": 1, "is_correct": True}


def test_names_of_models_lead_nowhere() -> None:
    def place(model: str, **told: str) -> str:
        return next(iter(write([SUITE], Input("model", model), **told).files)).rpartition("/")[0]

    assert place("org/m-1") == "data/qa/org/m-1"
    assert place("a/b/c d") == "data/qa/a/b_c-d"
    assert place("../../etc") == "data/qa/suite/_etc"
    assert place("data/con") == "data/qa/data_/suite-con"
    assert place("m") == "data/qa/unknown/m"
    assert place("m", **{"model_info.developer": "org"}) == "data/qa/org/m"
