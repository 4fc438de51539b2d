"""The gates of `.gitexp.yaml`: each rule is read, and what is no rule's value is told where it stands."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gitexp.errors import BrokenFile
from gitexp.formats.gate_rules import READERS
from gitexp.formats.settings import parse
from gitexp.model.completeness import Least, Level
from gitexp.model.gate import Correct, Limit, Mode, MustPass, OnErrors, Rules, limit_of, must_pass_of
from gitexp.model.noise import Noise

WHOLE = b"""\
gates:
  default:
    metrics: [qa/match, loss]
    mode: noninferior
    max_drop: 2%
    min_delta: 0.01
    confidence: 0.9
    detect: 0.05
    power: 0.7
    cluster: topic
    errors: fail
    max_error_rate: 0.1
    min_n: 10
    min_overlap: 0.8
    min_completeness: E2
    must_pass: [tag:critical, "tag:topic=a:b:0.8"]
    max_increase: {cost: 10%, latency_p95: 20%}
    allow_dataset_change: true
    allow_grader_change: true
    correct: none
  other: {max_drop: 0.5, max_increase: tokens=5%}
"""


def test_every_rule_can_be_set() -> None:
    settings = parse(WHOLE)
    rules = Rules(**settings.gates["default"].rules)
    assert rules == Rules(
        metrics=("qa/match", "loss"),
        mode=Mode.NONINFERIOR,
        max_drop=Noise(0.02, relative=True),
        min_delta=0.01,
        confidence=0.9,
        detect=0.05,
        power=0.7,
        cluster="topic",
        errors=OnErrors.FAIL,
        max_error_rate=0.1,
        min_n=10,
        min_overlap=0.8,
        min_completeness=Least(level=Level.E2),
        must_pass=(MustPass("critical"), MustPass("topic", "a:b", 0.8)),
        max_increase=(Limit("cost", 0.1), Limit("latency_p95", 0.2)),
        allow_dataset_change=True,
        allow_grader_change=True,
        correct=Correct.NONE,
    )
    assert all(getattr(rules, one.name) != one.default for one in fields(Rules))
    assert READERS.keys() == {one.name for one in fields(Rules)}
    assert settings.gates["other"].rules["max_increase"] == (Limit("tokens", 0.05),)
    assert not settings.unknown


@pytest.mark.parametrize(
    "rule",
    [
        *("mode: best", "max_drop: -1", "max_drop: a lot", "max_drop: .nan", "max_drop: true", "detect: 0"),
        *("confidence: 1", "confidence: .nan", "confidence: [1]", "power: 0.5", "min_n: -1", "min_n: 1.5"),
        *(
            "min_n: true",
            "metrics: 3",
            "metrics: [3]",
            "metrics: {a: 1}",
            "errors: ignore",
            "min_delta: .inf",
        ),
        *("must_pass: critical", "must_pass: [1]", "must_pass: 'tag:'", "max_increase: cost", "cluster: ''"),
        *("max_increase: {cost: 10}", "max_increase: {beer: 10%}", "max_increase: {latency_p0: 1%}"),
        *("allow_dataset_change: maybe", "allow_grader_change: 1", "min_completeness: E9", "correct: both"),
        *("min_overlap: 95", "max_error_rate: 2%"),
    ],
)
def test_what_is_no_rule(rule: str) -> None:
    key = rule.partition(":")[0]
    with pytest.raises(BrokenFile, match=f"line 3, column 5: '{key}' is ") as caught:
        parse(f"gates:\n  default:\n    {rule}\n".encode())
    assert caught.value.hint


@pytest.mark.parametrize("text", ["gates: [1]\n", "gates: {default: 1}\n", "gates: text\n"])
def test_what_is_no_gate(text: str) -> None:
    with pytest.raises(BrokenFile, match="is not a mapping"):
        parse(text.encode())


def test_a_rule_that_is_misspelt() -> None:
    (complaint,) = parse(b"gates: {default: {max_dorp: 1}}").unknown
    assert complaint.hint == "did you mean 'max_drop'?"


def test_what_is_typed_is_written_so_again() -> None:
    for text in ("tag:a", "tag:a=b", "tag:a=b:0.8", "tag:a:0.8"):
        assert str(must_pass_of(text)) == text
    assert must_pass_of("tag:a=b:c") == MustPass("a", "b:c")
    for text in ("cost=10%", "latency=5%", "latency_p99=12.5%", "tokens=0%"):
        assert str(limit_of(text)) == text
    assert limit_of("latency_p99=1%").percentile == 99
    assert limit_of("latency=1%").percentile is None
    assert [limit_of(f"{one}=1%").counted for one in ("tokens", "latency", "out")] == [
        ("in", "out"),
        ("sec",),
        ("out",),
    ]
