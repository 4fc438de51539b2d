"""Test runs that DeepEval itself wrote; see tests/fixtures/eval/README.md."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gitexp.formats.identity import pin_of
from gitexp.interop.imported import Request
from gitexp.model.evaluation import State
from tests.interop.logs import FIXTURES, read

RUN = FIXTURES / "deepeval" / "test_run.json"
CONVERSATION = FIXTURES / "deepeval" / "conversation.json"


def test_its_rows_and_inputs() -> None:
    (run,), told = read(RUN, Request(with_text=True))
    (suite,) = run.suites
    assert told == []
    assert run.title == "made-up"
    unnamed = next(one.x for one in suite.examples if one.id == one.x)
    assert {one.id: (one.state, dict(one.scores)) for one in suite.results} == {
        "q-cap-fr": (State.OK, {"pass": 1, "Contains": 1}),
        "q-sum-01": (State.OK, {"pass": 0, "Contains": 0.25}),
        # It was called test_case_2, by its place.
        unnamed: (State.ERROR, {}),
    }
    assert {one.id: dict(one.tags) for one in suite.examples} == {
        **{"q-cap-fr": {"topic": "geo"}, "q-sum-01": {"topic": "math"}, unnamed: {"math": True}}
    }
    assert [dict(one.values) for one in suite.usage] == [{"cost": 0.001, "sec": 0.5}]
    assert {one.id: one.error for one in suite.outputs}[unnamed] == "ValueError: cannot grade this"
    inputs: Any = {one.role: one for one in run.inputs}
    assert {role: pin.value for role, one in inputs.items() if (pin := pin_of(one))} == {
        **{"model": "named", "prompt": "content", "dataset": "content", "grader": "named"},
        "settings": "content",
    }
    assert inputs["model"].name == "scripted-1"
    assert inputs["prompt"].value == {"template": "Answer briefly: {question}"}
    assert inputs["grader"].value["metrics"][0]["name"] == "Contains"
    assert suite.meta.reported["testFailed"] == 2


@pytest.mark.parametrize("name", ["test_run_20261128_110857.json", ".latest_test_run.json"])
def test_the_suite_is_not_called_after_the_time_of_the_run(tmp_path: Path, name: str) -> None:
    shutil.copy(RUN, tmp_path / name)
    assert read(tmp_path / name)[0][0].suites[0].name == "deepeval"
    log = json.loads(RUN.read_text())
    (tmp_path / name).write_text(json.dumps({"testRunData": log | {"datasetAlias": "bot questions"}}))
    assert read(tmp_path / name)[0][0].suites[0].name == "bot-questions"


def test_a_conversation_is_the_same_question_whatever_was_answered(tmp_path: Path) -> None:
    (run,), _ = read(CONVERSATION, Request(with_text=True))
    (suite,) = run.suites
    assert sorted(one.scores["Polite"] for one in suite.results) == [0, 1]
    (prompt,) = [one for one in run.inputs if one.role == "prompt"]
    assert (prompt.name, pin_of(prompt)) == ("qa-system", "content")
    log = json.loads(CONVERSATION.read_text())
    for case in log["conversationalTestCases"]:
        case["turns"][1]["content"] = "another answer"
    path = tmp_path / "other.json"
    path.write_text(json.dumps(log))
    assert read(path)[0][0].suites[0].examples == suite.examples
    log["conversationalTestCases"][1]["turns"][0]["content"] = "another question"
    log["conversationalTestCases"][0]["scenario"] = "another scenario"
    path.write_text(json.dumps(log))
    other = {one.x for one in read(path)[0][0].suites[0].examples}
    assert not other & {one.x for one in suite.examples}
