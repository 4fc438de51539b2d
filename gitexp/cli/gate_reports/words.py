"""What all forms say of a check, as plain text."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from gitexp.cli.gate_reports import Refused
from gitexp.cli.render.values import number_text
from gitexp.gate.deciding import Check
from gitexp.gate.evidence import Effect
from gitexp.model.noise import Basis
from gitexp.ops.gating.gating import Gated, Repetition
from gitexp.ops.gating.ruling import told

_DIGITS = 4


def headline(found: Gated) -> str:
    """`fail: brave-otter-3f2ak7 against baseline-qwe2ab`."""
    what = "noise check: " if found.alike else ""
    return f"{what}{found.outcome.value}: {found.new.name} against {found.old.name}"


def repetition_line(found: Gated, again: Repetition) -> str:
    """`first fail, once more pass (otter-repro-3f2ak7): the failure is not confirmed`."""
    once = f", once more {again.verdict.outcome.value}" if again.verdict else ""
    name = f" ({again.run.name})" if again.run else ""
    stands = "" if again.outcome else f"; the gate stands at {found.outcome.value}"
    return f"first {found.verdict.outcome.value}{once}{name}: {again.told}{stands}"


def verdict_line(found: Gated) -> str:
    """The headline, with the checks that it is due to."""
    again = found.repetition
    verdict = again.verdict if found.excused and again and again.verdict else found.verdict
    due = [f"{title(one)}: {one.reason}" for one in verdict.checks if one.outcome is verdict.outcome]
    due += [repetition_line(found, again)] if again else []
    return f"{headline(found)} ({'; '.join(due)})"


def refusal_line(refused: Refused) -> str:
    """`not comparable: no run matches 'nobody'`."""
    return f"{refused.told}: {refused.error.message}"


def title(check: Check) -> str:
    """`qa/match`; of what is no metric its kind as well, where the name does not tell it."""
    return f"{check.kind} {check.name}" if check.kind in ("errors", "completeness") else check.name


def rules_line(found: Gated) -> str:
    """The rules that were said, and where; else that there are none."""
    said = ", ".join(f"{text} ({where})" for text, where in told(found.ruling))
    return f"rules: {said or 'the usual ones'}"


def values_text(effect: Effect) -> str:
    """`0.8333 -> 0.75`."""
    return f"{number_text(effect.old, digits=_DIGITS)} -> {number_text(effect.new, digits=_DIGITS)}"


def gain_text(check: Check) -> str:
    """How much better it is, and within which one-sided bounds; empty without."""
    effect = check.effect
    if effect is None:
        return ""
    gain = f"{effect.gain:+.4g}"
    if check.bounds is None or not all(map(isfinite, check.bounds)):
        return gain
    return f"{gain} [{check.bounds[0]:+.4g}, {check.bounds[1]:+.4g}]"


def details(check: Check) -> Iterator[str]:
    """What the decision rests on, and what a reader should know before believing it."""
    effect = check.effect
    if effect is not None and effect.basis in (Basis.EXAMPLES, Basis.REPEATED):
        yield _sample(effect)
    least = check.detectable
    if least and isfinite(least):
        yield f"a drop below {least:.2g} would probably not be seen"
    yield from check.notes


def told_whole(check: Check) -> str:
    """All that there is to say of a check, in lines."""
    lines = [check.reason]
    if check.effect is not None:
        lines.append(f"{values_text(check.effect)}, gain {gain_text(check)}")
    lines += details(check)
    return "\n".join([*lines, f"hint: {check.hint}"] if check.hint else lines)


def _sample(effect: Effect) -> str:
    plural = "" if effect.n == 1 else "s"
    fewer = "" if effect.basis is Basis.EXAMPLES else " on the side that has fewer"
    told = f"{effect.n} {'example' if effect.basis is Basis.EXAMPLES else 'run'}{plural}{fewer}"
    known = [one for one in effect.estimates if one.se is not None]
    for one in known:
        told += f", SE {one.se:.4g} (t, df {one.df:.4g}" + (", clustered)" if one.clusters else ")")
    return told


def check_value(check: Check) -> dict[str, Any]:
    """A check as plain values."""
    value: dict[str, Any] = {
        "kind": check.kind,
        "name": check.name,
        "outcome": check.outcome.value,
        "reason": check.reason,
        "hint": check.hint,
        "notes": list(check.notes),
    }
    effect = check.effect
    if effect is None:
        return value
    return {
        **value,
        "old": effect.old,
        "new": effect.new,
        "gain": effect.gain,
        "bounds": [float(one) for one in check.bounds] if check.bounds else None,
        "basis": effect.basis.value,
        "n": effect.n,
        "estimates": [{"se": one.se, "df": one.df, "clusters": one.clusters} for one in effect.estimates],
        "detectable": check.detectable,
    }
