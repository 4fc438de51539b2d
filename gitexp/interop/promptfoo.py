"""Results of promptfoo: the JSON of version 3 (`promptfoo eval -o out.json`), and its export as JSON lines.

https://www.promptfoo.dev/docs/configuration/outputs/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gitexp.errors import BrokenFile, NewerFormat
from gitexp.formats.canonical_json import digest, short_hash
from gitexp.interop.building import Row, compared
from gitexp.interop.imported import OTHER_FORMAT, Imported, Request
from gitexp.interop.problems import Problems
from gitexp.interop.source import Source, listed, mapping, text
from gitexp.interop.told import input_of, model_pin, portable, time_text
from gitexp.model.evaluation import Direction, State, Suite, suite_name
from gitexp.model.evaluation import Source as Origin
from gitexp.model.record import Input, Pin
from gitexp.model.roles import DATASET, GRADER, MODEL, PROMPT, SEEDS, SETTINGS

NAME = "promptfoo"
VERSION = 3
_ERROR = 2
"""`failureReason` where there was no answer; 1 is an assertion that failed."""


_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_JUDGED = frozenset(
    """agent-rubric answer-relevance classifier context-faithfulness context-recall context-relevance
    conversation-relevance factuality g-eval llm-rubric model-graded-closedqa model-graded-factuality
    moderation pi search-rubric select-best similar trajectory:goal-success webhook""".split()
)
"""Assertions that a model, or a service, decides."""


class _Place(NamedTuple):
    """A result and where it stands."""

    where: str
    value: Mapping[str, Any]


def recognises(source: Source) -> bool:
    if source.is_lines:
        return {"promptId", "testCase", "vars"} <= source.keys
    return {"evalId", "results"} <= source.keys


def files(source: Source) -> Sequence[Path]:
    return [source.path]


def read(source: Source, request: Request, problems: Problems) -> list[Imported]:
    log: Mapping[str, Any] = {} if source.is_lines else mapping(source.read_document(problems))
    results = mapping(log.get("results"))
    if not source.is_lines:
        _check(log, results, source.shown)
    places = _lines(source, problems) if source.is_lines else _results(source, results, problems)
    found = _candidates(_once(places, problems))
    if not found:
        problems.check()
        raise BrokenFile(
            f"{source.shown}: no results of promptfoo in it", hint="promptfoo eval -o FILE.json writes them"
        )
    return [_imported(source, log, rows, request, problems) for rows in found]


def _check(log: Mapping[str, Any], results: Mapping[str, Any], shown: str) -> None:
    version = results.get("version")
    if type(version) is not int or not isinstance(results.get("results"), list):
        raise BrokenFile(f"{shown}: not results of promptfoo", hint=OTHER_FORMAT)
    whole = log.get("version")  # later ones may say it of the whole document
    version = max(version, whole) if type(whole) is int else version
    if version > VERSION:
        raise NewerFormat(
            f"{shown}: results of promptfoo in version {version}, this gitexp reads {VERSION}",
            hint="pip install -U gitexp",
        )


def _lines(source: Source, problems: Problems) -> Iterator[_Place]:
    for line in source.lines():
        if line.fault is None:
            yield _Place(line.where, line.value)
        else:
            problems.error(line.where, line.fault)


def _results(source: Source, results: Mapping[str, Any], problems: Problems) -> Iterator[_Place]:
    for number, value in enumerate(results["results"]):
        where = f"{source.shown}, result {number}"
        if isinstance(value, dict):
            yield _Place(where, value)
        else:
            problems.error(where, "not a result of promptfoo")


def _once(places: Iterable[_Place], problems: Problems) -> Iterator[_Place]:
    """Each result has an id of its own, whatever was asked: the same one again is no further answer."""
    known: set[str] = set()
    for place in places:
        own = text(place.value.get("id"))
        if own is not None and own in known:
            problems.error(place.where, f"result {own!r:.80} occurs twice", "a result occurs twice")
            continue
        known.update((own,) if own else ())
        yield place


def _candidates(places: Iterable[_Place]) -> list[list[_Place]]:
    """The results of each prompt with each provider; they come in the order in which answers arrived."""
    found: dict[tuple[str, ...], list[_Place]] = {}
    for place in places:
        provider = mapping(place.value.get("provider"))
        key = (*(str(provider.get(name)) for name in ("id", "label")), str(place.value.get("promptId")))
        found.setdefault((str(place.value.get("promptIdx")), *key), []).append(place)
    for rows in found.values():
        rows.sort(key=lambda one: number if isinstance(number := one.value.get("testIdx"), int) else -1)
    return [found[key] for key in sorted(found)]


def _imported(
    source: Source, log: Mapping[str, Any], rows: list[_Place], request: Request, problems: Problems
) -> Imported:
    config, about = mapping(log.get("config")), mapping(log.get("metadata"))
    task = text(config.get("description")) or source.stem
    builder = request.builder(request.suite or suite_name(task), problems)
    ambiguous = _ambiguous(rows)
    directions: dict[str, Direction] = {}
    builder.directions = directions
    for place in rows:
        row = _row(place, ambiguous)
        # All of its scores are weighed and added: more is better.
        directions |= dict.fromkeys(row.scores, Direction.MAX)
        builder.add(row)
    first = rows[0].value
    totals = _totals(log, first)
    reported = {key: value for key, value in totals.items() if isinstance(value, (int, float))}
    version = text(about.get("promptfooVersion"))
    suite = builder.build(Origin("promptfoo", version, request.digest, task), reported)
    _compare(suite, source.shown, totals, problems)
    packages = {"promptfoo": version, "node": text(about.get("nodeVersion"))}
    provider = str(mapping(first.get("provider")).get("id"))
    label = " ".join(str(mapping(first.get("prompt")).get("label") or "").split())
    provider = portable(provider)
    return Imported(
        (suite,),
        tuple(_inputs(suite, config, rows)),
        f"{provider}: {label[:60]}" if label else provider,
        time_text(about.get("evaluationCreatedAt")),
        time_text(about.get("exportedAt")),
        packages={key: value for key, value in packages.items() if value},
    )


def _question(value: Mapping[str, Any]) -> Any:
    return value.get("vars") or mapping(value.get("testCase")).get("vars") or {}


def _own_id(value: Mapping[str, Any]) -> str | None:
    case = mapping(value.get("testCase"))
    own = mapping(case.get("metadata")).get("id")
    return str(own) if isinstance(own, (str, int)) and own != "" else text(case.get("description"))


def _ambiguous(rows: Iterable[_Place]) -> set[str]:
    """Ids that stand for more than one question: descriptions need not be unique."""
    questions: dict[str, set[str]] = {}
    for place in rows:
        own = _own_id(place.value)
        if own is not None:
            try:
                questions.setdefault(own, set()).add(short_hash(_question(place.value)))
            except (ValueError, TypeError, RecursionError):
                continue  # told of when the row is added
    return {own for own, hashes in questions.items() if len(hashes) > 1}


def _row(place: _Place, ambiguous: set[str]) -> Row:
    value = place.value
    own = _own_id(value)
    failed = value.get("failureReason") == _ERROR
    metadata = {k: v for k, v in mapping(mapping(value.get("testCase")).get("metadata")).items() if k != "id"}
    asserts = mapping(value.get("testCase")).get("assert")
    scores = {"pass": value.get("success"), "score": value.get("score"), **mapping(value.get("namedScores"))}
    return Row(
        place.where,
        None if own in ambiguous else own,
        epoch=None,
        input=_question(value),
        target=asserts,
        scores={} if failed else scores,
        state=State.ERROR if failed else State.OK,
        metadata=metadata,
        usage=_usage(value),
        output=mapping(value.get("response")).get("output"),
        why=text(mapping(value.get("gradingResult")).get("reason")),
        error=text(value.get("error")) if failed else None,
    )


def _usage(value: Mapping[str, Any]) -> dict[str, Any]:
    used, latency = mapping(value.get("tokenUsage")), value.get("latencyMs")
    return {
        "in": used.get("prompt"),
        "out": used.get("completion"),
        "cached": used.get("cached") or None,
        "reasoning": mapping(used.get("completionDetails")).get("reasoning") or None,
        "calls": used.get("numRequests"),
        "cost": value.get("cost"),
        "sec": latency / 1000 if isinstance(latency, (int, float)) else None,
    }


def _totals(log: Mapping[str, Any], first: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the log reports of this prompt with this provider."""
    prompts = listed(mapping(log.get("results")).get("prompts"))
    at = first.get("promptIdx")
    if isinstance(at, int) and 0 <= at < len(prompts):
        return mapping(mapping(prompts[at]).get("metrics"))
    return {}


def _compare(suite: Suite, shown: str, totals: Mapping[str, Any], problems: Problems) -> None:
    """Sums are reported; they are compared as means over the answers that were graded."""
    passed, failed = totals.get("testPassCount"), totals.get("testFailCount")
    if not (isinstance(passed, int) and isinstance(failed, int) and passed + failed > 0):
        return
    graded = passed + failed
    compared(suite, shown, "pass", passed / graded, "pass", problems)
    if isinstance(total := totals.get("score"), (int, float)):
        compared(suite, shown, "score", total / graded, "score", problems)


def _inputs(suite: Suite, config: Mapping[str, Any], rows: Sequence[_Place]) -> Iterator[Input]:
    first = rows[0].value
    provider = mapping(first.get("provider"))
    known = {str(mapping(one).get("id")): mapping(one) for one in listed(config.get("providers"))}
    settings = dict(mapping(known.get(str(provider.get("id")), {}).get("config")))
    seed = settings.pop("seed", None)
    name = str(provider.get("id"))
    yield input_of(MODEL, name, {"label": provider.get("label")}, pin=model_pin(name))
    yield _prompt(suite, first)
    yield input_of(DATASET, suite.name, {}, suite)
    yield _grader(suite, config, rows)
    if settings:
        yield input_of(SETTINGS, suite.name, settings)
    if seed is not None:
        yield input_of(SEEDS, suite.name, {"api": seed})


def _prompt(suite: Suite, first: Mapping[str, Any]) -> Input:
    """The template: promptfoo knows it by the sha256 of its text."""
    own, label = first.get("promptId"), mapping(first.get("prompt")).get("label")
    hashed = own if isinstance(own, str) and _SHA256.fullmatch(own) else None
    told = {"digest": f"sha256:{hashed}" if hashed else None, "template": label}
    return input_of(PROMPT, suite.name, told, pin=Pin.CONTENT if hashed else Pin.NAMED)


def _grader(suite: Suite, config: Mapping[str, Any], rows: Sequence[_Place]) -> Input:
    """What is asserted tells the answers: it is known by its hash."""
    each = [mapping(place.value.get("testCase")).get("assert") for place in rows]
    default = mapping(config.get("defaultTest"))
    told = {
        "asserts": f"sha256:{digest(sorted({_digest(one) for one in each}))}",
        "default": f"sha256:{_digest(default)}" if default else None,
    }
    whole = not any(map(_is_elsewhere, (*each, default)))
    return input_of(GRADER, suite.name, told, pin=Pin.CONTENT if whole else Pin.NAMED)


def _is_elsewhere(asserted: Any) -> bool:
    """Whether a model judges, or a file that the log does not hold."""
    if isinstance(asserted, Mapping):
        kind = str(asserted.get("type")).removeprefix("not-")
        return kind in _JUDGED or any(map(_is_elsewhere, asserted.values()))
    if isinstance(asserted, list):
        return any(map(_is_elsewhere, asserted))
    return isinstance(asserted, str) and asserted.startswith(("file://", "package:"))


def _digest(value: Any) -> str:
    try:
        return digest(value)
    except (ValueError, TypeError, RecursionError):
        return ""
