"""Logs of Inspect (UK AISI): `.eval` archives and their JSON form, log version 2.

https://inspect.aisi.org.uk/eval-logs.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gitexp.errors import BrokenFile, NewerFormat
from gitexp.interop.building import Row, SuiteBuilder, compared
from gitexp.interop.imported import OTHER_FORMAT, Imported, Request
from gitexp.interop.inspect_inputs import Evidence, inputs
from gitexp.interop.problems import Problems
from gitexp.interop.scores import LETTERS
from gitexp.interop.source import Source, listed, mapping, parse, text
from gitexp.interop.told import portable, time_text
from gitexp.interop.zip_members import Archive, opened
from gitexp.model.evaluation import Source as Origin
from gitexp.model.evaluation import State, Suite, suite_name
from gitexp.model.values import Scalar

NAME = "inspect"
VERSION = 2
"""The version of logs that is known."""

_HEADER, _STARTED, _SAMPLES = "header.json", "_journal/start.json", "samples/"
_DROPPED = frozenset(("id", "source", "metadata", "model", "internal"))
"""Of a message of an input: what differs from run to run though the input is the same."""
_MEANS = ("accuracy", "mean")


def recognises(source: Source) -> bool:
    return source.is_zip or {"version", "eval"} <= source.keys


def files(source: Source) -> Sequence[Path]:
    return [source.path]


def read(source: Source, request: Request, problems: Problems) -> list[Imported]:
    if not source.is_zip:
        log = source.read_document(problems)
        if not isinstance(log, dict) or "eval" not in log:
            raise BrokenFile(f"{source.shown}: not a log of Inspect", hint=OTHER_FORMAT)
        samples = enumerate(listed(log.get("samples")))
        each = ((f"{source.shown}, sample {number}", one) for number, one in samples)
        return [_imported(source.shown, log, each, request, problems)]
    with opened(source.path, source.shown) as archive:
        header = _header(archive, problems)
        return [_imported(source.shown, header, _samples(archive, problems), request, problems)]


def _header(archive: Archive, problems: Problems) -> Mapping[str, Any]:
    members = {one.name: one for one in archive.members}
    if not archive.whole:
        problems.error(archive.shown, f"it is truncated: {len(members)} whole members are left of it")
    elif _HEADER not in members:
        problems.error(archive.shown, f"{_HEADER!r} is missing: the evaluation did not come to its end")
    member = members.get(_HEADER) or members.get(_STARTED)
    if member is None:
        raise BrokenFile(f"{archive.shown}: not a log of Inspect: it has no {_HEADER!r}", hint=OTHER_FORMAT)
    found = parse(archive.read(member), f"{archive.shown}: {member.name!r}")
    if not isinstance(found, dict) or not isinstance(found.get("eval"), dict):
        raise BrokenFile(f"{archive.shown}: {member.name!r} is no header of Inspect", hint=OTHER_FORMAT)
    return found


def _samples(archive: Archive, problems: Problems) -> Iterator[tuple[str, Any]]:
    for member in archive.members:
        if not (member.name.startswith(_SAMPLES) and member.name.endswith(".json")):
            continue
        where = f"{archive.shown}: {member.name!r}"
        try:
            sample = parse(archive.read(member), where)
        except BrokenFile as error:
            problems.error(where, error.message.removeprefix(f"{where}").lstrip(": ,"))
            continue
        yield where, sample


def _imported(
    shown: str,
    log: Mapping[str, Any],
    samples: Iterable[tuple[str, Any]],
    request: Request,
    problems: Problems,
) -> Imported:
    version = log.get("version")
    if type(version) is not int or version > VERSION:
        raise NewerFormat(
            f"{shown}: log version {version!r:.20} of Inspect is newer than this gitexp reads ({VERSION})",
            hint="pip install -U gitexp",
        )
    about = mapping(log["eval"])
    if log.get("status") not in ("success", None):
        problems.warn(shown, f"the evaluation ended with the status {log.get('status')!r:.40}")
    task = text(about.get("task")) or "task"
    builder = request.builder(request.suite or suite_name(task), problems, _cluster(about))
    builder.letters = LETTERS
    model = str(about.get("model"))
    evidence = Evidence()
    for where, sample in samples:
        _add(builder, where, sample, model)
        evidence.take(mapping(sample))
    results = mapping(log.get("results"))
    packages = mapping(about.get("packages"))
    suite = builder.build(
        Origin("inspect", text(packages.get("inspect_ai")), request.digest, task), dict(_reported(results))
    )
    _compare(suite, shown, results, about, problems)
    stats, revision = mapping(log.get("stats")), mapping(about.get("revision"))
    return Imported(
        (suite,),
        tuple(inputs(suite, about, mapping(log.get("plan")), evidence)),
        f"{task} {portable(model)}",
        time_text(stats.get("started_at")) or time_text(about.get("created")),
        time_text(stats.get("completed_at")),
        text(revision.get("commit")),
        bool(revision.get("dirty")),
        packages,
    )


def _cluster(about: Mapping[str, Any]) -> str | None:
    """The key by which Inspect clustered its own standard errors."""
    found = json.dumps([about.get("metrics"), about.get("scorers")])
    for one in _options(json.loads(found)):
        if isinstance(one.get("cluster"), str):
            return str(one["cluster"])
    return None


def _options(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("options"), dict):
            yield value["options"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _options(item)


def _add(builder: SuiteBuilder, where: str, sample: Any, model: str) -> None:
    if not isinstance(sample, dict) or "input" not in sample:
        builder.problems.error(where, "not a sample of Inspect")
        return
    scores = {
        name: mapping(score).get("value") if isinstance(score, dict) else score
        for name, score in mapping(sample.get("scores")).items()
    }
    first = next((one for one in mapping(sample.get("scores")).values() if isinstance(one, dict)), {})
    output = mapping(sample.get("output"))
    builder.add(
        Row(
            where,
            sample.get("id"),
            sample.get("epoch", 1),
            _question(sample),
            sample.get("target"),
            scores=scores,
            state=_state(sample),
            metadata=mapping(sample.get("metadata")),
            usage=_usage(sample, model),
            output=text(output.get("completion")) or _last_text(output),
            answer=first.get("answer"),
            why=first.get("explanation"),
            error=mapping(sample.get("error")).get("message"),
        )
    )


def _question(sample: Mapping[str, Any]) -> Any:
    """What was asked: text, or messages without what is made anew in each run; choices are part of it."""
    asked = sample["input"]
    if isinstance(asked, list):
        asked = [_message(one) for one in asked]
    choices = listed(sample.get("choices"))
    return {"input": asked, "choices": list(choices)} if choices else asked


def _message(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    return {key: value for key, value in message.items() if key not in _DROPPED and value is not None}


def _state(sample: Mapping[str, Any]) -> State:
    limit = sample.get("limit")
    if sample.get("error"):
        return State.ERROR
    if limit:
        kind = mapping(limit).get("type")
        return State.TIMEOUT if kind in ("time", "working") else State.LIMIT
    return State.OK


def _usage(sample: Mapping[str, Any], model: str) -> dict[str, Any]:
    """What the model under test used; a grader's tokens are not its own."""
    used = mapping(mapping(sample.get("model_usage")).get(model))
    messages = [one for one in listed(sample.get("messages")) if isinstance(one, dict)]
    tools = [one for one in messages if one.get("role") == "tool"]
    return {
        "in": used.get("input_tokens"),
        "out": used.get("output_tokens"),
        "cached": used.get("input_tokens_cache_read"),
        "reasoning": used.get("reasoning_tokens"),
        "cost": used.get("total_cost"),
        "sec": sample.get("total_time"),
        "tools": len(tools) or None,
        "tool_errors": sum(bool(one.get("error")) for one in tools) or None,
    }


def _last_text(output: Mapping[str, Any]) -> Any:
    choices = listed(output.get("choices"))
    return mapping(mapping(choices[0]).get("message")).get("content") if choices else None


def _reported(results: Mapping[str, Any]) -> Iterator[tuple[str, Scalar]]:
    for score in listed(results.get("scores")):
        for name, one in mapping(mapping(score).get("metrics")).items():
            value = mapping(one).get("value")
            if isinstance(value, (int, float)):
                yield f"{mapping(score).get('name')}/{name}", value


def _compare(
    suite: Suite, shown: str, results: Mapping[str, Any], about: Mapping[str, Any], problems: Problems
) -> None:
    """The means that the log reports against those of its rows, where both are means."""
    reducers = mapping(about.get("config")).get("epochs_reducer")
    if reducers not in (None, [], ["mean"]):
        problems.warn(shown, f"reports epochs reduced by {reducers!r:.60}: means are taken here")
        return
    for score in listed(results.get("scores")):
        name = str(mapping(score).get("name"))
        metric = name if suite.metric(name) else f"{mapping(score).get('scorer')}.{name}"
        for kind in _MEANS:
            reported = mapping(mapping(mapping(score).get("metrics")).get(kind)).get("value")
            compared(suite, shown, metric, reported, f"{name}/{kind}", problems)
