"""`--format junit`: a test suite with a test case for each check, as CI systems read it.

By the schema of Apache Ant, which Jenkins, GitLab and others go by: in that order properties, test cases,
system-out and system-err, with the counts, a time and a host that say nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from gitexp.cli.gate_reports import How, Refused
from gitexp.cli.gate_reports.words import (
    headline,
    refusal_line,
    repetition_line,
    rules_line,
    title,
    told_whole,
)
from gitexp.cli.safe_text import safe
from gitexp.gate.deciding import Check
from gitexp.model.gate import DEFAULT, Outcome
from gitexp.model.times import format_time
from gitexp.ops.gating.gating import Gated

_CLASS = "git.exp.gate"
_AGAIN = f"{_CLASS}.once-more"
_ELEMENTS = {
    Outcome.FAIL: "failure",
    Outcome.POLICY: "failure",
    Outcome.INCOMPARABLE: "error",
    Outcome.INCONCLUSIVE: "skipped",
}


def report(found: Gated, how: How) -> str:
    first = [(one, _CLASS, _element(one, how, excused=found.excused)) for one in found.verdict.checks]
    again = found.repetition.verdict if found.repetition else None
    # One that says nothing, such as one with equal seeds, is no second failure.
    excused = found.repetition is None or found.repetition.outcome is None
    second = [(one, _AGAIN, _element(one, how, excused=excused)) for one in (again.checks if again else ())]
    elements = [element for _, _, element in (*first, *second)]
    cases = [line for one, place, element in (*first, *second) for line in _case(one, element, place)]
    body = [*_properties(found), *cases, f"    <system-out>{xml_text(headline(found))}</system-out>"]
    return _suite(found.ruling.gate, found.new.record.info.started, elements, body)


def refusal(refused: Refused) -> str:
    told = refused.told
    check = Check("gate", "gate", Outcome.INCOMPARABLE, refused.error.message, hint=refused.error.hint)
    body = [
        "    <properties>",
        f'      <property name="outcome" value={xml_attribute(told)}/>',
        "    </properties>",
        *_case(check, "error"),
        f"    <system-out>{xml_text(refusal_line(refused))}</system-out>",
    ]
    return _suite(DEFAULT, format_time(time.time()), ["error"], body)


def _suite(name: str, at: str, elements: Sequence[str | None], body: Sequence[str]) -> str:
    counts = {name: elements.count(name) for name in ("failure", "error", "skipped")}
    counted = (
        f'tests="{len(elements)}" failures="{counts["failure"]}" errors="{counts["error"]}" '
        f'skipped="{counts["skipped"]}"'
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<testsuites>",
        f'  <testsuite id="0" package="{_CLASS}" name={xml_attribute(name)} {counted} time="0" '
        f'timestamp="{at[:19]}" hostname="localhost">',
        *body,
        "    <system-err></system-err>",
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _element(check: Check, how: How, *, excused: bool = False) -> str | None:
    outcome = how.inconclusive if check.outcome is Outcome.INCONCLUSIVE else check.outcome
    found = _ELEMENTS.get(outcome)
    return "skipped" if found and excused else found


def _properties(found: Gated) -> Iterator[str]:
    yield "    <properties>"
    for name, value in (
        ("run", found.new.name),
        ("run.commit", found.new.commit),
        ("baseline", found.old.name),
        ("baseline.commit", found.old.commit),
        ("baseline.how", found.against.told),
        ("rules", rules_line(found)),
        ("outcome", found.outcome.value),
        *([("repetition", repetition_line(found, found.repetition))] if found.repetition else []),
    ):
        yield f"      <property name={xml_attribute(name)} value={xml_attribute(value)}/>"
    yield "    </properties>"


def _case(check: Check, element: str | None, where: str = _CLASS) -> Iterator[str]:
    place, name = xml_attribute(f"{where}.{check.kind}"), xml_attribute(title(check))
    head = f'    <testcase classname={place} name={name} time="0"'
    if element is None:
        yield f"{head}/>"
        return
    yield f"{head}>"
    message = xml_attribute(check.reason)
    kind = "" if element == "skipped" else f" type={xml_attribute(check.outcome.value)}"
    yield f"      <{element} message={message}{kind}>{xml_text(told_whole(check))}</{element}>"
    yield "    </testcase>"


def xml_text(text: str) -> str:
    """As XML has it; what it may not hold, escaped or not, is written out."""
    return escape(safe(text, lines=True))


def xml_attribute(text: str) -> str:
    """The same as the value of an attribute, with its quotes."""
    return quoteattr(safe(text))
