"""The evaluations of a run as other tools read them: one flat table, Every Eval Ever, or spans."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gitexp.formats.canonical_json import finite
from gitexp.formats.inputs import is_of
from gitexp.interop import answer_spans, otlp
from gitexp.interop.eee.writing import Written, written
from gitexp.model.evaluation import Suite
from gitexp.model.record import Record
from gitexp.ops.evaluations.reading import suite_names
from gitexp.ops.read import StoredRun

FIXED = ("suite", "id", "epoch", "state", "x", "y", "cluster")
TEXTS = ("input", "target", "output", "answer", "why", "error")


def flat_rows(suites: Sequence[Suite]) -> Iterator[dict[str, Any]]:
    """A row for each answer: what it is, `tag.NAME`, `score.NAME`, `usage.NAME`, and what text there is."""
    for suite in suites:
        for row, one, usage, text, said in suite.answers():
            fixed = (suite.name, row.id, row.epoch, row.state.value, one.x, one.y, one.cluster)
            told = {name: getattr(said, name) for name in TEXTS[2:]}
            told |= {name: getattr(text, name, None) for name in TEXTS[:2]}
            yield {
                **dict(zip(FIXED, fixed, strict=True)),
                **{f"tag.{name}": value for name, value in one.tags.items()},
                **{f"score.{name}": value for name, value in row.scores.items()},
                **{f"usage.{name}": value for name, value in usage.items()},
                **{name: finite(told[name]) for name in TEXTS if told[name] is not None},
            }


def columns_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The columns of a table of `rows`: what each row has first, then the others sorted by kind and name."""
    names = {name for row in rows for name in row}
    kinds = ("tag.", "score.", "usage.")
    rest = [sorted(name for name in names if name.startswith(kind)) for kind in kinds]
    return [*FIXED, *(name for part in rest for name in part), *(name for name in TEXTS if name in names)]


def as_eee(run: StoredRun, suites: Sequence[Suite], told: Mapping[str, str]) -> Written:
    """The files of Every Eval Ever. Raises UsageError for a field that cannot be told."""
    return written(_record(run, suites), run.commit, suites, told, time.time())


def as_spans(run: StoredRun, suites: Sequence[Suite]) -> Iterator[str]:
    """Lines of OTLP, each a batch of answers."""
    record = _record(run, suites)
    for batch in answer_spans.batches(record.info, run.commit, record.inputs, suites):
        yield json.dumps(otlp.document(batch), allow_nan=False)


def _record(run: StoredRun, suites: Sequence[Suite]) -> Record:
    """The record without what went into other suites alone."""
    names = {suite.name for suite in suites}
    others = set(suite_names(run)) - names
    return replace(run.whole, inputs=tuple(one for one in run.whole.inputs if is_of(one, names, others)))
