"""docs/ci.md: its workflows are YAML of the right shape, and every command in them is one of ours."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from gitexp.cli.group import HELP_NAMES, cli

PAGE = (Path(__file__).parents[1] / "docs" / "ci.md").read_text()
WORKFLOWS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)]
_END = re.compile(r"\|\||&&|[|;]|>>?")


def texts(value: object) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def commands() -> Iterator[str]:
    """Each call of the program on the page."""
    lines = [line for one in WORKFLOWS for text in texts(one) for line in text.splitlines()]
    lines += re.findall(r"`(git exp [^`]+)`", PAGE)
    lines += [line.strip() for line in PAGE.splitlines() if line.startswith("    git exp ")]
    yield from dict.fromkeys(_END.split(line)[0].strip() for line in lines if line.startswith("git exp "))


def parsed(words: list[str]) -> click.Context:
    """The context of the command that `words` call. Raises click.UsageError."""
    command: click.Command = cli
    context = click.Context(cli, info_name="git exp", **HELP_NAMES)
    while isinstance(command, click.Group):
        name, *words = words
        below = command.get_command(context, name)
        assert below is not None, name
        command = below
        if isinstance(command, click.Group):
            context = click.Context(command, parent=context, info_name=name)
    return command.make_context(command.name, words, parent=context)


@pytest.mark.parametrize("line", list(commands()))
def test_every_command_is_understood(line: str) -> None:
    parsed(shlex.split(line)[2:])


def test_what_is_not_understood_is_found() -> None:
    assert len(list(commands())) > 8
    with pytest.raises(click.UsageError):
        parsed(["report", "--bas", "main"])
    with pytest.raises(AssertionError):
        parsed(["reports"])


def test_the_workflow_of_github_runs_foreign_code_without_a_token_that_may_write() -> None:
    found: dict[Any, Any] = WORKFLOWS[0]
    assert found[True] == "pull_request"  # YAML 1.1 reads `on` so
    assert found["permissions"] == {"contents": "read"}
    jobs = found["jobs"]
    assert "permissions" not in jobs["evaluate"]
    assert not any("checkout" in step.get("uses", "") for step in jobs["comment"]["steps"])
    assert jobs["comment"]["permissions"] == {"pull-requests": "write"}
    for step in jobs["evaluate"]["steps"]:
        # What others choose, such as the name of a branch, is not written into a script.
        assert "${{" not in step.get("run", "")
    names = [step.get("name") for step in jobs["evaluate"]["steps"]]
    assert names.index("Get the baselines, then drop the token that checkout left") < names.index("Evaluate")


def test_the_gate_judges_the_run_that_was_made_whatever_files_lie_there_by_then() -> None:
    gates = [line for line in commands() if line.startswith("git exp gate") and "junit" in line]
    assert gates == ["git exp gate @ --baseline main --format junit"]


def test_the_pipeline_of_gitlab_keeps_what_the_gate_and_the_report_say() -> None:
    evaluate, comment = WORKFLOWS[1]["evaluate"], WORKFLOWS[1]["comment"]
    assert evaluate["artifacts"]["reports"] == {"junit": "gate.xml"}
    assert evaluate["artifacts"]["when"] == "always"
    assert not any("REPORT_TOKEN" in text for text in texts(evaluate))
    assert not any("git exp" in text for text in texts(comment))
