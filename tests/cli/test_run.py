"""`git exp run` and `git exp save`, as a shell sees them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import ARGV, Program, program_environ
from tests.gitrepo import Repo


def test_the_last_line_says_the_name_and_how_to_look_at_it(exp: Program) -> None:
    said = exp("run", "--name", "Base Line", "--", "echo", "hi")
    assert said.out == "hi\n"
    last = said.err.splitlines()[-1]
    assert last == f"exp {said.name} finished: git exp show {said.name}"
    assert said.name.startswith("base-line-")
    assert exp("run", "-q", "true").err == ""


def test_files_that_are_in_conflict_are_named(exp: Program) -> None:
    repo = exp.repo
    repo.commit("base", {"a b/t\u00fc.py": "1\n"})
    repo.git("switch", "-q", "-c", "side")
    repo.commit("side", {"a b/t\u00fc.py": "2\n"})
    repo.git("switch", "-q", "main")
    repo.commit("main", {"a b/t\u00fc.py": "3\n"})
    assert "in conflict" not in exp("run", "true").err
    subprocess.run(
        ["git", "merge", "side"], cwd=repo.path, env=repo.environ, capture_output=True, check=False
    )
    for command in (("run", "--", "true"), ("save",)):
        said = exp(*command)
        assert said.code == 0
        assert "warning: 'a b/t\u00fc.py': in conflict still, recorded as it stands there" in said.err
        assert "<<<<<<< HEAD" in repo.git("show", f"refs/exp/{said.name}:a b/t\u00fc.py")


@pytest.mark.parametrize(
    ("script", "code", "status"),
    [("exit 0", 0, "finished"), ("exit 7", 7, "failed"), ("kill -TERM $$", 128 + signal.SIGTERM, "killed")],
)
def test_the_exit_code_passes_through(exp: Program, script: str, code: int, status: str) -> None:
    assert exp("run", "--", "sh", "-c", script).code == code
    assert exp("show", "--json").json["status"] == status


def test_a_command_that_does_not_exist_is_recorded_as_failed(exp: Program) -> None:
    said = exp("run", "--", "no-such-command", "x")
    assert said.code == 127
    assert "error: command not found: 'no-such-command'\n" in said.err
    run = exp("show", "--json").json
    assert (run["status"], run["exit_code"], run["command"]) == ("failed", 127, ["no-such-command", "x"])


def test_a_command_that_cannot_be_run(exp: Program) -> None:
    exp.repo.write("data.bin", "no program")
    assert exp("run", "--", "./data.bin").code == 126


def test_options_behind_the_command_belong_to_it(exp: Program) -> None:
    said = exp("run", "echo", "--name", "x", "-q", "--", "-h")
    assert said.out == "--name x -q -- -h\n"
    assert said.err.startswith("exp ")


def test_labels(exp: Program) -> None:
    exp("run", "--group", "g", "--tag", "b", "--tag", "a", "--note", "two\nlines", "--", "true")
    run = exp("show", "--json").json
    assert (run["group"], run["tags"], run["note"]) == ("g", ["a", "b"], "two\nlines")
    assert "Note\n  two\n  lines\n" in exp("show").out


def test_set_reaches_the_command_and_the_record(exp: Program) -> None:
    code = (
        "import json; json.dump({'acc': 0.5}, open('metrics.json', 'w')); print(open('params.yaml').read())"
    )
    said = exp("run", "-S", "lr=0.5", "--set", "+new.key=[1, 2]", "--", sys.executable, "-c", code)
    assert said.out == "lr: 0.5\nnew:\n  key: [1, 2]\n\n"
    run = exp("show", "--json").json
    assert run["params"] == {"lr": 0.5, "new": {"key": [1, 2]}}
    assert run["metrics"] == {"acc": 0.5}
    assert (exp.repo.path / "params.yaml").read_text() == "lr: 0.1\n"


def test_two_params_files_of_one_folder_are_both_changed(exp: Program) -> None:
    exp.repo.commit(files={"conf/a.yaml": "lr: 1\n", "conf/b.yaml": "depth: 2\n"})
    files = ["--param-file", "conf/a.yaml", "--param-file", "conf/b.yaml"]
    said = exp("run", *files, "-S", "lr=3", "-S", "depth=4", "--", "cat", "conf/a.yaml", "conf/b.yaml")
    assert said.out == "lr: 3\ndepth: 4\n"
    assert exp.repo.git("show", "exp/" + said.name + ":conf/a.yaml") == "lr: 3"
    exp.repo.fsck()


def test_files_and_outputs(exp: Program) -> None:
    exp.repo.write("config.toml", "depth = 3\n")
    write = "open('scores.csv','w').write('step,loss\\n1,0.5\\n2,nan\\n'); open('model.bin','w').write('m')"
    options = ["--param-file", "config.toml", "--metrics-file", "scores.csv", "--output", "model.bin"]
    exp("run", *options, "--", sys.executable, "-c", write)
    run = exp("show", "--json").json
    assert run["params"] == {"depth": 3}
    assert run["series"]["loss"]["rows"] == 2
    assert run["nonfinite"] == {"metrics.loss": "nan", "series.loss.last": "nan"}
    assert list(run["artifacts"]) == ["model.bin"]


def test_resume_and_fork(exp: Program) -> None:
    name = exp.record("first", "exit(1)")
    assert exp("run", "--resume", name, "--", "true").name == name
    assert exp("show", name, "--json").json["status"] == "finished"
    forked = exp("run", "--fork", "@", "--", "true").name
    assert exp("show", forked, "--json").json["parents"] == [name]
    said = exp("run", "--fork", name, "--resume", name, "true")
    assert (said.code, said.err.splitlines()[0]) == (2, "error: --resume and --fork exclude each other")


def test_notices_of_the_snapshot_are_told(exp: Program) -> None:
    exp.repo.write(".env", "TOKEN=x\n")
    assert "warning: '.env': may hold secrets, not captured\n" in exp("run", "true").err


def test_save(exp: Program) -> None:
    exp.repo.write("metrics.json", '{"acc": 0.25}')
    said = exp("save", "--note", "from the notebook", "--tag", "t")
    assert (said.code, said.out) == (0, "")
    run = exp("show", said.name, "--json").json
    assert (run["status"], run["metrics"], run["params"]) == ("finished", {"acc": 0.25}, {"lr": 0.1})
    assert run["command"] is None
    assert exp("save", "-q").err == ""


def test_no_command(exp: Program) -> None:
    said = exp("run")
    assert (said.code, said.err) == (2, "error: no command to run\nhint: git exp run -- python train.py\n")


def test_an_end_that_cannot_be_written_keeps_the_exit_code_and_everything_else(
    repo: Repo, environ: dict[str, str]
) -> None:
    packs = repo.path / ".git" / "objects" / "pack"
    script = f"echo kept; chmod a-w {packs} .git/objects; exit 3"
    said = as_anybody(["run", "--", "sh", "-c", script], repo.path, environ)
    for folder in (packs, packs.parent):
        folder.chmod(0o755)
    assert (said.returncode, said.stdout) == (3, "kept\n")
    assert "error: the end of run" in said.stderr
    assert "hint: git exp recover" in said.stderr
    then = as_anybody(["ls", "--json"], repo.path, environ)
    assert '"status": "failed"' in then.stdout
    assert "it is recorded as failed" in then.stderr
    assert as_anybody(["logs"], repo.path, environ).stdout == "kept\n"
    repo.fsck()


def as_anybody(arguments: list[str], cwd: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The program run by somebody whom permissions hold back, which they do not hold back root."""
    return subprocess.run(
        [*ARGV, *arguments],
        cwd=cwd,
        env=program_environ(environ),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=give_up_root_powers() if os.geteuid() == 0 else None,
    )


def give_up_root_powers() -> Callable[[], None]:
    """Takes away what lets root pass file permissions, from the next program on."""
    libc = ctypes.CDLL(None)
    drop_from_bounding_set, capabilities = (
        24,
        (1, 2),
    )  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH

    def give_up() -> None:
        for capability in capabilities:
            libc.prctl(drop_from_bounding_set, capability, 0, 0, 0)

    return give_up
