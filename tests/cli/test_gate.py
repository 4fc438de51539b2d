"""`git exp gate`: which run is held against which, by which rules, and what the exit code then is."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import gitexp
from tests.cli.program import ARGV, Program, Said, forge, program_environ
from tests.cli.test_eval_diff import INSPECT, imported
from tests.gitrepo import Repo

MANY = 40
GOOD = {f"q{n:02}": [1] for n in range(MANY)}
WORSE = {**GOOD, **{f"q{n:02}": [0] for n in range(10)}}
"""A quarter is lost: the bound of the drop is at 0.133."""


def evaluated(
    slug: str,
    scores: Mapping[str, Sequence[float | None]],
    *,
    metric: Any = "binary",
    usage: Mapping[str, float] | None = None,
    critical: Sequence[str] = (),
    grader: str | None = None,
    target: str = "t",
    suite: str = "qa",
    on_error: str = "exclude",
) -> str:
    """The name of a new run with a suite of these scores, an epoch each; None is an answer that failed."""
    with gitexp.start(slug) as run:
        if grader is not None:
            run.use("grader", {"name": grader, "ast": "0" * 63 + str(len(grader))}, name=suite)
        rows = run.eval(suite, metrics={"match": metric}, on_error=on_error)
        for id, values in scores.items():
            for epoch, score in enumerate(values, start=1):
                rows.add(
                    id=id,
                    input=id,
                    target=target,
                    scores={} if score is None else {"match": score},
                    state="error" if score is None else "ok",
                    usage=usage,
                    epoch=epoch,
                    tags={"critical": True} if id in critical else {},
                )
    assert run.name
    return run.name


def measured(slug: str, **metrics: float) -> str:
    with gitexp.start(slug) as run:
        run.log(metrics)
    assert run.name
    return run.name


def gate(exp: Program, old: str, new: str, *options: str) -> Said:
    return exp("gate", new, "--baseline", old, *options)


def checks(said: Said) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in said.json["checks"]}


@pytest.fixture
def commit(exp: Program) -> Any:
    """Commits code that no other commit has, with more files."""
    count = 0

    def make(**files: str) -> str:
        nonlocal count
        count += 1
        return exp.repo.commit(f"change {count}", {"number": str(count), **files})

    return make


def test_each_verdict_has_its_code_and_git_bisect_its_own(exp: Program) -> None:
    old, same = evaluated("old", GOOD), evaluated("same", GOOD)
    worse, few = evaluated("worse", WORSE), evaluated("few", {"q00": [1], "q01": [1]})
    failing = evaluated("failing", {**GOOD, "q00": [None], "q01": [None]})
    relabelled = evaluated("relabelled", GOOD, target="another")
    before = exp.repo.refs(), exp.repo.git("status", "--porcelain=v2")
    for runs, options, code, bisect, outcome in (
        ((old, same), (), 0, 0, "pass"),
        ((old, worse), (), 1, 1, "fail"),
        ((old, worse), ("--max-drop", "0.14"), 0, 0, "pass"),
        ((few, few), (), 3, 125, "inconclusive"),
        ((old, relabelled), (), 4, 125, "not comparable"),
        ((old, failing), ("--min-overlap", "0.9"), 5, 1, "policy"),
        ((old, failing), ("--min-overlap", "0.9", "--max-error-rate", "0.05"), 0, 0, "pass"),
    ):
        said = gate(exp, *runs, *options)
        assert (said.code, said.out.split(":")[0]) == (code, outcome), said.out
        assert gate(exp, *runs, *options, "--bisect").code == bisect
        assert gate(exp, *runs, *options, "--exit-zero").code == 0
        assert gate(exp, *runs, *options, "--format", "json").json["exit_code"] == code
    assert gate(exp, few, few, "--inconclusive", "pass").code == 0
    assert gate(exp, few, few, "--inconclusive", "fail").code == 1
    assert gate(exp, few, few, "--inconclusive", "fail", "--bisect").code == 1
    assert gate(exp, few, few, "--min-n", "2").code == 0
    assert (exp.repo.refs(), exp.repo.git("status", "--porcelain=v2")) == before
    exp.repo.fsck()


def test_what_is_no_verdict_never_looks_like_one(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = evaluated("old", GOOD), evaluated("new", GOOD)
    forge(exp.repo, new, "broken-aaaaaa", {"eval/qa/scores.jsonl": b"{"})
    forge(exp.repo, new, "newer-aaaaaa", {"run.yaml": "format: 99\n"})
    for arguments, code, bisect in (
        ((old, "broken"), 4, 128),
        ((old, "newer"), 4, 128),
        (("broken", new), 4, 128),
        ((old, "nobody"), 4, 125),
        (("nobody", new), 4, 125),
        ((old, new, "--nonsense"), 2, 128),
        ((old, new, "--mode", "nonsense"), 2, 128),
        ((old, new, "--metric", "nonsense"), 2, 128),
        ((old, new, "--gate", "nonsense"), 2, 128),
        ((old, new, "--cluster", "nonsense"), 2, 128),
        ((old, new, "--must-pass", "tag:nonsense"), 2, 128),
    ):
        said = gate(exp, *arguments)
        assert (said.code, said.out) == (code, ""), (arguments, said)
        assert said.err.startswith("error: ")
        assert gate(exp, *arguments, "--bisect").code == bisect
    evaluated("new", GOOD)
    assert (gate(exp, old, "new").code, gate(exp, old, "new", "--bisect").code) == (2, 128)
    assert exp("gate", new).code == 4
    assert exp("gate", new, "--bisect").code == 125
    assert gate(exp, old, "nobody", "--exit-zero").code == gate(exp, "nobody", new, "--exit-zero").code == 0
    assert gate(exp, old, new, "--exit-zero", "--mode", "nonsense").code == 2
    assert exp("--no-pager", "gate", "--nonsense", "--bisect").code == 128
    assert gate(exp, old, new, "--bisect", "--exit-zero").code == 128
    monkeypatch.setattr("gitexp.ops.gating.gating.ruling", lambda *_: 1 / 0)
    assert gate(exp, old, new).code == 70
    assert gate(exp, old, new, "--bisect").code == 128


def test_another_grader_comes_first(exp: Program) -> None:
    old, new = evaluated("old", GOOD, grader="exact"), evaluated("new", WORSE, grader="judge")
    same = evaluated("same", WORSE, grader="exact")
    said = gate(exp, old, new)
    assert (said.code, said.out.splitlines()[0]) == (4, f"not comparable: {new} against {old}")
    assert "another grader" in said.out
    assert f"hint: git exp eval diff {old} {new} --suite qa" in said.out
    assert gate(exp, old, new, "--allow-grader-change").code == 1
    assert "rules: allow grader change (command line)\n" in gate(exp, old, new, "--allow-grader-change").out
    assert "another grader, which is allowed" in gate(exp, old, new, "--allow-grader-change").out
    assert gate(exp, old, same).code == 1
    untold = evaluated("untold", GOOD)
    said = gate(exp, old, untold)
    assert (said.code, f"the grader of {untold} is not known" in said.out) == (4, True)
    assert gate(exp, old, untold, "--allow-grader-change").code == 0
    assert gate(exp, untold, old).code == 0


def test_scores_that_were_replaced_are_by_another_grader(exp: Program, tmp_path: Path) -> None:
    """Also where it was not recorded what graded the other run."""
    old, new = evaluated("old", WORSE), evaluated("new", WORSE)
    assert gate(exp, old, new).code == 0
    (tmp_path / "scores.csv").write_text("id,match\n" + "".join(f"{id},1\n" for id in WORSE))
    said = exp("eval", "regrade", new, "qa", "--scores", str(tmp_path / "scores.csv"), "-m", "all well")
    assert said.code == 0, said.err
    for pair in ((old, new), (new, old)):
        assert (gate(exp, *pair).code, "another grader" in gate(exp, *pair).out) == (4, True)
    page, report = exp("eval", "diff", old, new).out, exp("report", new, "--base", old).out
    why = exp("why", new, "--vs", old).out
    assert page.splitlines()[1] == "not comparable: another grader"
    assert "  not comparable: suite qa has another grader" in report.splitlines()
    assert "  not comparable: another grader" in why.splitlines()
    assert "better" not in page + report + why
    # Nor is it the run that it is held against where none is named.
    assert "there is nothing to compare it with" in exp("why", new).out


def test_other_data_is_compared_where_that_is_allowed(exp: Program) -> None:
    old = evaluated("old", GOOD)
    new = evaluated("new", {**{id: score for id, score in GOOD.items() if id != "q39"}, "new": [0]})
    said = gate(exp, old, new)
    assert (said.code, "other data: 1 added, 1 removed" in said.out) == (4, True)
    said = gate(exp, old, new, "--allow-dataset-change")
    assert (said.code, "only 95.1% of the examples are common" in said.out) == (0, False)
    said = gate(exp, old, new, "--allow-dataset-change", "--min-overlap", "0.96")
    assert (said.code, "only 95.1% of the examples are common: 1 added, 1 removed" in said.out) == (4, True)
    # Of several obstacles all are told: who allows one does not run into the next.
    both = evaluated("both", {**GOOD, "new": [0]}, grader="judge")
    told = f"the grader of {old} is not known and other data: 1 removed"
    assert told in gate(exp, both, old).out
    assert "known" not in (out := gate(exp, both, old, "--allow-grader-change").out)
    assert "other data: 1 removed" in out


def test_answers_without_a_score_do_not_hide_a_loss(exp: Program) -> None:
    """The policy is that of the baseline; who leaves out what is wrong lacks examples."""
    old, new = evaluated("old", GOOD), evaluated("new", {**GOOD, **{f"q{n:02}": [None] for n in range(10)}})
    said = gate(exp, old, new, "--format", "json")
    assert checks(said) == {"qa/match": "not comparable", "qa": "policy"}
    told = "only 30 of 40 examples have a value in both runs"
    assert told in said.json["checks"][0]["reason"]
    # Nor do they make a better run of it, whoever is asked: all of its answers that it has are right.
    bad = evaluated("bad", WORSE)
    page, report, why = (
        exp("eval", "diff", bad, new),
        exp("report", new, "--base", bad),
        exp("why", new, "--vs", bad),
    )
    assert page.out.splitlines()[1] == f"not comparable: match: {told}"
    assert "  1 not comparable; 0 examples got worse" in report.out.splitlines()
    assert f"  not comparable: {told}" in why.out.splitlines()
    assert "better" not in page.out + report.out + why.out
    (found,) = exp("eval", "diff", bad, new, "--json").json["comparisons"]
    assert (found["comparable"], found["metrics"]["match"]["unscored"]) == (False, told)
    said = gate(exp, old, new, "--errors", "zero", "--max-error-rate", "1")
    assert said.code == 1
    said = gate(exp, old, new, "--errors", "fail", "--min-overlap", "0.5", "--max-error-rate", "1")
    assert (said.code, "10 of 40 answers are errors, more than 0.00%" in said.out) == (5, True)


def test_the_policy_on_errors_is_that_of_the_baseline(exp: Program) -> None:
    lost = {**GOOD, **{f"q{n:02}": [None] for n in range(10)}}
    new = evaluated("new", lost, on_error="exclude")
    options = ("--max-error-rate", "1", "--min-overlap", "0.5")
    assert gate(exp, evaluated("strict", GOOD, on_error="zero"), new, *options).code == 1
    assert gate(exp, evaluated("mild", GOOD, on_error="exclude"), new, *options).code == 0
    assert gate(exp, evaluated("mild", GOOD, on_error="exclude"), new, *options, "--errors", "zero").code == 1


def test_a_metric_of_which_nobody_says_which_way_is_better_fails_nothing(exp: Program, commit: Any) -> None:
    def run(slug: str, length: float) -> str:
        with gitexp.start(slug) as found:
            rows = found.eval("qa", metrics={"match": "binary"})
            for n in range(40):
                rows.add(id=n, scores={"match": n % 2, "a_length": n * length, "f1": n / 40})
        assert found.name
        return found.name

    old, new = run("old", 1), run("new", 0.5)
    said = gate(exp, old, new, "--format", "json")
    assert (said.code, [one["name"] for one in said.json["checks"]]) == (
        0,
        ["qa/match", "qa/f1", "qa"],
    )
    assert said.json["checks"][1]["notes"] == ["that more is better is guessed from its name"]
    assert "which way qa/a_length is better is not known: that is not looked at" in said.err
    said = gate(exp, old, new, "--metric", "qa/a_length")
    assert (said.code, said.err.splitlines()[-1]) == (
        2,
        "hint: write into .gitexp.yaml: goals: {qa/a_length: max}",
    )
    # What somebody declared is asked about first.
    why = exp("why", new, "--vs", old, "--json").json
    assert why["metric"]["name"] == "qa/match"
    report = exp("report", new, "--base", old, "--json").json["runs"][0]["metrics"]
    assert {one["name"]: one["verdict"] for one in report} == {
        **{"qa/a_length": "changed", "qa/f1": "same", "qa/match": "same"}
    }
    commit(**{".gitexp.yaml": "goals: {qa/a_length: max}\n"})
    old, new = run("old", 1), run("new", 0.5)
    assert gate(exp, old, new).code == 1


@pytest.mark.parametrize("mode", ["regression", "improve"])
def test_scores_beyond_those_of_the_baseline_are_not_compared(exp: Program, mode: str) -> None:
    """7 instead of 1 would make any run the better one."""
    old = evaluated("old", GOOD)
    new = evaluated("new", {id: [7] if id < "q20" else [0] for id in GOOD}, metric={"kind": "continuous"})
    said = gate(exp, old, new, "--mode", mode, "--format", "json")
    told = "20 of 40 scores of the new run are not 0 or 1, as the old one has it: 7"
    assert (said.code, said.json["checks"][0]["reason"]) == (4, told)


def test_a_range_that_was_only_seen_is_none_of_a_metric_that_was_said_to_be_less_the_better(
    exp: Program,
) -> None:
    few = {id: [int(id < "q05")] for id in GOOD}
    old = evaluated("old", few, metric="min")
    many = evaluated("new", {id: [4] if id < "q20" else [0] for id in GOOD}, metric="min")
    assert gate(exp, old, many).code == 1
    (found,) = exp("eval", "diff", old, many, "--json").json["comparisons"]
    told = found["metrics"]["match"]
    assert (told["unscored"], told["verdict"], told["test"]) == (None, "worse", "t, df 39")
    # Of what nothing was said it is one.
    old = evaluated("old", few, metric={})
    said = gate(exp, old, many, "--format", "json")
    reason = "20 of 40 scores of the new run are not 0 to 1, as the old one has it: 4"
    assert (said.code, said.json["checks"][0]["reason"]) == (4, reason)


def test_which_way_is_better_is_what_the_baseline_says(exp: Program) -> None:
    """Else the new run could count its errors as the best there is."""
    lost = {id: [None] if id < "q20" else [1] for id in GOOD}
    old = evaluated("old", GOOD, metric={"direction": "min"}, on_error="zero")
    new = evaluated("new", lost, metric={"direction": "max"}, on_error="zero")
    said = gate(exp, old, new, "--max-error-rate", "1", "--format", "json")
    assert (said.code, said.json["checks"][0]["reason"]) == (
        4,
        "only 20 of 40 examples have a value in both runs",
    )
    said = gate(exp, old, new, "--max-error-rate", "1", "--min-overlap", "0.5")
    assert "min is better, as the baseline has it, and not max" in said.out


def test_few_clusters_are_not_taken_for_independent_examples(exp: Program) -> None:
    old, new = imported(exp, *INSPECT)
    (check, _) = gate(exp, old, new, "--format", "json").json["checks"]
    assert [one["clusters"] for one in check["estimates"]] == [None, 2]
    assert "only 2 clusters, fewer than 10: the wider bound counts" in check["notes"]


def test_a_run_without_results_of_its_own_is_not_compared(exp: Program) -> None:
    old = evaluated("old", GOOD)
    failed = exp("run", "--name", "failed", "--", "false").name
    said = gate(exp, old, failed)
    assert (said.code, "cannot be compared: its status is failed" in said.err) == (4, True)
    for runs in ((old, "@"), ("@", old), (old, exp.repo.git("rev-parse", f"exp/{failed}"))):
        said = gate(exp, *runs)
        assert (said.code, f"run '{failed}' cannot be compared: its status is failed" in said.err) == (
            4,
            True,
        )
    exp.repo.git("merge", "-q", "--no-edit", f"exp/{old}")
    exp.repo.commit("other code", {"train.py": "other\n"})
    said = gate(exp, "HEAD", old)
    assert (said.code, "no finished run of the code of 'HEAD'" in said.err) == (4, True)


def test_a_metric_that_is_told_of_examples_is_a_plain_one(exp: Program) -> None:
    files = {".gitexp.yaml": "goals: {qa/match.se: min}\nnoise: {qa/match.se: 1}\n"}
    exp.repo.commit("goals", files)
    old, new = evaluated("old", GOOD), evaluated("new", WORSE)
    assert checks(gate(exp, old, new, "--metric", "qa/match.se", "--format", "json")) == {
        "qa/match.se": "pass"
    }
    said = gate(exp, old, new, "--metric", "qa/mtch")
    assert (said.code, "not both runs have it" in said.out) == (4, True)


def test_less_may_be_better(exp: Program) -> None:
    low, high = (evaluated("less", scores, metric={"direction": "min"}) for scores in (WORSE, GOOD))
    assert gate(exp, low, high).code == 1
    assert gate(exp, high, low, "--mode", "improve").code == 0
    (check,) = gate(exp, low, high, "--format", "json").json["checks"][:1]
    assert (check["old"], check["new"], check["gain"]) == (0.75, 1, -0.25)


def test_examples_that_must_pass(exp: Program) -> None:
    critical = ["q00", "q01"]
    three = {**{id: [1, 1, 1] for id in GOOD}, "q01": [0, 1, 1]}
    old = evaluated("old", three, critical=critical)
    new = evaluated("new", {**three, "q00": [0, 1, 1]})
    said = gate(exp, old, new, "--must-pass", "tag:critical", "--format", "json")
    assert (said.code, checks(said)["tag:critical qa/match"]) == (1, "fail")
    assert said.json["checks"][1]["reason"] == "1 of 2 examples do not hold: q00 1 -> 0.6667"
    assert said.json["rules"]["must_pass"] == ["tag:critical"]
    assert gate(exp, old, new, "--must-pass", "tag:critical:0.6").code == 0
    assert gate(exp, old, new, "--must-pass", "tag:critical=true:0.7").code == 1
    gone = evaluated("gone", {id: score for id, score in three.items() if id != "q00"})
    said = gate(exp, old, gone, "--must-pass", "tag:critical", "--allow-dataset-change")
    assert (said.code, "q00 is not in the new run as it was" in said.out) == (1, True)


def test_only_one_of_two_suites_has_examples_that_must_pass(exp: Program) -> None:
    runs = []
    suites = ("qa", {"critical": True}), ("other", {})
    for slug, score, parts in (("old", 1, suites), ("new", 0, suites), ("less", 1, suites[1:])):
        with gitexp.start(slug) as run:
            for suite, tags in parts:
                rows = run.eval(suite, metrics={"match": "binary"})
                for id in GOOD:
                    rows.add(id=id, scores={"match": score if id == "q00" else 1}, tags=tags)
        runs.append(run.name)
    old, new, less = runs
    said = gate(exp, old, less, "--must-pass", "tag:critical")
    assert (said.code, f"run {less} has no results of suite qa" in said.out) == (4, True)
    said = gate(exp, old, less, "--must-pass", "tag:critcal")
    assert (said.code, f"hint: git exp eval show {old} --by critcal" in said.err) == (2, True)
    said = gate(exp, old, new, "--must-pass", "tag:critical", "--format", "json")
    assert checks(said) == {
        "other/match": "pass",
        "qa/match": "pass",
        "tag:critical qa/match": "fail",
        "other": "pass",
        "qa": "pass",
    }


def test_what_an_answer_costs(exp: Program) -> None:
    old = evaluated("old", GOOD, usage={"in": 100, "out": 50, "sec": 1.0})
    new = evaluated("new", GOOD, usage={"in": 100, "out": 80, "sec": 1.0})
    limits = ("--max-increase", "tokens=10%", "--max-increase", "latency_p95=20%")
    said = gate(exp, old, new, *limits, "--max-increase", "in=0%", "--format", "json")
    assert said.code == 1
    assert checks(said) == {
        "qa/match": "pass",
        "qa tokens=10%": "fail",
        "qa latency_p95=20%": "pass",
        "qa in=0%": "pass",
        "qa": "pass",
    }
    assert gate(exp, old, new, "--max-increase", "tokens=20%").code == 0
    assert gate(exp, old, new, "--max-increase", "cost=20%").code == 4
    said = gate(exp, old, new, "--max-increase", "beer=20%")
    assert (said.code, "invalid value for '--max-increase': 'beer=20%'" in said.err) == (2, True)


def test_the_rules_are_those_of_the_baseline(exp: Program) -> None:
    strict = "gates: {default: {metrics: [qa/match], max_drop: 0.1}, loose: {max_drop: 0.5, min_m: 3}}\n"
    exp.repo.commit("rules", {".gitexp.yaml": strict})
    old = evaluated("old", GOOD)
    exp.repo.commit("looser", {".gitexp.yaml": strict.replace("max_drop: 0.1", "max_drop: 0.9")})
    new = evaluated("new", WORSE)
    said = gate(exp, old, new)
    assert said.code == 1
    assert "note: .gitexp.yaml of the working tree has other rules, which do not hold here: " in said.err
    assert "gates.default.max_drop\n" in said.err
    assert "  rules: metrics qa/match (.gitexp.yaml), max drop 0.1 (.gitexp.yaml)\n" in said.out
    said = gate(exp, old, new, "--gate", "loose")
    assert said.code == 0
    assert "unknown setting 'min_m' in 'gates.loose'" in said.err
    said = gate(exp, old, new, "--max-drop", "0.2")
    assert (said.code, "max drop 0.2 (command line)" in said.out) == (0, True)
    exp.repo.write(".gitexp.yaml", "gates: [\n")
    said = gate(exp, old, new, "--max-drop", "0.2")
    assert (said.code, "what holds is that of the baseline" in said.err) == (0, True)


def test_how_complete_a_run_has_to_be_is_told_by_the_baseline(exp: Program) -> None:
    exp.repo.commit("rules", {".gitexp.yaml": "audit: {require: [retriever]}\n"})
    old = evaluated("old", GOOD)
    exp.repo.commit("none", {".gitexp.yaml": "noise: {}\n"})
    new = evaluated("new", GOOD)
    said = gate(exp, old, new, "--min-completeness", "E0")
    assert (said.code, "the run is without retriever, which .gitexp.yaml requires" in said.out) == (5, True)
    assert "other rules, which do not hold here: audit.require\n" in said.err


def test_a_metric_without_examples_and_its_noise(exp: Program, commit: Any) -> None:
    commit()
    old = measured("old", accuracy=0.9, loss=0.5, other=1)
    commit()
    new = measured("new", accuracy=0.88, loss=0.52, other=1)
    acc = ("--metric", "accuracy")
    said = gate(exp, old, new, *acc)
    assert (said.code, "its noise is not known" in said.out) == (3, True)
    assert "that more is better is guessed from the name" in said.out
    assert gate(exp, old, new, *acc, "--max-drop", "0.03").code == 0
    assert gate(exp, old, new, *acc, "--max-drop", "1%").code == 1
    assert gate(exp, old, new, "--metric", "loss", "--max-drop", "0.01").code == 1
    said = gate(exp, old, new, "--metric", "other")
    assert (said.code, "which way metric 'other' is better is not known" in said.err) == (2, True)
    said = gate(exp, old, new)
    assert said.out.count("accuracy") == 1
    assert "note: only accuracy is looked at, and not loss, other: --metric METRIC, or goals in" in said.err
    said = gate(exp, old, new, *acc, "--must-pass", "tag:critical")
    assert (said.code, "examples and costs can be limited only" in said.err) == (2, True)
    limits = "gates: {default: {max_drop: 0.03, must_pass: [tag:critical]}}\n"
    commit(**{".gitexp.yaml": limits})
    said = gate(exp, measured("old", accuracy=0.9), new, *acc)
    assert (said.code, "must_pass of .gitexp.yaml says nothing here" in said.err) == (0, True)


def test_what_stands_beside_the_mean_of_a_suite_is_a_metric_of_the_run(exp: Program) -> None:
    old, new = evaluated("old", WORSE), evaluated("new", GOOD)
    said = gate(exp, old, new, "--metric", "qa/match.n", "--max-drop", "1")
    assert (said.code, "which way metric 'qa/match.n' is better is not known" in said.err) == (2, True)
    said = gate(exp, old, new, "--metric", "qa/nonsense")
    assert (said.code, "not both runs have it" in said.out) == (4, True)


def test_what_a_suite_leaves_out_is_told(exp: Program, commit: Any) -> None:
    commit(**{".gitexp.yaml": "goals: {qa/match: max, loss: min}\n"})
    runs = []
    for loss in (1, 99):
        with gitexp.start("both") as run:
            rows = run.eval("qa", metrics={"match": "binary"})
            for id in GOOD:
                rows.add(id=id, scores={"match": 1})
            run.log({"loss": loss})
        runs.append(run.name)
    said = gate(exp, *runs)
    assert (said.code, "note: only evaluations are looked at, and not loss: --metric METRIC" in said.err) == (
        0,
        True,
    )


def test_numbers_of_other_data_are_not_compared(exp: Program, commit: Any) -> None:
    runs = []
    for text in ("a", "b"):
        commit(**{"data.csv": text})
        with gitexp.start("on") as run:
            run.use("dataset", "data.csv")
            run.use("grader", {"name": "exact"})
            run.log({"accuracy": 0.9})
        runs.append(run.name)
    options = ("--metric", "accuracy", "--max-drop", "0.1")
    said = gate(exp, *runs, *options)
    assert (said.code, "another dataset" in said.out) == (4, True)
    said = gate(exp, *runs, *options, "--allow-dataset-change")
    assert (said.code, "another dataset, which is allowed" in said.out) == (0, True)


def test_noise_and_goals_are_those_of_the_baseline(exp: Program, commit: Any) -> None:
    commit(**{".gitexp.yaml": "goals: {speed: max}\nnoise: {speed: 10%}\n"})
    old = measured("old", speed=100)
    commit(**{".gitexp.yaml": "goals: {speed: min}\nnoise: {speed: 90%}\n"})
    slower, slow = measured("slower", speed=89), measured("slow", speed=91)
    assert gate(exp, old, slower).code == 1
    said = gate(exp, old, slow)
    assert (said.code, "noise 10% as .gitexp.yaml says" in said.out) == (0, True)
    assert "goals.speed, noise.speed" in said.err


def test_repeated_runs_tell_the_noise(exp: Program, commit: Any) -> None:
    commit()
    old, *_ = (measured("old", accuracy=value) for value in (0.90, 0.91, 0.89))
    commit()
    new, *_ = (measured("new", accuracy=value) for value in (0.80, 0.81, 0.79))
    said = gate(exp, old, new, "--format", "json")
    assert said.code == 1
    (check,) = said.json["checks"]
    assert (check["basis"], check["n"]) == ("repeated runs", 3)
    assert check["gain"] == pytest.approx(-0.1)
    assert check["estimates"][0]["se"] == pytest.approx((0.01**2 * 2 / 3) ** 0.5)
    assert check["estimates"][0]["df"] == pytest.approx(4)
    measured("new", accuracy=float("nan"))
    said = gate(exp, old, new)
    assert "means of 3 and 3 runs that did the same, 1 without a number left out" in said.out
    commit()
    single = measured("single", accuracy=0.88)
    assert gate(exp, old, single).code == 0
    assert "means of 3 and 1 runs that did the same" in gate(exp, old, single).out
    commit()
    lucky, *_ = (measured("lucky", accuracy=value) for value in (0.885, 0.885))
    said = gate(exp, lucky, single)
    assert (said.code, "2 runs that gave the same are too few to tell its noise" in said.out) == (3, True)


def test_three_runs_of_the_same_tell_what_noise_does_between_two(exp: Program, commit: Any) -> None:
    commit()
    one, other = (measured("same", accuracy=value) for value in (0.90, 0.91))
    assert exp("gate", "--aa", one, other).code == 3
    wild = measured("same", accuracy=0.50)
    said = exp("gate", "--aa", one, other)
    assert (said.code, "both repeat the same; noise of 3 runs" in said.out) == (0, True)
    assert exp("gate", "--aa", one, wild).code == 0
    for value in (0.89, 0.90, 0.91) * 3:
        measured("same", accuracy=value)
    assert exp("gate", "--aa", one, wild).code == 1


@pytest.mark.parametrize("kind", [("worktree", "sha256"), ("bare", "sha1"), ("unborn", "sha1")])
def test_kinds_of_repositories(exp_in: Any, kind: tuple[str, str]) -> None:
    exp = exp_in(*kind)
    old, new = imported(exp, *INSPECT)
    assert gate(exp, old, new).code == 3
    assert gate(exp, old, new, "--min-n", "6").code == 0
    assert exp("gate", "--baseline", old).code in (0, 3, 4)
    exp.repo.fsck()


@pytest.mark.parametrize(("value", "code"), [(float("nan"), 1), (float("inf"), 1), (0.9, 3)])
def test_what_is_no_number_fails_by_itself(exp: Program, commit: Any, value: float, code: int) -> None:
    commit()
    old = measured("old", accuracy=0.9)
    commit()
    new = measured("new", accuracy=value)
    said = gate(exp, old, new, *(("--max-drop", "99") if code == 1 else ()))
    assert said.code == code
    assert code != 1 or f"it is {value:g}\n" in said.out
    assert code != 1 or gate(exp, new, old).code == 4


def test_two_runs_of_the_same_show_what_noise_does(exp: Program, commit: Any) -> None:
    commit()
    one, other = evaluated("one", GOOD), evaluated("other", GOOD)
    wild = evaluated("wild", WORSE)
    said = exp("gate", "--aa", one, other)
    assert (said.code, said.out.splitlines()[0]) == (0, f"noise check: pass: {other} against {one}")
    assert exp("gate", "--aa", one, wild).code == exp("gate", "--aa", wild, one).code == 1
    commit()
    changed = evaluated("changed", GOOD)
    said = exp("gate", "--aa", one, changed)
    assert (said.code, "the two are not runs of the same: they have other code" in said.err) == (4, True)
    assert exp("gate", "--aa", one, one).code == 2
    assert exp("gate", "--aa", one, other, "--baseline", one).code == 2


def test_the_run_of_the_code_as_it_is_now(exp: Program, commit: Any) -> None:
    commit()
    old = evaluated("old", GOOD)
    commit()
    said = exp("gate", "--baseline", old)
    assert (said.code, "hint: git exp run -- CMD records one, and" in said.err) == (4, True)
    clean = evaluated("clean", WORSE)
    assert exp("gate", "--baseline", old, "--format", "json").json["new"]["name"] == clean
    exp.repo.write("number", "changed")
    dirty = evaluated("dirty", GOOD)
    assert exp("gate", "--baseline", old, "--format", "json").json["new"]["name"] == dirty
    exp.repo.write("number", "changed again")
    said = exp("gate", "--baseline", old, "--format", "json")
    assert said.json["new"]["name"] == clean
    assert f"note: run '{clean}' is of HEAD: what is not committed here is not in it\n" in said.err
    exp.repo.git("checkout", "-q", "number")
    assert "is not in it" not in exp("gate", "--baseline", old).err
    assert f"note: run '{clean}' is the baseline itself\n" in exp("gate", "--baseline", clean).err
    commit()
    exp.repo.write("number", "never committed")
    dirty = evaluated("dirty", GOOD)
    exp.repo.write("report.md", "")
    said = exp("gate", "--baseline", old)
    hint = f"hint: git exp gate {dirty}, which started from it with changes of its own\n"
    assert (said.code, said.err.endswith(hint)) == (4, True)
    assert exp("gate", "@", "--baseline", old, "--format", "json").json["new"]["name"] == dirty


def test_results_that_were_committed_are_no_change_that_a_run_lacks(exp: Program) -> None:
    exp.repo.commit("code", {"train.sh": "echo '{\"acc\": 0.9}' >metrics.json\n"})
    run = exp("run", "--", "sh", "train.sh").name
    exp.repo.git("add", "metrics.json")
    exp.repo.git("commit", "-q", "-m", f"results\n\nExp-Run: {run}")
    said = exp("gate", "--baseline", run)
    assert (said.out.split()[1:4:2], "is not in it" in said.err) == ([run, run], False), said
    exp.repo.write("train.sh", "changed\n")
    assert "is not in it" in exp("gate", "--baseline", run).err


def test_what_a_run_can_be_held_against(exp: Program, commit: Any) -> None:
    commit()
    exp.repo.git("branch", "stable")
    old = evaluated("old", GOOD)
    exp("tag", old, "release")
    exp("baseline", "set", "accepted", old)
    commit()
    middle = evaluated("middle", WORSE)
    commit()
    new = evaluated("new", WORSE)
    for text, name, how in (
        ("accepted", old, "baseline 'accepted'"),
        ("baseline:accepted", old, "baseline 'accepted'"),
        ("last:release", old, "the last run with tag 'release'"),
        ("best:qa/match", old, "best by qa/match"),
        ("merge-base:stable", old, "merge base of HEAD and 'stable'"),
        ("stable", old, "revision 'stable'"),
        ("HEAD~1", middle, "revision 'HEAD~1'"),
        (middle[:-2], middle, "run"),
    ):
        said = gate(exp, text, new, "--metric", "qa/match", "--format", "json")
        assert said.code == (1 if name == old else 0), said.err
        assert said.json["baseline"]["name"] == name
        assert said.json["baseline"]["how"].startswith(how)
    exp("baseline", "set", "main", old)
    assert exp("gate", new, "--format", "json").json["baseline"]["name"] == old
    for text, told in (
        ("last:nothing", "no other finished run has the tag 'nothing'"),
        ("merge-base:nothing", "'nothing' is not in this clone"),
        ("baseline:nothing", "no baseline 'nothing'"),
        ("HEAD~3", "no finished run of the code of 'HEAD~3'"),
    ):
        said = gate(exp, text, new)
        assert (said.code, told in said.err, "\nhint: " in said.err) == (4, True, True), said.err


def test_a_run_that_a_commit_names_is_a_baseline_and_not_what_is_asked_about(
    exp: Program, commit: Any
) -> None:
    commit()
    old = evaluated("old", GOOD)
    base = exp.repo.commit(f"squashed\n\nExp-Run: {old}", {"number": "squashed"})
    said = exp("gate", "--baseline", old)
    assert (said.code, f"no finished run of the code of 'HEAD' ({base[:10]})" in said.err) == (4, True)
    for asked in ("HEAD", "main", base):
        said = exp("gate", asked, "--baseline", old)
        assert (said.code, f"no finished run of the code of '{asked}'" in said.err) == (4, True)
    commit()
    new = evaluated("new", WORSE)
    said = exp("gate", "--baseline", f"merge-base:{base}", "--format", "json")
    assert (said.code, said.json["baseline"]["name"], said.json["new"]["name"]) == (1, old, new)
    assert f"note: run '{old}', which '{base[:10]}' names, is not of exactly its code\n" in said.err


def test_a_shallow_clone_says_what_to_fetch(
    exp: Program, commit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = commit()
    old = evaluated("old", GOOD)
    exp.repo.git("checkout", "-q", "-b", "idea")
    commit()
    new = evaluated("new", WORSE)
    clone = Repo(exp.repo.path.parent / "shallow", exp.repo.environ)
    url = f"file://{exp.repo.path}"
    exp.repo.git("clone", "-q", "--depth", "1", "--no-single-branch", "-b", "idea", url, str(clone.path))
    monkeypatch.chdir(clone.path)
    shallow = Program(clone, exp._capture)
    said = shallow("gate", "--baseline", "merge-base:main")
    assert (said.code, said.err.splitlines()[-1]) == (
        4,
        "hint: git exp run -- CMD records one, and git exp gate RUN names another",
    )
    assert shallow("fetch").code == 0
    said = shallow("gate", "--baseline", "merge-base:main")
    assert said.code == 4
    assert said.err.splitlines()[-2:] == [
        "error: HEAD and 'main' have no common commit in this clone",
        "hint: git fetch --unshallow origin",
    ]
    said = shallow("gate", "--baseline", base, "--format", "json")
    assert (said.code, said.json["baseline"]["name"], said.json["new"]["name"]) == (1, old, new)
    clone.git("fetch", "-q", "--unshallow", "origin")
    assert shallow("gate", "--baseline", "merge-base:main").code == 1
    clone.fsck()


TRAIN = 'if [ -f broken ]; then exit 3; fi\nprintf \'{"accuracy": %s}\' "$(cat score)" > metrics.json\n'


def test_git_bisect_and_git_exp_bisect_find_the_same_commit(exp: Program) -> None:
    commits = []
    for number, score in enumerate(["0.90", "0.91", "0.90", "x", "0.70", "0.71"]):
        broken = exp.repo.path / "broken"
        broken.unlink(missing_ok=True)
        if score == "x":
            broken.write_text("")
        files = {"train.sh": TRAIN, "score": score, "number": str(number), ".gitignore": "metrics.json\n"}
        commits.append(exp.repo.commit(f"change {number}", files))
    for commit in (commits[0], commits[-1]):
        exp.repo.git("checkout", "-q", commit)
        exp("run", "--", "sh", "train.sh")
    measure = "git exp run -q -- sh train.sh || exit 125; exec git exp gate --bisect"
    script = f"{measure} --baseline {commits[0]} --metric accuracy --max-drop 0.05"
    environ = program_environ(exp.repo.environ)
    exp.repo.git("bisect", "start", commits[-1], commits[0])
    said = subprocess.run(
        ["git", "bisect", "run", "sh", "-c", script],
        cwd=exp.repo.path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    exp.repo.git("bisect", "reset")
    assert "only 'skip'ped commits left to test" in said.stdout, said.stdout + said.stderr
    assert f"{commits[3]}\n{commits[4]}\n" in said.stdout
    told = exp("bisect", commits[0], commits[-1], "-m", "accuracy", "--json", "--", "sh", "train.sh").json
    assert set(told["possible"]) == {commits[3], commits[4]}
    # What git exp bisect has measured, the gate can go by without running anything.
    for commit, code in ((commits[2], 0), (commits[3], 125), (commits[4], 1)):
        exp.repo.git("checkout", "-q", commit)
        said = exp("gate", "--bisect", "--baseline", commits[0], "--metric", "accuracy", "--max-drop", "0.05")
        assert said.code == code, said.err
    assert (
        subprocess.run([*ARGV, "gate", "--bisect"], cwd=exp.repo.path, env=environ, check=False).returncode
        == 125
    )
    exp.repo.fsck()


def test_a_branch_does_not_bring_the_rules_with_a_run_of_its_own(exp: Program) -> None:
    exp.repo.commit("rules", {".gitexp.yaml": "goals: {acc: max}\ngates: {default: {max_drop: 0.01}}\n"})
    measured("base", acc=0.7)
    exp.repo.git("switch", "-q", "-c", "idea")
    loose = "goals: {acc: min}\nnoise: {acc: 0.5}\ngates: {default: {max_drop: 0.9}}\n"
    fork = exp.repo.git("rev-parse", "HEAD")
    exp.repo.commit("loose", {".gitexp.yaml": loose})
    low = measured("low", acc=0.5)
    exp("tag", low, "release")
    exp.repo.commit("worst", {"train.py": "worst"})
    worst = measured("worst", acc=0.4)
    said = exp("gate", worst, "--baseline", "best:acc", "-m", "acc", "--format", "json")
    assert (said.code, said.json["baseline"]["name"][:-7]) == (1, "base")
    assert said.json["baseline"]["how"].endswith(
        f"; rules of {fork[:10]}, which HEAD has in common with 'main'"
    )
    said = exp("gate", worst, "--baseline", "last:release", "-m", "acc")
    assert (said.code, "goals.acc, noise.acc" in said.err) == (1, True)
    exp.repo.git("branch", "-q", "-m", "main", "trunk")
    said = exp("gate", worst, "--baseline", "last:release")
    assert (said.code, said.err.splitlines()[1]) == (2, "hint: git exp baseline set main RUN")
    exp("baseline", "set", "main", "base")
    assert "rules of baseline 'main'" in exp("gate", worst, "--baseline", "last:release", "-m", "acc").out


def test_of_several_runs_of_the_baseline_that_which_was_told_the_same_counts(exp: Program) -> None:
    base = exp.repo.commit("base", {"number": "1"})
    official, poor = _at_temperature(0, 0.9), _at_temperature(2, 0.5)
    exp.repo.git("switch", "-q", "-c", "idea")
    exp.repo.commit("idea", {"number": "2"})
    new = _at_temperature(0, 0.9)
    options = ("-m", "accuracy", "--max-drop", "0.1")
    said = exp("gate", new, "--baseline", base, *options)
    told = f"held against {official}, which was told what {new} was; of its code, told otherwise: {poor}"
    assert (said.code, said.err) == (0, f"note: {told}\n")
    said = exp("report", "--base", "main", "--json").json
    assert (said["base"]["name"], said["notes"]) == (official, [told])
    new = _at_temperature(1, 0.6)
    assert f"held against {poor}, though none was told" in exp("gate", new, "--baseline", base, *options).err


def _at_temperature(value: float, accuracy: float) -> str:
    with gitexp.start("sampled", params={"temperature": value}) as run:
        run.log({"accuracy": accuracy})
    assert run.name
    return run.name


def test_a_run_that_begins_like_a_revision_is_not_its_baseline(exp: Program) -> None:
    """A branch could name its own run so, and be held against itself."""
    exp.repo.git("remote", "add", "origin", "/nowhere")
    exp.repo.git("update-ref", "refs/remotes/origin/develop", "HEAD")
    head = exp.repo.git("rev-parse", "HEAD").strip()
    old = measured("old", acc=0.9)
    exp.repo.commit("changed", {"code.py": "changed\n"})
    new = measured("develop", acc=0.7)
    for slug in (head[:10], head):
        measured(slug, acc=0.7)
    for text in ("develop", head[:10], head):
        said = gate(exp, text, new, "--format", "json")
        assert said.json["baseline"]["name"] == old, text
    assert exp("show", head[:10], "--json").json["name"] == old
