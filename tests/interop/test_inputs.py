"""What logs tell of their making, as inputs that are known more or less firmly."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gitexp.formats.identity import identity, pin_of
from gitexp.interop.told import model_pin, plain
from gitexp.model.record import Pin
from tests.interop.logs import FIXTURES, inspect_log, read, sample


@pytest.mark.parametrize(
    ("name", "revision", "pin"),
    [
        ("openai/gpt-4o", None, Pin.NAMED),
        ("openai/gpt-4o-2024-08-06", None, Pin.REVISION),
        ("anthropic/claude-sonnet-4-20250514", None, Pin.REVISION),
        ("gpt-4-1106", None, Pin.NAMED),
        ("org/model-20991399", None, Pin.NAMED),
        ("org/model", "main", Pin.NAMED),
        ("org/model", "0e9e39f249a16976918f6564b8830bc894c89659", Pin.REVISION),
        ("org/model", 7, Pin.NAMED),
    ],
)
def test_a_model_is_pinned_by_a_commit_or_the_day_of_its_release(
    name: str, revision: object, pin: Pin
) -> None:
    assert model_pin(name, revision) is pin


@pytest.mark.parametrize(
    ("levels", "kept"), [(60, "[" * 43 + "1" + "]" * 43), (sys.getrecursionlimit(), "(nested too deep)")]
)
def test_what_is_too_deep_for_a_record_becomes_text(levels: int, kept: str) -> None:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    found: Any = plain(value)
    while isinstance(found, list):
        (found,) = found
    assert found == kept


def inspect(
    tmp_path: Path, *samples: dict[str, Any], about: dict[str, Any] | None = None, **more: Any
) -> Any:
    log = inspect_log(*samples, **more)
    log["eval"] |= about or {}
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    return {one.role: one for one in read(path)[0][0].inputs}


def call(*tools: str) -> dict[str, Any]:
    return {"event": "model", "tools": [{"name": name, "parameters": {}} for name in tools]}


def test_tools_are_what_was_offered_and_none_is_said_where_every_call_shows_it(tmp_path: Path) -> None:
    assert "tools" not in inspect(tmp_path, sample("a"))
    assert "tools" not in inspect(tmp_path, sample("a", events=[call()]), sample("b"))
    assert inspect(tmp_path, sample("a", events=[call()]))["tools"].none
    one, other = (
        inspect(tmp_path, sample("a", events=[call()]), sample("b", events=[call(*tools), "odd"]))["tools"]
        for tools in (["bash", "web"], ["web", "bash", "web"])
    )
    assert one.value["names"] == ["bash", "web"]
    assert identity(one) == identity(other)
    assert pin_of(one) is Pin.CONTENT
    assert identity(one) != identity(inspect(tmp_path, sample("a", events=[call("bash")]))["tools"])


def test_a_sandbox_is_the_tasks_or_a_samples(tmp_path: Path) -> None:
    assert inspect(tmp_path, sample("a"))["sandbox"].none
    task = inspect(tmp_path, sample("a"), about={"sandbox": {"type": "docker", "config": "compose.yaml"}})
    assert task["sandbox"].value["task"]["config"] == "compose.yaml"
    own = inspect(tmp_path, sample("a", sandbox={"type": "docker"}), sample("b"))["sandbox"]
    assert own.value == {"samples": ['{"type":"docker"}']}


def test_a_prompt_in_a_file_is_known_by_what_every_sample_was_told(tmp_path: Path) -> None:
    plan = {"steps": [{"solver": "system_message", "params": {"template": "prompts/qa.txt"}}]}

    def told(*texts: str) -> Any:
        samples = (
            sample(f"s{at}", messages=[{"role": "system", "content": text}, {"role": "user", "content": "?"}])
            for at, text in enumerate(texts)
        )
        return inspect(tmp_path, *samples, plan=plan)["prompt"]

    assert pin_of(told("Be brief.", "Be brief.")) is Pin.CONTENT
    assert identity(told("Be brief.")) != identity(told("Be kind."))
    assert "Be brief." not in repr(told("Be brief."))
    assert pin_of(told("Today is Monday.", "Today is Friday.")) is Pin.NAMED
    assert pin_of(told()) is Pin.NAMED


def test_who_judges_is_part_of_the_grader_and_not_of_the_model(tmp_path: Path) -> None:
    packages = {"inspect_ai": "0.3.285"}
    scorers = [{"name": "match", "options": {}}]
    plain = inspect(tmp_path, sample("a"), about={"packages": packages, "scorers": scorers})
    judged = inspect(
        tmp_path,
        sample("a", output={"model": "m-2", "completion": "x"}),
        about={"packages": packages, "scorers": scorers, "model_roles": {"grader": {"model": "judge"}}},
    )
    own = inspect(tmp_path, sample("a"), about={"packages": packages, "scorers": [{"name": "my_scorer"}]})
    assert [pin_of(one["grader"]) for one in (plain, judged, own)] == [Pin.REVISION, Pin.NAMED, Pin.NAMED]
    assert identity(plain["grader"]) != identity(judged["grader"])
    assert identity(plain["model"]) == identity(judged["model"])
    assert judged["model"].seen == {"response_model": ["m-2"]}


def test_how_a_model_is_called_changes_no_answer(tmp_path: Path) -> None:
    one, other = (
        inspect(
            tmp_path, sample("a"), about={"model_generate_config": {"top_p": 1, "max_connections": count}}
        )
        for count in (1, 20)
    )
    assert identity(one["settings"]) == identity(other["settings"])


def test_the_weights_that_lm_eval_names_pin_the_model_and_code_in_a_task_nothing(tmp_path: Path) -> None:
    for path in (FIXTURES / "lm_eval" / "baseline").iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    (results,) = tmp_path.glob("results_*")
    log = json.loads(results.read_text())
    log["config"] |= {"model": "hf", "model_sha": "0e9e39f249a16976918f6564b8830bc894c89659"}
    log["configs"]["tinyqa_mc"]["doc_to_text"] = "<function doc_to_text at 0x7f>"
    log["configs"]["tinyqa_mc"]["metric_list"] = [{"metric": "def own(items):\n    return 1"}]
    results.write_text(json.dumps(log))
    pins = {(one.role, one.name): pin_of(one) for one in read(tmp_path)[0][0].inputs}
    assert pins["model", "scripted-sbase"] is Pin.REVISION
    assert (pins["prompt", "tinyqa_mc"], pins["prompt", "tinyqa_filters"]) == (Pin.INFERRED, Pin.CONTENT)
    assert (pins["grader", "tinyqa_mc"], pins["grader", "tinyqa_filters"]) == (Pin.NAMED, Pin.REVISION)


@pytest.mark.parametrize(
    ("asserted", "pin"),
    [
        ({"type": "equals", "value": "x"}, Pin.CONTENT),
        ({"type": "not-llm-rubric", "value": "polite"}, Pin.NAMED),
        ({"type": "python", "value": "file://check.py"}, Pin.NAMED),
        ({"type": "assert-set", "assert": [{"type": "g-eval", "value": "x"}]}, Pin.NAMED),
    ],
)
def test_what_promptfoo_asserts_is_known_unless_a_model_or_a_file_decides(
    tmp_path: Path, asserted: dict[str, Any], pin: Pin
) -> None:
    log = json.loads((FIXTURES / "promptfoo" / "baseline.json").read_text())
    log["results"]["results"][0]["testCase"]["assert"] = [asserted]
    log["config"]["providers"] = [{"id": "echo", "config": {"seed": 3, "temperature": 0}}]
    path = tmp_path / "out.json"
    path.write_text(json.dumps(log))
    inputs: Any = {one.role: one for one in read(path)[0][0].inputs}
    assert pin_of(inputs["grader"]) is pin
    assert (inputs["seeds"].value, inputs["settings"].value) == ({"api": 3}, {"temperature": 0})
