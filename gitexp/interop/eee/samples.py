"""The samples of Every Eval Ever as rows: each has the score of one metric."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gitexp.formats.canonical_json import short_hash
from gitexp.interop.building import Row
from gitexp.interop.eee import words
from gitexp.interop.eee.words import parsed
from gitexp.interop.source import listed, mapping, text
from gitexp.model.evaluation import State, is_hash, is_score

_STATES = {one.value: one for one in State}
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TOKENS = {"in": words.TOKENS_IN, "out": words.TOKENS_OUT, **words.MORE_TOKENS}


def is_sample(value: Mapping[str, Any]) -> bool:
    """Whether an object is one, by what every version of the schema requires."""
    return {"evaluation_id", "sample_id", "evaluation"} <= value.keys()


def row_of(where: str, value: Mapping[str, Any], metric: str, epoch: object) -> Row:
    """A sample with its score of `metric`; `epoch` is taken where it does not say its own."""
    metadata, asked = mapping(value.get("metadata")), mapping(value.get("input"))
    question, target = _question(asked, metadata), _target(asked, metadata)
    state, scores = _graded(value, metadata, metric)
    plain = {key: one for key, one in metadata.items() if not key.startswith(words.PREFIX)}
    own = metadata.get(words.EPOCH)
    error = _error(value)
    return Row(
        where,
        value.get("sample_id"),
        epoch=int(own) if isinstance(own, str) and own.isdecimal() and len(own) < 11 else epoch,
        input=question,
        target=target,
        x=_x(value, metadata, question),
        y=told if is_hash(told := metadata.get(words.Y)) else None,
        scores=scores,
        state=state,
        metadata={**plain, **mapping(parsed(metadata, words.TAGS))},
        cluster=text(metadata.get(words.CLUSTER)),
        usage=_usage(value),
        output=_output(value, metadata),
        answer=_answer(value),
        why=metadata.get(words.WHY),
        # Where there was no text to keep the state stands in its place.
        error=None if error == metadata.get(words.STATE) else error,
    )


def _typed(metadata: Mapping[str, Any], what: str, told: str) -> Any:
    """`told`, or the JSON in it where that is what it was written as."""
    if what not in str(metadata.get(words.TYPED)).split(","):
        return told
    found = parsed({what: told}, what)
    return told if found is None else found


def _question(asked: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    raw, choices = text(asked.get("raw")), listed(asked.get("choices"))
    if raw is None:
        return None
    question = _typed(metadata, "input", raw)
    # With other choices it is another question.
    return {"question": question, "choices": list(choices)} if choices else question


def _target(asked: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    found = listed(asked.get("reference"))
    if len(found) == 1 and isinstance(found[0], str):
        return _typed(metadata, "target", found[0])
    return list(found) or None


def _x(value: Mapping[str, Any], metadata: Mapping[str, Any], question: Any) -> str | None:
    """The hash of the question where its text is not there: of what stands for it, if nothing tells."""
    told, hashed = metadata.get(words.X), value.get("sample_hash")
    if is_hash(told):
        return str(told)
    if question is not None:
        return None
    if isinstance(hashed, str) and _SHA256.fullmatch(hashed):
        return hashed[:16]
    return short_hash(str(value.get("sample_id")))


def _graded(
    value: Mapping[str, Any], metadata: Mapping[str, Any], metric: str
) -> tuple[State, dict[str, Any]]:
    """How the answer came about, and its score: of one that could not be had, 0 only fills a place."""
    error, score = _error(value), mapping(value.get("evaluation")).get("score")
    state = _STATES.get(str(metadata.get(words.STATE)))
    if state is not None or error is None:
        return state or State.OK, {metric: score}
    late = "timeout" in error.lower() or "timed out" in error.lower()
    return State.TIMEOUT if late else State.ERROR, {metric: score} if score else {}


def _usage(value: Mapping[str, Any]) -> dict[str, Any]:
    tokens, speed = mapping(value.get("token_usage")), mapping(value.get("performance"))
    graded, latency = mapping(value.get("evaluation")), speed.get("latency_ms")
    found = {name: tokens.get(key) for name, key in _TOKENS.items()}
    found["sec"] = latency / 1000 if is_score(latency) else None  # type: ignore[operator]
    found |= {"turns": graded.get("num_turns"), "tools": graded.get("tool_calls_count")}
    return {**found, **mapping(parsed(mapping(speed.get("additional_details")), words.USAGE))}


def _output(value: Mapping[str, Any], metadata: Mapping[str, Any]) -> Any:
    """What was answered; of a conversation the last that the model said."""
    raw = listed(mapping(value.get("output")).get("raw"))
    if not raw:
        said = [one for one in map(mapping, listed(value.get("messages"))) if one.get("role") == "assistant"]
        raw = [said[-1].get("content")] if said else []
    if len(raw) == 1:
        return _typed(metadata, "output", raw[0]) if isinstance(raw[0], str) else raw[0]
    return list(raw) or None


def _answer(value: Mapping[str, Any]) -> object:
    each = [mapping(one) for one in listed(value.get("answer_attribution"))]
    found = [one.get("extracted_value") for one in each if one.get("is_terminal")]
    return found[-1] if found else None


def _error(value: Mapping[str, Any]) -> str | None:
    return text(value.get("error"))
