"""`--format md`: for a pull request, in GitHub's Markdown."""

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
from gitexp.cli.render.markdown_text import code, row
from gitexp.gate.deciding import Check, Verdict
from gitexp.model.gate import Outcome
from gitexp.ops.gating.gating import Gated, Repetition

_WIDEST = 400


def report(found: Gated, how: How) -> str:
    lines = [
        f"### Gate: {code(headline(found), _WIDEST)}",
        "",
        f"Held against {code(found.against.told, _WIDEST)}. Gains above 0 are better.",
        "",
        code(rules_line(found), _WIDEST),
        "",
        *_table(found.verdict),
    ]
    if found.repetition is not None:
        lines += ["", *_repetition(found, found.repetition)]
    if found.outcome is Outcome.INCONCLUSIVE and how.inconclusive is not Outcome.INCONCLUSIVE:
        lines += ["", f"Inconclusive counts as {how.inconclusive.value}."]
    return "\n".join(lines) + "\n"


def refusal(refused: Refused) -> str:
    lines = [f"### Gate: {code(refused.told)}", "", code(refused.error.message, _WIDEST)]
    lines += ["", f"hint: {code(refused.error.hint, _WIDEST)}"] if refused.error.hint else []
    return "\n".join(lines) + "\n"


def _repetition(found: Gated, again: Repetition) -> Iterator[str]:
    yield f"Once more: {code(repetition_line(found, again), _WIDEST)}"
    if again.hint:
        yield ""
        yield f"hint: {code(again.hint, _WIDEST)}"
    if again.verdict is not None:
        yield ""
        yield from _table(again.verdict)


def _table(verdict: Verdict) -> Iterator[str]:
    yield row(["", "Check", "Old -> new", "Gain [bounds]", "Why"])
    yield row(["---"] * 5)
    yield from (_row(one) for one in verdict.checks)
    yield from _details(verdict)


def _row(check: Check) -> str:
    outcome = check.outcome.value
    return row(
        [
            outcome if check.outcome is Outcome.PASS else f"**{outcome}**",
            code(title(check)),
            values_text(check.effect) if check.effect else "",
            gain_text(check),
            code(check.reason, _WIDEST),
        ]
    )


def _details(verdict: Verdict) -> Iterator[str]:
    for check in verdict.checks:
        told = [*details(check), *([f"hint: {check.hint}"] if check.hint else [])]
        if told:
            yield ""
            yield f"{code(title(check))}: {code('; '.join(told), _WIDEST)}"
