"""Test runs of DeepEval: the JSON that it keeps of the latest one, or writes to `DEEPEVAL_RESULTS_FOLDER`.

https://deepeval.com/docs/evaluation-flags-and-configs
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.interop.building import Row, compared
from gitexp.interop.imported import OTHER_FORMAT, Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source, listed, mapping, text
from gitexp.interop.told import input_of, model_pin
from gitexp.model.evaluation import Direction, State, Suite, suite_name
from gitexp.model.evaluation import Source as Origin
from gitexp.model.record import Input, Pin
from gitexp.model.roles import DATASET, GRADER, MODEL, PROMPT, SETTINGS

NAME = "deepeval"
_OWN_FILE = re.compile(r"test_run_\d|\.latest_")
"""What DeepEval calls the files that it writes."""
_NUMBERED = re.compile(r"(conversational_)?test_case_\d+", re.ASCII)
"""What it calls a test case that has no name."""


def recognises(source: Source) -> bool:
    return source.is_json and ("testCases" in source.keys or "testRunData" in source.keys)


def files(source: Source) -> Sequence[Path]:
    return [source.path]


def read(source: Source, request: Request, problems: Problems) -> list[Imported]:
    log = mapping(source.read_document(problems))
    log = mapping(log.get("testRunData")) or log
    cases = [*listed(log.get("testCases")), *listed(log.get("conversationalTestCases"))]
    if not cases:
        problems.check()
        raise BrokenFile(f"{source.shown}: no test cases of DeepEval in it", hint=OTHER_FORMAT)
    task = _task(source, log)
    builder = request.builder(request.suite or suite_name(task.removesuffix(".py")), problems)
    directions = {"pass": Direction.MAX}
    builder.directions = directions
    named = _names(cases)
    places: set[tuple[bool, object]] = set()
    for number, case in enumerate(cases):
        where = f"{source.shown}, test case {number}"
        if not isinstance(case, dict) or not ("input" in case or "turns" in case):
            problems.error(where, "not a test case of DeepEval")
            continue
        # Where it has no place it is one of its own.
        place = "input" in case, order if isinstance(order := case.get("order"), int) else where
        if place in places:
            problems.error(where, f"the test case in place {order} occurs twice", "a test case occurs twice")
            continue
        places.add(place)
        directions.update(_directions(case))
        builder.add(_row(where, case, named))
    suite = builder.build(Origin("deepeval", None, request.digest, task), _reported(log))
    for one in listed(log.get("metricsScores")):
        scores = [score for score in listed(mapping(one).get("scores")) if isinstance(score, (int, float))]
        name = str(mapping(one).get("metric"))
        if scores:
            compared(suite, source.shown, name, sum(scores) / len(scores), name, problems)
    return [Imported((suite,), tuple(_inputs(suite, log, cases)), text(log.get("identifier")))]


def _task(source: Source, log: Mapping[str, Any]) -> str:
    """What was tested; a file's own name says when, which would make each run another suite."""
    told = text(log.get("testFile")) or text(log.get("datasetAlias"))
    if told is None:
        return NAME if _OWN_FILE.match(source.path.name) else source.stem
    return Path(told).name


def _names(cases: Sequence[Any]) -> set[str]:
    """The names that only one test case has, and that are no numbers: others do not tell which it is."""
    counts = Counter(str(mapping(case).get("name")) for case in cases)
    return {name for name, count in counts.items() if count == 1 and not _NUMBERED.fullmatch(name)}


def _question(case: Mapping[str, Any]) -> Any:
    """What was asked. Of a conversation what it was about, or else the turns of the user: not the answers."""
    if "input" in case:
        return case.get("input")
    scenario = text(case.get("scenario"))
    turns = [one for one in map(mapping, listed(case.get("turns"))) if one.get("role") == "user"]
    return {"scenario": scenario} if scenario else [one.get("content") for one in turns]


def _usage(case: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "in": case.get("inputTokenCount"),
        "out": case.get("outputTokenCount"),
        "cost": case.get("tokenCost"),
        "sec": case.get("completionTime"),
        "tools": len(listed(case.get("toolsCalled"))) or None,
    }


def _directions(case: Mapping[str, Any]) -> Iterator[tuple[str, Direction]]:
    """Which way metrics are better, as success on one side of the threshold tells."""
    for one in listed(case.get("metricsData")):
        score, most, success = (mapping(one).get(key) for key in ("score", "threshold", "success"))
        if score == most or not isinstance(success, bool):
            continue
        if isinstance(score, (int, float)) and isinstance(most, (int, float)):
            yield str(one.get("name")), Direction.MAX if (score > most) is success else Direction.MIN


def _row(where: str, case: Mapping[str, Any], named: set[str]) -> Row:
    metadata = mapping(case.get("additionalMetadata")) or mapping(case.get("metadata"))
    own, name = metadata.get("id"), case.get("name")
    tags = {str(tag): True for tag in listed(case.get("tags"))}
    graded = [one for one in listed(case.get("metricsData")) if isinstance(one, dict)]
    scores = {str(one.get("name")): one.get("score") for one in graded if not one.get("error")}
    failed = bool(graded) and not scores
    whys = [f"{one.get('name')}: {one['reason']}" for one in graded if text(one.get("reason"))]
    return Row(
        where,
        own if isinstance(own, (str, int)) else name if text(name) in named else None,
        epoch=None,
        input=_question(case),
        target=case.get("expectedOutput", case.get("expectedOutcome")),
        scores=scores if failed else {"pass": case.get("success"), **scores},
        state=State.ERROR if failed else State.OK,
        metadata={**tags, **{key: value for key, value in metadata.items() if key != "id"}},
        usage=_usage(case),
        output=case.get("actualOutput", case.get("turns")),
        why="\n".join(whys) or None,
        error="; ".join(str(one["error"]) for one in graded if one.get("error")) or None,
    )


def _reported(log: Mapping[str, Any]) -> dict[str, int | float]:
    wanted = ("testPassed", "testFailed", "runDuration", "evaluationCost")
    return {key: log[key] for key in wanted if isinstance(log.get(key), (int, float))}


def _inputs(suite: Suite, log: Mapping[str, Any], cases: Sequence[Any]) -> Iterator[Input]:
    told = dict(mapping(log.get("hyperparameters")))
    model, prompt = told.pop("model", None), told.pop("prompt template", None)
    if text(model):
        yield input_of(MODEL, str(model), {}, pin=model_pin(str(model)))
    if text(prompt):
        yield input_of(PROMPT, suite.name, {"template": prompt})
    for one in map(mapping, listed(log.get("prompts"))):
        yield _prompt(suite, one)
    source = {key: log.get(f"dataset{key.title()}") for key in ("alias", "id", "version")}
    yield input_of(DATASET, suite.name, source, suite)
    yield _grader(suite, cases)
    if told:
        yield input_of(SETTINGS, suite.name, told)


def _prompt(suite: Suite, one: Mapping[str, Any]) -> Input:
    keys = ("text_template", "messages_template", "interpolation_type", "version", "hash")
    told = {key: one.get(key) for key in keys}
    known = told["text_template"] or told["messages_template"]
    fixed = Pin.REVISION if told["version"] or told["hash"] else Pin.NAMED
    return input_of(PROMPT, text(one.get("alias")) or suite.name, told, pin=Pin.CONTENT if known else fixed)


def _grader(suite: Suite, cases: Sequence[Any]) -> Input:
    """The metrics by their names: what they do, or ask of a model, the log does not tell."""
    keys = ("name", "threshold", "strictMode", "evaluationModel")
    graders: dict[str, dict[str, Any]] = {}
    for case in cases:
        for one in map(mapping, listed(mapping(case).get("metricsData"))):
            graders.setdefault(str(one.get("name")), {key: one.get(key) for key in keys})
    return input_of(
        GRADER, suite.name, {"metrics": [graders[name] for name in sorted(graders)]}, pin=Pin.NAMED
    )
