from __future__ import annotations

from collections.abc import Callable

import pytest

from gitexp.cli.session import note, say, tell, warn
from gitexp.errors import GitExpError
from tests.cli.program import Program


@pytest.mark.parametrize("speak", [tell, warn])
def test_errors_are_safe_for_a_terminal(
    speak: Callable[[GitExpError], None], capsys: pytest.CaptureFixture[str]
) -> None:
    speak(GitExpError("clear \x1b[2J", hint="turn \u202e"))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(": clear \\x1b[2J\nhint: turn \\u202e\n")


def test_talk_is_safe_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x9b")
    note("b\x07")
    assert capsys.readouterr() == ("", "a\\x9b\nnote: b\\x07\n")


def test_a_ref_with_a_name_that_deceives(exp: Program) -> None:
    exp.repo.git("update-ref", "refs/exp/a\u202eb", "HEAD")
    said = exp("ls")
    assert "a\\u202eb" in said.err
    assert "\u202e" not in said.err
