"""`git exp diff` of runs, commits and the working tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Program, forge
from tests.cli.template import record, template, use
from tests.gitrepo import FILES, Repo

LOG = "import json,sys; open('metrics.json','w').write(json.dumps({'acc': %s, 'loss': %s, 'size': 1}))"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Four runs with other params, metrics and code; the files that they write are ignored."""

    def tell(repo: Repo) -> None:
        repo.commit("first", {**FILES, ".gitignore": "metrics.json\n"})
        for number, (acc, loss) in enumerate([(0.5, 0.9), (0.75, 1.5), (0.25, 0.9), (0.75, "float('nan')")]):
            repo.write("params.yaml", f"lr: {number}\nsame: 1\n")
            repo.write("src/model.py", "WIDTH = 3\n" * (1 + number // 2))
            record(f"r{number}", LOG % (acc, loss))

    return template(tmp_path_factory.mktemp("four"), tell)


@pytest.fixture
def four(exp: Program, recorded: Repo) -> list[str]:
    return use(exp, recorded)


def test_better_and_worse_are_said_and_how_that_is_known(exp: Program, four: list[str]) -> None:
    said = exp("diff", *four[:2]).out
    assert re.search(r"^  acc +0.5 +->  0.75 +\+0.25 \(\+50.0%\) +better$", said, re.MULTILINE)
    assert re.search(r"^  loss +0.9 +->  1.5 +\+0.6 \(\+66.7%\) +worse$", said, re.MULTILINE)
    assert said.count("better by the name of acc, loss") == 1
    exp.repo.write(".gitexp.yaml", "goals: {acc: min, loss: min, size: max}\n")
    said = exp("diff", *four[:2]).out
    assert re.search(r"^  acc .* worse$", said, re.MULTILINE)
    assert "by the name" not in said


def test_many_runs_stand_in_columns(exp: Program, four: list[str]) -> None:
    lines = exp("diff", *four).out.splitlines()
    assert [line[:4] for line in lines[:4]] == ["A r0", "B r1", "C r2", "D r3"]
    assert lines[5].split() == ["A", "B", "C", "D"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[6:] if line.startswith("  ")}
    assert rows["lr"] == ["0", "1", "2", "3"]
    assert rows["acc"] == ["0.5", "0.75", "(+0.25)", "*", "0.25", "(-0.25)", "0.75", "(+0.25)", "*"]
    assert rows["loss"] == ["0.9", "*", "1.5", "(+0.6)", "0.9", "*", "nan"]
    assert rows["files"] == ["1", "2", "2"]
    assert rows["lines"] == ["+1", "-1", "+2", "-1", "+2", "-1"]
    assert "same" not in rows
    assert "size" not in rows
    assert exp("diff", "--all", *four).out.count("  same ") == 1


def test_only_what_differs_from_the_first_counts(exp: Program, four: list[str]) -> None:
    same = exp("diff", four[0], four[0], four[0], "--exit-code")
    assert (same.code, same.out.splitlines()[-1]) == (0, "nothing differs")
    assert exp("diff", four[0], four[0], four[1], "--exit-code").code == 1


def test_a_narrow_screen_gets_blocks(exp: Program, four: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wide = exp("diff", *four).out
    assert wide.count("Params") == 1
    monkeypatch.setenv("GIT_PAGER_IN_USE", "true")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "50")
    folded = exp("diff", *four).out.splitlines()
    assert max(map(len, folded[5:-2])) <= 50
    headings = [line.split() for line in folded if re.fullmatch(r" +A( +[B-D])+", line)]
    assert headings == [["A", "B", "C"], ["A", "D"]]


def test_json_of_many(exp: Program, four: list[str]) -> None:
    found = exp("diff", "--json", *four).json
    assert [run["name"] for run in found["runs"]] == four
    assert "old" not in found
    assert found["params"] == {"lr": {"values": [0, 1, 2, 3]}}
    assert found["metrics"]["acc"] == {
        "values": [0.5, 0.75, 0.25, 0.75],
        "deltas": [None, 0.25, -0.25, 0.25],
        "goal": "max",
        "goal_guessed": True,
        "best": [1, 3],
    }
    assert found["metrics"]["loss"]["values"] == [0.9, 1.5, 0.9, None]
    assert found["nonfinite"] == {"metrics.loss.values.3": "nan"}
    changes = found["code"]["changes"]
    assert [[one["path"] for one in files] for files in changes] == [
        ["params.yaml"],
        ["params.yaml", "src/model.py"],
        ["params.yaml", "src/model.py"],
    ]
    pair = exp("diff", "--json", four[0], "HEAD").json
    assert pair["metrics"] == {}
    assert pair["runs"][1]["kind"] == "commit"
    assert pair["code"]["files"] == pair["code"]["changes"][0]


def test_only_the_metrics_that_are_asked_for(exp: Program, four: list[str]) -> None:
    said = exp("diff", "-m", "loss", *four[:2]).out
    assert "loss" in said
    assert "acc" not in said
    said = exp("diff", "-m", "lost", *four[:2])
    assert (said.code, said.err) == (2, "error: no run has a metric 'lost'\nhint: -m loss\n")


def test_what_cannot_be_compared(exp: Program, four: list[str]) -> None:
    for arguments, message in (
        ([four[0]], "error: diff takes 2 to 20 runs, not 1"),
        (["@"] * 21, "error: diff takes 2 to 20 runs, not 21"),
        (["--code", *four], "error: --code compares two runs"),
        (["--json", "--md", *four], "error: --code, --json and --md exclude one another"),
    ):
        said = exp("diff", *arguments)
        assert (said.code, said.err.splitlines()[0]) == (2, message)
        assert "hint: git exp diff" in said.err
    assert exp("diff", *["@"] * 20).code == 0
    said = exp("diff", "@", "no-such")
    assert (said.code, said.err) == (1, "error: no run matches 'no-such'\nhint: git exp ls\n")


def test_markdown(exp: Program, four: list[str]) -> None:
    said = exp("diff", "--md", *four[:2]).out
    assert said.startswith(f"### <code>{four[1]}</code> against <code>{four[0]}</code>\n")
    assert "| <code>lr</code> | <code>0</code> | <code>1</code> |\n" in said
    assert "| **<code>0.75</code>** +0.25 (+50.0%) better |\n" in said
    assert "<details><summary>Code (1 file)</summary>\n\n| File | Added | Deleted |" in said
    assert "nothing differs" not in said
    assert exp("diff", "--md", four[0], four[0]).out.endswith("\nNothing differs.\n")


HOSTILE = "</code><script>x</script>|`*_[a](b)@octocat #1\\\x1b[31m"


def test_hostile_text_is_text_in_markdown(exp: Program, four: list[str]) -> None:
    exp.repo.write("a|b`@me.py", "x\n")
    exp.repo.write("params.json", "{}")
    key = HOSTILE.replace("\x1b", "\\u001b").replace("\\", "\\\\").replace("\\\\u", "\\u")
    forge(exp.repo, four[0], "evil-aaaaaa", {"params.yaml": f'lr: 0\n"{key}": "{key}"\n'})
    other = exp.record("other")
    said = exp("diff", "--md", "evil-aaaaaa", other).out
    assert "script" in said
    assert "&#64;octocat" in said
    assert "me.py" in said
    cells = re.sub(r"<code>[A-Za-z0-9 \-.…&#;]*</code>", "CODE", said)
    for forbidden in ("<script", "</code>", "`", "@", "[", "\x1b", "\\"):
        assert forbidden not in cells
    rows = [line for line in cells.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4}


def test_a_hostile_name_cannot_act_on_the_terminal(exp: Program, four: list[str]) -> None:
    forge(exp.repo, four[0], "evil-aaaaaa", {"metrics.yaml": '"a\\e[31m": 1\n'})
    said = exp("diff", "evil-aaaaaa", four[0], four[1]).out
    assert "a\\x1b[31m" in said
    assert "\x1b" not in said


def test_commits_can_stand_for_runs(exp: Program, four: list[str]) -> None:
    exp.repo.git("tag", "v1")
    exp.repo.commit("two", {"params.yaml": "lr: 7\nsame: 1\n", "src/model.py": "WIDTH = 3\n"})
    said = exp("diff", four[1], "main").out
    assert re.search(r"^\+ main  commit [0-9a-f]{10}: only code and params are known$", said, re.MULTILINE)
    assert re.search(r"^  lr +1 +->  7$", said, re.MULTILINE)
    assert "acc" not in said
    assert "Packages" not in said
    assert "src/model.py" not in said
    tagged = exp("diff", "v1", "HEAD", "--json").json
    assert tagged["params"]["lr"]["values"] == [0.1, 7]
    assert exp("diff", "--code", "v1", "HEAD", "--exit-code").code == 1


def test_params_of_a_commit_are_found_as_recording_finds_them(
    exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    exp.repo.commit(
        "declared",
        {
            ".gitexp.yaml": "params: [conf/a.json, conf/b.toml]\n",
            "conf/a.json": '{"a": 1, "api_key": "sk-aaaabbbbccccdddd"}',
            "conf/b.toml": "b = 2\n",
        },
    )
    name = exp.record("run", "pass")
    exp.repo.commit("none declared", {".gitexp.yaml": "", "sub/params.json": '{"sub": 1}'})
    found = exp("diff", "HEAD~1", "HEAD", "--json").json["params"]
    assert {key: line.get("old") for key, line in found.items()} == {
        "a": 1,
        "api_key": "***",
        "b": 2,
        "lr": None,
    }
    monkeypatch.chdir(exp.repo.path / "sub")
    assert list(exp("diff", "HEAD~1", "HEAD", "--json").json["params"]) == ["a", "api_key", "b", "sub"]
    assert exp("diff", name, "HEAD~1", "--exit-code").code == 0


def test_exact_names_come_before_beginnings(exp: Program) -> None:
    name = exp.record("head")
    exp.repo.commit("more", {"params.yaml": "lr: 9\n"})
    exp.repo.git("branch", "heady")
    assert [one["kind"] for one in exp("diff", "HEAD", "heady", "--json").json["runs"]] == [
        "commit",
        "commit",
    ]
    assert exp("diff", "hea", "heady", "--json").json["runs"][0]["name"] == name
    assert exp("diff", name, "HEAD", "--json").json["runs"][0]["kind"] == "run"
    later = exp.record("heady")
    said = exp("diff", name, "HEAD", "--json")
    assert [one["name"] for one in said.json["runs"]] == [name, later]
    assert said.err.splitlines()[-1] == f"note: 'HEAD' stands for run {later!r}, which has its code"
    said = exp("diff", "hea", "main")
    assert (said.code, said.err.splitlines()[0]) == (1, "error: run 'hea' matches 2 runs")


def test_a_commit_with_the_record_of_other_code_is_stale(exp: Program) -> None:
    name = exp.record("plain")
    exp.repo.commit("between")
    exp.repo.git("merge", "-q", "-m", "take it", f"exp/{name}")
    assert "stale" not in exp("diff", name, "HEAD").out
    exp.repo.commit("later", {"train.py": "pass\n"})
    said = exp("diff", name, "HEAD").out
    assert "stale: this code is not the code that the metrics were made with" in said
    assert "train.py" in said
    assert exp("diff", name, "HEAD", "--json").json["new"]["stale"] is True
    assert "**Stale:**" in exp("diff", name, "HEAD", "--md").out


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_working_tree_can_stand_for_a_run_and_nothing_is_left_behind(
    exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = exp.record("run")
    assert exp("diff", name, ".", "--exit-code").code == 0
    exp("ls")  # makes the index
    exp.repo.write("params.yaml", "lr: 0.5\n")
    exp.repo.write("new file.py", "x = 1\n")
    (exp.repo.path / "src" / "model.py").unlink()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = files(exp.repo.path)
    said = exp("diff", name, ".")
    assert "+ .  the working tree now" in said.out
    assert re.search(r"^  lr +0.1 +->  0.5$", said.out, re.MULTILINE)
    assert re.search(r"^  new file.py +\| 1 \+$", said.out, re.MULTILINE)
    assert re.search(r"^  src/model.py +\| 1 -$", said.out, re.MULTILINE)
    code = exp("diff", ".", name, "--code", "--exit-code")
    assert code.code == 1
    assert "-x = 1" in code.out
    many = exp("diff", ".", "HEAD", name, "--json").json
    assert [one["commit"] is None for one in many["runs"]] == [True, False, False]
    assert files(exp.repo.path) == before
    assert list(scratch.iterdir()) == []
    exp.repo.fsck()


def test_a_record_in_the_working_tree_is_no_code(exp: Program) -> None:
    name = exp.record("run")
    exp.repo.git("merge", "-q", f"exp/{name}")
    exp.repo.write("train.py", "pass\n")
    found = exp("diff", name, ".", "--json").json
    assert [one["path"] for one in found["code"]["files"]] == ["train.py"]
    exp.repo.git("checkout", "train.py")
    assert exp("diff", name, ".", "--exit-code").code == 0


def test_a_bare_repository_has_no_working_tree(
    exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = exp.record("run")
    exp.repo.git("clone", "-q", "--mirror", ".", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "bare.git")
    bare = Repo(tmp_path / "bare.git", exp.repo.environ)
    assert bare.refs("refs/exp")
    assert exp("diff", name, "main", "--exit-code").code == 0
    said = exp("diff", name, ".")
    assert (said.code, "bare" in said.err) == (128, True)


@pytest.mark.parametrize(
    ("kind", "object_format"),
    [
        ("worktree", "sha256"),
        ("submodule", "sha1"),
        ("sparse", "sha1"),
        ("shallow", "sha1"),
        ("alternates", "sha1"),
    ],
)
def test_every_kind_of_repository(
    make_repo: Callable[..., Repo],
    kind: str,
    object_format: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    repo = make_repo(kind, object_format)
    exp = Program(repo, capfd)
    monkeypatch.chdir(repo.path)
    name = exp.record("run")
    assert exp("diff", name, "HEAD", ".", "--exit-code").code == 0
    repo.write("src/new.py", "x = 1\n")
    before = repo.git("status", "--porcelain")
    found = exp("diff", name, "HEAD", ".", "--json").json["code"]["changes"]
    assert [[one["path"] for one in files] for files in found] == [[], ["src/new.py"]]
    assert repo.git("status", "--porcelain") == before


def test_an_unborn_branch(
    make_repo: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    repo = make_repo("unborn")
    exp = Program(repo, capfd)
    monkeypatch.chdir(repo.path)
    repo.write("a.py", "x = 1\n")
    name = exp.record("run")
    assert exp("diff", name, ".", "--exit-code").code == 0
    assert exp("diff", name, "HEAD").code == 1
