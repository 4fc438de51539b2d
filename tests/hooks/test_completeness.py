"""What is committed is as complete as the project asks for, or it is refused."""

from __future__ import annotations

import pytest

from tests.cli.program import Program, Said
from tests.hooks.evidence import runs
from tests.hooks.test_capture import pending, stage

NEEDS = "audit:\n  require: [dataset]\n  min: E2\n"


def refused(said: Said) -> str:
    assert said.code == 75, said.err
    return said.err


def test_a_state_that_says_too_little_is_not_recorded(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": NEEDS, "params.yaml": "lr: 0.2\n"})
    said = refused(exp("hook", "capture"))
    assert said.startswith("error: what is committed is without dataset, which .gitexp.yaml requires\n")
    assert "hint: inputs: {dataset: PATH}  # in .gitexp.yaml\n" in said
    assert (runs(exp.repo), pending(exp.repo)) == (set(), None)
    # The hint is followed: the snippet closes the gap.
    stage(exp.repo, {".gitexp.yaml": NEEDS + "inputs: {dataset: PATH}\n", "PATH": "a,b\n"})
    said = exp("hook", "capture")
    assert said.code == 0, said.err
    assert len(runs(exp.repo)) == 1
    exp.repo.fsck()


def test_what_is_staged_can_be_had_once_it_is_committed(exp: Program) -> None:
    settings = "audit: {min: E3}\ninputs: {dataset: data.csv}\n"
    exp.repo.write(".gitignore", "data.csv\n")
    exp.repo.write("data.csv", "a,b\n")
    stage(exp.repo, {".gitignore": "data.csv\n", ".gitexp.yaml": settings, "params.yaml": "lr: 0.2\n"})
    assert "dataset is not kept" in refused(exp("hook", "capture"))
    exp.repo.git("add", "-f", "data.csv")
    assert exp("hook", "capture").code == 0


def test_a_commit_of_nothing_that_is_recorded_is_let_through(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": NEEDS, "lib.py": "pass\n"})
    assert exp("hook", "capture").code == 0
    assert runs(exp.repo) == set()


def test_the_run_that_the_state_is_of_is_what_counts(exp: Program) -> None:
    stage(exp.repo, {".gitexp.yaml": NEEDS, "params.yaml": "lr: 0.2\n", "data.csv": "a\n"})
    bare = exp.record("bare")
    said = refused(exp("hook", "capture"))
    assert f"error: run '{bare}' is without dataset" in said
    whole = exp.record("whole", "pass", "--use", "dataset=data.csv")
    assert exp("hook", "capture").code == 0
    assert pending(exp.repo) == whole


@pytest.mark.parametrize("least", ["E1", "0.9"])
def test_a_record_that_is_brought_in(exp: Program, least: str) -> None:
    exp.repo.commit("settings", {".gitexp.yaml": f"audit: {{min: {least}}}\n", "data.csv": "a\n"})
    bare = exp.record("bare")
    whole = exp.record("whole", "pass", "--use", "dataset=data.csv", "--use", "seeds={python: 1}")
    exp.repo.git("checkout", bare_ref(bare), "--", ".exp")
    said = refused(exp("hook", "guard"))
    assert f"error: run '{bare}' is E0" in said
    assert f"where {'E1' if least == 'E1' else '90 %'} is asked for" in said
    exp.repo.git("checkout", bare_ref(whole), "--", ".exp")
    assert exp("hook", "guard").code == 0
    # Of a run that is not here nothing can be told, and that keeps nobody from committing.
    exp.repo.git("update-ref", "-d", f"refs/exp/{whole}")
    said = exp("hook", "guard")
    assert said.code == 0
    assert f"warning: run '{whole}', whose record is committed, is not here" in said.err
    # Other refusals stand all the same.
    exp.repo.write("params.yaml", "api_key: abcdEFGH12345678\n")
    exp.repo.git("add", "params.yaml")
    assert "looks like" in refused(exp("hook", "guard"))


def bare_ref(name: str) -> str:
    return f"refs/exp/{name}"


def test_nothing_is_asked_for_without_settings(exp: Program) -> None:
    stage(exp.repo, {"params.yaml": "lr: 0.2\n"})
    assert exp("hook", "pre-commit").code == 0
    assert len(runs(exp.repo)) == 1
