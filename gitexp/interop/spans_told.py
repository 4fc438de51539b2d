"""What the spans of a run amount to: what its calls cost, what its answers were worth, and its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitexp.errors import InvalidName
from gitexp.interop import gen_ai
from gitexp.interop.gen_ai import Family, Place, count_of
from gitexp.interop.scores import NoScore, number
from gitexp.interop.span_inputs import inputs_of
from gitexp.model.calls import SUMS
from gitexp.model.evaluation import USAGE, Score, State, check_label, is_score
from gitexp.model.record import Input
from gitexp.model.trace import Span

EVALUATION = f"{gen_ai.EVALUATION}result"
_STATES = {one.value: one for one in State}
_CUT = frozenset(("length", "max_tokens", "model_length"))
"""Reasons for which an answer is not whole."""


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
    for one in family.spans:
        _whole(family.place(one), one, examples)
    return Told(totals, examples, tuple(inputs_of(family)), grading)


def metrics_of(totals: Sums) -> dict[str, Score]:
    """The sums of a run as its metrics are called."""
    found = {name: totals.usage[key] for key, name in SUMS.items() if key in totals.usage}
    if "sec" in totals.usage:
        found[SUMS["sec"]] = round(totals.usage["sec"], 3)
    return found | ({SUMS["failed"]: totals.errors} if totals.errors else {})


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


def _whole(place: Place, one: Span, examples: dict[Place, Sums]) -> None:
    """Take what a span says of a whole answer: who evaluated it knew that better than its calls tell."""
    if place.example is None or place.grading or gen_ai.EXAMPLES[0] not in one.attributes:
        return
    state = one.attributes.get(gen_ai.STATE)
    if isinstance(state, str) and state in _STATES:
        examples[place].state = _STATES[state]
    for what in USAGE:
        amount = one.attributes.get(f"{gen_ai.USAGE}{what}")
        if is_score(amount):
            examples[place].usage[what] = amount  # type: ignore[assignment]


def _score(place: Place, one: Span, examples: dict[Place, Sums]) -> None:
    if place.example is None:
        return
    # Whoever grades is told apart for what it costs, not for what it says.
    answer = Place(place.example, place.suite, place.epoch)
    told = [one.attributes, *(event.attributes for event in one.events if event.name == EVALUATION)]
    for found in told:
        name = found.get(f"{gen_ai.EVALUATION}name")
        value = found.get(f"{gen_ai.EVALUATION}score.value", found.get(f"{gen_ai.EVALUATION}score.label"))
        try:
            metric = check_label("metric", name) if name is not None else None
            if metric is not None:
                examples.setdefault(answer, Sums()).scores[metric] = number(value)
        except (InvalidName, NoScore):
            continue
