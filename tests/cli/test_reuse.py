"""`git exp run --reuse` computes nothing that was computed before, and never answers with something else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitexp.capture import snapshot
from tests.cli.conftest import Program
from tests.cli.program import Said, forge
from tests.cli.sharing import refs

CODE = "import os; open(os.environ['COUNT'], 'a').write('x')"


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file outside of the repository that each execution makes longer."""
    path = tmp_path / "count"
    path.write_text("")
    monkeypatch.setenv("COUNT", str(path))
    return path


def reuse(exp: Program, *options: str, code: str = CODE) -> Said:
    return exp("run", "--reuse", *options, "--", sys.executable, "-c", code)


def test_a_finished_run_answers(exp: Program, count: Path) -> None:
    first = reuse(exp)
    assert (first.code, first.name, count.read_text()) == (0, first.name, "x")
    before = refs(exp.repo)
    again = reuse(exp)
    assert (again.code, again.out, again.name) == (0, "", first.name)
    assert "nothing was computed" in again.err
    assert count.read_text() == "x"
    assert refs(exp.repo) == before
    assert exp("run", "-q", "--reuse", "--", sys.executable, "-c", CODE).err.count("\n") == 1
    exp.repo.fsck()


def test_anything_else_is_computed(exp: Program, count: Path) -> None:
    reuse(exp)
    exp.repo.write("train.py", "print('uncommitted')\n")
    reuse(exp)
    assert count.read_text() == "xx"
    exp.repo.write("params.yaml", "lr: 0.2\n")
    reuse(exp)
    assert count.read_text() == "xxx"
    reuse(exp, "-S", "lr=0.3")
    assert count.read_text() == "xxxx"
    reuse(exp, "-S", "lr=0.3")
    reuse(exp)
    assert count.read_text() == "xxxx"
    reuse(exp, code=CODE + " ")
    assert count.read_text() == "xxxxx"


def test_a_commit_of_the_same_state_changes_nothing(exp: Program, count: Path) -> None:
    exp.repo.write("train.py", "print('uncommitted')\n")
    reuse(exp)
    exp.repo.commit("now it is")
    reuse(exp)
    assert count.read_text() == "x"


def test_another_folder_is_another_run(exp: Program, count: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reuse(exp)
    monkeypatch.chdir(exp.repo.path / "src")
    reuse(exp)
    reuse(exp)
    assert count.read_text() == "xx"


def test_a_failed_run_answers_nothing(exp: Program, count: Path) -> None:
    failing = CODE + "; raise SystemExit(3)"
    assert [reuse(exp, code=failing).code for _ in range(2)] == [3, 3]
    assert count.read_text() == "xx"


def test_the_newest_run_answers(exp: Program, count: Path) -> None:
    command = ("run", "--", sys.executable, "-c", CODE)
    exp(*command)
    newest = exp(*command).name
    assert reuse(exp).name == newest
    exp("rm", newest)
    assert reuse(exp).name != newest
    assert count.read_text() == "xx"


def test_params_that_the_code_logs_do_not_matter_but_those_it_began_with_do(
    exp: Program, count: Path
) -> None:
    exp.repo.commit("ignored params", {".gitignore": "own.yaml\n"})
    code = f"import gitexp; gitexp.start(params={{'extra': 1, 'lr': 5}}); {CODE}"
    exp.repo.write("own.yaml", "lr: 1\n")
    for _ in range(2):
        reuse(exp, "--param-file", "own.yaml", code=code)
    assert count.read_text() == "x"
    exp.repo.write("own.yaml", "lr: 2\n")
    reuse(exp, "--param-file", "own.yaml", code=code)
    assert count.read_text() == "xx"


def test_inputs_have_to_be_what_they_were(exp: Program, count: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.commit("ignored data", {".gitignore": "data.csv\n"})
    exp.repo.write("data.csv", "1\n")
    code = f"import gitexp; gitexp.start().use('dataset', 'data.csv'); {CODE}"
    for _ in range(2):
        assert reuse(exp, code=code).code == 0
    assert count.read_text() == "x"
    exp.repo.write("data.csv", "2\n")
    reuse(exp, code=code)
    assert count.read_text() == "xx"
    (exp.repo.path / "data.csv").unlink()
    assert reuse(exp, code=code).code == 0
    assert count.read_text() == "xxx"
    monkeypatch.setattr(snapshot, "DEFAULT_LIMIT", 10)
    reuse(exp)
    exp.repo.write("large.bin", "x" * 20)
    for _ in range(2):
        reuse(exp)
    assert count.read_text() == "xxxxx"
    exp.repo.write("large.bin", "y" * 20)
    reuse(exp)
    assert count.read_text() == "xxxxxx"


def test_a_run_that_only_claims_this_code_answers_nothing(exp: Program, count: Path) -> None:
    tree = exp.repo.git("rev-parse", "HEAD^{tree}")
    exp.repo.write("train.py", "print('other')\n")
    name = reuse(exp).name
    record = exp.repo.git("show", f"exp/{name}:.exp/run.yaml")
    code = exp.repo.git("show", f"exp/{name}:.exp/run.yaml").partition("tree: ")[2].split()[0].strip('"')
    forged = record.replace(code, tree).replace(name, "forged-aaaaaa")
    forge(exp.repo, name, "forged-aaaaaa", {"run.yaml": forged + "\n"})
    exp("rm", name)
    exp.repo.git("checkout", "-q", "--force", "HEAD")
    assert reuse(exp).name != "forged-aaaaaa"
    assert count.read_text() == "xx"


def test_archived_runs_answer_too(exp: Program, count: Path) -> None:
    first = reuse(exp)
    assert exp("archive", first.name).code == 0
    assert reuse(exp).name == first.name
    assert count.read_text() == "x"


def test_it_excludes_going_on(exp: Program, count: Path) -> None:
    first = reuse(exp)
    said = exp("run", "--reuse", "--fork", first.name, "--", "true")
    assert said.code == 2
    assert said.err.startswith("error: --reuse excludes --resume and --fork\n")
