"""`git exp driver`, as git calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """What git hands to a merge driver: base, ours, theirs."""
    texts = {"base": "lr: 0.1\nwd: 0.0\n", "ours": "lr: 0.2\nwd: 0.0\n", "theirs": "lr: 0.1\nwd: 0.5\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in texts]


def test_a_clean_merge_is_in_ours(exp: Program, files: list[str]) -> None:
    assert exp("driver", "merge", *files, "7", "conf/params.yaml").code == 0
    assert Path(files[1]).read_text() == "lr: 0.2\nwd: 0.5\n"


def test_conflicts_are_left_to_git(exp: Program, files: list[str]) -> None:
    Path(files[2]).write_text("lr: 0.3\nwd: 0.5\n")
    assert exp("driver", "merge", *files, "7", "params.yaml").code == 1
    assert [Path(file).read_text() for file in files] == [
        "lr: 0.1\nwd: 0.5\n",
        "lr: 0.2\nwd: 0.5\n",
        "lr: 0.3\nwd: 0.5\n",
    ]


def test_a_comment_that_is_left_out_is_told(exp: Program, files: list[str]) -> None:
    Path(files[1]).write_text("lr: 0.2\nwd: 0.0  # small\n")
    Path(files[2]).write_text("lr: 0.1\nwd: 0.5  # so-so\n")
    said = exp("driver", "merge", *files, "7", "params.yaml")
    assert (said.code, Path(files[1]).read_text()) == (0, "lr: 0.2\nwd: 0.5  # small\n")
    assert said.err == "note: 'params.yaml': a comment on 'wd' is left out, of theirs: # so-so\n"


def test_what_cannot_be_read_stays_as_it_is(exp: Program, files: list[str]) -> None:
    before = [Path(file).read_text() for file in files[:2]]
    Path(files[2]).write_text("lr: [\n")
    said = exp("driver", "merge", *files, "7", "params.yaml")
    assert said.code != 0
    assert said.err.startswith("error: 'params.yaml' line 2")
    assert [Path(file).read_text() for file in files[:2]] == before


def test_a_hostile_text_is_shown_without_what_a_terminal_acts_on(exp: Program, tmp_path: Path) -> None:
    place = tmp_path / "log.txt"
    place.write_bytes("a\x1b]0;b\x07\u202e\n\xff".encode("latin-1", "ignore") + b"\xff\x00c\n")
    said = exp("driver", "textconv", str(place))
    assert said.code == 0
    assert said.out == "a\\x1b]0;b\\x07\n\ufffd\ufffd\\x00c\n"


@pytest.mark.parametrize("arguments", [("merge", "a"), ("textconv",), ("textconv", "a", "b")])
def test_git_is_the_one_to_call_it(exp: Program, arguments: tuple[str, ...]) -> None:
    said = exp("driver", *arguments)
    assert said.code == 2
    assert said.err == "error: git calls drivers, as its settings say\nhint: git exp hooks install\n"
    said = exp("driver", "textconv", "absent")
    assert (said.code, said.err) == (1, "error: cannot read 'absent': No such file or directory\n")
    assert "Merge one file" in exp("driver", "--help").out
