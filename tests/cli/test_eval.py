"""`git exp eval`: logs brought in, looked at, and taken out again."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gitexp.formats import eval_files
from tests.cli.program import Program, forge
from tests.cli.sharing import World
from tests.gitrepo import Repo
from tests.interop.logs import FIXTURES, inspect_log, members_of, sample, write_eval

EVAL = str(FIXTURES / "inspect" / "baseline.zstd.eval")
LM_EVAL = str(FIXTURES / "lm_eval" / "baseline")
PROMPTFOO = str(FIXTURES / "promptfoo" / "baseline.json")


def imported(exp: Program, *arguments: str) -> str:
    said = exp("eval", "import", *arguments)
    assert said.code == 0, said.err
    return said.name


def whole(exp: Program) -> None:
    assert exp.repo.git("fsck", "--strict", "--no-dangling") == ""


def test_a_log_becomes_a_run_with_its_metrics_inputs_and_log(exp: Program) -> None:
    before = exp.repo.git("status", "--porcelain"), exp.repo.git("rev-parse", "HEAD")
    name = imported(exp, EVAL)
    run = exp("show", name, "--json").json
    assert name.startswith("tinyqa-")
    assert (run["status"], run["source"], run["title"]) == ("finished", "import", "tinyqa mockllm/model")
    assert run["started"] == "2026-11-23T16:18:57.000Z"
    assert run["metrics"]["tinyqa/match"] == pytest.approx(5 / 6)
    assert run["metrics"]["tinyqa/match.n"] == 6
    assert run["metrics"]["tinyqa/match.se"] == pytest.approx(1 / 6)
    assert (run["inputs"]["model"][0]["name"], run["inputs"]["model"][0]["how"]) == (
        "mockllm/model",
        "assumed",
    )
    (log,) = run["artifacts"].values()
    assert log["kind"] == "eval-log"
    assert exp("get", name, "-o", "out").code == 0
    assert (exp.repo.path / "out/logs/baseline.zstd.eval").read_bytes() == Path(EVAL).read_bytes()
    exp.repo.git("clean", "-qfd")
    assert (exp.repo.git("status", "--porcelain"), exp.repo.git("rev-parse", "HEAD")) == before
    whole(exp)


def test_the_code_is_not_claimed_to_be_known_where_the_log_does_not_tell(exp: Program) -> None:
    name = imported(exp, EVAL)
    run = exp("show", name, "--json").json
    assert run["code"]["base"] is None
    assert not run["stale"]
    assert exp.repo.git("ls-tree", "--name-only", f"refs/exp/{name}") == ".exp"
    assert "not known: this is an import" in exp("show", name).out


@pytest.mark.parametrize("dirty", [False, True])
def test_the_code_is_that_of_the_commit_that_the_log_names(exp: Program, dirty: bool) -> None:
    head = exp.repo.git("rev-parse", "HEAD")
    log = inspect_log(sample("a"))
    log["eval"]["revision"] = {"type": "git", "origin": "x", "commit": head[:8], "dirty": dirty}
    path = write_eval(exp.repo.path.parent / "log.eval", members_of(log))
    name = imported(exp, str(path))
    code = exp("show", name, "--json").json["code"]
    assert (code["base"], code["dirty"]) == (head, dirty)
    assert exp.repo.git("rev-parse", f"refs/exp/{name}^") == head
    assert exp.repo.git("diff", "--name-only", "HEAD", f"refs/exp/{name}", "--", ".", ":!.exp") == ""
    whole(exp)


def test_a_revision_that_is_an_option_or_unknown_is_no_commit(exp: Program) -> None:
    for revision in ("--output=x", "HEAD", "0" * 40):
        log = inspect_log(sample(revision))
        log["eval"]["revision"] = {"commit": revision}
        path = write_eval(exp.repo.path.parent / "log.eval", members_of(log))
        assert exp("show", imported(exp, str(path)), "--json").json["code"]["base"] is None


def test_the_same_log_is_not_imported_twice(exp: Program) -> None:
    name = imported(exp, EVAL)
    copy = exp.repo.path.parent / "elsewhere.eval"
    copy.write_bytes(Path(EVAL).read_bytes())
    refs = exp.repo.git("for-each-ref")
    said = exp("eval", "import", str(copy))
    assert (said.code, said.err) == (0, f"note: {copy} was imported already: run '{name}' has it\n")
    assert exp.repo.git("for-each-ref") == refs
    assert exp("eval", "import", EVAL, "--json").json["imported"][0]["known"] is True


def test_each_prompt_of_promptfoo_is_a_run_and_each_task_of_lm_eval_a_suite(exp: Program) -> None:
    said = exp("eval", "import", PROMPTFOO, LM_EVAL, "--json")
    found = said.json["imported"]
    assert [(one["format"], [suite["suite"] for suite in one["suites"]]) for one in found] == [
        ("promptfoo", ["gitexp-fixture-self-generated"]),
        ("promptfoo", ["gitexp-fixture-self-generated"]),
        ("lm-eval", ["tinyqa_filters", "tinyqa_mc"]),
    ]
    assert len({one["name"] for one in found}) == 3
    whole(exp)


def test_a_dry_run_makes_nothing(exp: Program) -> None:
    refs = exp.repo.git("for-each-ref")
    said = exp("eval", "import", "-n", EVAL, LM_EVAL)
    assert said.code == 0
    assert said.err.startswith(f"would import from {EVAL} (inspect): tinyqa n=6 match 0.8333 ± 0.17\n")
    assert exp.repo.git("for-each-ref") == refs
    assert not (exp.repo.path / ".git" / "lfs").exists()


def test_results_are_put_on_top_of_a_run_as_a_commit(exp: Program) -> None:
    name = exp.record("train", "print('hello')")
    tip = exp.repo.git("rev-parse", f"refs/exp/{name}")
    said = exp("eval", "import", EVAL, "--attach", name)
    assert said.code == 0, said.err
    assert exp.repo.git("rev-parse", f"refs/exp/{name}^") == tip
    assert exp.repo.git("diff", "--name-only", tip, f"refs/exp/{name}").splitlines() == [
        ".exp/artifacts.yaml",
        ".exp/artifacts/.gitattributes",
        ".exp/artifacts/logs/baseline.zstd.eval",
        ".exp/eval/tinyqa/examples.jsonl",
        ".exp/eval/tinyqa/meta.yaml",
        ".exp/eval/tinyqa/scores.jsonl",
        ".exp/eval/tinyqa/usage.jsonl",
        ".exp/inputs.yaml",
        ".exp/metrics.yaml",
    ]
    assert exp("show", name, "--json").json["metrics"]["tinyqa/match.n"] == 6
    again = exp("eval", "import", EVAL, "--attach", name)
    assert f"was imported already: run '{name}' has it" in again.err
    other = exp("eval", "import", str(FIXTURES / "inspect/candidate.zstd.eval"), "--attach", name)
    assert (other.code, other.err.splitlines()) == (
        2,
        [f"error: run '{name}' has a suite 'tinyqa' already", "hint: name the new one: --suite NAME"],
    )
    # Nobody is told to remove a run of their own for a log that was put on it.
    refused = exp("eval", "import", EVAL, "--suite", "renamed")
    assert refused.err.splitlines()[1:] == [f"hint: git exp eval show {name}"]
    more = exp(
        "eval", "import", str(FIXTURES / "inspect/candidate.zstd.eval"), "--attach", name, "--suite", "b"
    )
    assert more.code == 0
    assert "baseline.zstd.eval" in exp.repo.git("show", f"refs/exp/{name}:.exp/artifacts/.gitattributes")
    assert [one["suite"] for one in exp("eval", "show", name, "--json").json["suites"]] == ["b", "tinyqa"]
    assert exp("undo").code == 0
    assert [one["suite"] for one in exp("eval", "show", name, "--json").json["suites"]] == ["tinyqa"]
    whole(exp)


def test_what_a_log_shows_of_a_role_stands_against_none_and_not_the_other_way_round(exp: Program) -> None:
    name = exp.record("train", "pass", "--use", "tools=browser", "--use", "seeds=none")
    assert exp("eval", "import", EVAL, "--attach", name).code == 0
    inputs = exp("show", name, "--json").json["inputs"]
    assert [one["name"] for one in inputs["tools"]] == ["browser"]
    assert [one["value"] for one in inputs["seeds"]] == [{"api": 7}]
    assert inputs["sandbox"][0]["none"] is True


def test_what_a_log_tells_is_of_its_own_suites_alone(exp: Program) -> None:
    """Of a run that was imported, that holds for its first log, too."""
    name = imported(exp, EVAL)
    assert exp("eval", "import", LM_EVAL, "--attach", name).code == 0
    again = str(FIXTURES / "inspect/candidate.zstd.eval")
    assert exp("eval", "import", again, "--attach", name, "--suite", "again").code == 0
    told = exp("show", name, "--json").json["inputs"]
    suites = {(role, one["name"]): one["suites"] for role in ("model", "tools") for one in told[role]}
    assert suites == {
        ("model", "mockllm/model"): ["tinyqa", "again"],
        ("tools", "none"): ["tinyqa", "again"],
        ("model", "scripted-sbase"): ["tinyqa_filters", "tinyqa_mc"],
    }
    for metric, models in (("tinyqa/match", ["mockllm/model"]), ("tinyqa_mc/acc", ["scripted-sbase"])):
        made = exp("why", name, metric, "--json").json["produced_by"]["inputs"]
        assert [one["name"] for one in made if one["role"] == "model"] == models
    whole(exp)


def test_a_log_of_two_runs_is_not_put_on_one(exp: Program) -> None:
    name = exp.record("train")
    said = exp("eval", "import", PROMPTFOO, "--attach", name)
    assert said.code == 2
    assert f"{PROMPTFOO} tells of 2 runs: they cannot be one" in said.err


def test_no_text_goes_into_git_unless_it_is_asked_for(exp: Program) -> None:
    name = imported(exp, EVAL)
    tree = exp.repo.git("ls-tree", "-r", "--name-only", f"refs/exp/{name}").splitlines()
    kept = "".join(exp.repo.git("show", f"refs/exp/{name}:{path}") for path in tree)
    assert "q-cap-fr" in kept
    assert "Capital of" not in kept
    assert "The answer is" not in kept
    exp("rm", name)
    name = imported(exp, EVAL, "--with-text")
    assert "Capital of France?" in exp.repo.git("show", f"refs/exp/{name}:.exp/eval/tinyqa/texts.jsonl")
    assert "The answer is Paris" in exp.repo.git("show", f"refs/exp/{name}:.exp/eval/tinyqa/outputs.jsonl")
    assert "no idea" in exp("eval", "show", name, "--failed").out


def test_large_text_goes_into_the_store(exp: Program) -> None:
    samples = [sample(f"s{i}", output={"completion": f"{i} " * 60_000}) for i in range(10)]
    path = write_eval(exp.repo.path.parent / "log.eval", members_of(inspect_log(*samples)))
    name = imported(exp, str(path), "--with-text")
    assert exp.repo.git("ls-tree", "--name-only", f"refs/exp/{name}:.exp/eval/made_up").split() == [
        *("examples.jsonl", "meta.yaml", "scores.jsonl"),
    ]
    artifacts = exp("show", name, "--json").json["artifacts"]
    assert [key for key, one in artifacts.items() if one["kind"] == "eval"] == [
        *("eval/made_up/outputs.jsonl", "eval/made_up/texts.jsonl"),
    ]
    lines = exp("eval", "export", name, "--format", "jsonl").out.splitlines()
    assert json.loads(lines[3])["output"].startswith("3 3 3 ")
    whole(exp)


def test_the_same_examples_are_the_same_blob(exp: Program) -> None:
    names = [
        imported(exp, str(FIXTURES / "inspect" / f"{one}.zstd.eval")) for one in ("baseline", "candidate")
    ]
    blobs = {exp.repo.git("rev-parse", f"refs/exp/{one}:.exp/eval/tinyqa/examples.jsonl") for one in names}
    assert len(blobs) == 1


def test_what_is_wrong_with_a_log_is_told_and_nothing_is_made(exp: Program) -> None:
    path = write_eval(exp.repo.path.parent / "log.eval", members_of(inspect_log(sample("a"))))
    path.write_bytes(path.read_bytes()[:-30])
    refs = exp.repo.git("for-each-ref")
    said = exp("eval", "import", EVAL, str(path))
    assert (said.code, said.err.splitlines()) == (
        2,
        [
            f"error: {path}: it is truncated: 2 whole members are left of it",
            "hint: import what is good: --partial",
        ],
    )
    assert exp.repo.git("for-each-ref") == refs
    said = exp("eval", "import", str(path), "--partial")
    assert said.code == 0
    assert said.err.startswith(f"warning: {path}: it is truncated: 2 whole members are left of it\n")
    (suite,) = exp("eval", "show", said.name, "--json").json["suites"]
    assert suite["warnings"] == ["log.eval: it is truncated: 2 whole members are left of it"]


def test_what_a_log_was_not_imported_with_is_told(exp: Program) -> None:
    exp.repo.write("two.csv", "id,a,b\nx,1,0\ny,0,1\n")
    name = exp("eval", "import", "two.csv", "--score", "a").name
    assert exp("eval", "import", "two.csv", "--score", "a").code == 0
    for options, lacking in ((("--score", "b"), "b"), (("--suite", "other", "--score", "a"), "other")):
        said = exp("eval", "import", "two.csv", *options)
        told = f"and run '{name}' has no '{lacking}'\nhint: git exp rm {name}"
        assert (said.code, told in said.err) == (2, True)
    said = exp("eval", "import", "two.csv", "--score", "a", "--id", "nosuch")
    assert (said.code, "'nosuch'" in said.err) == (2, True)


def test_a_single_object_is_told_by_its_line(exp: Program) -> None:
    exp.repo.write("one.jsonl", '{"id": "a", "score": NaN}\n')
    assert "one.jsonl, line 1: 'score'" in exp("eval", "import", "one.jsonl").err


def test_nothing_is_said_of_what_did_not_change(exp: Program) -> None:
    exp.repo.write(".gitexp.yaml", "goals: {loss: min}\n")
    exp.repo.write("same.csv", "id,loss\n" + "".join(f"{n},{n % 3}\n" for n in range(30)))
    name = exp("eval", "import", "same.csv", "--score", "loss").name
    said = exp("eval", "diff", name, name)
    assert "+0 " in said.out
    assert "-0 " not in said.out
    markdown = exp("eval", "diff", name, name, "--md").out
    assert "<code>loss</code>" not in markdown.replace("| <code>loss</code> |", "")


def test_a_folder_is_no_log_of_one_file(exp: Program) -> None:
    exp.repo.write("logs/a.csv", "id,score\nx,1\n")
    for options in (("--format", "csv"), ("--format", "inspect"), ()):
        said = exp("eval", "import", "logs", *options)
        assert (said.code, "hint: name the logs in it" in said.err) == (2, True)


def test_what_the_log_does_not_tell_can_be_said(exp: Program) -> None:
    exp.repo.write("qa.jsonl", "{}\n")
    exp.repo.write("scores.csv", "id,score\na,1\nb,0\n")
    said = exp("eval", "import", "scores.csv", "--use", "dataset=qa.jsonl", "--use", "retriever=none")
    assert said.code == 0
    inputs = exp("show", "@", "--json").json["inputs"]
    assert [one["path"] for one in inputs["dataset"]] == ["qa.jsonl"]
    assert inputs["retriever"] == [{"name": "none", "none": True, "how": "declared"}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.eval"], "error: no file 'none.eval'\n"),
        (
            ["/dev/null"],
            "error: '/dev/null' is not a regular file\nhint: write it to a file first: … >FILE\n",
        ),
        ([EVAL, "--format", "odd"], "error: unknown format 'odd'\nhint: inspect lm-eval"),
        ([EVAL, "--format", "promptfoo"], f"error: {EVAL}"),
        ([EVAL, "--suite", "a/b"], "error: invalid suite 'a/b'\n"),
        ([EVAL, "--attach", "none"], "error: no run matches 'none'"),
        ([], "error: no log is given\nhint: git exp eval import PATH\n"),
    ],
)
def test_what_cannot_be_imported(exp: Program, arguments: list[str], told: str) -> None:
    said = exp("eval", "import", *arguments)
    assert said.code in (1, 2)
    assert said.err.startswith(told)


def test_what_is_shown_of_a_suite(exp: Program) -> None:
    name = imported(exp, EVAL)
    assert exp("eval", "show", name, "--by", "topic", "--failed").out.splitlines() == [
        "tinyqa: 6 examples × 2 epochs, 0 errors (inspect 0.3.285)",
        "  METRIC      MEAN     SE  N  CLUSTERS  PASS@2    PASS^2",
        "  match   0.833333  0.167  6         2       1  0.666667",
        "",
        "  SLICE  N   match",
        "  geo    3       1",
        "  math   3  0.6667",
        "",
        "  EXAMPLE   EPOCH  match",
        "  q-mul-01      1      0",
        "  q-sum-02      2      0",
    ]
    (suite,) = exp("eval", "show", name, "--json", "--failed", "--limit", "1").json["suites"]
    assert suite["metrics"]["match"] | {"mean": 0, "se": 0} == {
        **{"kind": "binary", "direction": "max", "guessed": None},
        **{"mean": 0, "se": 0, "n": 6, "clusters": 2},
        **{
            "pass_at": {"1": pytest.approx(5 / 6), "2": 1},
            "pass_all": {"1": pytest.approx(5 / 6), "2": 4 / 6},
            "pass_left_out": {"1": 0, "2": 0},
        },
    }
    assert suite["rows"] == [{"id": "q-mul-01", "epoch": 1, "state": "ok", "scores": {"match": 0}}]
    assert suite["rows_left_out"] == 1
    assert exp("eval", "show", name, "--failed", "--limit", "1").err == (
        "note: 1 rows more of tinyqa: --limit 2 shows all\n"
    )


def test_examples_without_enough_answers_are_counted_beside_pass_at_k(exp: Program) -> None:
    exp.repo.write("rows.csv", "id,epoch,m,once\na,1,1,1\na,2,0,\na,3,1,\nb,1,1,0\nb,2,1,\nc,1,0,1\n")
    exp("eval", "import", "rows.csv", "--score", "m", "--score", "once")
    told = "pass@3 and pass^3 of m leave out 2 of 3 examples with fewer answers"
    shown = exp("eval", "show").out.splitlines()
    assert shown[1] == f"  {told}"
    assert shown[2].split() == ["METRIC", "MEAN", "SE", "N", "PASS@3", "PASS^3"]
    assert told in html.unescape(exp("eval", "show", "--md").out)
    (suite,) = exp("eval", "show", "--json").json["suites"]
    assert suite["metrics"]["m"]["pass_left_out"] == {"1": 0, "2": 1, "3": 2}
    assert suite["metrics"]["once"]["pass_left_out"] == {}


def test_the_page_of_a_run_has_its_suites_in_short(exp: Program) -> None:
    page = exp("show", imported(exp, EVAL)).out
    assert "\nEvaluations\n  tinyqa  6 examples × 2 epochs, 0 errors\n" in page
    assert "Evaluations" not in exp("show", exp.record("plain")).out


def test_markdown_is_nothing_but_text(exp: Program) -> None:
    log = inspect_log(sample("a|b <b> @me"), sample("b", value="I"))
    name = imported(exp, str(write_eval(exp.repo.path.parent / "log.eval", members_of(log))))
    out = exp("eval", "show", name, "--md", "--failed").out
    assert "| METRIC | MEAN | SE | N |\n| --- | ---: | ---: | ---: |\n" in out
    assert "<b>" not in out
    assert "@me" not in out
    assert "| b | 1 | 0 |" in out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["none"], 1, "error: no run matches 'none'"),
        (["--suite", "none"], 1, "has no suite 'none': one of tinyqa"),
        (["--metric", "none"], 1, "error: suite 'tinyqa' has no metric 'none'\nhint: it has match\n"),
        (["--by", "none"], 1, "error: suite 'tinyqa' has no tag 'none'\nhint: it has topic\n"),
        (["--json", "--md"], 2, "error: --json and --md exclude one another"),
        (["--limit", "-1"], 2, "error: invalid value for '--limit'"),
    ],
)
def test_what_cannot_be_shown(exp: Program, arguments: list[str], code: int, told: str) -> None:
    imported(exp, EVAL)
    said = exp("eval", "show", *arguments)
    assert said.code == code
    assert told in said.err


def test_a_run_without_evaluations(exp: Program) -> None:
    name = exp.record("plain")
    for words in (("show", name), ("export", name)):
        said = exp("eval", *words)
        assert (said.code, said.err) == (0, f"note: run '{name}' has no evaluations\n")
    assert exp("eval", "show", name, "--json").json["suites"] == []


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_the_rows_come_out_as_one_table(exp: Program, format_: str) -> None:
    name = imported(exp, EVAL)
    assert exp("eval", "export", name, "--format", format_, "-o", "out").code == 0
    data = (exp.repo.path / "out").read_bytes()
    if format_ == "csv":
        rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    elif format_ == "jsonl":
        rows = [json.loads(line) for line in data.splitlines()]
    else:
        from pyarrow import parquet

        rows = parquet.read_table(io.BytesIO(data)).to_pylist()
    assert len(rows) == 12
    first = rows[0]
    assert (first["suite"], first["id"], int(first["epoch"]), first["x"]) == (
        *("tinyqa", "q-cap-fr", 1, "117e482caabcf0e8"),
    )
    assert (float(first["score.match"]), float(first["usage.in"]), first["tag.topic"]) == (1, 38, "geo")


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_what_was_exported_can_be_imported(exp: Program, format_: str) -> None:
    name = imported(exp, EVAL)
    out = f"rows.{format_}"
    assert exp("eval", "export", name, "--format", format_, "-o", out).code == 0
    again = imported(exp, out, "--suite", "tinyqa", "--cluster", "tag.topic", "--score", "score.match")
    files = [exp.repo.git("show", f"refs/exp/{one}:.exp/eval/tinyqa/scores.jsonl") for one in (name, again)]
    assert files[0] == files[1]
    examples = [
        [(row["id"], row["x"], row["y"], row["c"]) for row in map(json.loads, text.splitlines())]
        for text in (
            exp.repo.git("show", f"refs/exp/{one}:.exp/eval/tinyqa/examples.jsonl") for one in (name, again)
        )
    ]
    assert examples[0] == examples[1]


def test_a_spreadsheet_runs_nothing(exp: Program) -> None:
    log = inspect_log(sample("=cmd()"))
    name = imported(exp, str(write_eval(exp.repo.path.parent / "log.eval", members_of(log))))
    assert ",'=cmd()," in exp("eval", "export", name).out


def test_tables_of_others_are_read_strictly(exp: Program) -> None:
    name = imported(exp, EVAL)
    bad = {
        "scores.jsonl": b'{"ep":1,"id":"q-cap-fr","s":{"match":NaN}}\n',
        "meta.yaml": b"format: 2\nsuite: tinyqa\n",
        "examples.jsonl": b"\x1b[31m\n",
    }
    for index, (file, data) in enumerate(bad.items()):
        other = f"forged-aaaaa{'abc'[index]}"
        forge(exp.repo, name, other, {eval_files.path_of("tinyqa", file): data})
        said = exp("eval", "show", other)
        assert said.code == 1
        assert said.err.startswith(f"error: run '{other}': .exp/eval/tinyqa/{file}")
        assert "\x1b" not in said.err


def test_a_suite_whose_name_leads_elsewhere_is_refused(exp: Program) -> None:
    name = imported(exp, EVAL)
    forge(exp.repo, name, "forged-aaaaaa", {"eval/a b/meta.yaml": b"format: 1\n"})
    said = exp("eval", "show", "forged-aaaaaa")
    assert (said.code, said.err.splitlines()[0]) == (1, "error: run 'forged-aaaaaa': invalid suite 'a b'")


def test_imported_runs_travel(world: World) -> None:
    ann, bob = world.person("ann"), world.person("bob")
    name = ann("eval", "import", EVAL).name
    assert ann("push").code == 0
    assert bob("fetch").code == 0
    assert bob("eval", "show", name, "--json").json["suites"][0]["examples"] == 6
    assert "was imported already" in bob("eval", "import", EVAL).err


def test_help(exp: Program) -> None:
    said = exp("eval")
    assert (said.code, said.out) == (2, "")
    assert "import   Bring in logs" in said.err
    assert exp("eval", "odd").err == "error: 'odd' is not a git exp eval command\nhint: git exp eval -h\n"
    for word in ("import", "show", "export"):
        said = exp("eval", word, "-h")
        assert (said.code, said.err) == (0, "")
        assert "Examples:" in said.out
        assert f"GIT EXP EVAL {word.upper()}"[8:] in exp("help", "eval").out


def test_errors_and_counts_are_the_last_columns_of_a_list(exp: Program) -> None:
    imported(exp, EVAL)
    exp.record("train", "import gitexp; gitexp.start(params={'lr': 1}).log({'acc': 0.5})")
    header = exp("ls", "--columns", "all").out.splitlines()[0].split()
    assert header.index("lr") < header.index("tinyqa/match.n") < header.index("tinyqa/match.se")
    assert header.index("tinyqa/match") < header.index("lr")
    name = next(one for one in exp("ls", "--name-only").out.split() if one.startswith("tinyqa"))
    assert exp.repo.git("log", "-1", "--format=%s", f"refs/exp/{name}") == f"exp {name}: tinyqa/match 0.8333"


def test_no_absolute_path_is_recorded(exp: Program) -> None:
    log = inspect_log(sample("a", value="odd"))
    log["eval"] |= {
        "model": "/home/ann/models/llama",
        "dataset": {"name": "d", "location": "/home/ann/data/qa.jsonl"},
        "model_args": {
            "cache": "C:\\Users\\ann\\cache",
            "url": "file:///home/ann/x",
            "prompt": "/think hard about it",
        },
    }
    path = write_eval(exp.repo.path.parent / "log.eval", members_of(log))
    name = imported(exp, str(path))
    record = exp.repo.git("show", f"refs/exp/{name}:.exp/inputs.yaml")
    record += exp.repo.git("show", f"refs/exp/{name}:.exp/eval/made_up/meta.yaml")
    record += exp.repo.git("show", f"refs/exp/{name}:.exp/run.yaml")
    assert "/home" not in record
    assert "Users" not in record
    assert str(exp.repo.path.parent) not in record
    for word in ("llama", "qa.jsonl", "cache", "/think hard about it", "log.eval: 'samples/a_epoch_1.json'"):
        assert word in record


@pytest.mark.parametrize(
    ("kind", "object_format"),
    [("plain", "sha256"), ("bare", "sha1"), ("worktree", "sha1"), ("shallow", "sha1"), ("unborn", "sha1")],
)
def test_logs_are_imported_in_repositories_of_all_kinds(
    make_repo: Callable[..., Repo],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    object_format: str,
) -> None:
    repo = make_repo(kind, object_format)
    monkeypatch.chdir(repo.path)
    exp = Program(repo, capfd)
    name = imported(exp, EVAL)
    assert (
        exp(
            "eval", "import", str(FIXTURES / "inspect/candidate.zstd.eval"), "--attach", name, "--suite", "b"
        ).code
        == 0
    )
    assert len(exp("eval", "show", name, "--json").json["suites"]) == 2
    whole(exp)


def test_a_log_is_found_from_a_folder_below(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = exp.repo.path / "sub folder é"
    folder.mkdir()
    write_eval(folder / "my log é.eval", members_of(inspect_log(sample("a"))))
    monkeypatch.chdir(folder)
    name = imported(exp, "my log é.eval")
    assert list(exp("show", name, "--json").json["artifacts"]) == ["logs/my-log-.eval"]


def test_a_log_that_the_run_kept_itself_is_still_to_be_imported(exp: Program) -> None:
    code = f"import gitexp; gitexp.start().log_artifact({EVAL!r}, name='logs/baseline.zstd.eval')"
    name = exp.record("train", code)
    before = exp.repo.git("rev-parse", f"refs/exp/{name}:.exp/artifacts/logs/baseline.zstd.eval")
    assert exp("eval", "import", EVAL, "--attach", name).code == 0
    after = exp.repo.git("rev-parse", f"refs/exp/{name}:.exp/artifacts/logs/baseline.zstd.eval")
    assert before == after
    assert exp("show", name, "--json").json["artifacts"]["logs/baseline.zstd.eval"]["kind"] == "eval-log"
    assert "was imported already" in exp("eval", "import", EVAL).err
    assert exp("get", name, "-o", "out").code == 0
    whole(exp)


def test_what_to_go_on_with_after_an_import(exp: Program) -> None:
    name = imported(exp, EVAL)
    page = exp("show", name).out
    assert f"git exp eval show {name}" in page
    assert "git switch" not in page, "there is no code to switch to"


def test_a_log_without_answers_is_told_as_such(exp: Program) -> None:
    path = write_eval(exp.repo.path.parent / "log.eval", members_of(inspect_log()))
    said = exp("eval", "import", str(path))
    assert (said.code, said.err.splitlines()[0]) == (2, f"error: {path}: no answer in it could be read")


@pytest.mark.long
def test_a_hundred_thousand_samples(exp: Program) -> None:
    members = {f"samples/q{i}_epoch_1.json": sample(f"q{i}", value="CI"[i % 2]) for i in range(100_000)}
    members["header.json"] = {key: value for key, value in inspect_log().items() if key != "samples"}
    name = imported(exp, str(write_eval(exp.repo.path.parent / "log.eval", members)))
    (suite,) = exp("eval", "show", name, "--json").json["suites"]
    assert (suite["examples"], suite["metrics"]["match"]["mean"]) == (100_000, 0.5)
    whole(exp)
