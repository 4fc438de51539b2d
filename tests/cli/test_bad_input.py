"""Every bad input gets an error, a hint and a published exit code, and leaves nothing half-written."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gitexp.cli import exit_codes
from tests.cli.program import Program, Said, forge
from tests.cli.test_run import as_anybody
from tests.gitrepo import Repo, init, make


def refused(exp: Program, said: Said, code: int, error: str, hint: str) -> None:
    """It said just this, and left no run and no live directory."""
    assert (said.code, said.out, said.err) == (code, "", f"error: {error}\nhint: {hint}\n")
    assert code in exit_codes.MEANINGS
    assert exp.repo.refs("refs/exp") == {}
    live = exp.repo.path / ".git" / "exp" / "live"
    assert not live.exists() or list(live.iterdir()) == []


@pytest.mark.parametrize("command", [["ls"], ["show"], ["run", "true"], ["save"], ["recover"], ["logs"]])
def test_outside_a_repository(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exp: Program
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    said = exp(*command)
    assert (said.code, said.out) == (128, "")
    assert said.err == f"error: not a git repository: '{outside}'\nhint: git init\n"


def test_an_unborn_branch_works(tmp_path: Path, environ: dict[str, str], exp: Program, monkeypatch) -> None:
    unborn = init(tmp_path / "unborn", environ)
    monkeypatch.chdir(unborn.path)
    unborn.write("a.py", "1\n")
    assert exp("ls").err == "note: no run yet: git exp run -- CMD makes one\n"
    assert exp("ls", "--json").json["runs"] == []
    name = exp("run", "true").name
    assert exp("show", name, "--json").json["code"]["base"] is None
    assert "no commit yet" in exp("show").out


def test_a_bare_repository(
    tmp_path: Path, environ: dict[str, str], exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = make("bare", tmp_path, environ)
    monkeypatch.chdir(bare.path)
    for command in (["run", "true"], ["save"]):
        said = exp(*command)
        assert said.code == 128
        assert said.err.startswith("error: this repository is bare: it has no working tree to record\nhint: ")
    name = exp("run", "--isolated", "cat", "train.py").name
    other = exp("run", "--isolated", "true").name
    assert exp("show", name, "--json").json["status"] == "finished"
    assert exp("logs", name).out == "print('training harder')\n"
    assert exp("diff", name, other, "--exit-code").code in (0, 1)


def test_inside_of_the_git_folder(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exp.repo.path / ".git")
    said = exp("run", "true")
    assert said.code == 128
    assert said.err.startswith("error: this is not in a working tree, so there is nothing to record\nhint: ")


def test_a_read_only_repository_can_be_looked_at(exp: Program, environ: dict[str, str]) -> None:
    name = exp.record("first")
    exp("ls")
    subprocess.run(["chmod", "-R", "a-w", exp.repo.path / ".git"], check=True)
    try:
        for command in (["ls"], ["show", name], ["diff", name, name]):
            said = as_anybody(command, exp.repo.path, environ)
            assert (said.returncode, said.stderr) == (0, ""), command
        for command in (["run", "true"], ["save"]):
            said = as_anybody(command, exp.repo.path, environ)
            assert said.returncode == 128
            assert "Permission denied" in said.stderr
            assert said.stderr.startswith("error: ")
            assert said.stderr.count("\n") <= 2
    finally:
        subprocess.run(["chmod", "-R", "u+w", exp.repo.path / ".git"], check=True)


def test_a_broken_params_file(exp: Program) -> None:
    exp.repo.write("params.yaml", "lr: 0.1\nmodel: [1, 2\nwidth: 3\n")
    said = exp("run", "true")
    assert said.code == 2
    assert said.err.startswith("error: 'params.yaml' line 3, column ")
    assert exp.repo.refs("refs/exp") == {}


def test_a_params_file_that_is_not_there(exp: Program) -> None:
    said = exp("run", "--param-file", "nowhere.yaml", "true")
    assert said.code == 2
    assert "nowhere.yaml" in said.err
    assert exp.repo.refs("refs/exp") == {}


def test_an_unknown_key(exp: Program) -> None:
    refused(
        exp,
        exp("run", "-S", "lrr=1", "true"),
        2,
        "unknown parameter 'lrr'",
        "did you mean 'lr'? to add a new one, write +lrr=<value>",
    )


def test_what_is_no_assignment(exp: Program) -> None:
    refused(exp, exp("run", "-S", "lr", "true"), 2, "'lr' is not an assignment", "-S lr=<value>")


def test_an_invalid_name(exp: Program) -> None:
    refused(
        exp,
        exp("run", "--name", "???", "true"),
        2,
        "cannot make a run name of '???'",
        "use 1 to 60 of a-z, 0-9 and '-'",
    )


@pytest.mark.parametrize(
    "text", ["", "a\nb", "nothing-like-it", "@~99999", "HEAD", "refs/heads/main", "../x"]
)
def test_what_is_no_run(exp: Program, text: str) -> None:
    said = exp("show", text)
    assert said.code in (1, 2)
    assert said.err.startswith("error: ")
    assert re.search(r"\nhint: git exp (ls|run -- CMD records one of the code as it is now)\n", said.err)


def test_a_prefix_of_two_runs(exp: Program) -> None:
    one, two = sorted([exp.record("same"), exp.record("same")])
    said = exp("show", "same")
    assert (said.code, said.err) == (1, f"error: run 'same' matches 2 runs\nhint: {one}, {two}\n")
    assert exp("show", one[:-1]).out.startswith(f"run {one}")


def test_a_name_that_is_nearly_right(exp: Program) -> None:
    name = exp.record("baseline")
    said = exp("show", f"x{name}")
    assert (said.code, said.err) == (1, f"error: no run matches 'x{name}'\nhint: git exp show {name}\n")


@pytest.fixture
def foreign(exp: Program) -> Repo:
    """A repository with one good run, one of a newer format, and several that are broken."""
    good = exp.record("good")
    record = exp.repo.git("show", f"refs/exp/{good}:.exp/run.yaml")
    forge(exp.repo, good, "newer-aaaaaa", {"run.yaml": record.replace("format: 1", "format: 99")})
    forge(exp.repo, good, "corrupt-aaaaaa", {"run.yaml": b"\x00\xff{{{"})
    forge(exp.repo, good, "alien-aaaaaa", {"run.yaml": "hello: world\n"})
    forge(exp.repo, good, "escape-aaaaaa", {"metrics.yaml": '"\\e]0;x\\a": [1]\n'})
    exp.repo.git("update-ref", "refs/exp/Not_A_Run", "HEAD")
    return exp.repo


def test_broken_runs_never_hide_the_others(exp: Program, foreign: Repo) -> None:
    said = exp("ls")
    assert said.code == 0
    assert said.out.splitlines()[1].startswith("good-")
    assert said.err.count("warning: ") == 5
    assert "\x1b" not in said.err
    document = exp("ls", "--json").json
    assert [run["name"].split("-")[0] for run in document["runs"]] == ["good"]
    assert {one["name"] for one in document["broken"]} == {
        "refs/exp/Not_A_Run",
        *("newer-aaaaaa", "corrupt-aaaaaa", "alien-aaaaaa", "escape-aaaaaa"),
    }


def test_a_newer_format_asks_for_an_upgrade(exp: Program, foreign: Repo) -> None:
    said = exp("show", "newer")
    assert said.code == 1
    assert "format 99 is newer than this gitexp reads (1)" in said.err
    assert "hint: pip install -U gitexp\n" in said.err


@pytest.mark.parametrize("name", ["corrupt", "alien", "escape"])
def test_a_corrupt_record_is_named(exp: Program, foreign: Repo, name: str) -> None:
    for command in (["show", name], ["show", name, "--json"], ["diff", name, "good"], ["logs", name]):
        said = exp(*command)
        assert said.code == 1, command
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert f"run '{name}-aaaaaa': .exp/" in said.err
        assert "\x1b" not in said.err
