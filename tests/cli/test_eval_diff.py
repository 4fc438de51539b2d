"""`git exp eval diff` and `git exp eval plan`: what is told of evaluations next to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gitexp.formats import eval_files
from tests.cli.program import Program, forge
from tests.interop.logs import FIXTURES, inspect_log, members_of, sample, write_eval

INSPECT = [str(FIXTURES / "inspect" / f"{one}.zstd.eval") for one in ("baseline", "candidate")]
LM_EVAL = [str(FIXTURES / "lm_eval" / one) for one in ("baseline", "candidate")]
PROMPTFOO = [str(FIXTURES / "promptfoo" / f"{one}.json") for one in ("baseline", "candidate")]
HOSTILE = "<img src=x>|@all [a](http://b) `c`"


def imported(exp: Program, *arguments: str) -> list[str]:
    """The names of the runs that were brought in."""
    return [one["name"] for one in exp("eval", "import", "--json", *arguments).json["imported"]]


def table(exp: Program, rows: Sequence[Mapping[str, Any]], *options: str, suite: str = "qa") -> str:
    """The run with these rows: id, input (the id where it is not told), target and `match`."""
    path = exp.repo.path.parent / f"table-{len(list(exp.repo.path.parent.glob('table-*')))}.jsonl"
    lines = [json.dumps({"input": row["id"], "target": "t", **row}) + "\n" for row in rows]
    path.write_text("".join(lines))
    columns = [*("--id", "id"), *("--input", "input"), *("--target", "target"), *("--score", "match")]
    (name,) = imported(exp, str(path), "--suite", suite, *columns, *options)
    return name


def rows(scores: Mapping[str, float], **more: Any) -> list[dict[str, Any]]:
    return [{"id": id, "match": score, **more} for id, score in scores.items()]


def graded(exp: Program, name: str, scorer: str) -> str:
    """The run of a log in which `scorer` graded two samples."""
    log = inspect_log(sample("a"), sample("b", value="I"), note=name)
    log["eval"]["scorers"] = [{"name": scorer}]
    (run,) = imported(exp, str(write_eval(exp.repo.path.parent / f"{name}.eval", members_of(log))))
    return run


def test_two_runs_of_six_questions_in_two_epochs(exp: Program) -> None:
    old, new = imported(exp, *INSPECT)
    refs = exp.repo.git("for-each-ref")
    said = exp("eval", "diff", old, new)
    assert (said.code, said.err) == (0, "")
    cost = said.out.index("\nCost\n")
    assert said.out[:cost].splitlines() == [
        f"tinyqa: {old} -> {new}",
        "  6 common examples",
        "",
        "match  0.8333 -> 0.7500  -0.08333  not significant",
        "  95 % interval [-0.5992, +0.4326], SE 0.2007 (unpaired it would be 0.2007); p 0.7 (t, df 5)",
        "  wins 1, losses 1, ties 4; epochs 2 and 2",
        "  detectable at 80 % power: 0.56; for 0.05 about 759 examples",
        "  by ranks (Wilcoxon): p 0.65",
        "  only 2 clusters, too few to go by: at least 10",
        "  52% of the variance is between epochs, the rest between examples",
        "  regressions (1)",
        "    q-cap-fr  1 -> 0",
        "  improvements (1)",
        "    q-sum-02  0.5 -> 1",
    ]
    assert "  out" in said.out[cost:]
    assert "sec (median)" in said.out[cost:]
    assert exp.repo.git("for-each-ref") == refs


def test_the_numbers_are_those_of_scipy_as_json(exp: Program) -> None:
    old, new = imported(exp, *INSPECT)
    (found,) = exp("eval", "diff", old, new, "--json").json["comparisons"]
    assert (found["old"]["name"], found["new"]["name"], found["comparable"]) == (old, new, True)
    match = found["metrics"]["match"]
    assert (match["old"], match["new"]) == (pytest.approx(0.8333, abs=1e-4), 0.75)
    assert match["se"] == pytest.approx(0.2007, abs=1e-4)
    assert match["interval"] == pytest.approx([-0.599, 0.433], abs=1e-3)
    assert match["p"] == pytest.approx(0.70, abs=0.01)
    assert (match["wins"], match["losses"], match["ties"], match["n"]) == (1, 1, 4, 6)
    assert (match["clusters"], match["clustered"], match["epochs"]) == (2, False, [2, 2])
    assert [(one["id"], one["old"], one["new"]) for one in match["changes"]] == [
        ("q-cap-fr", 1, 0),
        ("q-sum-02", 0.5, 1),
    ]
    assert found["cost"]["out"]["n"] == 6


def test_every_suite_and_metric_that_both_have(exp: Program) -> None:
    old, new = imported(exp, *LM_EVAL)
    found = exp("eval", "diff", old, new, "--json").json["comparisons"]
    assert [(one["suite"], list(one["metrics"])) for one in found] == [
        ("tinyqa_filters", ["exact_match@flexible-extract", "exact_match@strict-match"]),
        ("tinyqa_mc", ["acc", "acc_norm"]),
    ]
    assert all(one["comparable"] for one in found)
    acc = found[1]["metrics"]["acc"]
    assert (acc["test"], acc["wins"], acc["losses"], acc["p"]) == ("McNemar mid-p", 1, 2, 0.625)
    said = exp("eval", "diff", old, new, "--suite", "tinyqa_mc", "-m", "acc")
    assert [line.split()[0] for line in said.out.splitlines() if " -> 0.5000" in line] == ["acc"]
    assert exp("eval", "diff", old, new, "-m", "acc").out == said.out


def test_prompts_of_promptfoo(exp: Program) -> None:
    old, _, new, _ = imported(exp, *PROMPTFOO)
    (found,) = exp("eval", "diff", old, new, "--json").json["comparisons"]
    assert found["comparable"]
    assert all(one["changes"] == [] and one["p"] is None for one in found["metrics"].values())
    assert (
        "pass  0.6667 -> 0.6667  +0  the same on every example\n  wins 0,"
        in exp("eval", "diff", old, new).out
    )


def test_other_data_is_told_before_anything_else(exp: Program) -> None:
    same = {"same": 1, "tie": 0}
    old = table(exp, [*rows({**same, "lab": 1, "edit": 1, "was": 1, "gone": 1})])
    new = table(
        exp,
        [
            *rows(same),
            {"id": "lab", "match": 0, "target": "another"},
            {"id": "edit", "match": 0, "input": "another question"},
            {"id": "is", "match": 0, "input": "was"},
            {"id": "more", "match": 0},
        ],
    )
    lines = exp("eval", "diff", old, new).out.splitlines()
    assert lines[1:6] == [
        "not comparable: other data; what follows is of the common, unchanged examples alone",
        "  3 common examples, 1 relabelled, 1 edited, 1 added, 1 removed, 1 under another id",
        "  relabelled: lab",
        "  edited: edit",
        "  renamed: was -> is",
    ]
    (found,) = exp("eval", "diff", old, new, "--json").json["comparisons"]
    assert found["comparable"] is False
    assert found["examples"] == {
        "common": 3,
        "relabelled": ["lab"],
        "edited": ["edit"],
        "renamed": {"was": "is"},
        "added": ["more"],
        "removed": ["gone"],
    }
    assert [one["id"] for one in found["metrics"]["match"]["changes"]] == ["was"]
    markdown = exp("eval", "diff", old, new, "--md").out
    assert "**Not comparable: other data;" in markdown.partition("| Metric |")[0]
    assert "relabelled&#58; lab" in markdown.partition("| Metric |")[0]


def test_another_grader_is_told_before_anything_else(exp: Program) -> None:
    old, new, same = (graded(exp, *one) for one in (("a", "match"), ("b", "judge"), ("c", "match")))
    assert exp("eval", "diff", old, new).out.splitlines()[1] == "not comparable: another grader"
    assert exp("eval", "diff", old, new, "--json").json["comparisons"][0]["other_grader"] is True
    assert exp("eval", "diff", old, same).out.splitlines()[1] == "  2 common examples"


def test_graders_of_other_suites_do_not_matter(exp: Program) -> None:
    old, new = (graded(exp, *one) for one in (("a", "match"), ("b", "match")))
    log = inspect_log(sample("z"))
    log["eval"] |= {"task": "other", "scorers": [{"name": "judge"}]}
    path = write_eval(exp.repo.path.parent / "more.eval", members_of(log))
    assert exp("eval", "import", str(path), "--attach", new).code == 0
    (found,) = exp("eval", "diff", old, new, "--json").json["comparisons"]
    assert (found["suite"], found["comparable"]) == ("made_up", True)


def test_slices_and_clusters_by_a_tag(exp: Program) -> None:
    names = {f"q{n:02}": n for n in range(24)}
    old, new = (
        table(
            exp,
            [{"id": id, "match": float(right(n)), "topic": f"t{n % 12:02}"} for id, n in names.items()],
            *("--tag", "topic"),
        )
        for right in (lambda n: True, lambda n: n % 12 > 5)
    )
    said = exp("eval", "diff", old, new, "--by", "topic", "--cluster", "topic")
    assert "(t, clustered, df 11)" in said.out
    assert ["t00", "2", "1.0000", "0.0000", "-1", "0.25"] in [line.split() for line in said.out.splitlines()]
    (found,) = exp("eval", "diff", old, new, "--by", "topic", "--json").json["comparisons"]
    assert found["metrics"]["match"]["test"] == "McNemar mid-p"
    slices = found["metrics"]["match"]["slices"]
    assert [one["value"] for one in slices] == [f"t{n:02}" for n in range(12)]
    assert (slices[0]["gain"], slices[0]["n"], slices[-1]["p"]) == (-1, 2, None)
    for option in ("--by", "--cluster"):
        said = exp("eval", "diff", old, new, option, "subject")
        assert said.code == 2
        assert "has a tag 'subject'" in said.err
        assert "hint: one of topic" in said.err


def test_a_run_that_cannot_be_compared_does_not_weigh_on_those_that_can(exp: Program) -> None:
    """Of it nothing is said that could be an accident."""
    ids = [f"q{n:02}" for n in range(12)]
    base = table(exp, rows({id: float(n > 4) for n, id in enumerate(ids)}))
    better = table(exp, rows(dict.fromkeys(ids, 1)))
    beyond = table(exp, rows(dict.fromkeys(ids, 7)))
    first, second = exp("eval", "diff", base, better, beyond, "--json").json["comparisons"]
    p, other = first["metrics"]["match"], second["metrics"]["match"]
    assert (p["p"], p["p_adjusted"], p["verdict"]) == (2**-5, 2**-5, "better")
    assert (other["unscored"] is not None, other["p_adjusted"]) == (True, None)


def test_three_runs_are_held_against_the_first(exp: Program) -> None:
    ids = [f"q{n:02}" for n in range(12)]
    base = table(exp, rows(dict.fromkeys(ids, 1)))
    worse = table(exp, rows({id: float(n > 6) for n, id in enumerate(ids)}))
    little = table(exp, rows({id: float(n > 0) for n, id in enumerate(ids)}))
    first, second = exp("eval", "diff", base, worse, little, "--json").json["comparisons"]
    assert (first["new"]["name"], second["new"]["name"]) == (worse, little)
    p, q = first["metrics"]["match"], second["metrics"]["match"]
    assert (p["p"], p["p_adjusted"]) == (2**-7, 2**-6)
    assert (q["p"], q["p_adjusted"]) == (0.5, 0.5)
    said = exp("eval", "diff", base, worse, little).out
    assert "p 0.0078 (McNemar mid-p), 0.016 with regard to the other runs" in said
    assert "match  1.0000 -> 0.4167  -0.5833  worse" in said


def test_all_changed_alike_has_a_p_and_no_interval(exp: Program) -> None:
    old, new = (table(exp, rows({f"q{n}": score for n in range(6)})) for score in (1, 0))
    said = exp("eval", "diff", old, new)
    assert "  no interval: all changed by the same; p 0.016 (McNemar mid-p)\n" in said.out
    match = exp("eval", "diff", old, new, "--json").json["comparisons"][0]["metrics"]["match"]
    assert (match["interval"], match["se"], match["p"], match["detectable"]) == (None, None, 2**-6, None)


def test_a_count_that_should_fall_is_better_when_it_falls(exp: Program) -> None:
    old, new = (table(exp, rows({f"q{n}": base + n / 2 for n in range(8)})) for base in (3, 1.01))
    forged = []
    for name, target in ((old, "less-aaaaaa"), (new, "less-bbbbbb")):
        path = eval_files.path_of("qa", eval_files.META)
        meta = exp.repo.git("show", f"refs/exp/{name}:.exp/{path}") + "\n"
        forge(exp.repo, name, target, {path: meta.replace("max\n    guessed: nobody", "min")})
        forged.append(target)
    match = exp("eval", "diff", *forged, "--json").json["comparisons"][0]["metrics"]["match"]
    assert (match["direction"], match["losses"], match["wins"]) == ("min", 0, 8)
    assert match["gain"] == pytest.approx(1.99)
    assert match["delta"] == pytest.approx(-1.99)
    said = exp("eval", "diff", *forged)
    assert "improvements (8)" in said.out
    assert "  -1.99" in said.out


def test_only_some_of_the_examples_are_listed(exp: Program) -> None:
    old = table(exp, rows({**{f"a{n}": 1 for n in range(5)}, **{f"b{n}": 0 for n in range(4)}}))
    new = table(exp, rows({**{f"a{n}": 0 for n in range(5)}, **{f"b{n}": 1 for n in range(4)}}))
    said = exp("eval", "diff", old, new, "--only", "regressions", "--limit", "2").out
    assert "  regressions (5)\n    a0  1 -> 0\n    a1  1 -> 0\n    and 3 more: --limit\n" in said
    assert "improvements (" not in said
    said = exp("eval", "diff", old, new, "--only", "improvements", "--md").out
    assert "4 improvements" in said
    assert "regressions</" not in said
    changes = exp("eval", "diff", old, new, "--limit", "0", "--json").json["comparisons"][0]["metrics"][
        "match"
    ]
    assert len(changes["changes"]) == 9


def test_what_was_answered_stands_beside_where_it_was_kept(exp: Program) -> None:
    old, new = imported(exp, *INSPECT, "--with-text")
    assert "no idea" not in exp("eval", "diff", old, new).out
    assert "q-cap-fr  1 -> 0  no idea" in exp("eval", "diff", old, new, "--show-text").out
    assert "<code>no idea</code>" in exp("eval", "diff", old, new, "--show-text", "--md").out
    (found,) = exp("eval", "diff", old, new, "--show-text", "--json").json["comparisons"]
    assert found["metrics"]["match"]["changes"][0]["new_text"] == "no idea"


def test_markdown_is_nothing_but_what_it_says(exp: Program) -> None:
    rest = {f"q{n}": 1 for n in range(4)}
    old, new = (table(exp, rows({HOSTILE: score, **rest})) for score in (1, 0))
    markdown = exp("eval", "diff", old, new, "--md").out
    assert f"### <code>qa</code>: <code>{new}</code> against <code>{old}</code>" in markdown
    assert "| <code>match</code> | 1.0000 | 0.8000 | -0.2 |" in markdown
    assert "1 regressions</summary>" in markdown
    for part in ("<img", "|@all", "[a]", "http://", "`c`"):
        assert part in HOSTILE
        assert part not in markdown
    assert HOSTILE in exp("eval", "diff", old, new).out


def test_what_no_terminal_should_see_is_refused_or_shown_as_text(exp: Program) -> None:
    old, new = (table(exp, rows({"q": score, "r": 1})) for score in (1, 0))
    hostile = b'{"id":"\\u001b[2Jq","x":"' + b"0" * 16 + b'"}\n'
    forge(exp.repo, new, "forged-aaaaaa", {eval_files.path_of("qa", eval_files.EXAMPLES): hostile})
    said = exp("eval", "diff", old, "forged-aaaaaa")
    assert said.code != 0
    assert "eval/qa/examples.jsonl, line 1: invalid id" in said.err
    assert "\x1b" not in said.err + said.out


def test_numbers_at_the_end_of_what_there_is(exp: Program) -> None:
    big = 1.7e308
    old = table(exp, rows({"a": big, "b": -big, "c": big, "d": 0}))
    new = table(exp, rows({"a": -big, "b": big, "c": big, "d": 1}))
    assert exp("eval", "show", old, "--json").json["nonfinite"]
    found = exp("eval", "diff", old, new, "--json").json
    assert found["nonfinite"]
    assert found["comparisons"][0]["metrics"]["match"]["losses"] == 1
    assert exp("eval", "diff", old, new).code == 0
    assert exp("eval", "diff", old, new, "--md").code == 0
    assert exp("eval", "plan", "qa", "--detect", "0.1", "--json").json["metrics"]["match"]["options"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["OLD"], 2, "error: eval diff takes 2 to 20 runs, not 1\nhint: git exp eval diff A B\n"),
        (["OLD", "NEW", "--json", "--md"], 2, "error: --json and --md exclude one another\n"),
        (["OLD", "nobody"], 1, "error: no run matches 'nobody'"),
        (
            ["OLD", "NEW", "-m", "nosuch"],
            2,
            "error: no metric 'nosuch' in all of the runs\nhint: one of match\n",
        ),
        (["OLD", "NEW", "--suite", "nosuch"], 1, "has no suite 'nosuch'\nhint: one of qa\n"),
        (["OLD", "PLAIN"], 1, "has no evaluation\nhint: git exp eval import PATH\n"),
        (["OLD", "OTHER"], 1, "error: the runs have no suite in common ("),
    ],
)
def test_what_cannot_be_compared_is_an_error(
    exp: Program, arguments: list[str], code: int, message: str
) -> None:
    runs = {
        "OLD": table(exp, rows({"a": 1})),
        "NEW": table(exp, rows({"a": 0})),
        "OTHER": table(exp, rows({"a": 1, "b": 1}), suite="other"),
        "PLAIN": exp.record("plain") if "PLAIN" in arguments else "",
    }
    said = exp("eval", "diff", *(runs.get(one, one) for one in arguments))
    assert (said.code, said.out) == (code, "")
    assert message in said.err


def test_a_plan_tells_what_the_suite_is_able_to_see(exp: Program) -> None:
    imported(exp, *INSPECT)
    said = exp("eval", "plan", "tinyqa", "--detect", "0.05")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "tinyqa: what finds 0.05 with a power of 0.8, by 1 pair of runs",
        "  METRIC  NOW  SPREAD  EPOCHS  DETECTABLE  NEEDED",
        "  match     6   0.492       2       0.562     759",
        "                            4       0.484     563",
        "                            8        0.44     465",
        "                           16       0.416     416",
    ]
    found = exp("eval", "plan", "tinyqa", "--detect", "0.05", "--power", "0.9", "--json").json
    assert (found["suite"], found["detect"], found["power"]) == ("tinyqa", 0.05, 0.9)
    match = found["metrics"]["match"]
    assert (match["examples"], match["pairs"]) == (6, 1)
    assert match["options"][0]["needed"] > 759
    # By so much right and wrong answers cannot differ.
    found = exp("eval", "plan", "tinyqa", "--detect", "5", "--json").json
    assert found["metrics"]["match"]["options"][0]["needed"] is None


def test_a_plan_goes_by_the_newest_runs_and_tells_which_cannot_be_read(exp: Program) -> None:
    ids = [f"q{n:02}" for n in range(10)]
    names = [table(exp, rows({id: float(n != wrong) for n, id in enumerate(ids)})) for wrong in range(3)]
    match = exp("eval", "plan", "qa", "--detect", "0.1", "--json").json["metrics"]["match"]
    assert (match["pairs"], match["noise"], len(match["options"])) == (2, None, 1)
    # Of ten differences one is 1 and one is -1.
    assert match["variance"] == pytest.approx(2 / 9)
    forge(exp.repo, names[0], "forged-aaaaaa", {eval_files.path_of("qa", eval_files.SCORES): b"no\n"})
    said = exp("eval", "plan", "qa", "--detect", "0.1")
    assert said.code == 0
    assert "scores.jsonl, line 1" in said.err
    assert "by 2 pairs of runs" in said.out
    assert "known once examples are answered more than once" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["qa"], 2, "missing option '--detect'"),
        (["qa", "--detect", "0"], 2, "invalid value for '--detect'"),
        (["qa", "--detect", "nan"], 2, "--detect nan is no difference"),
        (["qa", "--detect", "0.1", "--power", "1"], 2, "invalid value for '--power'"),
        (["nosuch", "--detect", "0.1"], 1, "no runs with results of suite 'nosuch'"),
        (["qa", "--detect", "0.1"], 1, "1 run with results of suite 'qa': it takes two to differ"),
        (["../qa", "--detect", "0.1"], 2, "invalid suite '../qa'"),
    ],
)
def test_what_cannot_be_planned_is_an_error(
    exp: Program, arguments: list[str], code: int, message: str
) -> None:
    table(exp, rows({"a": 1, "b": 0}))
    said = exp("eval", "plan", *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err


def test_runs_that_do_not_differ_tell_nothing(exp: Program) -> None:
    for note in ("once", "again"):
        table(exp, rows({"a": 1, "b": 0}, note=note))
    said = exp("eval", "plan", "qa", "--detect", "0.1")
    assert said.code == 1
    assert "no two runs of suite 'qa' differ in what could be compared" in said.err


def test_a_wrong_option_leads_to_the_help_of_its_own_command(exp: Program) -> None:
    said = exp("eval", "plan", "qa", "--detect", "0")
    assert (said.code, said.err.splitlines()[-1]) == (2, "hint: git exp eval plan -h")
