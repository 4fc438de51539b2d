"""The evaluations that a live run logged, on their way into its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gitexp.capture.live_notes import Start
from gitexp.formats.eval_rows import SuiteRows, joined
from gitexp.formats.fold import Folded
from gitexp.model.eval_summary import summary_metrics
from gitexp.model.evaluation import Suite
from gitexp.model.values import Scalar
from gitexp.ops.evaluations.files import Files
from gitexp.ops.evaluations.reading import read_suite, suite_names
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


def with_suites(repo: Repository, start: Start, folded: Folded) -> tuple[Folded, dict[str, bytes]]:
    """The record with what its evaluations add, and their tables by path below `.exp/`.

    What a run that goes on had of a suite before stays, save rows that were logged anew.
    """
    files, metrics = Files(), dict(folded.record.metrics)
    for rows in folded.suites:
        suite = _whole(repo, start, rows)
        files.add_suite(repo, suite, text_in_git=rows.text_in_git)
        own = rows.suite()
        if suite != own:
            metrics |= remeasured(metrics, own, suite)
    known = {one.path for one in files.artifacts}
    kept = tuple(one for one in folded.record.artifacts if one.path not in known)
    record = replace(folded.record, metrics=metrics, artifacts=(*kept, *files.artifacts))
    tables = {path: data for path, data in files.files.items() if path.startswith("eval/")}
    return replace(folded, record=record), tables


def remeasured(metrics: Mapping[str, Scalar], before: Suite, after: Suite) -> dict[str, Scalar]:
    """The summary of a suite that has grown, as far as it is not in `metrics` by the user's own word."""
    known, found = summary_metrics(before), summary_metrics(after)
    return {key: found[key] for key in found if metrics.get(key, known.get(key)) == known.get(key)}


def _whole(repo: Repository, start: Start, rows: SuiteRows) -> Suite:
    suite = rows.suite()
    if start.inherited is None:
        return suite
    before = StoredRun(repo, start.record.info.name, start.inherited)
    if suite.name not in suite_names(before):
        return suite
    return joined(read_suite(before, suite.name, with_text=True, fetch=False), suite)
