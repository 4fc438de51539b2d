"""`git exp bisect` finds the commit that made a metric worse, and leaves nothing but runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.cli.program import ARGV, Said, end_group, program_environ
from tests.cli.sharing import refs
from tests.gitrepo import Repo

TRAIN = """\
if [ -f broken ]; then exit 3; fi
if [ -n "$COUNT" ]; then printf x >> "$COUNT"; fi
printf '{"acc": %s}' "$(cat score)" > metrics.json
"""
COMMAND = ("--", "sh", "train.sh")


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file outside of the repository that each execution makes longer."""
    path = tmp_path / "count"
    path.write_text("")
    monkeypatch.setenv("COUNT", str(path))
    return path


def scores(repo: Repo, values: Sequence[float | None]) -> list[str]:
    """A commit for each score; None for one that cannot be measured."""
    commits = []
    for number, value in enumerate(values):
        broken = repo.path / "broken"
        broken.unlink(missing_ok=True)
        if value is None:
            broken.write_text("x")
        files = {"train.sh": TRAIN, "score": str(value), "number": str(number)}
        commits.append(repo.commit(f"change {number}", files))  # type: ignore[arg-type]
    return commits


def bisect(exp: Program, *arguments: str, metric: str = "acc") -> Said:
    return exp("bisect", *arguments[:2], "--metric", metric, *arguments[2:])


def clean(repo: Repo) -> bool:
    """Whether no worktree and no bisection is left."""
    left = list((repo.path / ".git/exp/worktrees").iterdir())
    return not left and repo.git("worktree", "list").count("\n") == 0 and not repo.refs("refs/bisect")


def test_the_first_bad_commit(exp: Program, count: Path) -> None:
    commits = scores(exp.repo, [0.9, 0.91, 0.9, 0.5, 0.52, 0.51])
    exp.repo.write("score", "0.1")
    before = exp.repo.git("status", "--porcelain=v2", "--branch"), exp.repo.git("reflog")
    said = bisect(exp, commits[0], commits[-1], *COMMAND)
    assert said.code == 0, said.err
    first, subject, change = said.out.splitlines()
    assert (first, subject) == (f"{commits[3]} is the first bad commit", "  change 3")
    assert change.startswith("  acc 0.9 -> 0.5: git exp diff bisect-")
    assert (exp.repo.git("status", "--porcelain=v2", "--branch"), exp.repo.git("reflog")) == before
    assert clean(exp.repo)
    made = len(count.read_text())
    assert made == len(refs(exp.repo)) < 6
    told = bisect(exp, commits[0], commits[-1], "--json", *COMMAND).json
    assert (told["first_bad"], told["before"]["value"], told["after"]["value"]) == (commits[3], 0.9, 0.5)
    assert all(step["reused"] for step in told["steps"])
    assert len(count.read_text()) == made
    (group,) = {run["group"] for run in exp("ls", "--json").json["runs"]}
    assert group.startswith("bisect-")
    exp.repo.fsck()


def test_a_bisection_of_the_users_own_goes_on(exp: Program) -> None:
    commits = scores(exp.repo, [0.9, 0.9, 0.5, 0.5])
    exp.repo.git("bisect", "start", commits[-1], commits[0])
    before = exp.repo.refs("refs/bisect"), exp.repo.git("bisect", "log"), exp.repo.git("rev-parse", "HEAD")
    assert bisect(exp, commits[0], commits[-1], *COMMAND).out.startswith(commits[2])
    assert before == (
        exp.repo.refs("refs/bisect"),
        exp.repo.git("bisect", "log"),
        exp.repo.git("rev-parse", "HEAD"),
    )


def test_runs_at_the_ends_bring_their_values_and_command(exp: Program, count: Path) -> None:
    scores(exp.repo, [0.9])
    good = exp("run", *COMMAND).name
    commits = scores(exp.repo, [0.9, 0.4])
    exp.repo.write("score", "0.3")
    bad = exp("run", *COMMAND).name
    said = bisect(exp, good, bad)
    assert said.code == 0, said.err
    assert said.out.startswith(f"{commits[1]} is the first bad commit\n")
    exp.repo.git("checkout", "-q", "--force", commits[0])
    exp.repo.write("score", "0.3")
    dirty = exp("run", *COMMAND).name
    said = bisect(exp, good, dirty)
    assert said.out.startswith(f"{exp.repo.git('rev-parse', f'exp/{dirty}')} is the first bad commit\n")


def test_the_command_of_the_runs_finds_the_home_again(
    exp: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "train.sh").write_text(TRAIN)
    command = ("--", "sh", str(tmp_path / "home" / "train.sh"))
    scores(exp.repo, [0.9])
    good = exp("run", *command).name
    commits = scores(exp.repo, [0.9, 0.4, 0.3])
    bad = exp("run", *command).name
    assert exp("show", bad, "--json").json["command"] == ["sh", "~/train.sh"]
    said = bisect(exp, good, bad)
    assert (said.code, said.out.split()[0]) == (0, commits[1]), said.err


def test_a_run_at_an_end_that_did_something_else_does_not_bring_its_value(exp: Program) -> None:
    exp.repo.commit("ignored", {".gitignore": "crash\nown.yaml\n", "params.yaml": "rate: 1\n"})
    commits = scores(exp.repo, [0.9, 0.9, 0.4])
    command = ("--", "sh", "-c", f"{TRAIN}[ ! -f crash ] || exit 4\n")
    exp.repo.write("crash", "")
    bad = exp("run", *command).name
    (exp.repo.path / "crash").unlink()
    told = bisect(exp, commits[0], bad, "--json").json
    assert told["first_bad"] == commits[2]
    assert (told["bad"]["reused"], told["bad"]["run"] != bad) == (False, True)
    finished = exp("run", *command).name
    told = bisect(exp, commits[0], finished, "--json").json
    assert (told["bad"]["reused"], told["bad"]["run"]) == (True, finished)
    exp.repo.write("own.yaml", "rate: 0.1\n")
    exp.repo.git("checkout", "-q", "--force", "--detach", commits[0])
    other = exp("run", "--param-file", "own.yaml", *command).name
    told = bisect(exp, other, finished, "--json").json
    assert (told["good"]["reused"], told["good"]["run"] != other) == (False, True)


def test_commits_that_cannot_be_measured_are_skipped(exp: Program) -> None:
    commits = scores(exp.repo, [0.9, 0.9, None, 0.5, 0.5])
    said = bisect(exp, commits[0], commits[-1], *COMMAND)
    assert said.code == 1
    assert said.out.splitlines()[0] == "The first bad commit could be any of:"
    assert set(commits[2:4]) <= set(said.out.splitlines())
    assert "skip" in said.err
    assert "exit code 3" in said.err
    assert clean(exp.repo)
    commits = scores(exp.repo, [0.9, None, 0.9, 0.5])
    assert bisect(exp, commits[0], commits[-1], *COMMAND).out.startswith(commits[3])


def test_the_threshold_and_less_that_is_better(exp: Program) -> None:
    commits = scores(exp.repo, [0.1, 0.2, 0.3, 0.8])
    assert bisect(exp, commits[0], commits[-1], *COMMAND).out.startswith(commits[3])
    said = bisect(exp, commits[0], commits[-1], "--threshold", "0.2", *COMMAND)
    assert said.out.startswith(commits[2])
    said = bisect(exp, commits[0], commits[-1], "--threshold", "7", *COMMAND)
    assert (said.code, said.err) == (
        2,
        "error: the threshold 7 is not between 0.1 and 0.8\nhint: --threshold 0.45\n",
    )


def test_what_cannot_be_bisected_is_refused(exp: Program) -> None:
    commits = scores(exp.repo, [0.9, 0.9, None])
    assert bisect(exp, commits[0], commits[1], *COMMAND).err.endswith(
        "error: 'acc' is 0.9 at both ends\nhint: git exp diff GOOD BAD\n"
    )
    said = bisect(exp, commits[0], commits[2], *COMMAND)
    assert (said.code, f"error: '{commits[2]}' cannot be measured: exit code 3\n" in said.err) == (1, True)
    assert bisect(exp, commits[0], commits[1]).err.startswith("error: no command to measure commits with\n")
    assert bisect(exp, commits[0], "nothing", *COMMAND).code == 1
    assert bisect(exp, commits[0], commits[1], *COMMAND, metric="f1").code == 1
    assert bisect(exp, commits[0], commits[1], "--", "no-such-program").code == 2
    assert clean(exp.repo)


def test_a_git_that_cannot_go_on_ends_it(
    exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = scores(exp.repo, [0.9, 0.9, 0.4])
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    failing = '*"bisect good"*|*"bisect bad"*) echo "error: disk full" >&2; exit 128'
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in {failing};; esac\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(wrapper.parent), os.environ["PATH"])))
    said = bisect(exp, commits[0], commits[-1], *COMMAND)
    assert (said.code, "error: git bisect cannot go on: error: disk full\n" in said.err) == (128, True)
    assert clean(exp.repo)


def test_ends_in_the_wrong_order_are_told_apart(exp: Program) -> None:
    first, second = scores(exp.repo, [0.9, 0.5])
    said = bisect(exp, second, first, *COMMAND)
    assert said.code == 2
    assert f"error: BAD, '{first}' with acc 0.9, comes before GOOD, '{second}' with acc 0.5: " in said.err
    assert said.err.endswith(f"hint: git exp bisect {first} {second} -m acc\n")
    assert clean(exp.repo)


def test_what_became_better_is_told(exp: Program) -> None:
    (base, bad) = scores(exp.repo, [0.4, 0.4])
    exp.repo.git("checkout", "-q", "-b", "fixed", base)
    (good,) = scores(exp.repo, [0.9])
    said = bisect(exp, good, bad, *COMMAND)
    assert said.code == 1
    assert (
        f"error: commit {base[:10]} is bad, and both ends come from it: it became better since\n" in said.err
    )
    assert clean(exp.repo)


def test_the_runs_of_others_are_not_executed(exp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    scores(exp.repo, [0.9])
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@example.org")
    good = exp("run", *COMMAND).name
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    commits = scores(exp.repo, [0.4])
    said = bisect(exp, good, commits[0])
    assert (said.code, f"run {good!r} is by " in said.err) == (1, True)
    hint = f"hint: git exp bisect {good} {commits[0]} --metric acc --trust, after reading"
    assert hint in said.err
    said = bisect(exp, good, commits[0], "--threshold", "0.6", *COMMAND)
    assert f"--metric acc --threshold 0.6 --trust -- {' '.join(COMMAND[1:])}, after reading" in said.err
    assert bisect(exp, good, commits[0], "--trust").out.startswith(commits[0])


def test_no_filter_runs_on_what_only_the_user_trusts(
    exp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filtered = tmp_path / "filtered"
    good = scores(exp.repo, [0.9])[0]
    mine = exp("run", *COMMAND).name
    exp.repo.write(".gitattributes", "score filter=canary\n")
    exp.repo.write("score", "0.4")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@example.org")
    hers = exp("run", *COMMAND).name
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
    own = exp("run", *COMMAND).name
    exp.repo.git("checkout", "-q", "--force", good)
    exp.repo.git("config", "filter.canary.smudge", f"touch '{filtered}'; cat")
    (exp.repo.path / ".gitattributes").unlink(missing_ok=True)
    said = bisect(exp, mine, hers, "--trust", "--", "sh", "-c", f": 1; {TRAIN}")
    assert (said.code, filtered.exists()) == (0, False), said.err
    assert bisect(exp, mine, own, "--", "sh", "-c", f": 2; {TRAIN}").code == 0
    assert filtered.exists()


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_one_that_is_stopped_leaves_nothing(exp: Program, ended_by: signal.Signals) -> None:
    commits = scores(exp.repo, [0.9, 0.9, 0.5])
    waiting = exp.repo.path / ".git/waiting"
    script = f"if [ $(cat number) = 1 ]; then touch {waiting}; exec sleep 60; fi\n{TRAIN}"
    process = subprocess.Popen(
        [*ARGV, "bisect", commits[0], commits[-1], "--metric", "acc", "--", "sh", "-c", script],
        env=program_environ(exp.repo.environ),
        cwd=exp.repo.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not waiting.exists():
        assert process.poll() is None
        time.sleep(0.02)
    assert not clean(exp.repo)
    end_group(process, ended_by)
    if ended_by == signal.SIGINT:
        assert process.returncode == 130
    else:
        exp("ls")
    assert clean(exp.repo)
    exp.repo.fsck()
