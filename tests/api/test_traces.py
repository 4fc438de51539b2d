"""Spans of a run that a process started itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gitexp
from gitexp.errors import GitExpError
from gitexp.ops.evaluations.reading import read_suite
from gitexp.ops.recover import Outcome, sweep
from gitexp.ops.resolve import resolve
from gitexp.ops.traces.reading import Wanted, read_trace
from gitexp.repo import Repository
from tests.gitrepo import Repo

pytestmark = pytest.mark.usefixtures("here")
VARIABLE = "GITEXP_TRACE_DIR"


def leave(number: int, **attributes: Any) -> None:
    """Do what an exporter does."""
    usage = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 10}
    told = {key.replace("__", "."): value for key, value in attributes.items()}
    span = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "x",
        "attributes": {**usage, **told},
    }
    with Path(os.environ[VARIABLE], "1.jsonl").open("a") as file:
        file.write(json.dumps(span) + "\n")


def spans(here: Repo, name: str | None) -> int:
    with Repository.open(here.path, here.environ) as repo:
        return len(read_trace(resolve(repo, name or ""), Wanted()).spans)


def test_the_folder_is_that_of_the_innermost_run(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "before")
    with gitexp.start("outer", strict=True) as outer:
        folder = os.environ[VARIABLE]
        assert Path(folder) == Path(str(outer.folder)) / "traces"
        leave(1)
        with gitexp.start("inner", join=False, strict=True) as inner:
            assert os.environ[VARIABLE] != folder
            leave(2)
            leave(3)
        assert os.environ[VARIABLE] == folder
    assert os.environ[VARIABLE] == "before"
    assert (spans(here, outer.name), spans(here, inner.name)) == (1, 2)


def test_without_a_run_there_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with gitexp.start("one"):
        assert VARIABLE in os.environ
    assert VARIABLE not in os.environ


def test_spans_add_to_the_rows_that_were_logged_and_take_nothing_from_them(here: Repo) -> None:
    with gitexp.start("eval", strict=True) as run:
        run.summary.update({"llm.calls": 77, "qa/match": 0.25})
        run.use("model", "m", name="m")
        ev = run.eval("qa", metrics={"match": "binary"})
        for number in range(2):
            ev.add(id=f"q{number}", input=number, scores={"match": 1}, usage={"in": 5} if number else None)
            score = {"gen_ai__evaluation__name": "faithful", "gen_ai__evaluation__score__value": number}
            leave(number + 1, gitexp__example__id=f"q{number}", gen_ai__response__model="m-1", **score)
        other = {"gen_ai__evaluation__name": "match", "gen_ai__evaluation__score__value": 0}
        leave(8, gitexp__example__id="q1", gen_ai__operation__name="evaluate", **other)
        leave(9, gitexp__example__id="q9")  # it was still at that one
    with Repository.open(here.path, here.environ) as repo:
        stored = resolve(repo, run.name or "")
        suite, record = read_suite(stored, "qa"), stored.whole
    assert [one.id for one in suite.results] == ["q0", "q1"]
    assert [dict(one.scores) for one in suite.results] == [
        {"match": 1, "faithful": 0},
        {"match": 1, "faithful": 1},
    ]
    assert [one.values["in"] for one in suite.usage] == [10, 5]
    assert [one.values["calls"] for one in suite.usage] == [1, 1]
    assert (record.metrics["llm.calls"], record.metrics["qa/match"], record.metrics["qa/faithful"]) == (
        77,
        0.25,
        0.5,
    )
    assert record.metrics["llm.tokens.in"] == 30
    (model,) = [one for one in record.inputs if one.role == "model"]
    assert here.git("log", "-1", "--format=%s", f"exp/{run.name}").endswith(
        ": qa/faithful 0.5, qa/match 0.25, llm.calls 77"
    )
    assert (model.how.value, dict(model.seen)) == ("declared", {"response_model": "m-1"})


def test_a_checkpoint_has_none_and_a_live_run_shows_what_it_has(here: Repo) -> None:
    with gitexp.start("live", strict=True) as run:
        leave(1)
        run.log({"a": 1})
        commit = run.checkpoint()
        assert spans(here, run.name) == 1
        assert "traces" not in here.git("ls-tree", "-r", "--name-only", str(commit))
    assert "traces/spans.jsonl" in here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}")


def test_spans_that_came_late_are_added_by_the_next_command(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are packed by there."""
    with gitexp.start("late", strict=True) as run:
        run.log({"a": 1})
        leave(1)
        folder = os.environ[VARIABLE]
    os.environ[VARIABLE] = folder
    leave(2)
    del os.environ[VARIABLE]
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with Repository.open(here.path, here.environ) as repo:
        assert [one.outcome for one in sweep(repo)] == [Outcome.EXTENDED]
        assert sweep(repo) == []
    assert spans(here, run.name) == 2
    files = here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}", ".exp/artifacts/traces/")
    assert files == ".exp/artifacts/traces/spans.jsonl.gz"
    here.fsck()


def test_whatever_is_wrong_with_spans_the_run_ends(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    run = gitexp.start("one", strict=True)
    leave(1)
    with monkeypatch.context() as patch:
        patch.setattr("gitexp.ops.traces.sealing.told", broken)
        with pytest.raises(GitExpError, match="spans: they cannot be kept: MemoryError"):
            run.finish()
    assert run.status == "finished"
    assert spans(here, run.name) == 0
    with Repository.open(here.path, here.environ) as repo:
        assert [one.outcome for one in sweep(repo)] == [Outcome.EXTENDED]
    assert spans(here, run.name) == 1
    here.fsck()


def test_spans_that_could_not_be_read_again_have_hashes(here: Repo) -> None:
    run = gitexp.start("one", strict=True)
    leave(1, **{f"a{number}": "what was said " * 2000 for number in range(200)})
    with pytest.raises(GitExpError, match=r"spans: hashes stand for their texts.* a line of more than"):
        run.finish()
    with Repository.open(here.path, here.environ) as repo:
        trace = read_trace(resolve(repo, run.name or ""), Wanted())
    assert trace.content.value == "hashes"
    assert str(trace.spans[0].attributes["a0"]).startswith("sha256:")


def kept(here: Repo, name: str | None) -> list[str]:
    """What of texts was kept of a run, one artifact after the other."""
    with Repository.open(here.path, here.environ) as repo:
        run = resolve(repo, name or "")
        return [str(one.metadata["content"]) for one in run.whole.artifacts]


def test_whoever_asks_for_less_of_what_was_said_is_heard(here: Repo) -> None:
    said = {"gen_ai__prompt": "a secret plan"}
    with gitexp.start("plain", strict=True) as run:
        leave(1, **said)
    assert kept(here, run.name) == ["artifact"]
    with gitexp.start("hashed", content="hashes", strict=True) as run:
        leave(2, **said)
    assert kept(here, run.name) == ["hashes"]
    # A run that goes on keeps no more than it did.
    with gitexp.start(resume=run.name, strict=True):
        leave(3, **said)
    assert kept(here, run.name) == ["hashes", "hashes"]
    (here.path / ".gitexp.yaml").write_text("traces: {content: none}\n")
    with gitexp.start("project", content="artifact", strict=True) as run:
        leave(4, **said)
        # The rule of when it started holds, whatever is written meanwhile.
        (here.path / ".gitexp.yaml").unlink()
    assert kept(here, run.name) == ["none"]
    with gitexp.start("outer", strict=True) as run:
        joined = "import gitexp; gitexp.start(content='none')"
        subprocess.run([sys.executable, "-c", joined], cwd=here.path, check=True)
        leave(5, **said)
    assert kept(here, run.name) == ["none"]
    with gitexp.start("outer", content="hashes"), gitexp.start("inner", join=False, strict=True) as run:
        leave(6, **said)
    assert kept(here, run.name) == ["hashes"]
    with pytest.raises(GitExpError, match="invalid content 'nothing'"):
        gitexp.start("bad", content="nothing")
