"""What went into a run, as the spans of its calls tell: models and what they were given, retrievers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from gitexp.formats.asked import fingerprint, portable_name, provider_name, settings_of
from gitexp.formats.canonical_json import digest
from gitexp.formats.ordering import without_none
from gitexp.formats.span_content import hash_of
from gitexp.formats.ways import bounded, different, hashed, mixed, pin_of_model
from gitexp.interop import gen_ai
from gitexp.interop.gen_ai import Family, text_of
from gitexp.model.evaluation import is_score
from gitexp.model.record import How, Input, Pin
from gitexp.model.roles import GRADER, MODEL, PROMPT, RETRIEVER, SEEDS, SETTINGS, TOOLS
from gitexp.model.trace import Message, Span
from gitexp.model.values import Value

_REQUEST = re.compile(r"gen_ai\.(?:openai\.|anthropic\.)?request\.([a-z0-9_.]{1,60})")
_DEFINITIONS = ("gen_ai.tool.definitions", "llm.tools")
_INSTRUCTIONS = "gen_ai.system_instructions"
_SAID = ("gen_ai.input.messages", "gen_ai.prompt", "llm.input_messages")
_MAX_NAME = 200
"""Characters of a name."""
_MAX_NAMES = 100
"""Models and sources that are told of."""


def inputs_of(family: Family) -> Iterator[Input]:
    """The inputs that were observed; of a role and a name there is one."""
    calls: dict[tuple[str, str], list[Span]] = {}
    for one in family.calls():
        model = _name(one, "model")
        key = (GRADER if family.place(one).grading else MODEL, model or "")
        if model is not None and (len(calls) < _MAX_NAMES or key in calls):
            calls.setdefault(key, []).append(one)
    for (role, model), ones in sorted(calls.items()):
        yield _model(role, model, ones)
        if role == MODEL:
            yield from _asked(model, ones)
    own = [one for key, ones in sorted(calls.items()) if key[0] == MODEL for one in ones]
    if seeds := different(seed for one in own if is_score(seed := _requested(one).get("seed"))):
        yield Input(SEEDS, SEEDS, value={"api": bounded(seeds)}, how=How.OBSERVED)
    yield from _retrievers(one for one in family.spans if not family.place(one).grading)


def _model(role: str, name: str, calls: list[Span]) -> Input:
    answered: dict[str, set[str | None]] = {
        "response_model": {_name(one, "answered") for one in calls},
        "system_fingerprint": {fingerprint(text_of(one, "fingerprint") or "") for one in calls},
    }
    seen = {key: bounded(sorted(filter(None, found))) for key, found in answered.items() if any(found)}
    providers = sorted(
        {provider_name(told) for one in calls if (told := text_of(one, "provider")) is not None}
    )
    value: dict[str, Value] = {"name": name}
    if providers:
        value["provider"] = bounded(list(providers))
    return Input(role, name, value=value, how=How.OBSERVED, pin=pin_of_model(name), seen=seen)


def _asked(model: str, calls: list[Span]) -> Iterator[Input]:
    """What the calls of a model were given besides what was said."""
    settings = different(settings_of(_requested(one)) for one in calls)
    if any(settings):
        yield Input(SETTINGS, model, value=mixed(settings), how=How.OBSERVED)
    tools = [messages for one in calls for key in _DEFINITIONS if (messages := one.lists.get(key))]
    if hashes := different(map(_hash, tools)):
        names = sorted({name for each in tools for name in map(_tool_name, each) if name})
        value = hashed(hashes) | ({"names": list(names[:_MAX_NAMES])} if names else {})
        yield Input(TOOLS, f"{model} tools", value=value, how=How.OBSERVED)
    if hashes := different(told for one in calls if (told := _instructions(one)) is not None):
        value = hashed(hashes)
        yield Input(PROMPT, f"{model} system", value=value, how=How.OBSERVED, pin=Pin.INFERRED)


def _name(one: Span, what: str) -> str | None:
    found = text_of(one, what)
    return None if found is None else portable_name(found)[:_MAX_NAME]


def _requested(one: Span) -> dict[str, Value]:
    """The parameters of a call."""
    return {match[1]: one.attributes[key] for key in one.attributes if (match := _REQUEST.fullmatch(key))}


def _tool_name(message: Message) -> str | None:
    value: Any = message.value if isinstance(message.value, dict) else {}
    inner = value.get("function")
    name = value.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    return name[:_MAX_NAME] if isinstance(name, str) else None


def _instructions(one: Span) -> str | None:
    """The hash of what the model was told before anything else."""
    plain = one.attributes.get(_INSTRUCTIONS)
    if messages := one.lists.get(_INSTRUCTIONS):
        return _hash(messages)
    if isinstance(plain, str) and plain:
        return plain if re.fullmatch(r"sha256:[0-9a-f]{64}", plain) else f"sha256:{digest(plain)}"
    first = [message for key in _SAID for message in one.lists.get(key, ())[:1] if _is_system(message)]
    return _hash(first) if first else None


def _is_system(message: Message) -> bool:
    return isinstance(message.value, dict) and message.value.get("role") in ("system", "developer")


def _hash(messages: Iterable[Message]) -> str:
    return f"sha256:{digest([hash_of(one.value) for one in messages])}"


def _retrievers(spans: Iterable[Span]) -> Iterator[Input]:
    found: dict[str, list[dict[str, Value]]] = {}
    for one in spans:
        source = one.attributes.get("gen_ai.data_source.id")
        if not gen_ai.retrieves(one) and source is None:
            continue
        known = isinstance(source, (str, int)) and source != ""
        name = portable_name(str(source))[:_MAX_NAME] if known else "retrieval"
        if len(found) < _MAX_NAMES or name in found:
            found.setdefault(name, []).append(_retrieval(one, name if known else None))
    for name, values in sorted(found.items()):
        value = mixed(different(values))
        yield Input(RETRIEVER, name, value=value, how=How.OBSERVED, pin=Pin.NAMED)


def _retrieval(one: Span, source: str | None) -> dict[str, Value]:
    told: dict[str, Value] = {"data_source": source}
    if gen_ai.retrieves(one):
        told |= {"embedder": _name(one, "model"), "top_k": settings_of(_requested(one)).get("top_k")}
    return without_none(told)
