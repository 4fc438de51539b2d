"""The forms that a gate answers in are what those who read them take."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.cli.gate_reports import REPORTS
from gitexp.cli.gate_reports.github import command_line
from gitexp.cli.gate_reports.junit import xml_attribute, xml_text
from gitexp.cli.safe_text import safe
from tests.cli.program import Program
from tests.cli.test_gate import GOOD, WORSE, evaluated, gate

HOSTILE = "<img src=x>|@all ::error::x%0A [a](http://b) `c` ]]> & \"'"
FEW = {f"q{n}": [1] for n in range(4)}


@pytest.fixture
def runs(exp: Program) -> tuple[str, str]:
    """Of five checks one passes, one fails, one is inconclusive, one not comparable, and one a policy."""
    usage = {"in": 1.0}
    old = evaluated("old", {**GOOD, HOSTILE: [1]}, critical=[HOSTILE], usage=usage)
    new = evaluated("new", {**GOOD, HOSTILE: [0]}, critical=[HOSTILE], usage=usage)
    return old, new


OPTIONS = (
    *("--must-pass", "tag:critical", "--min-n", "99", "--max-increase", "cost=10%"),
    *("--max-increase", "in=10%", "--min-completeness", "1"),
)


def test_everyone_is_told_the_same(exp: Program, runs: tuple[str, str]) -> None:
    outcomes = ["inconclusive", "fail", "not comparable", "pass", "pass", "policy"]
    told = gate(exp, *runs, *OPTIONS, "--format", "json").json
    assert [one["outcome"] for one in told["checks"]] == outcomes
    texts = {form: gate(exp, *runs, *OPTIONS, "--format", form) for form in REPORTS}
    assert {one.code for one in texts.values()} == {1}
    assert (
        re.findall(r"^  (pass|fail|inconclusive|not comparable|policy)  ", texts["text"].out, re.M)
        == outcomes
    )
    rows = re.findall(r"^\| \**([a-z ]+?)\** \| <code>", texts["md"].out, re.M)
    assert rows == outcomes
    levels = re.findall(r"^::(\w+) title=", texts["github"].out, re.M)
    assert levels == ["error", "warning", "error", "error", "notice", "notice", "error"]


def test_markdown_and_commands_are_nothing_but_what_they_say(exp: Program, runs: tuple[str, str]) -> None:
    markdown = gate(exp, *runs, *OPTIONS, "--format", "md").out
    for part in ("<img", "|@all", "[a]", "http://", "`c`"):
        assert part in HOSTILE
        assert part not in markdown
    lines = gate(exp, *runs, *OPTIONS, "--format", "github").out.splitlines()
    assert len(lines) == 7
    assert all(re.match(r"::(error|warning|notice) title=[^:,]*::", line) for line in lines)
    (guarded,) = (line for line in lines if "critical" in line)
    assert guarded.startswith("::error title=tag%3Acritical qa/match::fail: 1 of 1 examples do not hold: ")
    assert "::error::x%250A" in guarded


def test_junit_is_what_ant_and_jenkins_take(exp: Program, runs: tuple[str, str]) -> None:
    """Their schemas, in short: which attributes have to be there, which elements, and in which order."""
    said = gate(exp, *runs, *OPTIONS, "--format", "junit")
    root = ElementTree.fromstring(said.out)
    (suite,) = root
    assert (root.tag, root.attrib, suite.tag) == ("testsuites", {}, "testsuite")
    names = [one.tag for one in suite]
    assert names == ["properties", *["testcase"] * 6, "system-out", "system-err"]
    counts = {
        name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "id", "package", "time")
    }
    assert counts == {
        **{"tests": "6", "failures": "2", "errors": "1", "skipped": "1"},
        **{"id": "0", "package": "git.exp.gate", "time": "0"},
    }
    assert suite.get("name") == "default"
    assert suite.get("hostname") == "localhost"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp") or "")
    for case in suite.iter("testcase"):
        assert case.keys() == ["classname", "name", "time"]
        for one in case:
            assert one.get("message")
            assert (one.tag == "skipped") is (one.get("type") is None)
    failed = [one.text or "" for one in suite.iter("failure")]
    assert HOSTILE in failed[0]
    assert [one.tag for case in suite.iter("testcase") for one in case] == [
        *("skipped", "failure", "error", "failure"),
    ]


def test_what_has_no_verdict_says_why_in_each_form(
    exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    old = evaluated("old", GOOD)
    said = {form: gate(exp, old, "nobody<img>", "--format", form) for form in REPORTS}
    assert {one.code for one in said.values()} == {4}
    assert all(one.err == "error: no run matches 'nobody<img>'\nhint: git exp ls\n" for one in said.values())
    assert said["text"].out == ""
    assert said["md"].out.startswith("### Gate: <code>not comparable</code>\n\n<code>no run matches")
    assert "<img>" not in said["md"].out
    assert path.read_text() == said["md"].out + "\n"
    told = said["json"].json
    assert (told["outcome"], told["exit_code"], told["checks"]) == ("not comparable", 4, [])
    assert told["error"] == "no run matches 'nobody<img>'"
    (suite,) = ElementTree.fromstring(said["junit"].out)
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    assert [one.get("message") for one in suite.iter("error")] == ["no run matches 'nobody<img>'"]
    assert re.fullmatch(
        r"::error title=git exp gate::not comparable: [^\n]*%0Ahint: [^\n]*\n", said["github"].out
    )
    wrong = gate(exp, old, old, "--mode", "nonsense", "--format", "json")
    assert (wrong.code, wrong.json["outcome"], wrong.json["exit_code"]) == (2, "no verdict", 2)


def test_the_log_says_why_a_gate_fails_whose_answer_goes_into_a_file(exp: Program) -> None:
    old, new = evaluated("old", GOOD), evaluated("new", WORSE)
    for form in ("md", "json", "junit"):
        assert gate(exp, old, new, "--format", form).err == (
            f"note: fail: {new} against {old} (qa/match: it is worse)\n"
        )
        assert gate(exp, old, old, "--format", form).err.count("\n") == 1
    assert gate(exp, old, new).err == gate(exp, old, new, "--format", "github").err == ""


@given(st.text())
def test_any_text_is_xml_and_one_command(text: str) -> None:
    root = ElementTree.fromstring(f"<a b={xml_attribute(text)}>{xml_text(text)}</a>")
    assert (root.get("b"), list(root)) == (safe(text), [])
    assert (root.text or "") == safe(text, lines=True)
    line = command_line("error", text, text)
    level, title, data = re.fullmatch(r"::(\w+) title=([^:,\r\n]*)::(.*)", line).groups()  # type: ignore[union-attr]
    assert level == "error"
    for told, expected in ((title, safe(text)), (data, safe(text, lines=True))):
        assert re.sub("%(3A|2C|0D|0A|25)", lambda match: chr(int(match[1], 16)), told) == expected


def test_what_counts_as_failed_is_no_skipped_test(exp: Program, runs: tuple[str, str]) -> None:
    for word, counts in (("fail", ("1", "0")), ("pass", ("0", "0"))):
        said = gate(exp, *runs, "--min-n", "99", "--inconclusive", word, "--format", "junit")
        (suite,) = ElementTree.fromstring(said.out)
        assert (suite.get("failures"), suite.get("skipped")) == counts
    assert "inconclusive counts as pass\n" in gate(exp, *runs, "--min-n", "99", "--inconclusive", "pass").out


def test_a_tag_that_no_terminal_or_xml_should_see(exp: Program) -> None:
    old, new = evaluated("old", FEW, critical=["q0"]), evaluated("new", FEW, critical=["q0"])
    hostile = "tag:\x1b[31m\x01"
    for form in REPORTS:
        said = gate(exp, old, new, "--must-pass", hostile, "--format", form)
        assert said.code == 2
        assert "\x1b" not in said.err + said.out


def test_the_page_of_a_workflow(exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = evaluated("old", GOOD), evaluated("new", WORSE)
    path = tmp_path / "summary.md"
    path.write_text("# before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    assert gate(exp, old, new, "--format", "text").code == 1
    assert path.read_text() == "# before\n"
    assert gate(exp, old, new, "--format", "github").code == 1
    assert path.read_text().startswith("# before\n### Gate: <code>fail")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    said = gate(exp, old, new, "--format", "github")
    assert (said.code, "hint: unset GITHUB_STEP_SUMMARY" in said.err) == (2, True)
