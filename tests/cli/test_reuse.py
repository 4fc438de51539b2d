"""`git exp run --reuse` computes nothing that was computed before, and never answers with something else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitexp.capture import snapshot
from tests.cli.conftest import Program
from tests.cli.program import Said, forge
from tests.cli.sharing import refs
from tests.gitrepo import init

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


def test_variables_that_decide_have_to_be_what_they_were(
    exp: Program, count: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exp.repo.commit("variables", {".gitexp.yaml": "variables: [RATE, GIT_KIND, MODE_*]\n"})
    computed = 0
    for name, value in (
        ("RATE", "1"),
        ("RATE", "2"),
        ("GIT_KIND", "a"),
        ("MODE_X", "b"),
        ("PYTHONHASHSEED", "3"),
    ):
        monkeypatch.setenv(name, value)
        for _ in range(2):
            assert reuse(exp).code == 0
        computed += 1
        assert len(count.read_text()) == computed, name
    monkeypatch.delenv("RATE")
    reuse(exp)
    monkeypatch.setenv("RATE", "/data/a")  # what is not recorded cannot be compared
    reuse(exp)
    reuse(exp)
    assert len(count.read_text()) == computed + 3


def test_secrets_cannot_be_compared(exp: Program, count: Path) -> None:
    for secret in ("hunter2hunter2aaa", "otherotherother99"):
        assert exp("run", "--reuse", "--", sys.executable, "-c", CODE, f"--token={secret}").code == 0
    assert count.read_text() == "xx"
    for secret in ("hunter2hunter2aaa", "otherotherother99"):
        exp.repo.write("params.yaml", f"api_key: {secret}\n")
        exp.repo.commit("ignored", {".gitignore": "params.yaml\n"})
        reuse(exp)
    assert count.read_text() == "xxxx"


def test_a_changed_submodule_is_none_that_was_recorded(exp: Program, count: Path, tmp_path: Path) -> None:
    library = init(tmp_path / "library", exp.repo.environ)
    library.commit("code", {"lib.py": "X = 1\n"})
    exp.repo.git("submodule", "--quiet", "add", str(library.path), "lib")
    exp.repo.commit("submodule")
    reuse(exp)
    reuse(exp)
    assert count.read_text() == "x"
    exp.repo.write("lib/lib.py", "X = 2\n")
    reuse(exp)
    reuse(exp)
    assert count.read_text() == "xxx"
    exp.repo.write("lib/lib.py", "X = 1\n")
    reuse(exp)
    assert count.read_text() == "xxx"


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
