"""`--format json`: everything, for scripts."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any

from gitexp.cli.gate_reports import How, Refused
from gitexp.cli.gate_reports.words import check_value
from gitexp.cli.json_output import document_text, strict
from gitexp.gate.deciding import Verdict
from gitexp.model.gate import Rules
from gitexp.ops.gating.gating import Gated, Repetition


def report(found: Gated, how: How) -> str:
    return document_text(strict(_value(found, how)))


def refusal(refused: Refused) -> str:
    value = {
        "outcome": refused.told,
        "exit_code": refused.code,
        "error": refused.error.message,
        "hint": refused.error.hint,
    }
    return document_text(strict({**value, "checks": []}))


def _value(found: Gated, how: How) -> dict[str, Any]:
    return {
        "outcome": found.outcome.value,
        "exit_code": how.code,
        "noise_check": found.alike,
        "new": {"name": found.new.name, "commit": found.new.commit},
        "baseline": {"name": found.old.name, "commit": found.old.commit, "how": found.against.told},
        "gate": found.ruling.gate,
        "rules": {one.name: _plain(getattr(found.ruling.rules, one.name)) for one in fields(Rules)},
        "said": dict(found.ruling.said),
        "remarks": list(found.ruling.remarks),
        "checks": _checks(found.verdict),
        "repetition": _repetition(found.repetition) if found.repetition is not None else None,
    }


def _repetition(again: Repetition) -> dict[str, Any]:
    run, verdict = again.run, again.verdict
    return {
        "outcome": verdict.outcome.value if verdict else None,
        "counts": again.outcome is not None,
        "told": again.told,
        "hint": again.hint,
        "new": {"name": run.name, "commit": run.commit} if run else None,
        "checks": _checks(verdict) if verdict else [],
    }


def _checks(verdict: Verdict) -> list[dict[str, Any]]:
    return [check_value(one) for one in verdict.checks]


def _plain(value: Any) -> Any:
    """Values with a spelling of their own as that."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if value is None or type(value) in (bool, int, float, str):
        return value
    return value.value if isinstance(value, Enum) else str(value)
