"""Evaluations that other tools read, and that come back from them: Every Eval Ever, and spans."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitexp.cli.commands.eval import import_logs
from gitexp.cli.completion.words import WORDS, Values, described
from gitexp.cli.group import cli
from gitexp.interop.logs import FORMATS
from tests.cli.program import Program
from tests.interop.eee_documents import document, result, write
from tests.interop.logs import FIXTURES

EVAL = str(FIXTURES / "inspect" / "baseline.zstd.eval")
LM_EVAL = str(FIXTURES / "lm_eval" / "baseline")


def tables(exp: Program, name: str) -> dict[str, str]:
    """What a run has of its evaluations, but where it came from."""
    listed = exp.repo.git("ls-tree", "-r", "--name-only", f"exp/{name}", ".exp/").split()
    wanted = [one for one in listed if one.startswith(".exp/eval/") or one.endswith(("ics.yaml", "uts.yaml"))]
    return {one: exp.repo.git("show", f"exp/{name}:{one}") for one in wanted if not one.endswith("meta.yaml")}


def test_the_formats_that_are_offered_are_those_that_are_read() -> None:
    assert tuple(FORMATS) == import_logs.FORMATS
    (command,) = [one for one in described(cli) if one.name == "eval"]
    (format_,) = [one for one in command.options if "--format" in one.spellings]
    assert format_.values == Values(WORDS, (*import_logs.FORMATS, "parquet", "otel"))


def test_scores_without_samples_are_shown_and_compared_with_nothing(exp: Program) -> None:
    sure = {"standard_error": {"value": 0.02}, "num_samples": 500}
    names = []
    for score in (0.62, 0.7):
        one = result("sums", score_details={"score": score, "uncertainty": sure})
        path = write(exp.repo.path.parent / "store" / str(score), document(one))
        said = exp("eval", "import", str(path))
        assert f"{path}: it has no samples: the scores are as they are reported" in said.err
        assert f"(eee): sums n=0 exact {score} ± 0.02" in said.err
        names.append(said.name)
    assert exp("show", names[0], "--json").json["metrics"] == {
        **{"sums/exact": 0.62, "sums/exact.n": 500, "sums/exact.se": 0.02}
    }
    assert exp("eval", "show", names[0]).out.splitlines()[2].split() == ["exact", "0.62", "0.02", "500"]
    assert "no metric that both have a value of" in exp("eval", "diff", *names).out
    assert exp("gate", names[1], "--baseline", names[0]).code == 4
    said = exp("eval", "export", names[0])
    assert said.err == f"note: the evaluations of run '{names[0]}' have no answers\n"


@pytest.mark.parametrize(("log", "options"), [(EVAL, ()), (LM_EVAL, ("--with-text",))])
def test_a_run_comes_back_from_every_eval_ever(exp: Program, log: str, options: tuple[str, ...]) -> None:
    name = exp("eval", "import", log, *options).name
    said = exp("eval", "export", name, "--format", "eee", "-o", "a store/ü")
    assert said.code == 0, said.err
    assert "warning: source_metadata.evaluator_relationship: not known, 'other' is written\n" in said.err
    assert ("warning: input.raw: empty for " in said.err) is not options
    again = exp("eval", "import", "a store/ü", *options)
    assert "warning" not in again.err
    found = tables(exp, name)
    assert len(found) > 4
    assert tables(exp, again.name) == found
    held = "".join(path.read_text() for path in (exp.repo.path / "a store").rglob("*.json*"))
    assert ("Capital of France?" in held) is bool(options)
    exp.repo.fsck()


def test_each_document_of_a_folder_is_a_run_of_its_own(exp: Program) -> None:
    for at, score in enumerate((0.5, 0.75)):
        write(
            exp.repo.path / "store" / f"m-{at}", document(result("sums", score=score), evaluation_id=f"e{at}")
        )
    said = exp("eval", "import", "store", "--json").json["imported"]
    assert [one["suites"][0]["metrics"]["sums/exact"] for one in said] == [0.5, 0.75]
    (log,) = exp("show", said[0]["name"], "--json").json["artifacts"]
    assert log.startswith("logs/")
    again = exp("eval", "import", "store", "store/m-1", "--json").json["imported"]
    assert [one["name"] for one in again] == [*(one["name"] for one in said), said[1]["name"]]


def test_answers_come_back_from_their_spans(exp: Program) -> None:
    name = exp("eval", "import", EVAL).name
    assert exp("eval", "export", name, "--format", "otel", "-o", ".git/answers.jsonl").code == 0
    again = exp("run", "--", "sh", "-c", 'cp .git/answers.jsonl "$GITEXP_TRACE_DIR/"').name
    wanted = ("scores.jsonl", "usage.jsonl")
    one, other = (
        [exp.repo.git("show", f"exp/{each}:.exp/eval/tinyqa/{file}") for file in wanted]
        for each in (name, again)
    )
    assert one == other
    assert exp("show", again, "--json").json["metrics"]["tinyqa/match"] == pytest.approx(5 / 6)


def test_what_the_schema_asks_and_a_run_does_not_know_can_be_told(exp: Program) -> None:
    name = exp("eval", "import", LM_EVAL).name
    told = ["source_metadata.evaluator_relationship=third_party", "model_info.id=made/m-1"]
    options = [word for one in told for word in ("--set", one)]
    said = exp("eval", "export", name, "--format", "eee", "-o", ".", "--suite", "tinyqa_mc", *options)
    assert "evaluator_relationship" not in said.err
    (path,) = exp.repo.path.glob("data/tinyqa_mc/made/m-1/*.json")
    value: Any = json.loads(path.read_text())
    assert value["source_metadata"]["evaluator_relationship"] == "third_party"
    inputs = json.loads(value["source_metadata"]["additional_details"]["gitexp.inputs"])
    assert [one["name"] for one in inputs["dataset"]] == ["tinyqa_mc"]
    for arguments, sentence in (
        (["--format", "eee"], "error: eee is several files: they need a folder\nhint: git exp eval export"),
        (["--set", "a=b"], "error: --set is for --format eee\n"),
        (["--format", "eee", "-o", ".", "--set", "a"], "error: --set takes each FIELD=VALUE once\n"),
        (["--format", "eee", "-o", ".", "--set", "a=b"], "error: no field 'a' can be told\nhint: one of"),
        (["--format", "eee", "-o", str(path)], f"error: cannot write '{path}/data/tinyqa_filters"),
    ):
        said = exp("eval", "export", name, *arguments)
        assert (said.code, said.err.startswith(sentence)) == (2, True), said.err
