"""What a document of Every Eval Ever tells of its making, as inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gitexp.formats.inputs import inputs_from
from gitexp.formats.record_fields import FAULTS
from gitexp.formats.ways import different, mixed
from gitexp.interop.eee.results import Reported
from gitexp.interop.eee.words import INPUTS, PREFIX, UNKNOWN, details_of, parsed
from gitexp.interop.source import listed, mapping, text
from gitexp.interop.told import input_of, model_pin, plain
from gitexp.model.evaluation import Suite
from gitexp.model.record import How, Input, Pin
from gitexp.model.roles import DATASET, GRADER, MODEL, PROMPT, SEEDS, SETTINGS

_SPEAKING = ("prompt_template", "eval_plan", "execution_command")
"""Of what answers were generated with: what is no setting of the model."""
_METRIC = ("metric_id", "metric_name", "metric_parameters", "evaluation_description", "lower_is_better")


def inputs_of(
    log: Mapping[str, Any], suites: Sequence[tuple[Suite, Sequence[Reported]]], asked: str | None
) -> Iterator[Input]:
    """The inputs as gitexp wrote them, or as far as the schema has a place for them.

    `asked` is the model by the word of a sample, where there is no document.
    """
    written = {(one.role, one.name): one for one in _written(log)}
    if not written:
        yield from _model(log, asked)
        for suite, results in suites:
            yield from _of_suite(log, suite, results)
        return
    suite_of = {suite.name: suite for suite, _ in suites}
    for (role, name), one in written.items():
        known = role == DATASET and name in suite_of and isinstance(one.value, Mapping)
        yield _of_rows(one, suite_of[name]) if known else one


def _written(log: Mapping[str, Any]) -> tuple[Input, ...]:
    told = parsed(details_of(log), INPUTS)
    try:
        found = inputs_from(told if isinstance(told, dict) else {})
    except FAULTS:
        return ()
    # Where it lay in another repository says nothing here.
    return tuple(
        replace(one, path=None, how=How.ASSUMED, value=plain(one.value), seen=plain(one.seen))
        for one in found
    )


def _of_rows(one: Input, suite: Suite) -> Input:
    """A dataset that was written, by the examples that are there."""
    value = one.value if isinstance(one.value, Mapping) else {}
    told = {key: item for key, item in value.items() if key not in ("examples", "digest")}
    return input_of(DATASET, one.name, told, suite if suite.examples else None, pin=one.pin)


def _model(log: Mapping[str, Any], asked: str | None) -> Iterator[Input]:
    about = mapping(log.get("model_info"))
    name = text(about.get("id")) or text(about.get("name")) or asked
    if name is None:
        return
    details = _details(about)
    told = {key: about.get(key) for key in ("developer", "inference_platform", "inference_engine")}
    revision = details.get("revision") or details.get("sha") or details.get("model_sha")
    yield input_of(
        MODEL, name, {**told, "revision": revision, "details": details}, pin=model_pin(name, revision)
    )


def _of_suite(log: Mapping[str, Any], suite: Suite, results: Sequence[Reported]) -> Iterator[Input]:
    configs = [mapping(one.value.get("generation_config")) for one in results]
    arguments = [mapping(one.get("generation_args")) for one in configs]
    spoken = different({key: one[key] for key in _SPEAKING if one.get(key)} for one in arguments)
    if any(spoken):
        whole = all(isinstance(mapping(one).get("prompt_template"), str) for one in spoken)
        yield input_of(PROMPT, suite.name, _mapped(spoken), pin=Pin.CONTENT if whole else Pin.NAMED)
    yield _dataset(log, suite, results)
    yield _grader(log, suite, results)
    settings = [
        {key: value for key, value in {**_details(one), **args}.items() if key not in (*_SPEAKING, "seed")}
        for one, args in zip(configs, arguments, strict=True)
    ]
    if any(settings):
        yield input_of(SETTINGS, suite.name, _mapped(different(settings)))
    seeds = different(seed for one in configs if (seed := _details(one).get("seed")) is not None)
    if seeds:
        yield input_of(SEEDS, suite.name, {"api": mixed(seeds)})


def _dataset(log: Mapping[str, Any], suite: Suite, results: Sequence[Reported]) -> Input:
    """The examples where there are any; else the name of where they come from."""
    # Before version 0.2 the whole document had one source.
    sources = [one.value.get("source_data") or log.get("source_data") for one in results]
    keys = ("dataset_name", "source_type", "url", "hf_repo", "hf_split", "samples_number")
    told = [
        {key: one.get(key) for key in keys if one.get(key)} if isinstance(one, dict) else {"url": listed(one)}
        for one in sources
    ]
    value = _mapped(different(told)) if told else {}
    return input_of(DATASET, suite.name, value, suite if suite.examples else None)


def _grader(log: Mapping[str, Any], suite: Suite, results: Sequence[Reported]) -> Input:
    """The metrics by what is said of them; a judge is a model behind its name."""
    library = mapping(log.get("eval_library"))
    version = text(library.get("version"))
    judges = [mapping(one.config.get("llm_scoring")) for one in results]
    metrics = {
        one.metric: {key: one.config[key] for key in _METRIC if one.config.get(key) is not None}
        for one in results
    }
    known = version is not None and version.lower() != UNKNOWN and not any(judges)
    told = {
        "metrics": metrics,
        "judges": [_judge(one) for one in judges if one],
        "library": text(library.get("name")),
        "version": version,
    }
    return input_of(GRADER, suite.name, told, pin=Pin.REVISION if known else Pin.NAMED)


def _judge(one: Mapping[str, Any]) -> dict[str, Any]:
    each = [mapping(judge) for judge in listed(one.get("judges"))]
    models = [mapping(judge.get("model_info")).get("id") for judge in each]
    return {"models": models, "template": one.get("input_prompt"), "method": one.get("aggregation_method")}


def _details(value: Mapping[str, Any]) -> dict[str, Any]:
    """Additional details, but for what gitexp wrote for itself."""
    found = mapping(value.get("additional_details"))
    return {key: item for key, item in found.items() if not key.startswith(PREFIX)}


def _mapped(ways: Sequence[Any]) -> dict[str, Any]:
    found = mixed(ways)
    return found if isinstance(found, dict) else {"mixed": found}
