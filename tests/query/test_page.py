"""Every example on the page of the query language is one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gitexp.query import parse, parse_order
from gitexp.query.parser import MAX_DEPTH
from gitexp.query.times import span_seconds
from gitexp.query.tokens import MAX_LENGTH
from gitexp.query.words import AGGREGATES, KEYWORDS, OPERATORS, RUN_FIELDS
from tests.cli.program import Program
from tests.gitrepo import Repo

PAGE = (Path(__file__).parents[2] / "docs" / "query.md").read_text()


def examples(language: str) -> list[str]:
    """The lines of the page's blocks in `language`."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("text", examples("query"))
def test_examples_are_queries(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)
    assert parse(text).fields()


@pytest.mark.parametrize("text", examples("order"))
def test_examples_are_orders(text: str) -> None:
    assert parse_order(",".join(map(str, parse_order(text)))) == parse_order(text)


def test_errors_are_those_that_the_program_prints(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repo.path)
    exp = Program(repo, capfd)
    exp.record("one", "import gitexp; gitexp.start().log_params({'lr': 0.5})")
    session = "\n".join(examples("console"))
    told = re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]
    assert len(told) == 3
    for one in told:
        line, _, expected = one.partition("\n")
        program, command, *arguments = shlex.split(line)
        assert (program, command) == ("git", "exp")
        said = exp(*arguments)
        assert (said.code, said.err.strip("\n")) == (2, expected.strip("\n"))


def test_every_word_of_the_language_is_explained() -> None:
    words = re.findall(r"`([^`\n]+)`", PAGE) + examples("text")
    explained = " ".join(words)
    for word in (*RUN_FIELDS, *KEYWORDS, *OPERATORS, *AGGREGATES):
        assert re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", explained), word
    units = [word for word in words if re.fullmatch("ms|mo|[smhdwy]", word)]
    assert len(units) == 8
    assert all(span_seconds(f"1{unit}") for unit in units)
    assert f"{MAX_LENGTH:,} characters and {MAX_DEPTH} levels" in PAGE
