"""What `git exp ls` prints, of real runs."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest

import gitexp
from gitexp.cli.outputs import OUTPUTS, output_of
from tests.cli.program import Program, forge
from tests.gitrepo import Repo, init

DOC = Path(__file__).parents[2] / "docs" / "output.md"
EVIL = "=cmd|'x'!A0"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Three seeds of `mlp` and two of `tree`, one of which diverged."""
    repo = init(tmp_path_factory.mktemp("lists") / "repo", os.environ)
    repo.commit("first", {"a.txt": "a\n"})
    before = Path.cwd()
    os.chdir(repo.path)
    try:
        for model, seeds in (("mlp", 3), ("tree", 2)):
            for seed in range(seeds):
                record(model, seed)
    finally:
        os.chdir(before)
    return repo


def record(model: str, seed: int) -> None:
    params = {"model": model, "width": 3 if model == "mlp" else 5, "seed": seed, "evil": EVIL}
    tags = ["paper"] if seed == 0 else []
    run = gitexp.start(
        f"{model}-{seed}", params=params, tags=tags, group="変圧器" if model == "tree" else None
    )
    for step in range(3):
        run.log({"acc": 0.5 + seed / 10 - step / 100}, step=step)
    run.summary["loss"] = math.nan if (model, seed) == ("tree", 1) else 0.25
    run.finish()


@pytest.fixture
def ls(recorded: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(recorded.path)
    (recorded.path / ".gitexp.yaml").unlink(missing_ok=True)
    program = Program(recorded, capfd)

    def call(*arguments: str) -> Any:
        return program("ls", *arguments)

    call.repo = recorded  # type: ignore[attr-defined]
    return call


def slugs(text: str) -> list[str]:
    return [name.rpartition("-")[0] for name in text.split()]


def test_differing_columns_come_first_and_labels_before_them(ls: Any) -> None:
    heading, first, *_ = ls().out.splitlines()
    assert heading.split() == [
        "RUN",
        "STATUS",
        "AGE",
        "GROUP",
        "TAGS",
        *"acc loss model seed width evil".split(),
    ]
    assert first.split()[1] == "finished"
    assert "変圧器" in first


def test_wide_characters_line_up(ls: Any) -> None:
    from gitexp.cli.render.values import display_width

    heading, *rows = ls("--columns", "group,seed").out.splitlines()
    assert {display_width(row) for row in (heading, *rows)} == {display_width(heading)}


def test_a_pipe_gets_eight_columns_and_is_told_of_the_rest(exp: Program) -> None:
    exp.repo.write("params.yaml", "".join(f"p{i:02}: {i}\n" for i in range(20)))
    exp.record("first")
    said = exp("ls")
    assert said.out.split("\n")[0].split()[3:] == [f"p{i:02}" for i in range(8)]
    assert said.err == "note: 12 more columns: --columns all shows them\n"
    said = exp("ls", "--columns", "all")
    assert "p19" in said.out
    assert said.err == ""
    assert len(exp("ls", "--md").out.splitlines()[0].split("|")) == 8 + 3 + 2


def test_columns(ls: Any) -> None:
    assert ls("--columns", "acc.max,params.seed", "-n", "1").out.split() == ["acc.max", "seed", "0.6", "1"]
    added = ls("--columns", "+acc.max").out.splitlines()[0].split()
    assert added[:6] == ["RUN", "STATUS", "AGE", "GROUP", "TAGS", "acc.max"]
    assert "seed" in added
    everything = ls("--columns", "all").out.splitlines()[0].split()
    assert {"COMMIT", "STARTED", "acc", "evil", "seed"} <= set(everything)
    base = ls.repo.git("rev-parse", "main")
    assert ls("--columns", "base,status", "-n1").out.split() == ["BASE", "STATUS", base[:10], "finished"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "name,acx"], "unknown key 'acx' at column 6"),
        (["--columns", "a,,b"], "expected a key, not ',' at column 3"),
        (["--group-by", "modle"], "unknown key 'modle' at column 1"),
        (["--format", "%(name) %(sed)"], "unknown key 'sed' at column 11"),
        (["--format", "a %(name"], "a bracket that does not end at column 3"),
        (["--format", "%(acc:std)"], "':std' is for groups at column 3"),
        (["--group-by", "model", "--format", "%(acc:var)"], "unknown statistic 'var' at column 3"),
        (["--json", "--csv"], "--json and --csv cannot be used together"),
        (["--watch", "--md"], "--md and --watch cannot be used together"),
        (["--json", "-z"], "-z needs"),
        (["--columns", "name", "--name-only"], "--columns and --name-only"),
        (["--group-by", "model", "--name-only"], "groups have no names"),
        (["--watch"], "--watch needs a terminal"),
    ],
)
def test_what_cannot_be_asked(ls: Any, arguments: list[str], message: str) -> None:
    said = ls(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {message}")


def test_order(ls: Any) -> None:
    newest = ["tree-1", "tree-0", "mlp-2", "mlp-1", "mlp-0"]
    assert slugs(ls("--name-only").out) == newest
    assert slugs(ls("--name-only", "-r").out) == newest[::-1]
    assert slugs(ls("--name-only", "-n", "2", "--reverse").out) == ["tree-0", "tree-1"]
    assert slugs(ls("--name-only", "--sort", "-acc,name", "model = mlp").out) == ["mlp-2", "mlp-1", "mlp-0"]
    assert slugs(ls("--name-only", "--sort", "-loss").out)[-1] == "tree-1"


def test_groups(ls: Any) -> None:
    said = ls("--group-by", "params.model")
    lines = [line.split("  ") for line in said.out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells == [
        ["model", "N", "acc", "loss", "width"],
        ["mlp", "3", "0.58 ± 0.1", "0.25 ± 0", "3"],
        ["tree", "2", "0.53 ± 0.0707", "0.25 (1/2)", "5"],
    ]
    assert said.err == "note: means leave out values: 1 not finite\n"
    assert ls("--group-by", "model", "--sort", "acc", "-n", "1", "--format", "%(model)").out == "tree\n"
    assert ls("--group-by", "model", "--sort", "-n", "--format", "%(model) %(n)").out == "mlp 3\ntree 2\n"
    assert ls("--group-by", "model,seed", "--format", "%(model) %(seed) %(acc:n)").out.count("\n") == 5


def test_a_view_is_a_start(ls: Any) -> None:
    ls.repo.write(
        ".gitexp.yaml",
        "views:\n"
        "  default: {columns: [+seed]}\n"
        "  paper: {query: 'tag:paper', sort: acc, columns: [name, acc], limit: 5}\n"
        "  models: {group_by: model, columns: acc}\n"
        "  bad: {query: 'tag:'}\n"
        "vews: {}\n",
    )
    assert len(ls().out.splitlines()) == 6
    assert ls("-n1").out.split("\n")[0].split()[4] == "seed"
    said = ls("--view", "paper")
    assert said.out.split("\n")[0].split() == ["RUN", "acc"]
    assert slugs(ls("--view", "paper", "--name-only").out) == ["tree-0", "mlp-0"]
    assert slugs(ls("--view", "paper", "model = mlp", "--name-only").out) == ["mlp-0"]
    assert slugs(ls("--view", "paper", "--sort", "-name", "-n1", "--name-only").out) == ["tree-0"]
    assert ls("--view", "paper", "--columns", "+seed").out.split("\n")[0].split() == ["RUN", "acc", "seed"]
    assert ls("--view", "models").out.split("\n")[0].split() == ["model", "N", "acc"]
    assert said.err == (
        "warning: '.gitexp.yaml' line 6, column 1: unknown setting 'vews'\nhint: did you mean 'views'?\n"
    )
    assert ls("--view", "bad").err.startswith("error: view 'bad': nothing after 'tag:' at column 1")
    missing = ls("--view", "papre")
    assert (missing.code, missing.err) == (1, "error: no view 'papre'\nhint: git exp ls --view paper\n")


def test_the_default_view_shows_all_runs(ls: Any) -> None:
    ls.repo.write(".gitexp.yaml", "views: {default: {query: acc > 1}}\n")
    said = ls()
    assert said.code == 2
    assert "line 1, column 19: the view 'default' may have no query" in said.err


def test_format(ls: Any) -> None:
    assert ls("--format", "%(params.seed)%09%% %41 %z %(title)|", "-n1").out == "1\t% A %z |\n"
    assert ls("--format", "%(evil) %(loss)", "-n1").out == f"{EVIL} nan\n"
    assert ls("--format", '%(params."seed")', "-n1", "-z").out == "1\0"
    assert ls("--name-only", "-z").out.count("\0") == 5


def test_what_others_wrote_is_harmless(exp: Program) -> None:
    name = exp.record("plain")
    forge(exp.repo, name, "evil-aaaaaa", {"params.yaml": 'x: "\\e[31m\\n@team <b>|x"\n', **info(exp, name)})
    assert exp("ls", "--format", "%(x)", "has:x").out == "\\x1b[31m\\n@team <b>|x\n"
    assert exp("ls", "--format", "%(x)", "-z", "has:x").out == "\x1b[31m\n@team <b>|x\0"
    table = exp("ls").out
    assert "\x1b" not in table
    row = exp("ls", "--md", "--columns", "x", "has:x").out.splitlines()[2]
    assert row.count("|") == 2
    assert not {"<b>", "@"} & {word for word in ("<b>", "@") if word in row}


def test_keys_that_others_wrote_are_harmless_too(exp: Program) -> None:
    name = exp.record("plain")
    forge(exp.repo, name, "evil-aaaaaa", {"params.yaml": '"@team <b>|": 1\n', **info(exp, name)})
    assert "@team <b>|" in exp("ls").out.splitlines()[0]
    for options in ((), ("--group-by", 'params."@team <b>|"')):
        heading, line, *_ = exp("ls", "--md", *options).out.splitlines()
        assert heading.count("|") == line.count("|")
        assert "&#64;team" in heading
        assert "<b>" not in heading


def info(exp: Program, name: str) -> dict[str, str]:
    text = exp.repo.git("show", f"exp/{name}:.exp/run.yaml")
    return {"run.yaml": text.replace(name, "evil-aaaaaa") + "\n"}


def test_csv(ls: Any) -> None:
    said = ls("--csv", "--sort", "name")
    assert said.out.count("\r\n") == 6
    heading, *rows = list(csv.reader(io.StringIO(said.out, newline="")))
    documented = re.search(r"^`(name,status,.*)`$", DOC.read_text(), re.MULTILINE)
    assert documented
    assert heading == [
        *documented[1].split(","),
        *("metrics.acc", "metrics.loss", "params.model", "params.seed", "params.width", "params.evil"),
    ]
    row = dict(zip(heading, rows[-1], strict=True))
    assert (row["metrics.loss"], row["params.evil"], row["group"]) == ("nan", f"'{EVIL}", "変圧器")
    assert row["metrics.acc"] == repr(0.5 + 0.1 - 0.02)
    assert row["started"].endswith("Z")
    groups = list(csv.reader(io.StringIO(ls("--csv", "--group-by", "model").out, newline="")))
    assert groups[0][:4] == ["params.model", "n", "metrics.acc:mean", "metrics.acc:std"]
    assert groups[2][:2] == ["tree", "2"]


def test_headings_of_csv_stay_in_their_line(exp: Program) -> None:
    """A line that begins with `::` is a command to some CI services."""
    with gitexp.start("plain") as run:
        run.log({"a\r\n::set-output name=x::y": 1, "b": 2})
    said = exp("ls", "--csv")
    assert said.code == 0
    assert said.out.count("\r\n") == said.out.count("\n") == 2
    assert r"a\r\n::set-output" in said.out.splitlines()[0]


def keys_of(table: str) -> set[str]:
    """The keys that a table of docs/output.md documents."""
    part = DOC.read_text().split(table)[1].split("\n\n")[1]
    rows = part.splitlines()[2:]
    return {key for row in rows for key in re.findall(r"`([a-z_]+)`", row.split("|")[1])}


def test_json_is_as_documented(ls: Any) -> None:
    found = ls("--json", "--columns", "acc.max,title").json
    assert found["format"] == 1
    assert found.keys() == keys_of("named in `nonfinite`.") - {"groups"}
    for run in found["runs"]:
        assert run.keys() == {*keys_of("what is not known is `null`:"), "columns"}
        assert run["columns"].keys() == {"metrics.acc.max"}
    grouped = ls("--json", "--group-by", "model").json
    assert grouped.keys() == {"format", "groups", "broken"}
    for group in grouped["groups"]:
        assert group.keys() == keys_of("A group has all of these:")
    spreads = grouped["groups"][1]["spreads"]["metrics.loss"]
    assert spreads == {
        **{"n": 1, "mean": 0.25, "std": None, "min": 0.25, "max": 0.25},
        **{"nonfinite": 1, "missing": 0},
    }
    assert all(f"`{key}`" in DOC.read_text() for key in spreads)


def test_ndjson_is_json_in_lines(ls: Any) -> None:
    runs = ls("--json").json["runs"]
    lines = ls("--ndjson").out.splitlines()
    assert [json.loads(line) for line in lines] == [{"format": 1, **run} for run in runs]
    assert all(line.startswith('{"format": 1, ') for line in lines)
    assert [json.loads(part) for part in ls("--ndjson", "-z").out.split("\0")[:-1]] == [
        json.loads(line) for line in lines
    ]


def test_markdown(ls: Any) -> None:
    assert ls("--md", "--columns", "model,acc", "-n", "1").out.splitlines() == [
        "| model | acc |",
        "| --- | ---: |",
        "| tree | 0.58 |",
    ]


def test_colour_when_asked_for(ls: Any) -> None:
    assert "\x1b[32mfinished\x1b[m" in ls("--color").out
    assert "\x1b" in ls("--color=always").out
    assert "\x1b" not in ls("--color=never").out
    assert ls("--color=pink").code == 2


@pytest.mark.parametrize("output", OUTPUTS)
def test_no_run_is_no_error(exp: Program, output: str) -> None:
    option = {"table": [], "format": ["--format", "%(acc)"]}.get(output, [f"--{output}"])
    assert callable(output_of(output).runs_page)
    said = exp("ls", *option)
    assert said.code == 0
    assert said.out == "" or output in ("json", "csv")
    assert (said.err == "note: no run yet: git exp run -- CMD makes one\n") is (output in ("table", "md"))


@pytest.mark.parametrize("kind", ["bare", "worktree", "unborn"])
def test_every_kind_of_repository(
    make_repo: Any, kind: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repo = make_repo(kind)
    monkeypatch.chdir(repo.path)
    program = Program(repo, capfd)
    assert program("ls").code == 0
    assert program("ls", "--view", "x").code == 1
    if kind != "bare":
        name = program.record("here")
        assert program("ls", "--name-only").out == f"{name}\n"


def test_a_broken_run_is_told_and_the_rest_listed(exp: Program) -> None:
    name = exp.record("good")
    forge(exp.repo, name, "bad-aaaaaa", {"run.yaml": "nonsense\n"})
    said = exp("ls", "--name-only")
    assert (said.code, said.out) == (0, f"{name}\n")
    assert "warning: " in said.err
    assert "bad-aaaaaa" in said.err
    assert [one["name"] for one in exp("ls", "--json").json["broken"]] == ["bad-aaaaaa"]


def test_a_star_is_shown(exp: Program) -> None:
    name = exp.record("good")
    text = exp.repo.git("show", f"exp/{name}:.exp/run.yaml").replace(name, "star-aaaaaa")
    forge(exp.repo, name, "star-aaaaaa", {"run.yaml": text + "\nstar: true\n"})
    assert "star-aaaaaa *" in exp("ls").out


def test_labels_make_room_for_what_differs(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        labels = ("--tag", "paper", "--tag", "baseline", "--group", "a-group-with-a-name")
        exp.repo.write("params.yaml", f"lr: {number}\n")
        exp("run", "--name", "trial", *labels, "--", "true")
        exp("title", "@", "the title of a run that says what it is about")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("GIT_PAGER_IN_USE", "1")
    lines = exp("ls", "--color=never").out.splitlines()
    assert "lr" in lines[0].split()
    assert max(map(len, lines)) <= 60


def test_what_could_not_be_a_tag_is_none_when_recording(exp: Program) -> None:
    said = exp("save", "--tag", "a,b")
    assert (said.code, said.err.startswith("error: invalid tag 'a,b'")) == (2, True)
    assert exp("ls", "--name-only").out == ""
