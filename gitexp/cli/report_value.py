"""`git exp report --json`."""

from __future__ import annotations

from typing import Any

from gitexp.cli.completeness_value import completeness_value
from gitexp.cli.eval_difference_value import difference_value
from gitexp.cli.json_output import strict
from gitexp.cli.run_value import comparison_value
from gitexp.formats.inputs import input_value
from gitexp.model.missing import MISSING
from gitexp.model.noise import Basis
from gitexp.ops.compare import UNKNOWN
from gitexp.ops.reporting.delta import Delta
from gitexp.ops.reporting.measuring import Measured
from gitexp.ops.reporting.report import Report


def report_value(found: Report) -> dict[str, Any]:
    """The report; every example that changed is told."""
    base = {"name": found.side.label, "commit": found.base.run.commit, "how": found.base.how or None}
    return strict(
        {"base": base, "notes": list(found.notes), "runs": [_delta_value(one) for one in found.deltas]}
    )


def _delta_value(one: Delta) -> dict[str, Any]:
    compared = comparison_value((one.base, one.side), one.comparison, [one.files or ()])
    return {
        **compared["new"],
        "repeats": list(one.repeats),
        "completeness": completeness_value(one.completeness) if one.completeness else None,
        "warnings": one.warnings,
        "metrics": [_measured_value(metric) for metric in one.metrics],
        "evaluations": difference_value(one.suites)["comparisons"],
        "inputs": [
            {
                "role": change.role,
                "old": [input_value(each) for each in change.old],
                "new": [input_value(each) for each in change.new],
            }
            for change in one.inputs
        ],
        **{part: compared[part] for part in ("params", "packages", "env")},
        "code": {**compared["code"], "known": one.files is not None},
    }


def _measured_value(one: Measured) -> dict[str, Any]:
    old, new = (None if side in (MISSING, UNKNOWN) else side for side in (one.old, one.new))
    return {
        "name": one.name,
        "old": old,
        "new": new,
        "goal": one.goal,
        "doubt": one.doubt,
        "delta": one.delta,
        "relative": one.relative,
        "interval": list(one.interval) if one.interval else None,
        "p": one.p,
        "basis": None if one.basis is Basis.NOTHING else one.basis.value,
        "sure": one.sure,
        "verdict": one.verdict.value,
    }
