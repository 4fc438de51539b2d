"""Test runs of DeepEval: the JSON that it keeps of the latest one, or writes to `DEEPEVAL_RESULTS_FOLDER`.

https://deepeval.com/docs/evaluation-flags-and-configs
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile
from gitexp.interop.building import Row, compared
from gitexp.interop.imported import Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source, listed, mapping, text
from gitexp.interop.told import input_of
from gitexp.model.evaluation import Source as Origin
from gitexp.model.evaluation import State, Suite, suite_name
from gitexp.model.record import Input

NAME = "deepeval"


def recognises(source: Source) -> bool:
    return source.is_json and ("testCases" in source.keys or "testRunData" in source.keys)


def files(source: Source) -> Sequence[Path]:
    return [source.path]


def read(source: Source, request: Request, problems: Problems) -> list[Imported]:
    log = mapping(source.document)
    log = mapping(log.get("testRunData")) or log
    cases = [*listed(log.get("testCases")), *listed(log.get("conversationalTestCases"))]
    if not cases:
        raise BrokenFile(f"{source.shown}: no test cases of DeepEval in it")
    task = text(log.get("testFile")) or text(log.get("datasetAlias")) or source.stem
    task = Path(task).name
    builder = request.builder(request.suite or suite_name(Path(task).stem), problems)
    named = _names(cases)
    for number, case in enumerate(cases):
        where = f"{source.shown}, test case {number}"
        if isinstance(case, dict) and ("input" in case or "turns" in case):
            builder.add(_row(where, case, named))
        else:
            problems.error(where, "not a test case of DeepEval")
    suite = builder.build(Origin("deepeval", None, request.digest, task), _reported(log))
    for one in listed(log.get("metricsScores")):
        scores = [score for score in listed(mapping(one).get("scores")) if isinstance(score, (int, float))]
        name = str(mapping(one).get("metric"))
        if scores:
            compared(suite, source.shown, name, sum(scores) / len(scores), name, problems)
    return [Imported((suite,), tuple(_inputs(suite, log, cases)))]


def _names(cases: Sequence[Any]) -> set[str]:
    """The names that only one test case has: others do not tell which it is."""
    counts = Counter(str(mapping(case).get("name")) for case in cases)
    return {name for name, count in counts.items() if count == 1}


def _row(where: str, case: Mapping[str, Any], named: set[str]) -> Row:
    metadata = mapping(case.get("additionalMetadata")) or mapping(case.get("metadata"))
    own, name = metadata.get("id"), case.get("name")
    graded = [one for one in listed(case.get("metricsData")) if isinstance(one, dict)]
    scores = {str(one.get("name")): one.get("score") for one in graded if not one.get("error")}
    failed = bool(graded) and not scores
    whys = [f"{one.get('name')}: {one['reason']}" for one in graded if text(one.get("reason"))]
    return Row(
        where,
        own if isinstance(own, (str, int)) else name if name in named else None,
        epoch=None,
        input=case.get("input") if "input" in case else case.get("turns"),
        target=case.get("expectedOutput"),
        scores=scores if failed else {"pass": case.get("success"), **scores},
        state=State.ERROR if failed else State.OK,
        metadata={key: value for key, value in metadata.items() if key != "id"},
        usage={"cost": case.get("tokenCost"), "sec": case.get("completionTime")},
        output=case.get("actualOutput"),
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
        yield input_of("model", str(model), {})
    if text(prompt):
        yield input_of("prompt", suite.name, {"template": prompt})
    yield input_of("dataset", suite.name, {"alias": log.get("datasetAlias")}, suite)
    keys = ("name", "threshold", "strictMode", "evaluationModel")
    graders: dict[str, dict[str, Any]] = {}
    for case in cases:
        for one in listed(mapping(case).get("metricsData")):
            graders.setdefault(str(mapping(one).get("name")), {key: mapping(one).get(key) for key in keys})
    yield input_of("grader", suite.name, {"metrics": [graders[name] for name in sorted(graders)]})
    if told:
        yield input_of("settings", suite.name, told)
