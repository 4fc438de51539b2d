"""`git exp hooks` and `git exp hook`: what they say, and with which exit codes."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitexp.ops.hooks import guard
from gitexp.ops.hooks.table import GIT_HOOKS, HOOKS
from tests.cli.program import Program

HOOK = "#!/bin/sh\nexit 0\n"


def test_status_says_where_and_how(exp: Program) -> None:
    foreign = exp.repo.write(".git/hooks/pre-commit", HOOK)
    said = exp("hooks", "status")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("hooks are in .git/hooks\n")
    assert said.out.endswith("merge and diff drivers are not registered\n")
    exp("hooks", "install")
    assert exp("hooks", "status").out.endswith("merge and diff drivers are registered\n")
    exp("hooks", "uninstall")
    assert "  pre-commit          foreign\n" in said.out
    assert "  pre-push            not installed\n" in said.out
    foreign.chmod(0o755)
    exp("hooks", "install")
    assert "  pre-commit          installed, after pre-commit.before-gitexp\n" in exp("hooks", "status").out


def test_status_as_json(exp: Program) -> None:
    exp.repo.write(".git/hooks/pre-commit", HOOK)
    exp("hooks", "install")
    value = exp("hooks", "status", "--json").json
    folder = exp.repo.path / ".git" / "hooks"
    assert (value["folder"], value["own"], value["drivers"]) == (str(folder), True, True)
    assert [one["name"] for one in value["hooks"]] == list(GIT_HOOKS)
    assert value["hooks"][0] == {
        "name": "pre-commit",
        "state": "installed",
        "path": str(folder / "pre-commit"),
        "before": str(folder / "pre-commit.before-gitexp"),
        "framework": None,
    }


def test_installing_as_json(exp: Program) -> None:
    said = exp("hooks", "install", "--json")
    assert {one["state"] for one in said.json["hooks"]} == {"installed"}
    assert said.err == ""
    assert {one["state"] for one in exp("hooks", "uninstall", "--json").json["hooks"]} == {"not installed"}


def test_switched_off(exp: Program) -> None:
    exp("hooks", "install")
    assert exp("hooks", "status").err == ""
    exp.repo.git("config", "exp.hooks", "off")
    assert exp("hooks", "status").err == "note: ours do nothing, because exp.hooks is false\n"
    exp.repo.git("config", "exp.hooks", "perhaps")
    said = exp("hook", "guard")
    assert said.code == 0
    assert "warning: bad boolean config value 'perhaps' for 'exp.hooks'" in said.err


def test_quiet(exp: Program) -> None:
    said = exp("hooks", "install", "-q")
    assert (said.code, said.out, said.err) == (0, "", "")


@pytest.mark.parametrize(
    "arguments",
    [["hooks"], ["hooks", "remove"], ["hook"], ["hook", "nonsense"], ["hook", "push", "--timeout", "0"]],
)
def test_wrong_words(exp: Program, arguments: list[str]) -> None:
    said = exp(*arguments)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert f"hint: git exp {arguments[0]} -h" in said.err


def test_a_folder_that_is_none(exp: Program) -> None:
    exp.repo.write(".git/hooks", "")
    said = exp("hooks", "install")
    assert said.code == 1
    assert "which is no folder" in said.err


@pytest.mark.parametrize("name", [*HOOKS, *GIT_HOOKS])
def test_every_hook_has_nothing_against_a_clean_state(
    exp: Program, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    before = exp.repo.refs(), exp.repo.git("status", "--porcelain")
    said = exp("hook", name)
    assert (said.code, said.out) == (0, "")
    assert "error:" not in said.err
    assert before == (exp.repo.refs(), exp.repo.git("status", "--porcelain"))


@pytest.mark.parametrize("error", [ValueError("of ours"), OSError("of the disk")])
def test_what_goes_wrong_in_a_hook_stops_nobody(
    exp: Program, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(guard, "run", fail)
    said = exp("hook", "pre-commit")
    assert said.code == 0
    assert str(error) in said.err
    if isinstance(error, ValueError):
        report = next(Path(exp.repo.path / ".git" / "exp" / "reports").iterdir())
        assert "of ours" in report.read_text()


@pytest.mark.parametrize("place", ["no repository", "a line break\nin its path"])
@pytest.mark.parametrize("arguments", [["pre-commit"], ["capture", "--strict"]])
def test_a_repository_that_cannot_be_opened_stops_nobody(
    exp: Program, place: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exp.repo.path.parent / place
    folder.mkdir()
    if "line break" in place:
        exp.repo.git("init", "-q", str(folder))
    monkeypatch.chdir(folder)
    assert exp("ls").code == 128
    said = exp("hook", *arguments)
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("warning: ")


@pytest.mark.parametrize("to", [">/dev/full", ">&1 | true"])
def test_a_refusal_that_nobody_can_read_is_one(exp: Program, to: str) -> None:
    exp.repo.write("params.yaml", "api_key: abcdEFGH12345678\n")
    exp.repo.git("add", "params.yaml")
    script = f"{{ git-exp hook guard; echo $? >code; }} 2{to}"
    subprocess.run(["sh", "-c", script], cwd=exp.repo.path, env=exp.repo.environ, check=False)
    assert (exp.repo.path / "code").read_text() == "75\n"


def test_every_hook_has_a_module(exp: Program) -> None:
    for name, entry in HOOKS.items():
        assert name.isalpha()
        assert entry.git_hooks
        assert callable(__import__(entry.module, fromlist=["run"]).run)
