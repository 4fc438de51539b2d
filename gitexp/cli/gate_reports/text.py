"""`--format text`: for people, and the logs of CI."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.gate_reports import How, Refused
from gitexp.cli.gate_reports.words import (
    details,
    gain_text,
    headline,
    repetition_line,
    rules_line,
    title,
    values_text,
)
from gitexp.cli.render.paint import Paint
from gitexp.cli.safe_text import safe
from gitexp.gate.deciding import Check
from gitexp.model.gate import Outcome
from gitexp.ops.gating.gating import Gated, Repetition

_STYLES = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.POLICY: "red"}
_INDENT = "  "


def report(found: Gated, how: How) -> str:
    outcome = found.outcome
    lines = [
        how.paint(_STYLES.get(outcome, "yellow"), safe(headline(found))),
        _INDENT + safe(f"held against {found.against.told}"),
        _INDENT + safe(rules_line(found)),
    ]
    for check in found.verdict.checks:
        lines += ["", *_check(check, how.paint)]
    if found.repetition is not None:
        lines += ["", *_repetition(found, found.repetition, how.paint)]
    if outcome is Outcome.INCONCLUSIVE and how.inconclusive is not Outcome.INCONCLUSIVE:
        lines += ["", f"inconclusive counts as {how.inconclusive.value}"]
    return "\n".join(lines) + "\n"


def refusal(refused: Refused) -> str:
    """Nothing: those who read this see stderr."""
    return ""


def _repetition(found: Gated, again: Repetition, paint: Paint) -> Iterator[str]:
    yield paint("bold", safe(repetition_line(found, again)))
    if again.hint:
        yield _INDENT + safe(f"hint: {again.hint}")
    for check in again.verdict.checks if again.verdict else ():
        yield ""
        yield from _check(check, paint)


def _check(check: Check, paint: Paint) -> Iterator[str]:
    parts = [
        paint(_STYLES.get(check.outcome, "yellow"), check.outcome.value),
        paint("bold", safe(title(check))),
    ]
    if check.effect is not None:
        parts += [values_text(check.effect), gain_text(check)]
    yield _INDENT + "  ".join(parts)
    yield _INDENT * 2 + safe(check.reason)
    for line in details(check):
        yield _INDENT * 2 + paint("dim", safe(line))
    if check.hint and check.outcome is not Outcome.PASS:
        yield _INDENT * 2 + safe(f"hint: {check.hint}")
