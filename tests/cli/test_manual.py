"""The man pages, `git exp help`, and that every command and option is explained."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import click
import pytest

from gitexp.cli import exit_codes
from gitexp.cli.group import COMMANDS, SECTIONS, cli
from gitexp.cli.manpages import sources, write
from gitexp.errors import GitExpError
from tests.cli.program import ROOT, Program


def test_the_committed_man_pages_are_those_of_the_commands() -> None:
    committed = {path.name: path.read_text() for path in (ROOT / "man").iterdir()}
    assert committed == sources(), "run: python -m gitexp.cli.manpages man"


def test_writing_takes_old_pages_away(tmp_path: Path) -> None:
    (tmp_path / "git-exp-gone.1").write_text("old")
    write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(sources())


@pytest.mark.parametrize("name", COMMANDS)
def test_everything_is_explained(name: str) -> None:
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    assert command.help
    assert command.name == name
    assert "Example" in command.help
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help
            assert param.help.endswith("."), param
            assert not param.hidden
    summary = command.help.split("\n")[0]
    assert len(summary) <= 66, "the list of commands would cut it"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_options(exp: Program, name: str, option: str) -> None:
    said = exp(name, option)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: git exp {name} ")


def test_the_help_lists_every_command_once_by_what_it_is_for(exp: Program) -> None:
    text = exp("-h").out
    listed = [line.split()[0] for line in text.splitlines() if re.match(r"  [a-z]+ {2,}\S", line)]
    assert listed == list(COMMANDS)
    for title, names in SECTIONS.items():
        under = text.split(f"\n{title}:\n")[1].split("\n\n")[0].splitlines()
        assert [line.split()[0] for line in under] == list(names)
        assert {line[:14].rstrip() for line in under} == {f"  {name}" for name in names}
    assert "..." not in text


def test_help_prints_the_manual(exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = exp("help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("NAME\n       git-exp - ")
    for name in COMMANDS:
        assert f"git exp {name}\n" in said.out
    assert "git exp run [OPTIONS] [--] CMD..." in exp("help", "run").out


def test_every_exit_code_of_an_error_is_published() -> None:
    def classes(root: type[GitExpError]) -> list[type[GitExpError]]:
        return [root, *(found for child in root.__subclasses__() for found in classes(child))]

    assert {one.exit_code for one in classes(GitExpError)} <= set(exit_codes.MEANINGS)


def test_man_finds_nothing_to_complain_of(tmp_path: Path) -> None:
    man = next((p for f in os.environ["PATH"].split(":") if (p := Path(f, "man")).exists()), None)
    for name, text in sources().items():
        path = tmp_path / name
        path.write_text(text)
        lines = text.splitlines()
        assert lines[0].startswith(".TH ")
        assert all(line.isprintable() for line in lines)
        if man is not None:
            said = subprocess.run(
                [man, "--warnings", "-l", path],
                env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
                capture_output=True,
                text=True,
                check=True,
            )
            assert said.stderr == ""
            assert said.stdout.startswith(name.removesuffix(".1").upper())
