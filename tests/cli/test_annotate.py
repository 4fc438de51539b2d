"""tag, note, star, title and group, as they are typed."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import ARGV, Program, program_environ
from tests.cli.test_run import as_anybody


@pytest.fixture
def names(exp: Program) -> tuple[str, str]:
    return exp.record("one"), exp.record("two")


def labels(exp: Program, run: str) -> dict[str, object]:
    return {k: exp("show", run, "--json").json[k] for k in ("tags", "note", "title", "group", "star")}


def test_tags_are_added_and_taken_away(exp: Program, names: tuple[str, str]) -> None:
    said = exp("tag", "one", "+a", "-b", "c")
    assert (said.code, said.out, said.err) == (0, "", f"{names[0]}: tag +a +c -b\n")
    assert exp("tag", "one").out == "a\nc\n"
    assert exp("tag", "one", "-c", "-noise", "-h2").code == 0
    assert exp("tag", "one", "two").out == f"{names[0]} a\n{names[1]}\n"
    assert exp("tag", "one", "new").err == f"{names[0]}: tag +new\n"
    assert exp("tag", "@", "@~1", "+x").err == f"{names[1]}: tag +x\n{names[0]}: tag +x\n"
    assert exp("tag", "one", "+a").err == f"{names[0]}: nothing to change\n"
    exp.repo.fsck()


def test_a_dry_run_and_a_tag_called_n(exp: Program, names: tuple[str, str]) -> None:
    before = exp.repo.refs()
    assert exp("tag", "one", "-n", "+a").err == f"{names[0]}: would tag +a\n"
    assert exp.repo.refs() == before
    exp("tag", "one", "--", "n", "two")
    assert exp("tag", "one").out == "n\ntwo\n"
    exp("tag", "one", "--", "-n")
    assert exp("tag", "one").out == "two\n"


def test_a_query_chooses_runs(exp: Program, names: tuple[str, str]) -> None:
    said = exp("tag", "--where", "name ~ '^one'", "+a", "b")
    assert said.err == f"{names[0]}: tag +a +b\n"
    assert exp("star", "--where", "tag:a").err == f"{names[0]}: star\n"
    assert exp("group", "--where", "is:finished", "both").code == 0
    assert labels(exp, "two")["group"] == "both"
    assert exp("note", "--where", "tag:none", "text").err == "note: no run matches\n"
    assert exp("tag", "--where", "nope ~~", "+a").code == 2


def test_notes(exp: Program, names: tuple[str, str], tmp_path: Path) -> None:
    exp("note", "one", "first")
    exp("note", "one", "--append", "second\n\x09third")
    assert exp("note", "one").out == "first\nsecond\n\tthird\n"
    file = tmp_path / "note.txt"
    file.write_text("from a file\n")
    assert exp("note", "one", "two", "-F", str(file)).code == 0
    assert exp("note", "two").out == "from a file\n"
    exp("note", "two", "--clear")
    assert exp("note", "two").out == ""
    said = exp("note", "one", "two")
    assert (said.code, said.err) == (
        2,
        "error: 'two' can be a run or the note\nhint: git exp note one -m 'two'\n",
    )
    assert exp("note", "one", "-m", "two").code == 0
    assert labels(exp, "one")["note"] == "two"
    assert exp("note", "one", "-m", "a", "--clear").code == 2
    assert exp("note", "one", "-F", "/nowhere").code == 2
    file.write_bytes(b"\xff")
    assert "is not UTF-8" in exp("note", "one", "-F", str(file)).err


def test_the_editor_opens_on_a_terminal(
    exp: Program, names: tuple[str, str], environ: dict[str, str]
) -> None:
    exp("note", "one", "old")
    script = exp.repo.write(
        "editor.sh", '#!/bin/sh\ncat "$1" > seen\necho "new # kept" > "$1"\necho "# gone" >> "$1"\n'
    )
    script.chmod(0o755)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*ARGV, "note", "one"],
        cwd=exp.repo.path,
        env={**program_environ(environ), "GIT_EDITOR": str(script), "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    assert process.wait() == 0
    os.close(master)
    assert (exp.repo.path / "seen").read_text().startswith(f"old\n# The note on {names[0]}.\n")
    assert labels(exp, "one")["note"] == "new # kept"
    assert not (exp.repo.path / ".git/exp/EXP_EDITMSG").exists()


def test_titles_groups_and_stars(exp: Program, names: tuple[str, str]) -> None:
    assert exp("title", "one", "wide and deep").err == f"{names[0]}: title 'wide and deep'\n"
    assert exp("title", "one").out == "wide and deep\n"
    assert exp("group", "one", "two", "seeds").code == 0
    assert exp("group", "one").out == f"{names[0]} seeds\n"
    assert exp("star", "one", "two").code == 0
    assert labels(exp, "one") == {
        "tags": [], "note": None, "title": "wide and deep", "group": "seeds", "star": True
    }  # fmt: skip
    assert exp("title", "one", "--clear").code == exp("group", "one", "--clear").code == 0
    assert exp("star", "one", "--off").code == 0
    assert labels(exp, "one") == {"tags": [], "note": None, "title": None, "group": None, "star": False}


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["tag"], 2, "no run given"),
        (["star"], 2, "no run given"),
        (["note"], 2, "no run given"),
        (["group"], 2, "no run given"),
        (["tag", "nope", "+a"], 1, "no run matches 'nope'"),
        (["tag", "", "+a"], 2, "invalid run ''"),
        (["star", "o", "t"], 1, "run 'o' matches 2 runs"),
        (["tag", "one-", "+a b"], 2, "invalid tag 'a b'"),
        (["tag", "one-", "+\x1b[31m"], 2, "invalid tag '\\x1b[31m'"),
        (["tag", "one-", "+"], 2, "invalid tag ''"),
        (["title", "one-", "a\nb"], 2, "invalid title 'a\\nb'"),
        (["title", "one-", "x", "--clear"], 2, "a title is given and cleared at once"),
        (["tag", "one-", "--where", "x", "+a"], 1, None),
    ],
)
def test_bad_input(exp: Program, arguments: list[str], code: int, error: str | None) -> None:
    exp.record("one")
    exp.record("other")
    before = exp.repo.refs()
    said = exp(*arguments)
    if error is not None:
        assert (said.code, said.out) == (code, "")
        first, hint = said.err.splitlines()
        assert first == f"error: {error}"
        assert hint.startswith("hint: ")
    assert exp.repo.refs() == before


def test_a_repository_that_cannot_be_written(
    exp: Program, names: tuple[str, str], environ: dict[str, str]
) -> None:
    exp.repo.git("config", "user.name", "x")
    folders = [path for path in (exp.repo.path / ".git").rglob("*") if path.is_dir()] + [
        exp.repo.path / ".git"
    ]
    for path in folders:
        path.chmod(0o555)
    try:
        said = as_anybody(["tag", "one", "+a"], exp.repo.path, environ)
    finally:
        for path in folders:
            path.chmod(0o755)
    assert said.returncode == 128
    assert said.stderr.startswith("error: ")
    assert "Traceback" not in said.stderr
