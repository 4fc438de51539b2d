"""Spans of model calls: picked up when a run ends, looked at, and never in git."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitexp.interop import otlp
from gitexp.interop.problems import Problems
from tests.cli.program import Program, killed

FIXTURES = Path(__file__).parent.parent / "fixtures" / "traces"
SPAN = {"traceId": "a" * 32, "spanId": "b" * 16, "name": "one"}
LEAVE = f'cp "{FIXTURES}/sdk.jsonl" "$GITEXP_TRACE_DIR/1.jsonl";'


def left(exp: Program, script: str = LEAVE, *options: str) -> Any:
    """What there is to see of a run whose command was that script."""
    said = exp("run", *options, "--", "sh", "-c", script)
    return exp("show", said.name, "--json").json


def writing(exp: Program, text: str) -> str:
    """A script that leaves a file of spans with that text."""
    (exp.repo.path / ".git" / "spans").write_text(text)
    return f'cp "{exp.repo.path}/.git/spans" "$GITEXP_TRACE_DIR/1.jsonl"'


def everything_in_git(exp: Program) -> bytes:
    return exp.repo.git_bytes("cat-file", "--batch-all-objects", "--batch", "--unordered")


def test_spans_become_an_artifact_metrics_inputs_and_usage(exp: Program) -> None:
    before = exp.repo.git("status", "--porcelain"), exp.repo.git("rev-parse", "HEAD")
    run = left(exp)
    assert {key: value for key, value in run["metrics"].items() if key != "llm.sec"} == {
        **{"llm.calls": 4, "llm.tokens.in": 152, "llm.tokens.out": 16, "llm.tools": 2, "llm.tools.failed": 0}
    }
    (model,), (settings,) = run["inputs"]["model"], run["inputs"]["settings"]
    assert (model["name"], model["how"], model["pin"]) == ("gpt-4o", "observed", "named")
    assert model["seen"] == {"response_model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_abc"}
    assert settings["value"] == {"max_tokens": 64, "temperature": 0.2}
    assert run["artifacts"]["traces/spans.jsonl.zst"]["metadata"] == {"content": "artifact", "spans": 8}
    tables = f"exp/{run['name']}:.exp/eval/qa"
    rows = [json.loads(line) for line in exp.repo.git("show", f"{tables}/usage.jsonl").splitlines()]
    assert [(row["id"], row["in"], row["calls"], row["tools"], row["turns"]) for row in rows] == [
        *(("q0", 76, 2, 1, 2), ("q1", 76, 2, 1, 2))
    ]
    assert exp("eval", "show", run["name"]).out.startswith("qa: 2 examples, 0 errors")
    assert (exp.repo.git("status", "--porcelain"), exp.repo.git("rev-parse", "HEAD")) == before
    exp.repo.fsck()


def test_what_was_said_is_in_the_artifact_and_never_in_git(exp: Program) -> None:
    run = left(exp)
    pointer = exp.repo.git("show", f"exp/{run['name']}:.exp/artifacts/traces/spans.jsonl.zst")
    assert pointer.startswith("version https://git-lfs.github.com/spec/v1")
    assert "Rome?" in exp("trace", run["name"], "--json", "--show-text").out
    assert b"q1" in everything_in_git(exp)
    for text in (b"Rome?", b"Answer briefly", b"Rainy"):
        assert text not in everything_in_git(exp)


def test_a_trace_is_shown_as_a_tree(exp: Program) -> None:
    name = left(exp)["name"]
    lines = exp("trace", name).out.splitlines()
    assert lines[0].split() == ["SPAN", "MODEL", "TOOL", "IN", "OUT", "SECONDS", "EXAMPLE"]
    starts = ["answer  ", "  chat gpt-4o  ", "  execute_tool weather  "]
    assert [line.startswith(start) for line, start in zip(lines[1:4], starts, strict=True)] == [True] * 3
    one = exp("trace", name, "--example", "q1")
    assert len(one.out.splitlines()) == 5
    assert "Rome?" not in one.out
    said = exp("trace", name, "--example", "q1", "--show-text").out
    assert "      user: Rome?\n" in said
    assert said.count("Rome?") == said.count("Answer briefly.") == 1
    few = exp("trace", name, "--limit", "1")
    assert (len(few.out.splitlines()), few.err) == (2, "note: 7 spans more: --limit 8 shows all\n")
    missing = exp("trace", name, "--example", "q9", "--epoch", "2")
    assert missing.code == 1
    assert missing.err == (
        f"error: run '{name}' has no spans of example 'q9', epoch 2\nhint: git exp trace {name}\n"
    )


def test_documents_have_hashes_in_place_of_what_was_said_unless_it_is_asked_for(exp: Program) -> None:
    name = left(exp)["name"]
    bare, whole = exp("trace", name, "--json").json, exp("trace", name, "--json", "--show-text").json
    assert (bare["content"], whole["content"]) == ("hashes", "artifact")
    assert "Rome?" not in json.dumps(bare)
    key = "gen_ai.input.messages"
    calls = [
        [one["attributes"][key] for one in each["spans"] if key in one["attributes"]]
        for each in (bare, whole)
    ]
    assert [len(one) for one in calls[0]] == [len(one) for one in calls[1]] == [2, 4, 2, 4]
    assert calls[1][0][1] == {"role": "user", "parts": [{"type": "text", "content": "Oslo?"}]}
    document = exp("trace", name, "--export", "otlp", "--show-text").json
    found = list(otlp.read(document, "here", Problems()))
    assert [one.name for one in found if isinstance(one, otlp.Span)] == [
        one["name"] for one in whole["spans"]
    ]
    assert exp("trace", name, "--export", "otlp", "--json").code == 2


@pytest.mark.parametrize(
    ("options", "settings"), [(["--no-content"], ""), ([], "traces: {content: hashes}\n")]
)
def test_of_texts_hashes_are_kept_where_that_is_wanted(
    exp: Program, options: list[str], settings: str
) -> None:
    (exp.repo.path / ".gitexp.yaml").write_text(settings)
    run = left(exp, LEAVE, *options)
    assert run["artifacts"]["traces/spans.jsonl.zst"]["metadata"]["content"] == "hashes"
    shown = exp("trace", run["name"], "--json", "--show-text").out
    assert "gen_ai.input.messages" in shown
    assert "Rome?" not in shown
    (exp.repo.path / ".gitexp.yaml").write_text("")
    assert left(exp)["inputs"] == run["inputs"]


def test_of_texts_nothing_is_kept_where_that_is_wanted(exp: Program) -> None:
    (exp.repo.path / ".gitexp.yaml").write_text("traces: {content: none}\n")
    run = left(exp)
    assert "gen_ai.input.messages" not in exp("trace", run["name"], "--json", "--show-text").out
    (exp.repo.path / ".gitexp.yaml").write_text("traces: {content: git}\n")
    assert "'content' is 'git'" in exp("run", "--", "true").err


def test_an_evaluation_in_a_span_is_a_score(exp: Program) -> None:
    run = left(exp, f'cp "{FIXTURES}/otlp.json" "$GITEXP_TRACE_DIR/1"')
    assert (run["metrics"]["traces/faithful"], run["metrics"]["traces/faithful.n"]) == (0.75, 1)
    assert run["metrics"]["llm.failed"] == 1
    assert run["inputs"]["retriever"][0]["name"] == "docs-2026"
    assert "ValueError\n" in exp("trace", run["name"]).out
    assert "ValueError: boom\n" in exp("trace", run["name"], "--show-text").out
    assert "mybox" not in exp("trace", run["name"], "--json", "--show-text").out


def test_damaged_files_are_told_and_cost_neither_the_run_nor_the_good_spans(exp: Program) -> None:
    said = exp("run", "--", "sh", "-c", writing(exp, json.dumps(SPAN) + '\n{"traceId": "aa') + "; exit 3")
    assert said.code == 3
    assert "warning: spans: 1.jsonl, line 2: not JSON: Unterminated string" in said.err
    trace = exp("trace", said.name)
    assert (len(trace.out.splitlines()), trace.err) == (
        2,
        "note: 1 spans could not be read when the run ended\n",
    )


def test_without_spans_nothing_is_there(exp: Program) -> None:
    name = exp.record("plain")
    assert exp("show", name, "--json").json["artifacts"] == {}
    assert exp("trace", name).err == f"note: run '{name}' has no traces of calls\n"
    assert exp("trace", name, "--json").json["spans"] == []


def test_names_cannot_reach_the_terminal(exp: Program) -> None:
    said = {"role": "user\x1b[31m", "content": "\x1b]0;owned\x07 text"}
    hostile = {**SPAN, "name": "\x1b[2J\nx", "attributes": {"gen_ai.input.messages": [said]}}
    name = left(exp, writing(exp, json.dumps(hostile)))["name"]
    out = exp("trace", name, "--show-text").out
    assert "\\x1b[2J x" in out
    assert "owned" in out
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize("kind", [("worktree",), ("bare", "sha256"), ("submodule",)], ids=" ".join)
def test_spans_are_picked_up_in_every_kind_of_repository(
    exp_in: Callable[..., Program], kind: tuple[str, ...]
) -> None:
    exp = exp_in(*kind)
    name = left(exp, LEAVE, "--isolated")["name"]
    assert len(exp("trace", name).out.splitlines()) == 9
    assert f"git exp trace {name}" in exp("show", name).out
    exp.repo.fsck()


def test_the_spans_of_a_killed_run_are_kept(exp: Program, environ: dict[str, str]) -> None:
    name = killed(exp, environ, f'{LEAVE} echo no JSON > "$GITEXP_TRACE_DIR/bad.jsonl";')
    said = exp("show", name, "--json")
    assert f"note: run '{name}': " in said.err
    assert "bad.jsonl" in said.err
    run = said.json
    assert (run["status"], run["metrics"]["llm.calls"]) == ("crashed", 4)
    assert len(exp("trace", name).out.splitlines()) == 9
    exp.repo.fsck()


def test_a_run_that_goes_on_keeps_the_spans_of_its_first_life(exp: Program) -> None:
    name = left(exp)["name"]
    assert left(exp, "true", "--resume", name)["metrics"]["llm.calls"] == 4
    second = (FIXTURES / "sdk.jsonl").read_text().replace('temperature": 0.2', 'temperature": 0.9')
    for number, trace in enumerate(("6abed000", "f9dc7546")):
        second = second.replace(trace, f"1111111{number}")
    run = left(exp, writing(exp, second), "--resume", name)
    assert run["metrics"]["llm.calls"] == 8
    assert sorted(run["artifacts"]) == ["traces/2-spans.jsonl.zst", "traces/spans.jsonl.zst"]
    assert run["inputs"]["settings"][0]["value"]["temperature"] == 0.9
    assert len(exp("trace", name).out.splitlines()) == 17
    assert exp("eval", "show", name).out.startswith("qa: 2 examples, 0 errors")
    exp.repo.fsck()


def test_a_damaged_artifact_is_an_error(exp: Program) -> None:
    run = left(exp)
    oid = run["artifacts"]["traces/spans.jsonl.zst"]["oid"].removeprefix("sha256:")
    stored = exp.repo.path / f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}"
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    said = exp("trace", run["name"])
    assert (said.code, said.out) == (1, "")
    assert "traces/spans.jsonl.zst" in said.err
    assert "not in this clone" in exp("trace", run["name"]).err
