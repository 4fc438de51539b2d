"""The spans that the processes of a run left in its folder, as they are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gitexp.formats.record_fields import FAULTS
from gitexp.formats.redact import Redactor
from gitexp.formats.span_content import Cleaner
from gitexp.formats.spans import MAX_SPANS, Trace
from gitexp.interop import span_files
from gitexp.interop.otlp import Loose, with_events
from gitexp.interop.problems import Problems
from gitexp.model.calls import Content
from gitexp.model.trace import Event, Span
from gitexp.ops.record_folder import Traces

Key = tuple[str, str]


def gather(traces: Traces, redactor: Redactor, content: Content, remark: Callable[[str], None]) -> Trace:
    """The spans in all files; one that was written twice is kept once, as it was written last.

    `remark` is told what could not be kept.
    """
    problems = Problems(partial=True)
    cleaner = Cleaner(redactor, content)
    spans: dict[Key, Span] = {}
    loose: dict[Key, list[Event]] = {}
    for where, found in span_files.read(traces.folder, traces.files, problems):
        try:
            if isinstance(found, Loose):
                event = cleaner.clean_event(found.event)
                loose.setdefault((found.trace, found.span), []).append(event)
            elif len(spans) < MAX_SPANS or found.key in spans:
                spans[found.key] = cleaner.clean(found)
            else:
                problems.error(where, f"left out: more than {MAX_SPANS} spans")
        except FAULTS as error:
            problems.error(where, f"left out: {type(error).__name__}", kind="left out")
    for key, events in loose.items():
        if key in spans:
            spans[key] = with_events(spans[key], events)
        else:
            problems.warn("events", "left out: their spans are not there")
    for sentence in problems.told():
        remark(f"spans: {sentence}")
    return replace(Trace(tuple(spans.values()), content), left_out=problems.count)
