"""`--format github`: commands for the log of a GitHub workflow, which make annotations of them."""

from __future__ import annotations

from gitexp.cli.gate_reports import How, Refused
from gitexp.cli.gate_reports.words import headline, refusal_line, repetition_line, title, told_whole
from gitexp.cli.safe_text import safe
from gitexp.gate.deciding import Check
from gitexp.model.gate import Outcome
from gitexp.ops.gating.gating import Gated

_ERRORS = (Outcome.FAIL, Outcome.POLICY, Outcome.INCOMPARABLE)


def report(found: Gated, how: How) -> str:
    lines = [command_line(_level(found.outcome, how), "git exp gate", headline(found))]
    lines += [_check_line(one, how, excused=found.excused) for one in found.verdict.checks]
    again = found.repetition
    if again is not None:
        told = repetition_line(found, again) + (f"\nhint: {again.hint}" if again.hint else "")
        lines.append(command_line("notice" if again.outcome else "warning", "git exp gate --confirm", told))
        lines += [_check_line(one, how) for one in (again.verdict.checks if again.verdict else ())]
    return "\n".join(lines) + "\n"


def refusal(refused: Refused) -> str:
    hint = f"\nhint: {refused.error.hint}" if refused.error.hint else ""
    return command_line("error", "git exp gate", refusal_line(refused) + hint) + "\n"


def _check_line(check: Check, how: How, *, excused: bool = False) -> str:
    level = _level(check.outcome, how)
    text = f"{check.outcome.value}: {told_whole(check)}"
    return command_line("warning" if excused and level == "error" else level, title(check), text)


def _level(outcome: Outcome, how: How) -> str:
    if outcome is Outcome.INCONCLUSIVE:
        outcome = how.inconclusive
    if outcome in _ERRORS:
        return "error"
    return "notice" if outcome is Outcome.PASS else "warning"


def command_line(level: str, title: str, text: str) -> str:
    """One command on one line, whatever its title and text hold."""
    return f"::{level} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """As GitHub's own toolkit escapes it: one line, whatever it holds."""
    return safe(text, lines=True).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe(text)).replace(":", "%3A").replace(",", "%2C")
