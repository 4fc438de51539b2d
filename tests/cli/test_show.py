"""`git exp show`: the whole story of a run."""

from __future__ import annotations

import re
import shlex

import pytest

import gitexp
from tests.cli.program import Program, forge


@pytest.fixture
def told(exp: Program) -> str:
    exp("run", "--name", "outer", "--", "env", "true")
    with gitexp.start(name="told", params={"lr": 0.1}, tags=["b", "a"], note="why", group="g") as run:
        run.use("dataset", "params.yaml")
        for i in range(4):
            values = {"acc": [0.5, 0.75, 0.25, 0.7][i], "size": i, "loss": float("nan")}
            run.log(values, step=10 * i)
            if i < 2:
                run.checkpoint()
        run.summary["acc"] = 0.9
        run.log_text("hello", "notes.txt")
    return run.name


def section(said: str, heading: str) -> list[str]:
    return re.split(r"\n\n(?=\S)", said.partition(f"\n\n{heading}\n")[2])[0].splitlines()


def test_the_whole_story(exp: Program, told: str) -> None:
    said = exp("show", told).out
    facts = dict(re.findall(r"^([A-Z]\w+)  +(.*)$", said, re.MULTILINE))
    assert facts["Group"] == "g"
    assert facts["Tags"] == "a, b"
    assert facts["Commit"] == exp.repo.git("rev-parse", f"exp/{told}")
    commits = exp.repo.git("log", "--format=%h", "--abbrev=10", "--reverse", f"HEAD..exp/{told}").splitlines()
    assert facts["Checkpoints"] == f"1 {commits[0]}, 2 {commits[1]}"
    assert section(said, "Note") == ["  why"]
    assert section(said, "Params") == ["  lr  0.1"]
    assert [re.split("  +", line.strip()) for line in section(said, "Metrics")] == [
        ["acc", "0.9 (last 0.7)", "max 0.75 at step 10", "4 rows", "▅█▁█"],
        ["loss", "nan", "4 rows", "××××"],
        ["size", "3", "0 to 3", "4 rows", "▁▃▆█"],
    ]
    assert section(said, "Inputs")[0].split()[:2] == ["dataset", "params.yaml"]
    assert section(said, "Artifacts")[0].split()[0] == "notes.txt"
    assert "state" not in "".join(section(said, "Environment"))


def test_goals_of_the_settings_tell_the_best(exp: Program, told: str) -> None:
    exp.repo.write(".gitexp.yaml", "goals: {acc: min, size: max}\n")
    said = exp("show", told).out
    assert "min 0.25 at step 20" in said
    assert "max 3 at step 30" in said
    trend = exp("show", told, "--json").json["series"]["acc"]
    assert (trend["goal"], trend["best"], trend["best_step"]) == ("min", 0.25, 20)


def test_the_commands_to_go_on_with_work(exp: Program, told: str) -> None:
    for line in section(exp("show", told).out, "Go on"):
        words = shlex.split(re.split("  +", line)[1])
        if words[:2] == ["git", "exp"]:
            assert exp(*words[2:]).code == 0
        else:
            exp.repo.git(*words[1:])
    assert exp.repo.git("rev-parse", "--verify", "refs/heads/BRANCH")


def test_uncommitted_changes_are_shown_without_the_record(exp: Program) -> None:
    exp.repo.write("train.py", "pass\n")
    name = exp.record("dirty")
    (line,) = [one for one in section(exp("show", name).out, "Go on") if "uncommitted" in one]
    diff = exp.repo.git(*shlex.split(re.split("  +", line)[1])[1:])
    assert "+pass" in diff
    assert ".exp" not in diff


def test_several_runs_one_after_the_other(exp: Program, told: str) -> None:
    said = exp("show", told, "outer").out
    assert re.findall("^run (.*)-[a-z2-7]{6} ", said, re.MULTILINE) == ["told", "outer"]
    both = exp("show", told, "outer", "--json").json
    assert both["runs"][0]["name"] == told
    assert both["format"] == 1
    alone = exp("show", told, "--json").json
    assert {"format": 1, **both["runs"][0]} == alone
    assert [one["number"] for one in alone["checkpoints"]] == [1, 2]
    assert exp("show", told, "none").code == 1


def test_a_live_run_shows_what_was_logged_so_far(exp: Program) -> None:
    with gitexp.start(name="live") as run:
        for step in range(3):
            run.log({"loss": 3.0 - step}, step=step)
        said = exp("show", run.name).out
        assert said.startswith(f"run {run.name}  running\n")
        assert "so far" in said
        assert section(said, "Metrics")[0].split()[:3] == ["loss", "1", "min"]
        assert f"git exp logs -f {run.name}" in said


def test_what_a_resumption_abandoned_is_no_part_of_the_story(exp: Program) -> None:
    with gitexp.start(name="again") as run:
        run.log({"loss": 2.0}, step=0)
        commit = run.checkpoint()
        run.log({"loss": -100.0}, step=1)
    with gitexp.start(resume=commit) as again:
        again.log({"loss": 1.0}, step=1)
    said = exp("show", run.name)
    assert section(said.out, "Metrics")[0].split() == [
        *("loss", "1", "min", "1", "at", "step", "1", "2", "rows", "█▁")
    ]
    assert "Resumed" in said.out


def test_hostile_text_is_shown_as_text(exp: Program) -> None:
    name = exp.record("plain")
    yaml = exp.repo.git("show", f"exp/{name}:.exp/run.yaml").replace(name, "evil-aaaaaa")
    forge(
        exp.repo,
        name,
        "evil-aaaaaa",
        {
            "run.yaml": yaml + '\nnote: "a\\e]0;x\\a"\ntitle: "t\\e[2J"\ngroup: "g\\u202e"\n',
            "metrics.yaml": '"m\\e[31m": "v\\e[31m"\n',
        },
    )
    said = exp("show", "evil-aaaaaa")
    assert said.code == 0
    assert "v\\x1b[31m" in said.out
    assert not re.search("[\x1b\x07\u202e]", said.out)


def test_a_shallow_clone_has_no_base(exp: Program, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = exp.repo.path.parent / "shallow"
    exp.repo.git("init", "-q", str(target))
    monkeypatch.chdir(target)
    source = f"file://{exp.repo.path}"
    exp.repo.git("-C", str(target), "fetch", "-q", "--depth=1", source, f"refs/exp/{told}:refs/exp/{told}")
    assert f"run {told}" in exp("show", told).out


def test_sparklines_take_what_is_left_of_the_screen(
    exp: Program, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gitexp.start(name="long") as run:
        for step in range(100):
            run.log({"loss": 100.0 - step}, step=step)
    monkeypatch.setenv("GIT_PAGER_IN_USE", "true")
    monkeypatch.setenv("NO_COLOR", "1")
    widths = {}
    for columns in ("80", "60", "20"):
        monkeypatch.setenv("COLUMNS", columns)
        (line,) = section(exp("show", run.name).out, "Metrics")
        widths[columns] = (len(line), len(re.findall("[▁-█]", line)))
    assert widths["80"] == (63, 24)
    assert widths["60"] == (60, 21)
    assert widths["20"][1] == 8
