"""gc, as it is typed."""

from __future__ import annotations

import pytest

from gitexp.ops import recover
from tests.cli.program import Program


def test_what_would_be_freed_is_told_and_then_freed(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.git("config", "exp.maxBlob", "1k")
    name = exp.record("one", "open('m.bin', 'wb').write(b'x' * 3000)", "--output", "m.bin")
    kept = exp.record("two")
    (exp.repo.path / "m.bin").unlink()
    exp("rm", name)
    before = exp.repo.refs()
    said = exp("gc", "-n")
    assert said.code == 0
    assert "would free" in said.out
    assert "of 1 removed run" in said.out
    assert "artifacts" in said.out
    assert said.err == "note: what git exp gc frees cannot be brought back by git exp undo\n"
    assert exp.repo.refs() == before
    told = exp("gc", "--dry-run", "--json").json
    assert told["dry_run"] is True
    assert told["runs"] == [name]
    assert told["bytes"]["artifacts"] == 3000
    assert told["bytes"]["objects"] > 500
    said = exp("gc")
    assert (said.code, said.err) == (0, "")
    assert "freed" in said.out
    assert exp("restore").err == "note: the trash is empty\n"
    said = exp("undo")
    assert (said.code, said.err) == (
        2,
        "error: the last change was 'git exp gc', which cannot be undone\nhint: git exp undo --list\n",
    )
    monkeypatch.setattr(recover, "MIN_KEPT_SECONDS", -1.0)
    assert exp("gc", "--json").json["bytes"]["journals"] > 0
    assert exp("gc").out == "freed 0 B\n"
    assert [run["name"] for run in exp("ls", "--json").json["runs"]] == [kept]
    exp.repo.git("fsck", "--strict")


def test_only_old_removals(exp: Program) -> None:
    name = exp.record("one")
    exp("rm", name)
    assert exp("gc", "--older-than", "14d").code == 0
    assert exp("gc", "--keep-trash").code == 0
    assert exp("restore", name).code == 0


@pytest.mark.parametrize("span", ["x", "14", "-1d", ""])
def test_a_bad_span(exp: Program, span: str) -> None:
    said = exp("gc", "--older-than", span)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"error: invalid span of time {span!r}\nhint: git exp gc --older-than 14d\n"
