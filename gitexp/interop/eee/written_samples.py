"""The answers of a run as samples of Every Eval Ever: one for each score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gitexp.formats.ordering import without_none
from gitexp.interop.eee import values, words
from gitexp.interop.eee.fields import Fields
from gitexp.model.evaluation import Answer, Guess, Metric, Output, Score, State, Suite

_SINGLE = values.SINGLE


def metrics_of(suite: Suite) -> list[Metric]:
    """The metrics of a suite, those too of which only its answers tell."""
    found = {name: Metric(name, guess=Guess.NOBODY) for row in suite.results for name in row.scores}
    found |= {one.name: one for one in suite.meta.metrics}
    return [found[name] for name in sorted(found)]


@dataclass(slots=True)
class Samples:
    """Makes the samples of one document, and counts what could not be told."""

    evaluation: str
    model: str
    known: Fields
    unscored: list[dict[str, Any]] = field(default_factory=list)
    """Answers without any score."""
    _answers: int = 0
    _lacking: Counter[str] = field(default_factory=Counter)
    _unclear: set[str] = field(default_factory=set)
    """Metrics of which nothing says what is right."""

    def lines(self, suite: Suite) -> Iterator[dict[str, Any]]:
        metrics = {one.name: one for one in metrics_of(suite)}
        for answer in suite.answers(only_asked=True):
            row, counts = answer.result, values.counts_of(answer.usage)
            plain = self._sample(suite.name, answer)
            if not row.scores:
                self.unscored.append({**plain, "evaluation": counts})
            for name in sorted(row.scores):
                yield {
                    **plain,
                    "evaluation_result_id": f"{suite.name}/{name}",
                    "evaluation": {
                        **self._graded(metrics[name], row.scores[name]),
                        **counts,
                    },
                }

    def tell(self) -> None:
        """Note what the schema requires and the answers do not have."""
        lacking = {"evaluation.score": len(self.unscored), **self._lacking}
        for name, what in _LACKING.items():
            if count := lacking.get(name):
                self.known.note(name, what.format(f"{count} of {self._answers} answers"))
        for metric in sorted(self._unclear):
            self.known.note(
                "evaluation.is_correct", f"of {metric!r} nothing says what is right, false is written"
            )

    def _sample(self, suite: str, answer: Answer) -> dict[str, Any]:
        row, one, usage, text, said = answer
        typed: list[str] = []
        raw = values.text_of("input", text.input, typed) if text and text.input is not None else ""
        reference = values.list_of("target", text.target, typed) if text else []
        kind = values.interaction_of(usage)
        self._answers += 1
        self._lacking["input.raw"] += text is None
        self._lacking["interaction_type"] += "turns" not in usage and kind == _SINGLE
        self._lacking["messages"] += kind != _SINGLE
        told = values.list_of("output", said.output, typed, several=kind == _SINGLE)
        found = {
            "schema_version": words.VERSION,
            "evaluation_id": self.evaluation,
            "model_id": self.model,
            "evaluation_name": suite,
            "sample_id": row.id,
            "sample_hash": values.hash_of(raw, reference) if raw else None,
            "interaction_type": kind,
            "input": {"raw": raw, "reference": reference},
            "output": {"raw": told} if kind == _SINGLE else None,
            "messages": None if kind == _SINGLE else [values.message_of(one) for one in told],
            "answer_attribution": self._attribution(said, kind),
            "token_usage": values.tokens_of(usage),
            "performance": values.performance_of(usage),
            "error": said.error or (None if row.state is State.OK else row.state.value),
            "metadata": values.metadata_of(one, row, said, typed),
        }
        return without_none(found)

    def _graded(self, metric: Metric, score: Score) -> dict[str, Any]:
        if metric.whole is None:
            self._unclear.add(metric.name)
            return {"score": score, "is_correct": False}
        return {"score": score, "is_correct": not metric.is_short(score)}

    def _attribution(self, said: Output, kind: str) -> list[dict[str, Any]]:
        if said.answer is None:
            return []
        self._lacking["answer_attribution.extraction_method"] += 1
        return [
            {
                "turn_idx": 0,
                "source": "output.raw" if kind == _SINGLE else "messages[0].content",
                "extracted_value": said.answer,
                "extraction_method": words.UNKNOWN,
                "is_terminal": True,
            }
        ]


_LACKING = {
    "evaluation.score": "none for {}, of which there is no sample",
    "input.raw": "empty for {}, as are input.reference and output.raw: no text was kept",
    "interaction_type": f"{_SINGLE!r} is written for {{}}, of whose turns nothing tells",
    "messages": "the last alone, and without text none, for {}",
    "answer_attribution.extraction_method": f"not known, {words.UNKNOWN!r} is written for {{}}",
}
"""What is said of a field, and for how many answers."""
