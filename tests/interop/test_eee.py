"""Documents of Every Eval Ever, and the samples beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenFile, NewerFormat
from gitexp.formats.identity import pin_of
from gitexp.interop.eee import reading
from gitexp.interop.imported import Request
from gitexp.interop.source import Source
from gitexp.model.eval_summary import summary_metrics
from gitexp.model.evaluation import MAX_SUITES, Direction, Guess, Kind, State
from gitexp.model.metric import MAX_ID
from gitexp.model.record import Pin
from tests.interop.eee_documents import ID, document, lines, result, sample, write
from tests.interop.logs import read, suites


def test_samples_become_rows_with_all_that_they_tell(tmp_path: Path) -> None:
    asked = {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11, "input_tokens_cache_read": 4}
    more = {
        "token_usage": asked,
        "performance": {"latency_ms": 250},
        "metadata": {"topic": "math"},
        "evaluation": {"score": 1, "is_correct": True, "num_turns": 3, "tool_calls_count": 2},
        "answer_attribution": [
            {"extracted_value": "x", "is_terminal": False},
            {"extracted_value": "4", "is_terminal": True},
        ],
    }
    path = write(tmp_path, document(result("sums")), sample("a", **more), sample("b", 0))
    ((run,), told) = read(path, Request(with_text=True, cluster="topic"))
    (suite,) = run.suites
    assert told == []
    assert (suite.name, suite.meta.source and suite.meta.source.tool) == ("sums", "harness")
    assert [(one.id, one.epoch, dict(one.scores)) for one in suite.results] == [
        *(("a", 1, {"exact": 1}), ("b", 1, {"exact": 0}))
    ]
    assert dict(suite.usage[0].values) == {
        **{"in": 9, "out": 2, "cached": 4, "sec": 0.25, "turns": 3, "tools": 2}
    }
    assert (suite.examples[0].tags, suite.examples[0].cluster) == ({"topic": "math"}, "math")
    assert (suite.outputs[0].output, suite.outputs[0].answer) == ("answer a", "4")
    assert (suite.texts[1].input, suite.texts[1].target) == ("question b", "target b")
    assert (run.title, run.started, run.requirements) == (
        *("M One", "2026-11-01T10:00:00.000Z", "harness==1.2\n"),
    )
    without = suites(path)[0]
    assert without.results == suite.results
    assert (without.outputs, without.texts) == ((), ())


def test_the_scores_of_a_sample_are_one_row_and_repeated_samples_are_epochs(tmp_path: Path) -> None:
    results = [result("sums"), result("sums", "close", metric_config={"lower_is_better": True})]
    results[1]["metric_config"] |= {"metric_name": "close"}
    log = document(*results, result("words", evaluation_result_id=None))
    path = write(
        tmp_path,
        log,
        *(
            sample("a", 1),
            sample("a", 0.25, metric="close"),
            sample("a", 0),
            sample("a", 0.5, metric="close"),
        ),
        sample("w", 0, "words", evaluation_result_id=None),
    )
    found = {one.name: one for one in suites(path)}
    assert [(one.epoch, dict(one.scores)) for one in found["sums"].results] == [
        *((1, {"exact": 1, "close": 0.25}), (2, {"exact": 0, "close": 0.5}))
    ]
    assert [dict(one.scores) for one in found["words"].results] == [{"exact": 0}]
    close = found["sums"].metric("close")
    assert close is not None
    assert (close.kind, close.direction) == (Kind.CONTINUOUS, Direction.MIN)


def test_without_samples_the_scores_are_those_reported(tmp_path: Path) -> None:
    sure = {"standard_error": {"value": 0.02, "method": "bootstrap"}, "num_samples": 500}
    log = document(result("sums", score_details={"score": 0.62, "uncertainty": sure}), result("words"))
    ((run,), told) = read(write(tmp_path, log))
    assert told == [f"{ID}.json: it has no samples: the scores are as they are reported"]
    assert [summary_metrics(one) for one in run.suites] == [
        {"sums/exact": 0.62, "sums/exact.n": 500, "sums/exact.se": 0.02},
        {"words/exact": 0.5},
    ]
    assert all(one.examples == () and one.meta.metrics for one in run.suites)
    pins = {(one.role, one.name): pin_of(one) for one in run.inputs}
    assert pins["dataset", "sums"] is Pin.NAMED
    path = write(tmp_path, log, sample(), sample("b", 0))
    ((run,), told) = read(path)
    assert f"{ID}.json, result 0: reports sums exact 0.62, but the mean of its rows is 0.5 (n=2)" in told
    assert summary_metrics(run.suites[1]) == {"words/exact": 0.5}
    pins = {(one.role, one.name): pin_of(one) for one in run.inputs}
    assert pins["dataset", "sums"] is Pin.CONTENT


def test_what_it_tells_of_its_making_becomes_inputs(tmp_path: Path) -> None:
    used = {"generation_args": {"temperature": 0.5, "prompt_template": "Q: {q}"}}
    one = result("sums", generation_config={**used, "additional_details": {"seed": "7", "shots": "2"}})
    judged = {"metric_name": "exact", "lower_is_better": False}
    judged |= {"llm_scoring": {"judges": [{"model_info": {"id": "judge"}}], "input_prompt": "Is it?"}}
    log = document(one, result("words", metric_config=judged))
    log["model_info"]["additional_details"] = {"revision": "0e9e39f249a16976918f6564b8830bc894c89659"}
    (run,), _ = read(write(tmp_path, log, sample()))
    inputs: Any = {(one.role, one.name): one for one in run.inputs}
    assert {key: pin.value for key, one in inputs.items() if (pin := pin_of(one))} == {
        ("model", "made/m-1"): "revision",
        ("prompt", "sums"): "content",
        ("dataset", "sums"): "content",
        ("grader", "sums"): "revision",
        ("settings", "sums"): "content",
        ("seeds", "sums"): "content",
        ("dataset", "words"): "named",
        ("grader", "words"): "named",
    }
    assert inputs["settings", "sums"].value == {"temperature": 0.5, "shots": "2"}
    assert inputs["seeds", "sums"].value == {"api": "7"}
    assert inputs["grader", "words"].value["judges"][0]["models"] == ["judge"]
    assert inputs["dataset", "sums"].value["hf_repo"] == "made/sums"


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0", "0.2.2", "0.2.3"])
def test_older_versions_are_read(tmp_path: Path, version: str) -> None:
    log = document(result("sums"), schema_version=version)
    if version == "0.1.0":
        del log["eval_library"], log["evaluation_results"][0]["source_data"]
        log["source_data"] = ["https://example.org/sums"]
        log["evaluation_results"][0]["score_details"] |= {"uncertainty": {"standard_error": 0.1}}
    ((run,), _) = read(write(tmp_path, log))
    (suite,) = run.suites
    assert summary_metrics(suite)["sums/exact"] == 0.5
    (data,) = [one for one in run.inputs if one.role == "dataset"]
    assert isinstance(data.value, dict)
    assert ("url" in data.value) is (version == "0.1.0")


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    assert read(write(tmp_path, document(result("sums"), schema_version="0.3.7")))
    for version in ("0.4.0", "1.0"):
        path = write(tmp_path, document(result("sums"), schema_version=version))
        with pytest.raises(NewerFormat, match=f"version {version} of Every Eval Ever"):
            read(path)


def test_an_answer_with_an_error_has_no_score_unless_it_was_given_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        document(result("sums")),
        sample("a"),
        sample("b", 0, error="no network"),
        sample("c", 0, error="Request timed out"),
        sample("d", 1, error="cut off"),
        sample("e", float("nan")),
    )
    assert [(one.state, dict(one.scores)) for one in suites(path)[0].results] == [
        *((State.OK, {"exact": 1}), (State.ERROR, {}), (State.TIMEOUT, {})),
        *((State.ERROR, {"exact": 1}), (State.ERROR, {})),
    ]


def test_samples_without_text_are_known_by_their_hash(tmp_path: Path) -> None:
    blank = {"raw": "", "reference": []}
    found = suites(
        write(
            tmp_path,
            document(result("sums")),
            sample("a", input=blank, sample_hash="ab" * 32),
            sample("b", input=blank),
            sample("c", input={"raw": "which?", "reference": ["x"], "choices": ["x", "y"]}),
            sample("d", input={"raw": "which?", "reference": ["x", "z"], "choices": ["x", "z"]}),
        ),
        with_text=True,
    )[0]
    assert found.examples[0].x == "ab" * 8
    assert len({one.x for one in found.examples}) == 4
    assert [one.id for one in found.texts] == ["c", "d"]
    assert found.texts[1].target == ["x", "z"]


def test_samples_of_a_conversation(tmp_path: Path) -> None:
    said = [{"turn_idx": at, "role": role, "content": role} for at, role in enumerate(["user", "assistant"])]
    talk = {"interaction_type": "multi_turn", "output": None, "messages": said}
    (suite,) = suites(write(tmp_path, document(result("sums")), sample(**talk)), with_text=True)
    assert suite.outputs[0].output == "assistant"


def test_samples_alone_or_by_their_own_name(tmp_path: Path) -> None:
    path = write(tmp_path, document(result("sums", score=1)), sample(), sample("b", 0))
    samples = path.with_name(f"{ID}_samples.jsonl")
    assert read(samples) == read(path)
    assert read(samples)[1][0].startswith(f"{ID}.json, result 0: reports sums exact 1, but")
    path.unlink()
    ((run,), told) = read(samples)
    assert told == []
    assert [dict(one.scores) for one in run.suites[0].results] == [{"score": 1}, {"score": 0}]
    assert [one.name for one in run.inputs if one.role == "model"] == ["made/m-1"]
    samples.write_text(lines(sample()))
    assert len(read(samples)[0][0].suites[0].results) == 1


@pytest.mark.parametrize("below", ["", "m-1", "sums/made/m-1", "data/sums/made/m-1"])
def test_a_folder_as_the_schema_lays_it_out(tmp_path: Path, below: str) -> None:
    folder = tmp_path / "store"
    path = write(folder / below, document(result("sums")), sample())
    (folder / "notes.json").write_text("{}")
    source = Source(folder, "store")
    assert reading.files(source) == [path, path.with_name(f"{ID}_samples.jsonl")]
    assert len(read(folder)[0]) == 1
    path.with_name(f"{ID}_samples.jsonl").write_text("{oh no\n")
    place = f"store/{below}/" if below else "store/"
    with pytest.raises(BrokenFile, match=rf"^{place}{ID}_samples.jsonl, line 1: not JSON"):
        read(folder)


def test_links_of_a_folder_bring_nothing_from_elsewhere(tmp_path: Path) -> None:
    folder, other = tmp_path / "store", tmp_path / "other"
    path = write(folder / "m-1", document(result("sums")), sample())
    samples = path.with_name(f"{ID}_samples.jsonl")
    (folder / "kept").symlink_to(samples.rename(folder / "rows.jsonl"))
    samples.symlink_to(folder / "kept")
    (named,) = reading.logs_in(Source(folder, "store"))
    assert reading.files(named) == [path, samples]
    assert len(read(folder)[0][0].suites[0].results) == 1
    other.mkdir()
    (folder / "rows.jsonl").rename(other / "rows.jsonl")
    (folder / "kept").unlink()
    (folder / "kept").symlink_to(other / "rows.jsonl")
    (named,) = reading.logs_in(Source(folder, "store"))
    assert reading.files(named) == [path]
    told = f"store/m-1/{samples.name}: left out: a link that leads out of the folder"
    with pytest.raises(BrokenFile, match=f"^{told}$"):
        read(folder)
    ((run,), said) = read(folder, partial=True)
    assert said[0] == told
    assert summary_metrics(run.suites[0]) == {"sums/exact": 0.5}
    # Whoever names a document says where its samples are.
    assert len(read(path)[0][0].suites[0].results) == 1
    path.rename(other / path.name)
    path.symlink_to(other / path.name)
    with pytest.raises(BrokenFile, match=f"^store/m-1/{ID}.json: a link that leads out of the folder$"):
        reading.logs_in(Source(folder, "store"))


def test_samples_that_are_others_than_the_document_says(tmp_path: Path) -> None:
    path = write(tmp_path, document(result("sums")), sample(), sample("b", 0))
    samples = path.with_name(f"{ID}_samples.jsonl")
    samples.write_text(lines(sample(), sample("b", 0), sample("c", 0)))
    name = samples.name
    assert read(path)[1][:2] == [
        f"{name}: it is not the file that its document was written with",
        f"{name}: 3 samples, where its document counts 2",
    ]
    log = json.loads(path.read_text())
    # Where it says that they lie is not looked at.
    log["detailed_evaluation_results"]["file_path"] = "../../../../etc/passwd"
    path.write_text(json.dumps(log))
    assert len(read(path)[0][0].suites[0].results) == 3
    samples.unlink()
    with pytest.raises(BrokenFile, match=rf"^{ID}.json: its samples are missing: no {name} beside it$"):
        read(path)
    ((run,), _) = read(path, partial=True)
    assert summary_metrics(run.suites[0]) == {"sums/exact": 0.5}


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([sample(), sample("b", evaluation_id="other")], "line 2: it is of another evaluation"),
        ([sample(), {"sample_id": "b"}], "line 2: not a sample of Every Eval Ever"),
        ([sample(), "[1]"], "line 2: not a JSON object"),
        ([sample(), sample()], "line 2: sample 'a' occurs twice"),
        (
            [sample(), sample(input={"raw": "another", "reference": []})],
            "line 2: id 'a' stands for two inputs",
        ),
        ([sample(), sample(metadata={"gitexp.epoch": "1"})], "line 2: 'exact' of id 'a' occurs twice"),
        ([sample(), sample({"x": 1})], "line 2: {'x': 1} is no id"),  # type: ignore[arg-type]
    ],
)
def test_samples_that_are_no_good_are_told_with_their_line(
    tmp_path: Path, samples: list[Any], told: str
) -> None:
    path = write(tmp_path, document(result("sums")), *samples, told=False)
    with pytest.raises(BrokenFile) as caught:
        read(path)
    assert told in caught.value.message
    assert len(read(path, partial=True)[0][0].suites[0].results) == 1


@pytest.mark.parametrize(
    ("config", "told", "expected"),
    [
        ({"score_type": "binary"}, "0 or 1", None),
        ({"score_type": "continuous", "min_score": 0, "max_score": 5}, "0 to 5", None),
        ({"score_type": "continuous", "min_score": 0, "max_score": 10}, None, (0, 10)),
        ({}, None, None),
    ],
)
def test_a_score_beyond_what_the_document_tells_is_a_warning(
    tmp_path: Path, config: dict[str, Any], told: str | None, expected: object
) -> None:
    log = document(result("sums", metric_config={"metric_name": "exact", **config}))
    ((run,), warnings) = read(write(tmp_path, log, sample(), sample("b", 7)))
    why = f"{ID}_samples.jsonl, line 2: 'exact' is 7, where {told} was told: what was told does not hold"
    assert [one for one in warnings if "told" in one] == ([why] if told else [])
    (metric,) = run.suites[0].meta.metrics
    assert (metric.range, metric.guess) == (expected, Guess.NOBODY)


def test_equal_samples_are_as_many_answers_where_the_document_counts_them(tmp_path: Path) -> None:
    (suite,) = suites(write(tmp_path, document(result("sums", score=1)), sample(), sample()))
    assert [one.epoch for one in suite.results] == [1, 2]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ({"evaluation_id": "x", "evaluation_results": {}}, "not a document of Every Eval Ever"),
        ({"evaluation_id": "x", "evaluation_results": [], "schema_version": []}, "not a document"),
        (document(), "no results of Every Eval Ever in it"),
        (document({"x": 1}, "odd"), "result 1: not a result of Every Eval Ever"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_document_is_told_as_such(tmp_path: Path, log: Any, told: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    with pytest.raises(BrokenFile, match=told):
        read(path)


def test_evaluations_whose_names_are_much_alike_stay_apart(tmp_path: Path) -> None:
    log = document(result("a/b"), result("a-b", score=0.25), result("a-b", score=0.75))
    path = write(tmp_path, log)
    assert [(one.name, [metric.name for metric in one.meta.metrics]) for one in suites(path)] == [
        *(("a-b", ["exact"]), ("a-b-2", ["exact", "exact#2"]))
    ]
    assert [one.name for one in suites(path, suite="mine")] == ["mine-a-b", "mine-a-b-2"]
    assert [one.name for one in suites(write(tmp_path, document(result("a/b"))), suite="mine")] == ["mine"]


def test_metrics_whose_names_are_alike_stay_apart(tmp_path: Path) -> None:
    long = "m" * MAX_ID
    names = ("a", "a", "a#2", "a", long, long, f"{long[:-1]}n", f"{long[:-1]}n")
    path = write(tmp_path, document(*(result("sums", name) for name in names)))
    (suite,) = suites(path)
    assert {one.name for one in suite.meta.metrics} == {
        *("a", "a#2", "a#2#2", "a#3", long, f"{long[:-10]}#2", names[-1], f"{long[:-10]}#3")
    }


def test_of_more_suites_than_a_run_can_have_none_is_made(tmp_path: Path) -> None:
    # All of them would come to one name.
    names = ["é" * count for count in range(1, MAX_SUITES + 2)]
    most = write(tmp_path, document(*map(result, names[:-1])))
    assert len(suites(most)) == MAX_SUITES
    told = f"^{ID}.json: more than {MAX_SUITES} evaluations are in it"
    with pytest.raises(BrokenFile, match=told):
        read(write(tmp_path, document(*map(result, names))), partial=True)
    with pytest.raises(BrokenFile, match=told):
        read(write(tmp_path, document(), *(sample(name=name) for name in names)), partial=True)


TEXT = lines(*(sample(id, score) for id, score in zip("abcde", [1, 0, 1, 1, 0], strict=True)))


@given(st.integers(1, len(TEXT) - 1))
def test_of_samples_that_are_cut_off_the_whole_ones_are_taken(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = write(tmp_path_factory.mktemp("eee"), document(result("sums")), sample())
    path.with_name(f"{ID}_samples.jsonl").write_text(TEXT[:cut])
    (run,), _ = read(path, partial=True)
    whole = TEXT[:cut].count("\n")
    # A line may be whole without its end.
    assert len(run.suites[0].results) in (whole, whole + 1)


def test_a_document_that_is_cut_off_gives_its_whole_results(tmp_path: Path) -> None:
    path = write(tmp_path, document(result("sums"), result("words")), sample())
    text = path.read_text()
    path.write_text(text[: text.index('"words"', text.index("words/exact") + 1) + 20])
    with pytest.raises(BrokenFile, match=r"line 1, column .*\(is it truncated\?\)"):
        read(path)
    (run,), _ = read(path, partial=True)
    assert [(one.name, len(one.results)) for one in run.suites] == [("sums", 1)]
