"""Evaluations recorded from Python: each answer is kept as it comes, the means when the run ends."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import pytest

import gitexp
from gitexp.errors import BrokenFile, GitExpError, UsageError
from gitexp.formats.canonical_json import short_hash
from gitexp.model.evaluation import Direction, Guess, Kind, OnError, State, Suite, suite_called
from gitexp.ops.evaluations.reading import read_suite, read_suites
from gitexp.ops.recover import sweep
from gitexp.ops.resolve import resolve
from gitexp.repo import Repository
from tests.gitrepo import Repo

pytestmark = pytest.mark.usefixtures("here")


def suite_of(here: Repo, name: str | None, suite: str = "qa", *, with_text: bool = False) -> Suite:
    assert name
    with Repository.open(here.path, here.environ) as repo:
        return read_suite(resolve(repo, name), suite, with_text=with_text)


def test_answers_become_tables_and_means(here: Repo) -> None:
    with gitexp.start("eval", strict=True) as run:
        ev = run.eval(
            "qa", cluster="topic", metrics={"match": "binary", "steps": {"kind": "count", "direction": "min"}}
        )
        for index, topic in enumerate(["geo", "geo", "math"]):
            for epoch in (1, 2):
                ev.add(
                    id=f"q{index}",
                    input={"question": index},
                    target="yes",
                    scores={"match": index > 0 or epoch == 1, "steps": index},
                    tags={"topic": topic},
                    usage={"in": 10, "out": 2, "other": "x"},
                    epoch=epoch,
                )
        assert len(ev) == 6
    suite = suite_of(here, run.name)
    assert [(one.id, one.epoch, one.scores["match"]) for one in suite.results] == [
        *(("q0", 1, 1), ("q0", 2, 0), ("q1", 1, 1), ("q1", 2, 1), ("q2", 1, 1), ("q2", 2, 1)),
    ]
    assert [(one.cluster, dict(one.tags)) for one in suite.examples] == [
        *(("geo", {"topic": "geo"}), ("geo", {"topic": "geo"}), ("math", {"topic": "math"})),
    ]
    assert suite.usage[0].values == {"in": 10, "out": 2}
    match, steps = suite.meta.metrics
    assert (match.kind, match.direction) == (Kind.BINARY, Direction.MAX)
    assert (steps.kind, steps.direction) == (Kind.COUNT, Direction.MIN)
    metrics = gitexp.get_run(run.name).metrics  # type: ignore[arg-type]
    assert metrics["qa/match"] == pytest.approx(5 / 6)
    assert metrics["qa/match.n"] == 3
    assert metrics["qa/match.se"] > 0
    assert here.git("fsck", "--strict", "--no-dangling") == ""


def test_the_hashes_are_those_of_an_import(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        run.eval("qa").add(input="Capital of France?", target="Paris", scores=True)
    (example,) = suite_of(here, run.name).examples
    assert (example.id, example.x) == ("117e482caabcf0e8", "117e482caabcf0e8")
    assert gitexp.get_run(run.name).metrics["qa/score"] == 1  # type: ignore[arg-type]


def test_answers_are_in_git_only_where_text_is_asked_for(here: Repo) -> None:
    for with_text in (False, True):
        with gitexp.start(strict=True) as run:
            ev = run.eval("qa", with_text=with_text)
            ev.add(
                id="a",
                input="the question",
                target="the target",
                scores=1,
                output="the answer",
                why="because",
            )
        paths = here.git("ls-tree", "-r", "--name-only", f"refs/exp/{run.name}:.exp").splitlines()
        kept = "".join(here.git("show", f"refs/exp/{run.name}:.exp/{path}") for path in paths)
        assert [word in kept for word in ("the question", "the target", "the answer")] == [with_text] * 3
        suite = suite_of(here, run.name, with_text=True)
        assert (suite.outputs[0].output, suite.outputs[0].why) == ("the answer", "because")
        assert bool(suite.texts) is with_text


def test_an_example_that_is_added_twice_is_an_error_and_the_first_stands(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        ev = run.eval("qa")
        ev.add(id="a", scores={"m": 1})
        with pytest.raises(UsageError, match="example 'a' was added to epoch 1 before"):
            ev.add(id="a", scores={"m": 0})
        with pytest.raises(UsageError, match="id 'a' stands for two inputs"):
            ev.add(id="a", input="another", scores={"m": 0}, epoch=2)
    assert [one.scores for one in suite_of(here, run.name).results] == [{"m": 1}]


def test_what_cannot_be_recorded_is_one_warning(here: Repo) -> None:
    with gitexp.start() as run:
        ev = run.eval("qa")
        ev.add(id="a", scores={"m": 1})
        with pytest.warns(gitexp.GitExpWarning, match="example 'a' was added to epoch 1 before"):
            ev.add(id="a", scores={"m": 0})
        ev.add(id="a", scores={"m": 0})
        ev.add(id="b", scores={"m": 0})
    assert [one.id for one in suite_of(here, run.name).results] == ["a", "b"]


def test_nan_is_no_score_and_the_row_is_kept_as_an_error(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        ev = run.eval("qa")
        ev.add(id="a", scores={"m": 1, "n": 2})
        with pytest.raises(GitExpError, match="example 'b' of suite 'qa': 'm': nan is no score"):
            ev.add(id="b", scores={"m": math.nan, "n": 3})
        ev.add(id="c", error="no network")
        ev.add(id="d", state="timeout")
    suite = suite_of(here, run.name)
    assert [(one.state, dict(one.scores)) for one in suite.results] == [
        (State.OK, {"m": 1, "n": 2}),
        (State.ERROR, {"n": 3}),
        (State.ERROR, {}),
        (State.TIMEOUT, {}),
    ]
    assert gitexp.get_run(run.name).metrics["qa/m.n"] == 1  # type: ignore[arg-type]


def test_errors_count_as_nothing_or_as_zero(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for policy in ("exclude", "zero"):
            ev = run.eval(policy, on_error=policy)
            ev.add(id="a", scores={"m": 1})
            ev.add(id="b", error="boom")
    metrics = gitexp.get_run(run.name).metrics  # type: ignore[arg-type]
    assert (metrics["exclude/m"], metrics["zero/m"]) == (1, 0.5)
    assert suite_of(here, run.name, "zero").meta.on_error is OnError.ZERO


def test_an_error_is_not_the_best_where_less_is_better(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        ev = run.eval("asr", on_error="zero", metrics={"wer": "min"})
        ev.add(id="a", scores={"wer": 0.5})
        ev.add(id="b", error="boom")
    metrics = gitexp.get_run(run.name).metrics  # type: ignore[arg-type]
    assert (metrics["asr/wer"], metrics["asr/wer.n"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda run: run.eval("a/b"), "invalid suite 'a/b'"),
        (lambda run: run.eval("qa", metrics={"m": "odd"}), "'odd' is none of max, min"),
        (lambda run: run.eval("qa", metrics={"m": {"goal": "max"}}), "metric 'm' cannot be"),
        (lambda run: run.eval("qa", on_error="fail"), "'fail' is none of exclude, zero"),
        (lambda run: run.eval("qa").add(scores=1), "an example needs an id or an input"),
        (lambda run: run.eval("qa").add(id="a\n", scores=1), "invalid id"),
        (lambda run: run.eval("qa").add(id="a", epoch=1.5), "1.5 is not an epoch"),
        (lambda run: run.eval("qa").add(id="a", state="odd"), "'odd' is none of ok, error"),
        (lambda run: run.eval("qa").add(id="a", tags=3), "3 are no tags"),
    ],
)
def test_what_makes_no_sense_is_told(call: Any, told: str) -> None:
    with gitexp.start(strict=True) as run, pytest.raises(UsageError, match=told):
        call(run)


def test_what_cannot_be_named_so_is_recorded_all_the_same(here: Repo) -> None:
    """As an import does it: the mean is that of all rows, whatever their ids are."""
    with catch_warnings(record=True) as told, gitexp.start() as run:
        simplefilter("always")
        ev = run.eval("qa/hard")
        for number in range(10):
            prompt = f"Question {number}"
            ev.add(id=f"Context\n{prompt}" if number < 4 else number, input=prompt, scores={"m": number >= 4})
        names = [run.eval(name).suite for name in ("qa/hard", "qa hard", "Ä", "Ö", "x" * 101, "x" * 102)]
    assert len(set(names)) == 6
    assert [ev.suite, names[0]] == ["qa-hard"] * 2
    assert suite_called("Ö", {}) == names[3]
    metrics = gitexp.get_run(run.name).metrics  # type: ignore[arg-type]
    assert (metrics["qa-hard/m"], metrics["qa-hard/m.n"]) == (0.6, 10)
    assert short_hash("Question 0") in [row.id for row in suite_of(here, run.name, "qa-hard").results]
    sentences = [str(one.message).partition(": ")[2] for one in told]
    assert sentences[0] == "suite 'qa/hard' is recorded as 'qa-hard'"
    assert "hash of its input stands for it: 'Context\\nQuestion 0'" in sentences[1]
    assert len(sentences) == 7


def test_how_many_rows_are_lacking_stands_in_the_record_and_is_told_at_the_end(here: Repo) -> None:
    with catch_warnings(record=True) as told, gitexp.start() as run:
        simplefilter("always")
        ev = run.eval("qa")
        for id in ("a", "a", "b", "b", "b"):
            ev.add(id=id, scores={"m": 1})
        ev.add(id="c", scores={"m": float("nan")})
        ev.add(id="d", tags=3)
    assert str(told[-1].message).endswith(" lacks 4 rows of its evaluations that could not be recorded")
    assert len(told) == 2
    with Repository.open(here.path, here.environ) as repo:
        assert resolve(repo, str(run.name)).record.info.lost == 4
    assert len(suite_of(here, run.name).results) == 3


def test_a_run_that_records_nothing_takes_answers_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with gitexp.start() as run:
        run.eval("qa").add(id="a", scores=1)
    assert run.name is None


def test_values_of_numpy_and_nested_scores(here: Repo) -> None:
    import numpy as np

    with gitexp.start(strict=True) as run:
        run.eval("qa").add(
            id=np.int64(3), input=np.array([1, 2]), scores={"m": np.float32(0.5), "f": {"a": np.bool_(True)}}
        )
    (row,) = suite_of(here, run.name).results
    assert (row.id, dict(row.scores)) == ("3", {"m": 0.5, "f.a": 1})


def test_answers_survive_a_kill(here: Repo) -> None:
    code = (
        "import gitexp, os, signal\n"
        "run = gitexp.start('killed')\n"
        "ev = run.eval('qa', with_text=True)\n"
        "for i in range(50): ev.add(id=f'q{i:02}', scores={'m': i % 2}, output=f'answer {i}')\n"
        "print(run.name, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Repository.open(here.path, here.environ) as repo:
        sweep(repo)
        run = resolve(repo, done.stdout.strip())
        assert run.record.info.status.value == "crashed"
        assert run.record.metrics["qa/m"] == 0.5
        (suite,) = read_suites(run)
    assert len(suite.results) == 50
    assert here.git("fsck", "--strict", "--no-dangling") == ""


def test_a_run_that_goes_on_is_seen_with_its_answers_so_far(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        run.eval("qa").add(id="a", scores=1, output="one")
        with Repository.open(here.path, here.environ) as repo:
            found = resolve(repo, run.name or "")
            assert [len(one.results) for one in read_suites(found)] == [1]
            assert [one.outputs[0].output for one in read_suites(found, ["qa"], with_text=True)] == ["one"]
            assert found.record.metrics["qa/score"] == 1


def test_a_run_that_is_taken_up_again_keeps_what_it_had(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        ev = run.eval("qa")
        for id in "ab":
            ev.add(id=id, scores={"m": 1}, output=f"first {id}{'.' * 27}")
    (answers,) = gitexp.get_run(run.name).artifacts  # type: ignore[arg-type]
    assert answers.size == 128, "as long as a pointer to it"
    with gitexp.start(resume=run.name, strict=True) as again:
        ev = again.eval("qa")
        ev.add(id="b", scores={"m": 0}, output="second b")
        ev.add(id="c", scores={"m": 0})
    suite = suite_of(here, again.name, with_text=True)
    assert [(one.id, one.scores["m"]) for one in suite.results] == [("a", 1), ("b", 0), ("c", 0)]
    assert [one.output for one in suite.outputs] == [f"first a{'.' * 27}", "second b"]
    assert gitexp.get_run(again.name).metrics["qa/m"] == pytest.approx(1 / 3)  # type: ignore[arg-type]
    with gitexp.start(resume=run.name, strict=True) as third:
        third.log({"loss": 1})
    assert len(suite_of(here, third.name).results) == 3


def test_a_checkpoint_has_the_answers_so_far(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        ev = run.eval("qa")
        ev.add(id="a", scores=1)
        first = run.checkpoint()
        ev.add(id="b", scores=0)
    rows = [here.git("show", f"{one}:.exp/eval/qa/scores.jsonl").splitlines() for one in (first, run.commit)]
    assert [len(one) for one in rows] == [1, 2]


def test_children_add_to_the_same_suite(here: Repo) -> None:
    code = (
        "import gitexp\n"
        "with gitexp.start(strict=True) as run: run.eval('qa').add(id='child', scores={'m': 0})\n"
    )
    with gitexp.start(strict=True) as run:
        ev = run.eval("qa", metrics={"m": "min"})
        ev.add(id="parent", scores={"m": 1})
        environ = {**os.environ, "GITEXP_RUN": str(run.folder)}
        subprocess.run([sys.executable, "-c", code], check=True, env=environ)
    suite = suite_of(here, run.name)
    assert [one.id for one in suite.examples] == ["child", "parent"]
    assert suite.meta.metrics[0].direction is Direction.MIN


def test_a_metric_that_was_set_stands(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        run.eval("qa").add(id="a", scores={"m": 1})
        run.summary["qa/m"] = 0.75
    assert gitexp.get_run(run.name).metrics["qa/m"] == 0.75  # type: ignore[arg-type]


def test_who_said_which_way_a_metric_is_better_is_known(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        told = {
            "match": "binary",
            "len": "min",
            "error": "binary",
            "judge": "ordinal",
            "speed": {"range": [0, 9]},
        }
        ev = run.eval("qa", metrics=told)
        names = (*told, "f1", "exact", "words")
        ev.add(id="a", scores={**dict.fromkeys(names, 1), "f1": 0.3, "words": 7})
    assert {one.name: (one.direction.value, one.guess) for one in suite_of(here, run.name).meta.metrics} == {
        **{"match": ("max", None), "len": ("min", None)},
        **{"error": ("min", Guess.NAME), "f1": ("max", Guess.NAME)},
        **{"judge": ("max", Guess.VALUES), "exact": ("max", Guess.VALUES)},
        **{"words": ("max", Guess.NOBODY), "speed": ("max", Guess.VALUES)},
    }


def test_a_score_that_cannot_be_is_none(here: Repo) -> None:
    """Whoever said what a metric is gets a warning, the record says it, and no mean has it."""
    with gitexp.start() as run:
        ev = run.eval("qa", metrics={"match": "binary", "judge": {"range": [1, 5]}})
        ev.add(id="a", scores={"match": 1, "judge": 5})
        with pytest.warns(gitexp.GitExpWarning, match="'match': 7 is no score, as it was said to be 0 or 1"):
            ev.add(id="b", scores={"match": 7, "judge": 4})
        # Nor does who has not said it.
        run.eval("qa").add(id="c", scores={"match": 0.5, "judge": 1})
    suite = suite_of(here, run.name)
    assert [(dict(one.scores), one.state) for one in suite.results] == [
        ({"match": 1, "judge": 5}, State.OK),
        ({"judge": 4}, State.ERROR),
        ({"judge": 1}, State.ERROR),
    ]
    assert suite.meta.warnings == ("scores of 'match' left out, as they are not 0 or 1: 2, the first 7",)
    assert gitexp.get_run(run.name).metrics["qa/match"] == 1  # type: ignore[arg-type]


def test_secrets_in_answers_are_masked(here: Repo) -> None:
    secret = "sk-proj-" + "a1B2c3D4e5F6g7H8" * 3
    with gitexp.start(strict=True) as run:
        run.eval("qa", with_text=True).add(id="a", input="q", scores=1, output=f"the key is {secret}")
    rows = here.git("show", f"refs/exp/{run.name}:.exp/eval/qa/outputs.jsonl")
    assert json.loads(rows)["output"].startswith("the key is ")
    assert secret not in rows


def test_the_folder_is_left_as_it_was(here: Repo, tmp_path: Path) -> None:
    before = here.git("status", "--porcelain")
    with gitexp.start(strict=True) as run:
        run.eval("qa").add(id="a", scores=1)
    assert here.git("status", "--porcelain") == before


def test_a_fork_begins_with_the_answers_of_its_origin(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        run.eval("qa").add(id="a", scores={"m": 1})
    with gitexp.start(fork=run.name, strict=True) as fork:
        fork.eval("other").add(id="a", scores={"m": 0})
    assert suite_of(here, fork.name).results == suite_of(here, run.name).results
    assert [one.scores["m"] for one in suite_of(here, fork.name, "other").results] == [0]


def test_a_run_regrades_itself_in_python(here: Repo) -> None:
    with gitexp.start("eval") as run, run.eval("qa", with_text=True) as ev:
        for id, said in (("a", "yes"), ("b", "no")):
            ev.add(id=id, input=id, target="yes", scores={"match": 0}, output=said)
    assert run.name
    stored = gitexp.get_run(run.name)
    graded = stored.regrade("qa", lambda row: row["output"] == row["target"], "it was never graded")
    assert graded.metrics["qa/match"] == 0.5
    (grader,) = [one for one in graded.inputs if one.role == "grader"]
    assert grader.value["ast"].startswith("sha256:")  # type: ignore[index,call-overload]
    assert graded.regrade("qa", {"a": 1, "b": 0}, "the same") is graded
    with pytest.raises(BrokenFile, match=r"^scores of 'a': 'match' cannot be 9: it is 0 to 1"):
        graded.regrade("qa", {"a": 9, "b": 0}, "ten points")
    named = graded.regrade("qa", {("a", 1): {"match": 0}}, "label", grader="people", partial=True)
    assert named.metrics["qa/match"] == 0
    with pytest.raises(UsageError, match="no new score"):
        named.regrade("qa", {"a": 1}, "x")
    assert stored.metrics["qa/match"] == 0


def test_a_run_that_goes_on_grades_itself(here: Repo) -> None:
    with gitexp.start("eval") as run:
        run.eval("qa").add(id="a", scores={"match": 0})
        assert run.name
        with pytest.raises(UsageError, match="still running"):
            gitexp.get_run(run.name).regrade("qa", {"a": 1}, "x")
