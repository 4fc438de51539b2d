"""The spans of a live run on their way into its record."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gitexp.capture.live_notes import Start
from gitexp.errors import BrokenRecord, GitExpError
from gitexp.formats import spans as span_format
from gitexp.formats.fold import Folded
from gitexp.formats.inputs import Known, is_answered_by, lay_over
from gitexp.formats.packed_lines import pack, unpack
from gitexp.formats.record_fields import FAULTS
from gitexp.formats.span_content import without_texts
from gitexp.formats.spans import Trace
from gitexp.interop.spans_told import Told, metrics_of, told
from gitexp.model.calls import KIND, Content, strictest
from gitexp.model.evaluation import is_score
from gitexp.model.record import Artifact, How, Input, Record
from gitexp.model.roles import SEEDS
from gitexp.model.values import Scalar
from gitexp.ops.record_folder import Traces
from gitexp.ops.traces.gathering import gather
from gitexp.ops.traces.suites import lay_into
from gitexp.repo import Repository


def with_traces(repo: Repository, start: Start, folded: Folded, traces: Traces) -> Folded:
    """What was logged, with what the spans tell; how the run ended stands whatever is wrong with them."""
    try:
        content = strictest(traces.content, repo.settings.traces)
        trace = gather(traces, repo.redactor, content, traces.notices.append)
        if not trace.spans:
            return folded
        found = told(trace.spans)
        artifact = _kept(repo, folded.record, trace, traces.notices)
        metrics = {**folded.record.metrics, **_totals(start.record, folded.record, found)}
        folded, metrics = lay_into(folded, metrics, found.examples, repo.settings.goals)
    except (GitExpError, OSError, MemoryError, *FAULTS) as error:
        traces.kept = False
        traces.notices.append(f"spans: they cannot be kept: {str(error) or type(error).__name__}")
        return folded
    record = replace(
        folded.record,
        metrics=metrics,
        inputs=observed(folded.record.inputs, found.inputs, start.record.inputs),
        artifacts=(*folded.record.artifacts, artifact),
    )
    return replace(folded, record=record)


def _kept(repo: Repository, record: Record, trace: Trace, notices: list[str]) -> Artifact:
    """The spans in the store: git gets their hash, however small they are, for they hold what was said."""
    try:
        ending, data = _packed(trace)
    except BrokenRecord as error:
        trace = replace(trace, spans=tuple(map(without_texts, trace.spans)), content=Content.HASHES)
        ending, data = _packed(trace)
        notices.append(f"spans: hashes stand for their texts, which are too much to be read again: {error}")
    stored = repo.store.add_bytes(data)
    metadata = {"spans": len(trace.spans), "content": trace.content.value}
    return Artifact(_path(record, ending), stored.oid, stored.size, KIND, metadata)


def _packed(trace: Trace) -> tuple[str, bytes]:
    """As `pack` gives them. Raises BrokenRecord where nobody could read them again."""
    ending, data = pack(span_format.encode(trace))
    lines = unpack(io.BytesIO(data), ending, len(data))
    span_format.check(lines, what=span_format.NAME, size=len(data))
    return ending, data


def _path(record: Record, ending: str) -> str:
    """A run that goes on keeps the spans of its earlier lives."""
    taken = {one.path.rpartition(".")[0] for one in record.artifacts}
    stem, number = f"{span_format.FOLDER}/{span_format.NAME}", 1
    while stem in taken:
        number += 1
        stem = f"{span_format.FOLDER}/{number}-{span_format.NAME}"
    return f"{stem}{ending}"


def _totals(before: Record, record: Record, found: Told) -> dict[str, Scalar]:
    """The sums of the whole run, its earlier lives included; what the program logged itself stands."""
    totals: dict[str, Scalar] = {}
    for name, value in metrics_of(found.totals).items():
        old = before.metrics.get(name)
        if record.metrics.get(name) == old:
            totals[name] = value + old if is_score(old) else value  # type: ignore[operator]
    return totals


def observed(known: Iterable[Input], found: Iterable[Input], before: Iterable[Input]) -> tuple[Input, ...]:
    """What is `known` of a run with what was `found` by looking on; an input is never said twice.

    Of a role that somebody declared what was declared stands, and a model gets what was answered; what was
    seen in another way stands too, and what was seen of an earlier life of the run (`before`) gives way.
    """
    inputs: Known = {(one.role, one.name): one for one in known}
    declared = {one.role for one in inputs.values() if one.how is not How.OBSERVED}
    old = {(one.role, one.name): one for one in before if one.how is How.OBSERVED}
    for one in found:
        key = (one.role, one.name)
        if one.role in declared:
            inputs |= {
                key: replace(each, seen=one.seen) for key, each in inputs.items() if is_answered_by(each, one)
            }
        elif key not in inputs or inputs[key] == old.get(key):
            lay_over(inputs, one)
        else:
            inputs[key] = _both(inputs[key], one)
    return tuple(inputs.values())


def _both(one: Input, other: Input) -> Input:
    """What two saw of the same."""
    if one.role == SEEDS and isinstance(one.value, Mapping) and isinstance(other.value, Mapping):
        one = replace(one, value={**other.value, **one.value})
    return replace(one, seen=one.seen or other.seen)
