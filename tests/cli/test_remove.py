"""rm, restore and undo, as they are typed."""

from __future__ import annotations

import pytest

from tests.cli.program import Program, forge
from tests.cli.test_run import as_anybody
from tests.ops.recorded import multiply


def test_a_removal_is_told_and_taken_back(exp: Program) -> None:
    one, two = exp.record("one"), exp.record("two")
    assert exp("rm", "one", "-n").err == f"exp {one} would be removed\n"
    assert exp("rm", "one").err == f"exp {one} removed\nhint: git exp undo\n"
    assert (exp("restore").out, exp("restore", "--list").out) == (f"{one}\n", f"{one}\n")
    assert exp("undo", "-n").err == f"would be undone: rm {one} (now)\n"
    assert exp("undo").err.startswith(f"undone: rm {one} (")
    assert exp("undo", "--redo").err.startswith(f"done again: rm {one} (")
    assert exp("restore", "@").err == f"exp {one} restored\n"
    assert exp("rm", "--where", "name ~ '^t'").err.startswith(f"exp {two} removed\n")
    assert exp("rm", "--where", "name ~ '^t'").err == "note: no run matches\n"
    assert exp("restore", "--all", "-n").err == f"exp {two} would be restored\n"
    assert exp("restore", "--all").code == 0
    assert exp("restore", "--all").err == "note: the trash is empty\n"
    assert len(exp("ls", "--json").json["runs"]) == 2
    exp.repo.fsck()


def test_many_are_told_in_short(exp: Program) -> None:
    names = multiply(exp.repo, exp.record("one"), 25)
    assert exp("rm", *names).err.endswith("and 5 more removed: 25 in all\nhint: git exp undo\n")
    assert len(exp.repo.refs("refs/exp/")) == 1


def test_lists_as_json(exp: Program) -> None:
    name = exp.record("one")
    exp("tag", "one", "+a")
    exp("undo")
    exp("rm", "one")
    assert exp("restore", "--json").json["removed"] == [
        {
            "name": name,
            "commit": exp.repo.git("rev-parse", f"refs/exp-trash/{name}"),
            "subject": f"exp {name}",
        }
    ]
    steps = exp("undo", "--json").json["operations"]
    assert [(one["what"], one["undone"], one["runs"]) for one in steps] == [
        (f"rm {name}", False, [name]),
        ("tag +a on 1 run", True, [name]),
        (f"record {name}", False, [name]),
    ]
    assert [line.split("  ")[-1] for line in exp("undo", "--list").out.splitlines()] == [
        f"rm {name}",
        "(undone)",
        f"record {name}",
    ]


def test_subjects_that_others_wrote_are_shown_escaped(exp: Program) -> None:
    name = exp.record("one")
    forge(exp.repo, name, "evil-aaaaaa", {"log.txt": ""})
    tree = exp.repo.git("rev-parse", "exp/evil-aaaaaa^{tree}")
    evil = exp.repo.git("commit-tree", tree, "-m", "exp evil\x1b]8;;http://x\x07\u202e")
    exp.repo.git("update-ref", "refs/exp-trash/evil-aaaaaa", evil)
    out = exp("restore", "--list").out
    assert "evil-aaaaaa" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["rm"], 2, "no run given"),
        (["rm", "nope"], 1, "no run matches 'nope'"),
        (["rm", "o"], 1, "run 'o' matches 2 runs"),
        (["rm", "one-", "--where", "is:failed"], 2, "runs are given by name and by --where"),
        (["rm", "--where", "(("], 2, None),
        (["restore", "nope"], 1, "no run 'nope': the trash is empty"),
        (["restore", "nope", "--all"], 2, "runs are given by name and by --all"),
        (["restore", "x", "--list"], 2, "a list is asked for, and runs are given"),
        (["undo", "--list", "-n"], 2, "a list is asked for, and a change"),
        (["undo", "--redo"], 1, "nothing to redo"),
    ],
)
def test_bad_input(exp: Program, arguments: list[str], code: int, error: str | None) -> None:
    exp.record("one")
    exp.record("other")
    before = exp.repo.refs()
    said = exp(*arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith(f"error: {error}\nhint: " if error else "error: ")
    assert exp.repo.refs() == before


def test_a_repository_that_cannot_be_written(exp: Program, environ: dict[str, str]) -> None:
    exp.record("one")
    root = exp.repo.path / ".git"
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        said = as_anybody(["rm", "one"], exp.repo.path, environ)
        told = as_anybody(["undo"], exp.repo.path, environ)
    finally:
        for path in folders:
            path.chmod(0o755)
    for one in (said, told):
        assert one.returncode == 128
        assert one.stderr.startswith("error: ")
    assert len(exp("ls", "--json").json["runs"]) == 1
