"""What the spans of a run amount to: what its calls cost, what its answers were worth, and its inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import InvalidName
from gitexp.formats.canonical_json import digest, to_json
from gitexp.formats.span_content import hash_of
from gitexp.interop import gen_ai
from gitexp.interop.gen_ai import Family, Place, count_of, text_of
from gitexp.interop.scores import NoScore, number
from gitexp.model.evaluation import Score, State, check_label
from gitexp.model.record import How, Input, Pin
from gitexp.model.roles import GRADER, MODEL, PROMPT, RETRIEVER, SEEDS, SETTINGS, TOOLS
from gitexp.model.trace import Message, Span
from gitexp.model.values import Value

EVALUATION = "gen_ai.evaluation.result"
_EVALUATION = "gen_ai.evaluation."
_REQUEST = re.compile(r"gen_ai\.(?:openai\.|anthropic\.)?request\.([a-z0-9_.]{1,60})")
_NO_SETTINGS = frozenset(("model", "seed", "stream"))
_CUT = frozenset(("length", "max_tokens", "model_length"))
"""Reasons for which an answer is not whole."""
_DATED = re.compile(r".*[-@](?:\d{4}-\d{2}-\d{2}|20\d{6})")
"""A model's name with the day of its snapshot."""
_MAX_NAMES = 100
_MAX_MIXED = 20
"""Different values of a setting that are listed."""
MIXED = "mixed"


@dataclass(slots=True)
class Sums:
    """What calls cost together."""

    usage: dict[str, Score] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    errors: int = 0
    """Calls of models that failed."""
    start: int = 0
    end: int = 0
    state: State = State.OK
    """How it ended: the outermost span of it, or else the last answer of a model."""
    _last: int = 0

    def answered(self, call: Span) -> None:
        """Note how the last call of a model ended."""
        reasons = call.attributes.get("gen_ai.response.finish_reasons")
        if call.end >= self._last and self.state in (State.OK, State.LIMIT):
            cut = isinstance(reasons, list) and any(one in _CUT for one in reasons if isinstance(one, str))
            self._last, self.state = call.end, State.LIMIT if cut else State.OK

    def add(self, what: str, amount: Score) -> None:
        self.usage[what] = self.usage.get(what, 0) + amount


@dataclass(frozen=True, slots=True)
class Told:
    """What spans tell of a run."""

    totals: Sums
    examples: Mapping[Place, Sums]
    inputs: tuple[Input, ...]
    grading: int = 0
    """Calls that were made to grade: they are in none of the sums."""


def told(spans: Iterable[Span]) -> Told:
    family = Family(spans)
    totals, examples = Sums(), dict[Place, Sums]()
    grading = sum(family.place(one).grading for one in family.calls())
    for into, one in _each(family, totals, examples):
        _count(into, one)
    for one in family.spans:
        _time(family, one, examples)
        _score(family.place(one), one, examples)
    for sums in examples.values():
        if sums.end > sums.start:
            sums.usage["sec"] = round((sums.end - sums.start) / 1e9, 3)
    return Told(totals, examples, tuple(_inputs(family)), grading)


def metrics_of(totals: Sums) -> dict[str, Score]:
    """The sums of a run as its metrics are called."""
    names = {"calls": "llm.calls", "tools": "llm.tools", "tool_errors": "llm.tool_errors", "cost": "llm.cost"}
    names |= {key: f"llm.tokens.{key}" for key in ("in", "out", "cached", "reasoning")}
    found = {name: totals.usage[key] for key, name in names.items() if key in totals.usage}
    if "sec" in totals.usage:
        found["llm.sec"] = round(totals.usage["sec"], 3)
    return found | ({"llm.errors": totals.errors} if totals.errors else {})


def _each(family: Family, totals: Sums, examples: dict[Place, Sums]) -> Iterator[tuple[Sums, Span]]:
    """Each call of a model or a tool, once for the run and once for the example that it was made for."""
    for one in (*family.calls(), *filter(gen_ai.is_tool, family.spans)):
        place = family.place(one)
        if not place.grading:
            yield totals, one
            if gen_ai.is_call(one):
                totals.add("sec", one.seconds)
            if place.example is not None:
                yield examples.setdefault(place, Sums()), one


def _count(sums: Sums, one: Span) -> None:
    wrong = gen_ai.failed(one)
    if gen_ai.is_tool(one):
        sums.add("tools", 1)
        sums.add("tool_errors", int(wrong))
        return
    sums.add("calls", 1)
    sums.errors += wrong
    if gen_ai.generates(one):
        sums.add("turns", 1)
        sums.answered(one)
    for what in gen_ai.TOKENS:
        amount = count_of(one, what)
        if amount is not None:
            sums.add(what, amount)


def _time(family: Family, one: Span, examples: dict[Place, Sums]) -> None:
    place = family.place(one)
    if place.example is None or place.grading:
        return
    sums = examples.setdefault(place, Sums())
    sums.start = min(filter(None, (sums.start, one.start)), default=0)
    sums.end = max(sums.end, one.end)
    above = family.parent(one)
    if (above is None or family.place(above).example is None) and gen_ai.failed(one):
        kind = str(one.attributes.get("error.type", "")).lower()
        sums.state = State.TIMEOUT if "timeout" in kind else State.ERROR


def _score(place: Place, one: Span, examples: dict[Place, Sums]) -> None:
    if place.example is None:
        return
    # Whoever grades is told apart for what it costs, not for what it says.
    answer = Place(place.example, place.suite, place.epoch)
    told = [one.attributes, *(event.attributes for event in one.events if event.name == EVALUATION)]
    for found in told:
        name = found.get(f"{_EVALUATION}name")
        value = found.get(f"{_EVALUATION}score.value", found.get(f"{_EVALUATION}score.label"))
        try:
            metric = check_label("metric", name) if name is not None else None
            if metric is not None:
                examples.setdefault(answer, Sums()).scores[metric] = number(value)
        except (InvalidName, NoScore):
            continue


def _inputs(family: Family) -> Iterator[Input]:
    calls: dict[tuple[str, str], list[Span]] = {}
    for one in family.calls():
        model = text_of(one, "model")
        if model is None:
            continue
        key = (GRADER if family.place(one).grading else MODEL, model)
        if len(calls) < _MAX_NAMES or key in calls:
            calls.setdefault(key, []).append(one)
    for (role, model), ones in sorted(calls.items()):
        yield _model(role, model, ones)
        if role == MODEL:
            yield from _settings(model, ones)
    own = [one for one in family.spans if not family.place(one).grading]
    yield from _hashed(TOOLS, "definitions", _definitions(own), None)
    yield from _hashed(PROMPT, "system", _instructions(own), Pin.INFERRED)
    yield from _retrievers(own)


def _model(role: str, name: str, calls: list[Span]) -> Input:
    answered = {
        "response_model": {text_of(one, "answered") for one in calls},
        "system_fingerprint": {text_of(one, "fingerprint") for one in calls},
    }
    seen = {key: _one_or_all(sorted(filter(None, found))) for key, found in answered.items() if any(found)}
    pin = Pin.REVISION if _DATED.fullmatch(name) else Pin.NAMED
    return Input(role, name, value=name, how=How.OBSERVED, pin=pin, seen=seen)


def _settings(model: str, calls: list[Span]) -> Iterator[Input]:
    """What the calls of a model were asked with; of what differs, every value."""
    found: dict[str, set[str]] = {}
    for one in calls:
        for key, value in one.attributes.items():
            match = _REQUEST.fullmatch(key)
            if match and (len(found) < _MAX_NAMES or match[1] in found):
                found.setdefault(match[1], set()).add(to_json(value))
    settings = {name: values for name, values in found.items() if name not in _NO_SETTINGS}
    if settings:
        yield Input(SETTINGS, model, value=_values(settings), how=How.OBSERVED)
    if "seed" in found:
        yield Input(SEEDS, model, value=_values({"api": found["seed"]}), how=How.OBSERVED)


def _values(found: Mapping[str, set[str]]) -> Value:
    value: dict[str, Value] = {
        name: _one_or_all([json.loads(one) for one in sorted(found[name])]) for name in sorted(found)
    }
    mixed = [name for name in value if len(found[name]) > 1]
    return {**value, MIXED: mixed} if mixed else value


def _definitions(spans: Iterable[Span]) -> Iterator[tuple[str, list[str]]]:
    """The tools that calls were given: their hash, and their names."""
    for one in spans:
        for key in ("gen_ai.tool.definitions", "llm.tools"):
            if messages := one.lists.get(key):
                yield _hash(messages), sorted(filter(None, map(_tool_name, messages)))


def _tool_name(message: Message) -> str | None:
    value: Any = message.value if isinstance(message.value, Mapping) else {}
    inner = value.get("function")
    name = value.get("name") or (inner.get("name") if isinstance(inner, Mapping) else None)
    return name[:200] if isinstance(name, str) else None


def _instructions(spans: Iterable[Span]) -> Iterator[tuple[str, list[str]]]:
    """What models were told before anything else, by hash."""
    for one in spans:
        plain = one.attributes.get("gen_ai.system_instructions")
        if messages := one.lists.get("gen_ai.system_instructions"):
            yield _hash(messages), []
        elif isinstance(plain, str) and plain:
            known = re.fullmatch(r"sha256:([0-9a-f]{64})", plain)
            yield known[1] if known else digest(plain), []
        else:
            for key in ("gen_ai.input.messages", "gen_ai.prompt", "llm.input_messages"):
                if first := [message for message in one.lists.get(key, ())[:1] if _is_system(message)]:
                    yield _hash(first), []


def _is_system(message: Message) -> bool:
    return isinstance(message.value, Mapping) and message.value.get("role") in ("system", "developer")


def _hash(messages: Iterable[Message]) -> str:
    return digest([hash_of(one.value) for one in messages])


def _hashed(role: str, name: str, found: Iterable[tuple[str, list[str]]], pin: Pin | None) -> Iterator[Input]:
    """One input for what calls were given: by its hash, or where it differed by the hash of all of them."""
    known: dict[str, list[str]] = {}
    for one, names in found:
        known.setdefault(one, names)
    if not known:
        return
    hashes = sorted(known)
    names = sorted({one for each in known.values() for one in each})
    value: dict[str, Value] = {"digest": f"sha256:{hashes[0] if len(hashes) == 1 else digest(hashes)}"}
    if names:
        value["names"] = list(names[:_MAX_NAMES])
    if len(hashes) > 1:
        value |= {"different": len(hashes), MIXED: ["digest"]}
    yield Input(role, name, value=value, how=How.OBSERVED, pin=pin)


def _retrievers(spans: Iterable[Span]) -> Iterator[Input]:
    found: dict[str, dict[str, set[str]]] = {}
    for one in spans:
        source = one.attributes.get("gen_ai.data_source.id")
        if not gen_ai.retrieves(one) and source is None:
            continue
        name = str(source)[:200] if isinstance(source, (str, int)) and source != "" else "retrieval"
        if len(found) < _MAX_NAMES or name in found:
            into = found.setdefault(name, {})
            for key, value in _retrieval(one, source).items():
                if value is not None:
                    into.setdefault(key, set()).add(to_json(value))
    for name, values in sorted(found.items()):
        yield Input(RETRIEVER, name, value=_values(values), how=How.OBSERVED, pin=Pin.NAMED)


def _retrieval(one: Span, source: Value) -> dict[str, Value]:
    if not gen_ai.retrieves(one):
        return {"data_source": source}
    top_k = one.attributes.get("gen_ai.request.top_k")
    return {"data_source": source, "embedder": text_of(one, "model"), "top_k": top_k}


def _one_or_all(values: list[Any]) -> Value:
    return values[0] if len(values) == 1 else values[:_MAX_MIXED]
