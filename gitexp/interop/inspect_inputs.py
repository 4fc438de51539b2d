"""What a log of Inspect tells of its making: header, plan, and what its samples show of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitexp.formats.canonical_json import digest, to_json
from gitexp.interop.source import listed, mapping, text
from gitexp.interop.told import input_of, model_pin, none_of
from gitexp.model.evaluation import Suite
from gitexp.model.record import Input, Pin
from gitexp.model.roles import DATASET, GRADER, MODEL, PROMPT, SANDBOX, SEEDS, SETTINGS, TOOLS

_MOST = 200
"""Different things of a kind that are kept; of more it is only said that they differ."""
_WITHOUT_EFFECT = frozenset(
    ("max_connections", "max_retries", "timeout", "attempt_timeout", "adaptive_connections", "cache", "batch")
)
"""Settings of how the model is called, which change no answer."""
_BUILT_IN = frozenset(
    "accuracy answer choice exact f1 includes match math pattern perplexity multi_scorer".split()
)
"""Scorers that come with Inspect and ask no model: its version tells what they are."""
_FILE = re.compile(r"(?:[\w.@-]+/)*[\w.@-]+\.(?:txt|md|jinja2?|j2|ya?ml|json|prompt)", re.ASCII)
"""A value that names a file: what stood in it the log does not tell."""


@dataclass(slots=True)
class Evidence:
    """What samples show of how they came about."""

    models: set[str] = field(default_factory=set)
    """Those that answered, by their own word."""
    systems: set[str] = field(default_factory=set)
    """Hashes of the system messages; the empty text where a sample had none."""
    tools: dict[str, str] = field(default_factory=dict)
    """What was offered to the model, as JSON -> its name."""
    sandboxes: set[str] = field(default_factory=set)
    calls_told: bool = True
    """Whether every sample tells of a call of the model."""
    samples: int = 0

    def take(self, sample: Mapping[str, Any]) -> None:
        self.samples += 1
        _keep(self.models, text(mapping(sample.get("output")).get("model")))
        _keep(self.systems, _system_of(sample))
        sandbox = sample.get("sandbox")
        _keep(self.sandboxes, _json(sandbox) if sandbox else None)
        calls = [one for one in map(mapping, listed(sample.get("events"))) if one.get("event") == "model"]
        self.calls_told = self.calls_told and bool(calls)
        for one in calls:
            for tool in map(mapping, listed(one.get("tools"))):
                if len(self.tools) < _MOST:
                    self.tools.setdefault(_json(tool), str(tool.get("name")))


def inputs(
    suite: Suite, about: Mapping[str, Any], plan: Mapping[str, Any], evidence: Evidence
) -> Iterator[Input]:
    """Everything that the log tells, by its role; `about` is the `eval` of its header."""
    config = mapping(about.get("config"))
    generate = {**mapping(about.get("model_generate_config")), **mapping(plan.get("config"))}
    seed = generate.pop("seed", None)
    yield _model(about, evidence)
    yield _prompt(suite, about, plan, evidence)
    dataset = mapping(about.get("dataset"))
    source = {key: dataset.get(key) for key in ("name", "location", "shuffled")}
    yield input_of(DATASET, suite.name, source | {"limit": config.get("limit")}, suite)
    yield _grader(suite, about)
    yield from _tools(suite, evidence)
    yield from _sandbox(suite, about, evidence)
    wanted = ("epochs", "fail_on_error", "message_limit", "token_limit", "time_limit", "working_limit")
    settings = {key: value for key, value in generate.items() if key not in _WITHOUT_EFFECT}
    yield input_of(SETTINGS, suite.name, {**settings, **{key: config.get(key) for key in wanted}})
    if seed is not None:
        yield input_of(SEEDS, suite.name, {"api": seed})


def _model(about: Mapping[str, Any], evidence: Evidence) -> Input:
    name, args = str(about.get("model")), mapping(about.get("model_args"))
    roles = {role: one for role, one in mapping(about.get("model_roles")).items() if role != GRADER}
    seen = {"response_model": sorted(evidence.models - {name})}
    return input_of(
        MODEL, name, {"args": args, "roles": roles}, pin=model_pin(name, args.get("revision")), seen=seen
    )


def _prompt(suite: Suite, about: Mapping[str, Any], plan: Mapping[str, Any], evidence: Evidence) -> Input:
    """The solvers and, where every sample had the same, the hash of its system message."""
    steps = [
        {"solver": mapping(step).get("solver"), "params": mapping(mapping(step).get("params"))}
        for step in listed(plan.get("steps"))
    ]
    told: dict[str, Any] = {"steps": steps, "task_args": mapping(about.get("task_args"))}
    if len(evidence.systems) == 1 and "" not in evidence.systems:
        told["system"] = f"sha256:{next(iter(evidence.systems))}"
    elsewhere = any(_FILE.fullmatch(one) for one in _texts(steps)) and "system" not in told
    return input_of(PROMPT, suite.name, told, pin=Pin.NAMED if elsewhere else Pin.CONTENT)


def _grader(suite: Suite, about: Mapping[str, Any]) -> Input:
    scorers = [
        {"name": mapping(one).get("name"), "options": mapping(mapping(one).get("options"))}
        for one in listed(about.get("scorers"))
    ]
    version = text(mapping(about.get("packages")).get("inspect_ai"))
    judge = mapping(about.get("model_roles")).get(GRADER)
    names = [str(one["name"]).removeprefix("inspect_ai/") for one in scorers]
    known = version is not None and bool(names) and set(names) <= _BUILT_IN and judge is None
    told = {"scorers": scorers, "inspect_ai": version, "judge": judge}
    return input_of(GRADER, suite.name, told, pin=Pin.REVISION if known else Pin.NAMED)


def _tools(suite: Suite, evidence: Evidence) -> Iterator[Input]:
    if evidence.tools:
        names = sorted(set(evidence.tools.values()))
        told = {"names": names, "digest": f"sha256:{digest(sorted(evidence.tools))}"}
        yield input_of(TOOLS, suite.name, told, pin=Pin.CONTENT)
    elif evidence.samples and evidence.calls_told:
        yield none_of(TOOLS)


def _sandbox(suite: Suite, about: Mapping[str, Any], evidence: Evidence) -> Iterator[Input]:
    own = about.get("sandbox")
    if own or evidence.sandboxes:
        yield input_of(
            SANDBOX, suite.name, {"task": own, "samples": sorted(evidence.sandboxes)}, pin=Pin.NAMED
        )
    elif evidence.samples:
        yield none_of(SANDBOX)


def _system_of(sample: Mapping[str, Any]) -> str:
    """The hash of what the model was told first, if that was not part of the question."""
    for one in map(mapping, listed(sample.get("messages"))):
        if one.get("role") == "system" and one.get("source") != "input":
            return digest(_plain(one.get("content")))
    return ""


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    """`value` as JSON, whatever numbers are in it."""
    try:
        return to_json(value)
    except (ValueError, TypeError, RecursionError):
        return repr(value)[:1000]


def _keep(found: set[str], one: str | None) -> None:
    if one is not None and len(found) < _MOST:
        found.add(one)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
