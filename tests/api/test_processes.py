"""How runs end with their process, and how other processes join them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gitexp
from gitexp.ops.recover import sweep
from gitexp.repo import Repository
from tests.gitrepo import Repo, wrapped_git

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return repo


def python(
    code: str, *, check: bool = True, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `code` as a script of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def ended() -> gitexp.RecordedRun:
    sweep(Repository.open())
    return gitexp.get_run("@")


BEGIN = "import gitexp, os, signal, sys\nrun = gitexp.start()\nrun.log({'a': 1})\n"


def test_unfinished_run_is_finished_at_exit(here: Repo) -> None:
    python(BEGIN)
    run = ended()
    assert (run.status, run.metrics) == ("finished", {"a": 1})


def test_unhandled_exception(here: Repo) -> None:
    done = python(BEGIN + "raise ValueError('bad')", check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ValueError: bad")
    run = ended()
    assert (run.status, run.info.failure and run.info.failure.message) == ("failed", "bad")


@pytest.mark.parametrize(
    ("end", "code"), [("sys.exit(3)", 3), ("sys.exit('no')", 1), ("exit(3)", 3), ("quit(4)", 4)]
)
def test_exit_code(here: Repo, end: str, code: int) -> None:
    assert python(BEGIN + end, check=False).returncode == code
    assert (ended().status, ended().info.exit_code) == ("failed", code)


def test_an_exit_of_zero_and_an_exit_that_was_caught_are_no_failures(here: Repo) -> None:
    python(BEGIN + "sys.exit(0)")
    assert ended().status == "finished"
    python(BEGIN + "try:\n    sys.exit(3)\nexcept SystemExit:\n    pass\nrun.log({'a': 2})")
    assert ended().status == "finished"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_deadly_signal_is_recorded_and_still_deadly(here: Repo, name: str) -> None:
    done = python(BEGIN + f"os.kill(os.getpid(), signal.{name})\nsignal.pause()", check=False)
    assert done.returncode == -signal.Signals[name]
    assert (ended().status, ended().info.signal) == ("killed", name)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signal_in_a_checkpoint_ends_the_run_as_killed(here: Repo, name: str) -> None:
    body = f'case "$*" in *index-pack*) test -e go && kill -{name[3:]} $PPID && sleep 1;; esac'
    env = wrapped_git(here.path.parent / "slow", os.environ, body)
    done = python(BEGIN + "open('go', 'w').close()\nrun.checkpoint()", check=False, env=env)
    assert done.returncode == -signal.Signals[name]
    run = ended()
    assert (run.status, run.info.signal, run.metrics) == ("killed", name, {"a": 1})
    here.fsck()


@pytest.mark.parametrize(("moment", "status"), [("environment", "killed"), ("finish", "finished")])
def test_signal_in_a_finish(here: Repo, moment: str, status: str) -> None:
    """What the run had said of its end by then stands."""
    owner = "Recording" if moment == "environment" else "seal"
    kill = "from gitexp.ops import recording\n"
    kill += f"recording.{owner}.{moment} = lambda *a, **k: os.kill(os.getpid(), signal.SIGTERM)\n"
    done = python(BEGIN + kill + "run.finish()", check=False)
    assert done.returncode == -signal.SIGTERM
    assert ended().status == status


def test_handler_of_the_program_finishes_within_a_checkpoint(here: Repo) -> None:
    body = 'case "$*" in *index-pack*) test -e go && rm go && kill -TERM $PPID && sleep 1;; esac'
    env = wrapped_git(here.path.parent / "slow", os.environ, body)
    own = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (run.checkpoint(), run.finish()))\n"
    python(own + BEGIN + "open('go', 'w').close()\nrun.checkpoint()\nassert not run.active", env=env)
    assert ended().status == "finished"


def test_ctrl_c(here: Repo) -> None:
    script = here.write("stop.py", BEGIN + "os.kill(os.getpid(), signal.SIGINT)\nsignal.pause()")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGINT
    assert (ended().status, ended().info.signal) == ("killed", "SIGINT")


def test_handler_of_the_program_stays(here: Repo) -> None:
    own = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    done = python(own + BEGIN + "os.kill(os.getpid(), signal.SIGTERM)", check=False)
    assert done.returncode == 7
    assert (ended().status, ended().info.exit_code) == ("failed", 7)


@pytest.mark.parametrize("end", ["os._exit(5)", "os.kill(os.getpid(), signal.SIGKILL)", "os.abort()"])
def test_sudden_death_is_found_by_the_next_command(here: Repo, end: str) -> None:
    python(BEGIN + f"run.log({{'a': 2}})\n{end}", check=False)
    assert gitexp.get_run("@").status == "running"
    run = ended()
    assert (run.status, run.series("a").values) == ("crashed", [1, 2])
    here.fsck()


def test_excepthook_of_the_program_is_still_called(here: Repo) -> None:
    own = "import sys\nsys.excepthook = lambda *_: print('hooked')\n"
    assert python(own + BEGIN + "raise ValueError", check=False).stdout == "hooked\n"


CHILD = "import gitexp; run = gitexp.start(params={'child': 1}); run.log({'sub': 1}); print(run.name)"


def test_subprocess_joins_the_run_of_its_parent(here: Repo) -> None:
    with gitexp.start(params={"lr": 1}) as run:
        assert python(CHILD).stdout.strip() == run.name
        run.log({"main": 1})
    stored = ended()
    assert (stored.metrics, stored.params) == ({"sub": 1, "main": 1}, {"lr": 1, "child": 1})
    assert len(gitexp.runs()) == 1


def test_subprocess_can_have_a_run_of_its_own(here: Repo) -> None:
    with gitexp.start() as run:
        python("import gitexp\nwith gitexp.start(join=False) as r: r.log({'own': 1})")
    own, outer = sorted(gitexp.runs(), key=lambda one: len(one.info.parents), reverse=True)
    assert (own.metrics, own.info.parents, outer.metrics) == ({"own": 1}, (run.name,), {})


def test_subprocess_elsewhere_still_joins(here: Repo, tmp_path: Path) -> None:
    with gitexp.start() as run:
        done = subprocess.run(
            [sys.executable, "-c", CHILD], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == run.name
    assert ended().metrics == {"sub": 1}


def test_module_functions_join_by_themselves(here: Repo) -> None:
    with gitexp.start():
        python("import gitexp; gitexp.log({'sub': 2})")
    assert ended().metrics == {"sub": 2}


def test_a_run_that_is_over_cannot_be_joined(here: Repo) -> None:
    with gitexp.start() as run:
        folder = str(run.folder)
    done = python("import gitexp; gitexp.start()", check=False, env={"GITEXP_RUN": folder})
    assert "is not live" in done.stderr


@pytest.mark.parametrize("moved", [False, True])
def test_no_checkpoint_of_a_run_that_has_ended(here: Repo, moved: bool) -> None:
    child = "import gitexp\nrun = gitexp.start(strict=True)\nprint(flush=True)\ninput()\nrun.checkpoint()"
    run = gitexp.start()
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", child], stdin=pipe, stdout=pipe, stderr=pipe) as joined:
        assert joined.stdout
        joined.stdout.readline()
        run.finish()
        if moved:
            assert run.folder
            run.folder.rename(here.path / ".git/exp/elsewhere")
        errors = joined.communicate(b"\n", timeout=60)[1].decode()
    assert f"run {run.name!r} has ended" in errors
    assert here.git("rev-parse", f"exp/{run.name}") == run.commit
    if moved:
        (here.path / ".git/exp/elsewhere").rename(run.folder)
    assert ended().status == "finished"


WORKERS = """
import gitexp, multiprocessing, sys

def work(number):
    for step in range(200):
        gitexp.log({f"k{number}": step}, step=step)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with gitexp.start() as run:
        workers = [context.Process(target=work, args=(n,)) for n in range(3)]
        for worker in workers: worker.start()
        for step in range(200): run.log({"main": step}, step=step)
        for worker in workers: worker.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_write_into_the_same_run(here: Repo, method: str) -> None:
    here.write("work.py", WORKERS)
    subprocess.run([sys.executable, "work.py", method], check=True, timeout=60)
    run = ended()
    for name in ("main", "k0", "k1", "k2"):
        series = run.series(name)
        assert list(series.values) == list(series.steps) == list(range(200)), name
    assert len(run.history()) == 800
    assert len(gitexp.runs()) == 1


def test_forked_worker_does_not_end_the_run(here: Repo) -> None:
    python(
        BEGIN
        + "if os.fork() == 0:\n    run.log({'child': 1})\n    run.finish()\n    sys.exit(9)\nos.wait()\n"
    )
    run = ended()
    assert (run.status, run.metrics) == ("finished", {"a": 1, "child": 1})


def test_rank_of_a_launcher_shares_one_run(here: Repo) -> None:
    for rank in ("1", "0"):
        python(BEGIN, env={"RANK": rank})
    assert len(gitexp.runs()) == 1


def test_no_network_is_touched(here: Repo) -> None:
    """Everything local works where no socket can be made."""
    guard = "import socket\ndef no(*a, **k): raise AssertionError('socket')\nsocket.socket = no\n"
    python(guard + BEGIN + "run.checkpoint(); run.finish(); gitexp.get_run().history()")
    assert ended().status == "finished"


def test_a_silent_rank_has_the_params_of_rank_0(here: Repo) -> None:
    here.write("params.yaml", "steps: 3\n")
    script = "import gitexp\nwith gitexp.start() as run: print(run.params['steps'])"
    assert python(script, env={"RANK": "1"}).stdout == "3\n"
    assert gitexp.runs() == []


def test_a_forked_worker_that_starts_joins_as_a_spawned_one_does(here: Repo) -> None:
    child = "    with gitexp.start(params={'w': 1}) as mine: mine.log({'child': 1})\n    os._exit(0)\n"
    python(BEGIN + "if os.fork() == 0:\n" + child + "os.wait()\n")
    run = ended()
    assert (run.metrics, run.params["w"], len(gitexp.runs())) == ({"a": 1, "child": 1}, 1, 1)
