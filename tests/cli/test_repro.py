"""`git exp repro`: the same once more, said before it is done and judged afterwards."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from gitexp.ops.recorded import read_record
from gitexp.repo import Repository
from tests.cli.conftest import Program
from tests.cli.program import ARGV, ROOT, Said, end_group, forge, program_environ
from tests.cli.sharing import World, refs
from tests.gitrepo import Repo, init

TRAIN = """\
import json, random
random.seed(3)
json.dump({"acc": random.random()}, open("metrics.json", "w"))
"""
NOISY = """\
import json, os
if not os.path.lexists(os.environ["VALUE"]):
    raise SystemExit(7)
json.dump({"acc": float(os.readlink(os.environ["VALUE"]))}, open("metrics.json", "w"))
"""


@pytest.fixture(autouse=True)
def _python(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record says `python`, which is to be the one that the tests run under."""
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


class Chance:
    """What a program that is not deterministic measures: a link outside of the repository says it, which
    is no file that anybody reads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def says(self, number: str) -> None:
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(number)


@pytest.fixture
def value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chance:
    monkeypatch.setenv("VALUE", str(tmp_path / "value"))
    return Chance(tmp_path / "value")


def run(exp: Program, code: str, *options: str) -> str:
    exp.repo.write("train.py", code)
    said = exp("run", *options, "--", "python", "train.py")
    assert said.code == 0, said.err
    return said.name


def verdict_of(said: Said) -> dict[str, object]:
    return said.json["reproduction"]  # type: ignore[no-any-return]


def state(repo: Repo) -> tuple[str, ...]:
    """What a reproduction must leave as it is."""
    return (
        repo.git("status", "--porcelain=v2", "--branch"),
        repo.git("stash", "list"),
        repo.git("reflog"),
        repo.git("ls-files", "--stage"),
        repo.git("worktree", "list"),
    )


def test_a_deterministic_program_gives_the_same(exp: Program) -> None:
    old = run(exp, TRAIN)
    before = state(exp.repo)
    said = exp("repro", old)
    assert said.code == 0, said.err
    new = said.name
    assert said.out == ""
    lines = said.err.splitlines()
    assert "command:    python train.py" in lines
    assert f"verdict: identical, of {old}" in lines
    assert state(exp.repo) == before
    told = exp("show", new, "--json").json
    assert told["parents"] == [old]
    assert told["code"]["tree"] == exp("show", old, "--json").json["code"]["tree"]
    assert told["reproduction"]["of"] == {"name": old, "commit": exp.repo.git("rev-parse", f"exp/{old}")}
    assert told["reproduction"]["metrics"]["acc"]["verdict"] == "identical"
    parents = exp.repo.git("show", "-s", "--format=%P", f"exp/{new}^").split()
    assert parents == exp.repo.git("rev-parse", "HEAD", f"exp/{old}").split("\n")
    assert f"Reproduced  by {new}: identical\n" in exp("show", old).out
    assert exp("show", old, "--json").json["reproduced_by"] == [
        {"name": new, "verdict": "identical", "on": None, "lacking": []}
    ]
    assert f"  identical, of {old}\n" in exp("show", new).out
    exp.repo.fsck()


def test_the_new_run_is_named_after_the_old_one(exp: Program) -> None:
    old = run(exp, TRAIN, "--name", "base")
    first = exp("repro", old).name
    assert re.fullmatch("base-repro-[a-z2-7]{6}", first)
    assert re.fullmatch("base-repro-[a-z2-7]{6}", exp("repro", first).name)
    long = run(exp, TRAIN, "--name", "a" * 53 + "-" + "b" * 6)
    assert re.fullmatch("a{53}-repro-[a-z2-7]{6}", exp("repro", long).name)


def test_without_a_run_nothing_is_executed(exp: Program) -> None:
    old = run(exp, TRAIN)
    said = exp("repro")
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "hint: git exp repro" in said.err
    assert refs(exp.repo) == {old: refs(exp.repo)[old]}


def test_an_edit_keeps_the_verdict(exp: Program) -> None:
    old = run(exp, TRAIN)
    new = exp("repro", old).name
    exp("tag", new, "+good")
    exp("archive", new)
    assert exp("show", new, "--json").json["reproduction"]["verdict"] == "identical"


def test_uncommitted_code_of_then_runs_and_not_that_of_now(exp: Program) -> None:
    exp.repo.write("uv.lock", "then")
    old = run(exp, TRAIN)
    exp.repo.write("uv.lock", "now")
    exp.repo.write("train.py", "raise SystemExit(9)\n")
    said = exp("repro", old)
    assert said.code == 0, said.err
    locks = [exp("show", name, "--json").json["env"]["lock_files"] for name in (old, said.name)]
    assert locks[0] == locks[1] != {}
    assert "with uncommitted changes" in said.err
    assert (exp.repo.path / "train.py").read_text() == "raise SystemExit(9)\n"


def test_params_that_are_others_now_are_said(exp: Program) -> None:
    old = run(exp, TRAIN)
    exp.repo.write("params.yaml", "lr: 0.3\n")
    said = exp("repro", old, "-n")
    assert said.code == 0
    assert "params:     lr: 0.1 (now 0.3)\n" in said.out


def test_a_dry_run_executes_nothing(exp: Program) -> None:
    old = run(exp, TRAIN)
    before = refs(exp.repo)
    plan = exp("repro", old, "-n", "--json").json
    assert (plan["run"], plan["command"], plan["standing"]) == (old, ["python", "train.py"], "own")
    assert exp("repro", old, "-n").out.startswith(f"run:        {old}, finished\n")
    assert refs(exp.repo) == before


USING = """\
import gitexp
run = gitexp.start()
run.use("dataset", "data.csv")
try:
    run.log({"size": len(open("data.csv").read())})
except FileNotFoundError:
    raise SystemExit("no data.csv")
"""


def test_a_changed_input_is_named(exp: Program) -> None:
    exp.repo.commit("ignored data", {".gitignore": "data.csv\n"})
    exp.repo.write("data.csv", "1\n")
    old = run(exp, USING)
    assert exp("repro", old).code == 0
    exp.repo.write("data.csv", "1\n2\n")
    said = exp("repro", old)
    assert said.code == 1
    warning = said.err.index("warning: input 'data.csv' has changed since: it had sha256 4355a46b19, now ")
    assert warning < said.err.index("dataset data.csv has changed since: sha256 4355a46b19 -> sha256 ")
    told = exp("show", said.name, "--json").json["reproduction"]
    assert (told["verdict"], told["inputs"]["dataset data.csv"]["fate"]) == ("different", "changed")
    assert (exp.repo.path / "data.csv").read_text() == "1\n2\n"


def test_what_was_said_of_inputs_is_said_of_the_new_run(exp: Program) -> None:
    exp.repo.write("seen.csv", "1\n")
    old = exp(
        "run", "--use", "dataset=seen.csv", "--use", "model=m", "--use", "tools=none", "--", "true"
    ).name
    said = exp("repro", old)
    before, after = (exp("show", name, "--json").json for name in (old, said.name))
    assert after["inputs"] == before["inputs"]
    assert before["inputs"].keys() == {"dataset", "model", "tools"}
    assert "inputs" not in after["reproduction"]  # nothing to tell of them


def test_a_changed_input_below_what_is_a_file_there(exp: Program) -> None:
    exp.repo.commit("ignored data", {".gitignore": "rows/\n"})
    exp.repo.write("rows/d.csv", "1\n")
    old = run(exp, USING.replace("data.csv", "rows/d.csv"))
    exp.repo.write("rows/d.csv", "1\n2\n")
    blob = exp.repo.git("hash-object", "-w", "--stdin", input="a file\n")
    listed = exp.repo.git("ls-tree", "HEAD")
    tree = exp.repo.git("mktree", input=f"{listed}\n100644 blob {blob}\trows\n")
    other = exp.repo.git("commit-tree", tree, "-p", "HEAD", "-m", "rows is a file")
    said = exp("repro", old, "--on", other)  # whose command ends by not finding it
    assert "warning: input 'rows/d.csv' has changed since" in said.err
    assert said.code not in (0, 2, 70)


def test_an_input_that_is_gone_is_named(exp: Program) -> None:
    exp.repo.commit("ignored data", {".gitignore": "data.csv\n"})
    exp.repo.write("data.csv", "1\n")
    old = run(exp, USING)
    (exp.repo.path / "data.csv").unlink()
    said = exp("repro", old)
    assert said.code == 1
    assert "warning: input 'data.csv' is gone: nothing here has sha256 4355a46b19\n" in said.err
    assert "dataset data.csv is gone: the old run had sha256 4355a46b19\n" in said.err
    assert "has changed since" not in said.err
    assert verdict_of(exp("show", said.name, "--json"))["verdict"] == "missing"


def test_an_input_that_the_store_has_is_put_back(exp: Program) -> None:
    exp.repo.commit("ignored data", {".gitignore": "data.csv\n"})
    exp.repo.git("config", "exp.maxBlob", "1")
    exp.repo.write("data.csv", "1\n")
    run(exp, "open('data.csv', 'w').write('1\\n')\n", "--output", "data.csv")
    old = run(exp, USING)
    exp.repo.write("data.csv", "other\n")
    said = exp("repro", old)
    assert said.code == 0, said.err
    assert "inputs:     dataset data.csv: in the artifact store, sha256 4355a46b19\n" in said.err
    assert (exp.repo.path / "data.csv").read_text() == "other\n"


def test_files_too_large_for_git_are_inputs_again(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.git("config", "exp.maxUntracked", "100")
    exp.repo.write("large.bin", "x" * 200)
    code = "import json; json.dump({'n': len(open('large.bin').read())}, open('metrics.json', 'w'))\n"
    old = run(exp, code)
    assert exp("repro", old).code == 0
    exp.repo.write("large.bin", "y" * 300)
    said = exp("repro", old, "--json")
    assert said.code == 1
    change = verdict_of(said)["inputs"]["untracked large.bin"]  # type: ignore[index]
    assert change["fate"] == "changed"


def test_noise_of_the_settings(exp: Program, value: Chance) -> None:
    exp.repo.commit("noise", {".gitexp.yaml": "noise: {acc: 0.002}\n"})
    value.says("0.9")
    old = run(exp, NOISY)
    value.says("0.898")
    said = exp("repro", old)
    assert (said.code, "verdict: within noise" in said.err) == (0, True)
    exp.repo.write(".gitexp.yaml", "noise: {acc: 0.1%}\n")
    assert exp("repro", old).code == 1


def test_noise_of_repeated_runs(exp: Program, value: Chance) -> None:
    exp.repo.commit("ignored results", {".gitignore": "metrics.json\n"})
    value.says("0.900")
    old = run(exp, NOISY)
    value.says("0.902")
    # One run tells nothing of how much they vary, nor does a reproduction that failed.
    assert [exp("repro", old).code for _ in range(2)] == [1, 1]
    run(exp, NOISY)
    value.says("0.904")
    said = exp("repro", old, "--json")
    told = verdict_of(said)["metrics"]["acc"]  # type: ignore[index]
    assert (said.code, told["verdict"]) == (0, "within noise")
    assert told["how"] == "3 standard deviations of 2 runs"
    value.says("0.95")
    assert exp("repro", old).code == 1


ARGUMENT = """\
import json, os, sys
off = float(os.readlink(os.environ["VALUE"]))
json.dump({"acc": float(sys.argv[1]) + off}, open("metrics.json", "w"))
"""


def test_other_arguments_are_no_noise_but_other_seeds_are(exp: Program, value: Chance) -> None:
    value.says("0")
    exp.repo.commit("arguments", {"train.py": ARGUMENT, ".gitignore": "metrics.json\n"})
    old = exp("run", "--", "python", "train.py", "0.1").name
    exp("run", "--", "python", "train.py", "0.9")
    seeded = exp("run", "--", "python", "train.py", "0.5", "--seed", "1").name
    value.says("0.1")
    assert exp("run", "--", "python", "train.py", "0.5", "--seed", "2").code == 0
    value.says("0.05")
    assert exp("repro", old).code == 1
    assert verdict_of(exp("repro", seeded, "--json"))["verdict"] == "within noise"


def test_the_code_of_today_with_the_params_of_then(exp: Program) -> None:
    code = """\
import json
text = open("params.yaml").read()
print(text)
json.dump({"n": len(text)}, open("metrics.json", "w"))
"""
    exp.repo.commit("params", {"params.yaml": "lr: 0.1\n", "train.py": code})
    old = run(exp, code, "-S", "lr=0.5")
    exp.repo.commit("later", {"params.yaml": "# the rate\nlr: 0.2  # tuned\nwidth: 3\n"})
    said = exp("repro", old, "--on", "HEAD")
    assert said.code == 1
    assert said.out == "# the rate\nlr: 0.5  # tuned\nwidth: 3\n\n"
    told = exp("show", said.name, "--json").json
    head = exp.repo.git("rev-parse", "HEAD")
    assert told["params"] == {"lr": 0.5, "width": 3}
    assert told["code"]["base"] == told["reproduction"]["on"] == head
    assert f"verdict: different, of {old} on {head[:10]}\n" in said.err
    assert (exp.repo.path / "params.yaml").read_text() == "# the rate\nlr: 0.2  # tuned\nwidth: 3\n"
    exp.repo.fsck()


def test_variables_that_results_depend_on_are_set_again(
    exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """\
import json, os
names = ("PYTHONHASHSEED", "OMP_NUM_THREADS", "RANK", "MODE", "NCCL_ALGO")
told = {name: os.environ.get(name, "") for name in names}
json.dump(told, open("metrics.json", "w"))
"""
    exp.repo.write(".gitexp.yaml", "variables: [MODE, LD_PRELOAD]\n")
    for name, text in (("PYTHONHASHSEED", "7"), ("OMP_NUM_THREADS", "1"), ("RANK", "0"), ("MODE", "fast")):
        monkeypatch.setenv(name, text)
    old = run(exp, code)
    for name in ("PYTHONHASHSEED", "OMP_NUM_THREADS", "RANK", "MODE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("NCCL_ALGO", "Ring")
    said = exp("repro", old)
    metrics = exp("show", said.name, "--json").json["metrics"]
    assert metrics == {
        "PYTHONHASHSEED": "7",
        "OMP_NUM_THREADS": "1",
        "RANK": "",
        "MODE": "fast",
        "NCCL_ALGO": "",
    }
    assert "not set:    NCCL_ALGO\n" in said.err


def test_a_failing_command_gives_its_code(exp: Program, value: Chance) -> None:
    value.says("0.5")
    old = run(exp, NOISY)
    value.path.unlink()
    said = exp("repro", old, "--json")
    assert (said.code, said.json["status"], verdict_of(said)["verdict"]) == (7, "failed", "missing")


def test_what_cannot_run_again_is_refused(exp: Program) -> None:
    assert exp("repro", "nothing").code == 1
    old = run(exp, TRAIN)
    assert exp("repro", old, "--on", "no-such").err == (
        "error: no revision 'no-such'\nhint: git log --oneline\n"
    )
    exp.repo.git("checkout", "-q", "--force", "--detach", f"exp/{old}")
    exp.repo.commit("other code beside the record", {"train.py": "pass\n"})
    said = exp("repro", "HEAD")
    assert (said.code, f"hint: git exp repro {old}\n" in said.err) == (2, True)
    typed = exp("run", "--", "sh", "-c", "echo 'import gitexp; gitexp.start()' | env -u GITEXP_RUN python -")
    assert typed.code == 0, typed.err
    (name,) = (run["name"] for run in exp("ls", "--json").json["runs"] if run["command"] == ["python", "-"])
    said = exp("repro", name)
    assert (said.code, said.err.splitlines()[-1]) == (2, f"hint: git exp worktree {name} DIR")
    secret = exp("run", "--", "python", "-c", "pass", "--api-key=sk-abcdefghijklmnopqrstuvwxyz123456").name
    said = exp("repro", secret)
    assert said.code == 2
    assert "held a secret, which is not recorded" in said.err


def canaries(repo: Repo, tmp_path: Path) -> Path:
    """A folder that gets a file from each hook or filter that runs."""
    fired = tmp_path / "fired"
    fired.mkdir()
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "post-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{fired}/{name}'\n")
        (hooks / name).chmod(0o755)
    repo.git("config", "core.hooksPath", str(hooks))
    repo.git("config", "filter.canary.smudge", f"touch '{fired}/smudge'; cat")
    repo.git("config", "filter.canary.clean", "cat")
    repo.git("config", "filter.spring.process", f"touch '{fired}/process'; false")
    return fired


def test_no_hook_and_no_filter_runs(exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@example.org")
    exp.repo.commit("attributes", {".gitattributes": "*.txt filter=canary\n*.py filter=spring\n"})
    old = run(exp, TRAIN)
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    fired = canaries(exp.repo, tmp_path)
    assert exp("repro", old).code == 1
    assert exp("repro", old, "-n").code == 0
    said = exp("repro", old, "--trust")
    assert said.code == 0, said.err
    assert os.listdir(fired) == []
    # Each of them would have fired: the process that ends at once takes git along.
    command = ["git", "worktree", "add", "-q", str(tmp_path / "positive")]
    subprocess.run(command, cwd=exp.repo.path, env=exp.repo.environ, capture_output=True, check=False)
    exp.repo.git("config", "--unset", "filter.spring.process")
    exp.repo.git("worktree", "add", "-q", str(tmp_path / "other"))
    assert {"post-checkout", "smudge", "process"} <= set(os.listdir(fired))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that nothing may be put into."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("cwd", ["away", "../../../../../outside"])
def test_no_command_runs_outside_of_its_code(exp: Program, outside: Path, cwd: str) -> None:
    os.symlink(outside, exp.repo.path / "away")
    old = run(exp, TRAIN)
    text = exp.repo.git("show", f"exp/{old}:.exp/run.yaml")
    other = re.sub(r"^cwd: .*$", f"cwd: {cwd}", text, flags=re.MULTILINE).replace(old, "forged-aaaaaa")
    forge(exp.repo, old, "forged-aaaaaa", {"run.yaml": other + "\n"})
    before = refs(exp.repo)
    said = exp("repro", "forged-aaaaaa", "--trust")
    assert said.code == 2
    assert f"error: run 'forged-aaaaaa' ran outside of its code, in {cwd!r}\n" in said.err
    assert refs(exp.repo) == before
    assert os.listdir(outside) == []
    assert list((exp.repo.path / ".git/exp/worktrees").iterdir()) == []


def test_what_is_ignored_is_not_linked_behind_a_link(exp: Program, outside: Path) -> None:
    exp.repo.commit("ignored", {".gitignore": "found\n"})
    os.symlink(outside, exp.repo.path / "lost")
    old = run(exp, TRAIN)
    (exp.repo.path / "lost").unlink()
    exp.repo.write("lost/found", "x")
    exp.repo.write("lost/other", "x")
    said = exp("repro", old)
    assert said.code == 0, said.err
    assert os.listdir(outside) == []


def test_settings_of_others_name_no_file_outside(exp: Program, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"stolen": 1}')
    settings = f"metrics: [../../../../../secret.json, {secret}]\noutputs: [../../../../../secret.json]\n"
    exp.repo.commit("settings", {".gitexp.yaml": settings})
    old = run(exp, f"{TRAIN}import os; os.utime({str(secret)!r})\n")
    exp.repo.write(".gitexp.yaml", "")
    told = exp("show", exp("repro", old).name, "--json").json
    assert (list(told["metrics"]), told["artifacts"]) == (["acc"], {})


def test_a_foreign_run_is_shown_and_not_executed(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Eve")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@example.org")
    old = run(exp, TRAIN)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada Tester")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    before = refs(exp.repo)
    said = exp("repro", old)
    assert said.code == 1
    assert said.err.endswith(
        f"error: run {old!r} is by Eve <eve@example.org>, not by you\n"
        f"hint: git exp repro {old} --trust, after reading what it will execute\n"
    )
    assert "command:    python train.py\n" in said.err
    assert "author:     Eve <eve@example.org> (foreign)\n" in said.err
    assert refs(exp.repo) == before


def test_the_code_of_a_foreign_run_is_asked_for_too(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    old = run(exp, TRAIN)
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@example.org")
    hers = run(exp, TRAIN + "pass\n")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    before = refs(exp.repo)
    for on in (f"exp/{hers}", exp.repo.git("rev-parse", f"exp/{hers}")):
        said = exp("repro", old, "--on", on)
        assert said.code == 1
        assert said.err.endswith(
            f"error: run {hers!r} is by Ada Tester <eve@example.org>, not by you\n"
            f"hint: git exp repro {old} --on {on} --trust, after reading what it will execute\n"
        )
    assert refs(exp.repo) == before
    assert exp("repro", old, "--on", f"exp/{hers}", "--trust").code == 0
    assert exp("repro", old, "--on", f"exp/{old}").code == 0
    exp.repo.git("checkout", "-q", "--force", "--detach", f"exp/{hers}")
    exp.repo.commit("read, and taken over", {"more.py": "pass\n"})
    assert exp("repro", old, "--on", "HEAD").code == 0


def test_a_fetched_run(world: World) -> None:
    ada, bob = world.person("ada"), world.person("bob")
    old = run(ada, TRAIN) if isinstance(ada, Program) else _recorded(ada)
    ada("push")
    bob("fetch")
    assert bob("repro", old).code == 1
    said = bob("repro", old, "--trust")
    assert said.code == 0, said.err
    bob("push")
    ada("fetch")
    ada("ls")
    assert f"by {said.name}: identical" in ada("show", old).out
    world.fsck(ada, bob)


def _recorded(person: object) -> str:
    person.repo.write("train.py", TRAIN)  # type: ignore[attr-defined]
    return person("run", "--", "python", "train.py").name  # type: ignore[operator,no-any-return]


def test_an_archived_run(exp: Program) -> None:
    old = run(exp, TRAIN)
    assert exp("archive", old).code == 0
    assert exp("repro", old).code == 0
    exp.repo.fsck()


@pytest.mark.parametrize(("kind", "hashes"), [("worktree", "sha1"), ("plain", "sha256"), ("unborn", "sha1")])
def test_kinds_of_repositories(
    kind: str,
    hashes: str,
    make_repo: Callable[..., Repo],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repo = make_repo(kind, hashes)
    monkeypatch.chdir(repo.path)
    exp = Program(repo, capfd)
    old = run(exp, TRAIN)
    said = exp("repro", old)
    assert said.code == 0, said.err
    assert exp("show", said.name, "--json").json["reproduction"]["verdict"] == "identical"
    repo.fsck()


def test_a_bare_repository(
    make_repo: Callable[..., Repo], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo("bare")
    monkeypatch.chdir(repo.path)
    exp = Program(repo, capfd)
    old = exp("run", "--isolated", "--", "python", "train.py").name
    said = exp("repro", old)
    assert (said.code, said.out) == (0, "training harder\n"), said.err
    assert exp("show", said.name, "--json").json["reproduction"]["verdict"] == "nothing to compare"
    repo.fsck()


def test_a_shallow_clone_lacks_the_base(
    exp: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = run(exp, TRAIN)
    clone = init(tmp_path / "clone", exp.repo.environ)
    clone.git("fetch", "-q", "--depth=1", f"file://{exp.repo.path}", f"refs/exp/{old}:refs/exp/{old}")
    clone.git("config", "exp.trustEmail", "true")
    monkeypatch.chdir(clone.path)
    said = Program(clone, capfd)("repro", old)
    assert said.code == 0, said.err
    clone.fsck()


def test_one_undo_takes_a_reproduction_back(exp: Program) -> None:
    old = run(exp, TRAIN)
    new = exp("repro", old).name
    assert f"undone: record {new}" in exp("undo").err
    assert "Reproduced" not in exp("show", old).out
    exp("undo", "--redo")
    assert f"Reproduced  by {new}: identical\n" in exp("show", old).out
    exp("undo")
    assert f"undone: record {old}" in exp("undo").err


def test_a_reproduction_that_is_stopped_has_no_verdict(exp: Program) -> None:
    stop = "import os, signal\nif '.git/exp' in os.getcwd(): os.kill(os.getpid(), signal.SIGTERM)\n"
    old = run(exp, TRAIN + stop)
    said = exp("repro", old)
    assert said.code == 143
    assert "no verdict: it was stopped\n" in said.err
    told = exp("show", said.name, "--json").json
    assert told["status"] == "killed"
    assert "reproduction" not in told
    assert exp("show", old, "--json").json["reproduced_by"] == []


def test_another_folder(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    exp.repo.write("src/train.py", TRAIN)
    monkeypatch.chdir(exp.repo.path / "src")
    old = exp("run", "--", "python", "train.py").name
    monkeypatch.chdir(exp.repo.path)
    said = exp("repro", old)
    assert said.code == 0, said.err
    assert "in:         src\n" in said.err
    assert exp("show", said.name, "--json").json["cwd"] == "src"


def test_a_killed_reproduction_leaves_nothing(exp: Program) -> None:
    code = TRAIN + "import os, time\nif '.git/exp' in os.getcwd(): time.sleep(60)\n"
    old = run(exp, code)
    process = subprocess.Popen(
        [*ARGV, "repro", old],
        env=program_environ(exp.repo.environ | {"PATH": os.environ["PATH"]}),
        cwd=exp.repo.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    worktrees = exp.repo.path / ".git/exp/worktrees"
    while not any(worktrees.glob("*/metrics.json")):
        assert process.poll() is None
        time.sleep(0.02)
    end_group(process, signal.SIGKILL)
    assert len(exp.repo.git("worktree", "list").split("\n")) == 2
    exp("ls")
    assert len(exp.repo.git("worktree", "list").split("\n")) == 1
    assert list(worktrees.iterdir()) == []
    exp.repo.fsck()
    with Repository.open() as repo:
        names = [name for name in refs(exp.repo) if name != old]
        record = read_record(repo.reader, exp.repo.git("rev-parse", f"exp/{names[0]}"), names[0])  # type: ignore[arg-type]
    assert record.info.status.value == "crashed"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A virtual environment, first on PATH, with a package `tiny`; nothing can be had from the network."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True)
    monkeypatch.setenv("PATH", os.pathsep.join((str(folder / "bin"), os.environ["PATH"])))
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "tiny.py").write_text("VALUE = 1\n")
    (packages / "tiny-1.0.dist-info").mkdir()
    return packages


WITH_TINY = "import json, tiny; json.dump({'acc': tiny.VALUE}, open('metrics.json', 'w')); print('it runs')\n"


def test_a_missing_package_is_said_before_it_runs(exp: Program, tiny: Path) -> None:
    old = run(exp, WITH_TINY)
    assert "tiny 1.0" not in exp("repro", old).err
    (tiny / "tiny-1.0.dist-info").rename(tiny / "tiny-1.1.dist-info")
    assert "packages:   tiny 1.0: now 1.1\n" in exp("repro", old).err
    (tiny / "tiny-1.1.dist-info").rmdir()
    (tiny / "tiny.py").write_text("raise SystemExit('the program runs')\n")
    said = exp("repro", old)
    assert said.code == 1
    warning = said.err.index("warning: packages that the run had are missing: tiny 1.0\n")
    assert warning < said.err.index("the program runs")
    assert f"hint: git exp repro {old} --env\n" in said.err
    assert "packages:   tiny 1.0: missing\n" in exp("repro", old, "-n").out


def wheel(folder: Path, name: str, version: str, module: str) -> None:
    """A wheel with one module."""
    import zipfile

    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", module)
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


def test_the_recorded_environment_is_built_once(exp: Program, tiny: Path, tmp_path: Path) -> None:
    (tiny / "mine-0.1.dist-info").mkdir()
    (tiny / "mine-0.1.dist-info" / "direct_url.json").write_text(
        '{"url": "file:///x", "dir_info": {"editable": true}}'
    )
    old = run(exp, WITH_TINY)
    (tiny / "tiny-1.0.dist-info").rmdir()
    (tiny / "tiny.py").unlink()
    envs = exp.repo.path / ".git/exp/envs"
    said = exp("repro", old, "--env")
    assert said.code == 1
    assert "error: the recorded environment cannot be built: " in said.err
    assert "tiny==1.0" in said.err
    assert [path for path in envs.iterdir() if path.is_dir()] == []
    wheel(tmp_path / "wheels", "tiny", "1.0", "VALUE = 1\n")
    said = exp("repro", old, "--env")
    assert said.code == 0, said.err
    assert f"verdict: identical, of {old}" in said.err
    assert "package 'mine' 0.1 was installed from a folder: it is not in the environment" in said.err
    (built,) = (path for path in envs.iterdir() if path.is_dir())
    marked = (built / "ready").stat().st_mtime_ns
    assert exp("repro", old, "--env").code == 0
    assert (built / "ready").stat().st_mtime_ns == marked
    # What a kill leaves is not whole: it is made anew.
    (built / "ready").unlink()
    (built / "half").touch()
    assert exp("repro", old, "--env").code == 0
    assert not (built / "half").exists()
    told = exp("show", "@", "--json").json
    assert told["command"] == ["python", "train.py"]
    assert "tiny==1.0" in told["requirements"]


WITH_GITEXP = """\
import gitexp, importlib.util, json, sys
here = ".git/exp/envs" in gitexp.__file__
beside = importlib.util.find_spec("click") is not None
json.dump({"acc": 1, "copied": int(here and not beside)}, open("metrics.json", "w"))
"""


def test_gitexp_itself_is_in_the_recorded_environment_where_no_index_has_it(exp: Program, tiny: Path) -> None:
    (tiny / "gitexp").symlink_to(ROOT / "gitexp")
    (tiny / "gitexp-0.0.9.dist-info").mkdir()
    shutil.rmtree(tiny / "tiny-1.0.dist-info")
    (tiny / "plain-0.2.dist-info").mkdir()
    (tiny / "plain-0.2.dist-info" / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {}}')
    old = run(exp, WITH_GITEXP)
    for _ in range(2):
        said = exp("repro", old, "--env")
        assert "gitexp 0.0.9 cannot be installed: the environment has a copy of this one" in said.err
        assert "package 'plain' 0.2 was installed from a folder: it is not in the environment" in said.err
        made = exp("show", said.name, "--json").json
        assert made["metrics"] == {"acc": 1, "copied": 1}
        assert re.search(r"^gitexp==\S+  # local$", "\n".join(made["requirements"]), re.MULTILINE)


SCORED = """\
import json, os, pathlib
pathlib.Path("out").mkdir(exist_ok=True)
pathlib.Path("out/model.bin").write_text("m")
json.dump({"acc": 0.5}, open("scores.txt.json", "w"))
"""


def test_the_files_that_a_run_was_told_of_are_those_of_its_repetition(
    exp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    exp.repo.commit("project", {"src/train.py": SCORED, ".gitignore": "*.json\n"})
    monkeypatch.chdir(exp.repo.path / "src")
    told = (
        "--metrics-file",
        "scores.txt.json",
        "--output",
        str(exp.repo.path / "src/out"),
        "--output",
        "/nowhere",
    )
    old = exp("run", *told, "--", "python", "train.py").name
    results = {"metrics": ["src/scores.txt.json"], "outputs": ["src/out"]}
    assert exp("show", old, "--json").json["results"] == results
    monkeypatch.chdir(exp.repo.path)
    said = exp("repro", old)
    assert (said.code, exp("show", said.name, "--json").json["results"]) == (0, results)
    artifacts = exp("show", said.name, "--json").json["artifacts"]
    assert list(artifacts) == ["src/out/model.bin"]

    # A bisection and a draft go by them as well.
    run_with = ("run", *(word.replace("scores", "src/scores") for word in told[:2]), "--", "python", "-c")
    code = "import os; open('src/scores.txt.json', 'w').write('{\"acc\": %d}' % os.path.exists('x.py'))"
    first = exp(*run_with, code).name
    exp.repo.commit("middle", {"y.py": "\n"})
    exp.repo.commit("better", {"x.py": "\n"})
    second = exp(*run_with, code).name
    better = exp.repo.git("rev-parse", "HEAD")
    assert exp("bisect", first, second, "-m", "acc").out.startswith(f"{better} is the first bad commit\n")
    exp.repo.git("checkout", "-q", "HEAD~1")
    exp.repo.write("z.py", "\n")
    draft = exp("merge", exp(*run_with, code).name, second).name
    assert exp("run", "--draft", draft).code == 0
    assert exp("show", draft, "--json").json["metrics"] == {"acc": 1}
    exp.repo.fsck()
