"""What spans of model and tool calls tell, by the names of OpenTelemetry's conventions, and of OpenInference.

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitexp.errors import InvalidName
from gitexp.model.evaluation import MAX_EPOCH, check_label, check_suite, is_score
from gitexp.model.trace import Outcome, Span
from gitexp.model.values import Value

SUITE, EPOCH, ROLE, STATE = "gitexp.suite", "gitexp.epoch", "gitexp.role", "gitexp.state"
USAGE = "gitexp.usage."
"""Of what a whole answer cost, by the names that tables of evaluations have, where its calls are not told."""
EVALUATION = "gen_ai.evaluation."
EXAMPLES = ("gitexp.example.id", "langfuse.experiment.item.id")
GRADER = "grader"
OPERATION, MODEL = "gen_ai.operation.name", "gen_ai.request.model"
_KIND = "openinference.span.kind"
_GENERATING = frozenset(("chat", "text_completion", "generate_content", "completion", "response", "LLM"))
_EMBEDDING = frozenset(("embeddings", "embedding", "EMBEDDING"))
_TOOL = frozenset(("execute_tool", "TOOL"))
_RETRIEVING = frozenset(("retrieval", "RETRIEVER"))

_NAMES: Mapping[str, Sequence[str]] = {
    "model": (MODEL, "llm.model_name", "embedding.model_name", "gen_ai.response.model"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"),
    "answered": ("gen_ai.response.model",),
    "fingerprint": ("openai.response.system_fingerprint", "gen_ai.openai.response.system_fingerprint"),
    "tool": ("gen_ai.tool.name", "tool.name"),
    "in": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
    "out": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"),
    "cached": ("gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
    "cost": ("gen_ai.usage.cost", "llm.cost.total"),
}
"""What is asked of a span, and the attributes that may say it, the best first."""
TOKENS = ("in", "out", "cached", "reasoning", "cost")
USAGE_NAMES = {what: _NAMES[what][0] for what in TOKENS}
"""As they are written."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a span was done for, by its own word or by that of one above it."""

    example: str | None = None
    suite: str | None = None
    epoch: int = 1
    grading: bool = False
    """Whether it was done to grade an answer, and is no part of it."""


class Family:
    """Spans with what stands above each."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = tuple(spans)
        self._by_key = {one.key: one for one in self.spans}
        self._places: dict[tuple[str, str], Place] = {}
        self._calling = self._above(one for one in self.spans if is_call(one))

    def parent(self, span: Span) -> Span | None:
        return self._by_key.get((span.trace, span.parent)) if span.parent is not None else None

    def place(self, span: Span) -> Place:
        way: list[Span] = []
        place, seen = Place(), set()
        one: Span | None = span
        # A damaged file may have spans that stand above themselves.
        while one is not None and one.key not in seen:
            if one.key in self._places:
                place = self._places[one.key]
                break
            seen.add(one.key)
            way.append(one)
            one = self.parent(one)
        for one in reversed(way):
            place = self._places[one.key] = _placed(one, place)
        return place

    def calls(self) -> Iterator[Span]:
        """Calls of models; of one that only passes it on to another, the inner one."""
        return (one for one in self.spans if is_call(one) and one.key not in self._calling)

    def _above(self, spans: Iterable[Span]) -> set[tuple[str, str]]:
        """Every span that has one of `spans` below it."""
        found: set[tuple[str, str]] = set()
        for span in spans:
            above = self.parent(span)
            while above is not None and above.key not in found:
                found.add(above.key)
                above = self.parent(above)
        return found


def told(span: Span, what: str) -> Value:
    """What the span says of `what`, one of the names above; None where it does not."""
    return next((found for key in _NAMES[what] if (found := span.attributes.get(key)) is not None), None)


def text_of(span: Span, what: str) -> str | None:
    found = told(span, what)
    return found if isinstance(found, str) and found else None


def count_of(span: Span, what: str) -> int | float | None:
    found = told(span, what)
    return found if is_score(found) and found >= 0 else None  # type: ignore[return-value, operator]


def operation(span: Span) -> str:
    found = span.attributes.get(OPERATION, span.attributes.get(_KIND))
    return found if isinstance(found, str) else ""


def is_call(span: Span) -> bool:
    """Whether it is a call of a model."""
    known = operation(span)
    if not known:
        return told(span, "model") is not None and count_of(span, "in") is not None
    return known in _GENERATING or known in _EMBEDDING


def generates(span: Span) -> bool:
    return is_call(span) and operation(span) not in _EMBEDDING


def is_tool(span: Span) -> bool:
    return operation(span) in _TOOL


def retrieves(span: Span) -> bool:
    return operation(span) in _RETRIEVING


def failed(span: Span) -> bool:
    return span.outcome is Outcome.ERROR or "error.type" in span.attributes


def _placed(span: Span, above: Place) -> Place:
    found = span.attributes
    grades = found.get(ROLE) == GRADER or found.get(_KIND) == "EVALUATOR"
    place = replace(above, grading=above.grading or grades)
    suite, epoch = found.get(SUITE), found.get(EPOCH)
    if isinstance(suite, str) and _allowed(check_suite, suite):
        place = replace(place, suite=suite)
    if type(epoch) is int and 0 <= epoch < MAX_EPOCH:
        place = replace(place, epoch=epoch)
    for key in EXAMPLES:
        told = str(found[key]) if isinstance(found.get(key), (str, int)) else ""
        if _allowed(lambda text: check_label("id", text), told):
            return replace(place, example=told)
    return place


def _allowed(check: Any, text: str) -> bool:
    try:
        check(text)
    except InvalidName:
        return False
    return True
