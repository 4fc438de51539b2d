"""The spans of a run, as they are kept, or as they are so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitexp.capture.span_folder import read_content, span_files
from gitexp.errors import GitExpError, NotFound
from gitexp.formats import spans as span_format
from gitexp.formats.packed_lines import unpack
from gitexp.formats.span_content import without_texts
from gitexp.formats.spans import Trace
from gitexp.interop.gen_ai import Family
from gitexp.model.calls import KIND, Content, strictest
from gitexp.model.record import Artifact
from gitexp.model.trace import Span
from gitexp.ops.artifacts import Artifacts
from gitexp.ops.read import StoredRun
from gitexp.ops.record_folder import Traces


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which spans are asked for."""

    example: str | None = None
    suite: str | None = None
    epoch: int | None = None
    texts: bool = False
    """Whether what was said is wanted, too."""


def read_trace(run: StoredRun, wanted: Wanted) -> Trace:
    """The spans that are asked for, by the time of their start; those of all lives of the run.

    Raises NotFound where the example has none, BrokenRecord, NewerFormat, or as artifacts do.
    """
    traces = list(_traces(run))
    spans = _chosen(run, [one for trace in traces for one in trace.spans], wanted)
    content = min((trace.content for trace in traces), key=list(Content).index, default=Content.ARTIFACT)
    return Trace(
        tuple(spans if wanted.texts else map(without_texts, spans)),
        content if wanted.texts or content is not Content.ARTIFACT else Content.HASHES,
        sum(trace.left_out for trace in traces),
    )


def _traces(run: StoredRun) -> Iterator[Trace]:
    artifacts = Artifacts(run)
    for one in artifacts.all:
        if one.kind == KIND and one.path.startswith(f"{span_format.FOLDER}/"):
            yield _kept(artifacts, one, f"run {run.name!r}: {one.path}")
    if run.live:
        from gitexp.ops.traces.gathering import gather

        live, repo = run.repo.live(run.name), run.repo
        content = strictest(read_content(live.path), repo.settings.traces)
        yield gather(Traces(live.traces, span_files(live.traces)), repo.redactor, content, repo.remark)


def _kept(artifacts: Artifacts, one: Artifact, what: str) -> Trace:
    with artifacts.open(one) as file:
        try:
            return span_format.decode(unpack(file, one.path, one.size), what=what, size=one.size)
        except GitExpError as error:
            if not error.message.startswith(what):
                raise type(error)(f"{what}: {error.message}", hint=error.hint) from None
            raise


def _chosen(run: StoredRun, spans: Sequence[Span], wanted: Wanted) -> Sequence[Span]:
    if (wanted.example, wanted.suite, wanted.epoch) == (None, None, None):
        return spans
    family = Family(spans)

    def fits(one: Span) -> bool:
        place = family.place(one)
        asked = (
            (wanted.example, place.example),
            (wanted.suite, place.suite),
            (wanted.epoch, place.epoch if place.example is not None else None),
        )
        return all(wish in (None, found) for wish, found in asked)

    found = [one for one in spans if fits(one)]
    if not found and spans:
        asked = (("example", wanted.example), ("suite", wanted.suite), ("epoch", wanted.epoch))
        told = ", ".join(f"{what} {wish!r}" for what, wish in asked if wish is not None)
        raise NotFound(f"run {run.name!r} has no spans of {told}", hint=f"git exp trace {run.name}")
    return found
