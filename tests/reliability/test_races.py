"""Recovery that races with itself, with owners that still live, and with children that outlive theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

import gitexp
from gitexp.capture.live import Live
from gitexp.errors import RefChanged, UsageError
from gitexp.formats.canonical_json import short_hash
from gitexp.git.write import kept_packs
from gitexp.interop.problems import Problems
from gitexp.model.evaluation import Suite
from gitexp.model.names import RunName
from gitexp.model.record import Input, Status
from gitexp.model.values import Oid
from gitexp.ops import continuing, seal
from gitexp.ops.amend import amend
from gitexp.ops.begin import Wish, begin
from gitexp.ops.evaluations.regrading import regrade
from gitexp.ops.recording import Recording
from gitexp.ops.recover import Outcome, sweep
from gitexp.ops.resolve import resolve
from gitexp.ops.seal import Ending
from gitexp.repo import Repository
from tests.gitrepo import Repo
from tests.reliability.checks import (
    ROOT,
    check_rows,
    common_dir,
    next_command,
    recover_all,
    start_recorder,
    users_things,
)
from tests.reliability.recorder import value


@pytest.fixture
def dead(repo: Repo) -> RunName:
    """A run whose process was killed after five rows."""
    return _in_child(repo, lambda: _start(repo))


def test_a_directory_that_goes_while_it_is_looked_at_is_somebody_elses(
    repo: Repo, dead: RunName, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_away(live: Live) -> set[Oid]:
        live.path.rename(live.path.parent.parent / "taken")
        raise FileNotFoundError(live.packs)

    opened = Repository.open(repo.path, repo.environ)
    (opened.live(dead).path / "mine").touch()
    with monkeypatch.context() as patch:
        patch.setattr(Live, "oids", property(taken_away))
        assert [one.outcome.value for one in sweep(opened)] == ["sealed"]
    assert (opened.home / "taken" / "mine").exists()
    assert check_rows(repo, dead, 5, most=5).status == "crashed"


def test_commands_that_recover_at_once(repo: Repo) -> None:
    names = [_in_child(repo, lambda: _start(repo)) for _ in range(3)]
    command = "from pathlib import Path; import sys; from tests.gitrepo import Repo; import os\n"
    command += "from tests.reliability.checks import next_command\n"
    command += "sys.stdin.read(); [next_command(Repo(Path(sys.argv[1]), os.environ)) for _ in range(3)]"
    environ = {**repo.environ, "PYTHONPATH": str(ROOT)}
    racers = [
        subprocess.Popen([sys.executable, "-c", command, str(repo.path)], env=environ, stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.close()
    for racer in racers:
        with racer:
            assert racer.wait() == 0
    for name in names:
        assert check_rows(repo, name, 5, most=5).status == "crashed"
        assert repo.git("rev-list", "--count", f"exp/{name}", "^main") == "1"
    repo.fsck()


def test_an_owner_that_is_stopped_is_not_dead(repo: Repo) -> None:
    with start_recorder("one-long", repo.path, repo.environ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        name = process.stdout.readline().decode().removeprefix("name ").strip()
        for _ in range(5):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        assert next_command(repo) == []
        assert gitexp.get_run(name, repository=repo.path).status == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.stdout.read()
    assert [one.outcome for one in next_command(repo)] == [Outcome.SEALED]
    assert check_rows(repo, name, 5).status == "crashed"


def test_commands_while_owners_finish(repo: Repo) -> None:
    environ = {**repo.environ, "GITEXP_TEST_RUNS": "4"}
    with start_recorder("several", repo.path, environ) as process:
        assert process.stdin
        process.stdin.close()
        while process.poll() is None:
            assert all(one.outcome is not Outcome.SEALED for one in next_command(repo))
        assert process.stdout
        told = process.stdout.read().decode().splitlines()
    for line in told:
        if line.startswith("finished "):
            run = check_rows(repo, line.split(" ")[1], 50, most=50)
            assert run.status == "finished"
            assert repo.git("rev-list", "--count", f"exp/{run.name}", "^main") == "1"


def test_a_worker_that_logs_after_the_end(repo: Repo) -> None:
    """Its rows are added once it is gone; how the run ended stays as it was, and labels stay as they are."""
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("outlived", tags=("one",)))
        _log(recording, 0, 3)
        to_worker, from_worker = _worker(opened, recording)
        recording.finish(Ending(Status.FAILED, exit_code=7))
        ended = gitexp.get_run(recording.name, repository=repo.path)
        assert next_command(repo) == []
        assert recording.live.path.is_dir()
        with pytest.raises(UsageError, match=r"a process of run .* is still at work"):
            _regrade(opened, recording.name)
    os.write(to_worker, b"go")
    assert os.read(from_worker, 4) == b"done"
    os.wait()
    assert [one.outcome for one in next_command(repo)] == [Outcome.EXTENDED]
    run = check_rows(repo, recording.name, 6, most=6)
    assert (run.status, run.info.exit_code, run.info.ended) == ("failed", 7, ended.info.ended)
    assert repo.git("rev-parse", f"exp/{run.name}^") == ended.commit
    assert next_command(repo) == []
    assert not recording.live.path.exists()


def test_rows_that_are_added_late_take_nothing_but_labels_from_an_edit(repo: Repo) -> None:
    """Whoever can push may put a commit on top; what is added here then counts as recorded here."""
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("outlived", command=("true",)))
        to_worker, from_worker = _worker(opened, recording)
        recording.finish(Ending(Status.FAILED, exit_code=7))
        told = {"command": ("evil",), "cwd": "lib", "status": Status.FINISHED, "exit_code": 0}
        amend(opened, recording.name, lambda info: replace(info, note="well", **told), "edit")
    os.write(to_worker, b"go")
    assert os.read(from_worker, 4) == b"done"
    os.wait()
    assert [one.outcome for one in next_command(repo)] == [Outcome.EXTENDED]
    info = gitexp.get_run(recording.name, repository=repo.path).info
    assert (info.command, info.cwd, info.note) == (("true",), ".", "well")
    assert (info.status, info.exit_code) == ("failed", 7)


def test_rows_that_are_added_late_leave_new_scores_alone(repo: Repo) -> None:
    """However often rows come: but rows of the same suite cannot be added to other scores."""
    with Repository.open(repo.path, repo.environ) as opened:
        run = gitexp.start("graded", repository=repo.path, strict=True)
        run.eval("qa").add(id="q0", input="i", target="t", output="o", scores={"acc": 0.0})
        live = opened.live(run.name)
        joined = Recording.joined(opened, live.path)
        run.finish()
        _regrade(opened, run.name)
        graded = repo.git("rev-parse", f"exp/{run.name}:.exp/eval")
        for late in (1, 2):
            joined.metrics({"late": late}, late, 1.0)
            joined.writer.sync()
            assert seal.extend(opened, live, []) is not None
            assert seal.extend(opened, live, []) is None
            found = gitexp.get_run(run.name, repository=repo.path)
            assert (found.metrics["qa/acc"], found.metrics["late"]) == (1, late)
            assert repo.git("rev-parse", f"exp/{run.name}:.exp/eval") == graded
        assert "graded by hand" in repo.git("show", f"exp/{run.name}:.exp/inputs.yaml")
        joined.result(
            "qa", {"e": {"id": "q1", "x": short_hash("q1")}, "r": {"id": "q1", "ep": 1, "s": {"acc": 0.5}}}
        )
        joined.writer.sync()
        with pytest.raises(RefChanged, match="'eval/qa' was changed by hand meanwhile"):
            seal.extend(opened, live, [])
    repo.fsck()


def _regrade(repo: Repository, name: RunName) -> None:
    def graded(suite: Suite, _: Problems) -> tuple[Suite, Input]:
        results = tuple(replace(one, scores={"acc": 1.0}) for one in suite.results)
        return replace(suite, results=results), Input("grader", "qa", value="graded by hand")

    regrade(resolve(repo, name), "qa", graded, "why")


def _worker(repo: Repository, recording: Recording) -> tuple[int, int]:
    """A child that has logged a row, and logs two more when it is told to."""
    read_order, order = os.pipe()
    answer, write_answer = os.pipe()
    if os.fork() == 0:
        joined = Recording.joined(repo, recording.live.path)
        _log(joined, 3, 4)
        os.write(write_answer, b"here")
        os.read(read_order, 2)
        _log(joined, 4, 6)
        os.write(write_answer, b"done")
        os._exit(0)
    assert os.read(answer, 4) == b"here"
    return order, answer


def test_a_command_that_outlives_git_exp(repo: Repo) -> None:
    """`git exp run` is killed, its command goes on: the run is not dead before that is."""
    script = (
        "import gitexp, sys; from tests.reliability.recorder import log, value\n"
        "live = gitexp.start(strict=True); log(live, 0, 2); sys.stdin.readline()\n"
        "for step in range(2, 5): live.log(value(step), step=step)"
    )
    environ = {**repo.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gitexp", "run", "--", sys.executable, "-c", script]
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        command, cwd=repo.path, env=environ, stdin=read_end, stdout=subprocess.PIPE
    ) as process:
        os.close(read_end)
        assert process.stdout
        assert process.stdout.readline() == b"row 0\n"
        assert process.stdout.readline() == b"row 1\n"
        process.kill()
        process.wait()
        assert next_command(repo) == []
        (run,) = gitexp.runs(repository=repo.path)
        assert run.status == "running"
        os.write(write_end, b"go\n")
        os.close(write_end)
    _wait_until(lambda: bool(next_command(repo)))
    assert check_rows(repo, run.name, 5, most=5).status == "crashed"


def test_a_dead_start_is_taken_back_with_its_pack(repo: Repo) -> None:
    """Killed between its pack and its ref."""
    before = users_things(repo)
    name = _in_child(repo, lambda: _start(repo, rows=0))
    repo.git("update-ref", "-d", f"refs/exp/{name}")
    for path in (common_dir(repo) / "exp/live" / name / "journal").iterdir():
        path.unlink()
    with Repository.open(repo.path, repo.environ) as opened:
        assert set(kept_packs(opened.layout).values()) == {name}
        assert [one.outcome for one in next_command(repo)] == [Outcome.DISCARDED]
        assert kept_packs(opened.layout) == {}
    assert users_things(repo) == before


def test_a_pack_whose_run_was_forgotten_is_let_go(repo: Repo, dead: RunName) -> None:
    """Killed between its pack and the note of it; and the directory is gone."""
    next_command(repo)
    with Repository.open(repo.path, repo.environ) as opened:
        assert kept_packs(opened.layout)
        for path in (opened.live_root / dead, opened.done_root / dead):
            if path.exists():
                path.rename(repo.path.parent / dead)
        recover_all(repo)
        assert kept_packs(opened.layout) == {}


def test_notes_that_a_power_cut_emptied(repo: Repo, dead: RunName) -> None:
    live = common_dir(repo) / "exp/live" / dead
    for note in (
        live / "owner",
        live / "processes/77",
        *live.glob("packs/*.oids"),
        *live.glob("packs/*.name"),
    ):
        note.write_bytes(b"\0" * 20)
    (live / "sealed.json").write_bytes(b"")
    next_command(repo)
    assert check_rows(repo, dead, 5, most=5).status == "crashed"
    next_command(repo)
    recover_all(repo)


def test_rows_with_any_time_at_all(repo: Repo) -> None:
    for at in (-1e300, 1e300, float("nan"), float("inf")):
        name = _in_child(repo, lambda at=at: _start(repo, rows=1, at=at))
        next_command(repo)
        assert check_rows(repo, name, 1, most=1).status == "crashed"


def test_a_run_that_is_taken_up_again_and_again(repo: Repo, dead: RunName) -> None:
    """Each life has a directory of its own, and no command is slowed by those that are done."""
    for life in range(1, 4):
        with Repository.open(repo.path, repo.environ) as opened:
            origin = continuing.resume(opened, dead, now=time.time())
            recording = begin(opened, Wish(origin=origin))
            _log(recording, 5 * life, 5 * life + 5)
            recording.finish(Ending(Status.FINISHED))
        check_rows(repo, dead, 5 * life + 5, most=5 * life + 5)
    next_command(repo)
    home = common_dir(repo) / "exp"
    assert list((home / "live").iterdir()) == []
    assert sorted(path.name for path in (home / "done").glob(f"{dead}*")) == [dead, *_numbered(dead, 3)]
    recover_all(repo)
    check_rows(repo, dead, 20, most=20)


def _numbered(name: str, count: int) -> list[str]:
    return [f"{name}.{number}" for number in range(1, count + 1)]


def test_taking_back_a_resumption_keeps_the_run(repo: Repo, dead: RunName) -> None:
    next_command(repo)
    before = gitexp.get_run(dead, repository=repo.path)
    with Repository.open(repo.path, repo.environ) as opened:
        begin(opened, Wish(origin=continuing.resume(opened, dead, now=time.time()))).discard()
    assert gitexp.get_run(dead, repository=repo.path).commit == before.commit


def test_what_a_prune_took_is_written_again(repo: Repo) -> None:
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("pruned"))
        _log(recording, 0, 5)
        commit = recording.finish(Ending(Status.FINISHED))
    for path in (common_dir(repo) / "objects/pack").iterdir():
        path.unlink()
    assert [one.outcome for one in next_command(repo)] == [Outcome.HEALED]
    check_rows(repo, recording.name, 5, most=5)
    assert gitexp.get_run(recording.name, repository=repo.path).commit == commit
    repo.fsck()


def test_a_finish_that_fails_is_no_crash(repo: Repo) -> None:
    """The owner said how the run ended; the next command writes it."""
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("refused"))
        _log(recording, 0, 5)
        start = recording.live.path / "start.json"
        start.rename(start.with_suffix(".aside"))
        with pytest.raises(gitexp.GitExpError):
            recording.finish(Ending(Status.FAILED, exit_code=3))
        start.with_suffix(".aside").rename(start)
    next_command(repo)
    run = check_rows(repo, recording.name, 5, most=5)
    assert (run.status, run.info.exit_code) == ("failed", 3)


def test_a_thousand_runs_that_are_done_cost_a_command_nothing(repo: Repo, dead: RunName) -> None:
    """Counted in directories that are looked into, not in time."""
    next_command(repo)
    next_command(repo)
    done = common_dir(repo) / "exp/done"
    for number in range(1000):
        (done / f"other-{number:06}".translate(str.maketrans("0189", "abcd"))).mkdir()
    opened = set()

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event == "open" and str(done) in str(args[0]):
            opened.add(args[0])

    sys.addaudithook(watch)
    next_command(repo)
    assert opened == set()


def _start(repo: Repo, rows: int = 5, at: float | None = None) -> RunName:
    with Repository.open(repo.path, repo.environ) as opened:
        recording = begin(opened, Wish("killed"))
        _log(recording, 0, rows, at)
        return recording.name


def _log(recording: Recording, first: int, last: int, at: float | None = None) -> None:
    for step in range(first, last):
        recording.metrics(value(step), step, time.time() if at is None else at)


def _in_child(repo: Repo, action: Callable[[], RunName]) -> RunName:
    """What `action` gives in a process that dies of SIGKILL right after."""
    answer, write_answer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write_answer, action().encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(write_answer)
    with open(answer) as told:
        name = told.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return RunName(name)


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
