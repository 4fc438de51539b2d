"""Steps of a run, as training code records them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import gitexp
from gitexp.api.warning import GitExpWarning
from gitexp.errors import GitExpError, NotFound, UsageError
from gitexp.model.run_steps import RunStep
from gitexp.ops.recover import sweep
from gitexp.repo import Repository
from tests.gitrepo import Repo


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _told(one: RunStep) -> tuple[object, ...]:
    return one.name, one.status, one.within


def _write(path: str, text: str) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(text)


def test_what_a_step_read_and_made_is_noted_by_hash(here: Repo) -> None:
    _write("raw.txt", "raw")
    with (
        gitexp.start() as run,
        run.step(
            "clean", inputs={"dataset": "raw.txt", "model": "some-model"}, outputs=["out/a", "out"]
        ) as step,
    ):
        assert step.name == "clean"
        _write("raw.txt", "changed")  # inputs are what they were when it began
        _write("out/a", "made")
        step.use("prompt", {"text": "hello"})
        step.output("raw.txt", role="dataset")
    stored = gitexp.get_run(run.name)
    (one,) = stored.steps
    assert _told(one) == ("clean", "finished", None)
    assert one.seconds is not None
    assert [(i.role, i.path, i.oid, i.value) for i in one.inputs] == [
        ("dataset", "raw.txt", _sha("raw"), None),
        ("model", None, None, "some-model"),
        ("prompt", None, None, {"text": "hello"}),
    ]
    assert [(o.role, o.path, o.oid) for o in one.outputs] == [
        ("dataset", "raw.txt", _sha("changed")),
        ("file", "out/a", _sha("made")),
        ("file", "out", _sha(f"{_sha('made')}  a\n")),
    ]
    assert stored.artifacts == ()
    here.fsck()


def test_outputs_are_kept_where_that_is_asked_for(here: Repo) -> None:
    with gitexp.start() as run, run.step("make", outputs="out", keep=True):
        _write("out/a", "made")
    assert [(one.path, one.oid, one.kind) for one in gitexp.get_run(run.name).artifacts] == [
        ("out/a", _sha("made"), "output")
    ]
    assert gitexp.get_run(run.name).read_artifact("out/a") == b"made"


def test_steps_stand_in_each_other(here: Repo) -> None:
    with gitexp.start() as run, gitexp.start() as other:
        with run.step("outer"), other.step("elsewhere"), run.step("inner"):
            pass
        with run.step("after"):
            pass
    told = [_told(one) for one in gitexp.get_run(run.name).steps]
    assert told == [
        ("outer", "finished", None),
        ("inner", "finished", 1),
        ("after", "finished", None),
    ]
    assert [_told(one) for one in gitexp.get_run(other.name).steps] == [("elsewhere", "finished", None)]


def test_a_step_that_is_entered_again_stands_within_itself(here: Repo) -> None:
    _write("out.txt", "1")
    with gitexp.start(strict=True) as run:
        step = run.step("again")
        with step:
            with step:
                step.output("out.txt")
            step.use("model", "m")
        with run.step("after"):
            pass
        with pytest.raises(GitExpError, match="has not begun, or has ended"):
            step.output("out.txt")
        with pytest.raises(UsageError, match="no path"), run.step("broken", inputs=5):  # type: ignore[arg-type]
            pass
        with run.step("last"):
            pass
    steps = gitexp.get_run(run.name).steps
    assert [_told(one) for one in steps] == [
        ("again", "finished", None),
        ("again", "finished", 1),
        ("after", "finished", None),
        ("broken", "unfinished", None),
        ("last", "finished", None),
    ]
    assert [[one.name for one in (*each.inputs, *each.outputs)] for each in steps[:2]] == [["m"], ["out.txt"]]


def test_a_decorated_generator_is_a_step_until_its_last_item(here: Repo) -> None:
    with gitexp.start(strict=True) as run:

        @run.step("items")
        def items(last: int) -> Iterator[int]:
            with run.step("body"):
                got = yield 1
            yield got
            if last:
                raise ValueError("why")

        @run.step("later")
        async def later() -> AsyncIterator[int]:
            yield 1
            await asyncio.sleep(0)
            yield 2

        async def all_of_it() -> list[int]:
            return [one async for one in later()]

        assert run.name
        assert not gitexp.get_run(run.name).steps
        each = items(0)
        assert (next(each), each.send(5), list(each)) == (1, 5, [])  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="why"):
            list(items(1))
        unwanted = items(0)
        next(unwanted)
        unwanted.close()  # type: ignore[attr-defined]
        assert asyncio.run(all_of_it()) == [1, 2]
    told = [(one.name, one.status) for one in gitexp.get_run(run.name).steps]
    assert told == [
        *(("items", "finished"), ("body", "finished"), ("items", "failed"), ("body", "finished")),
        *(("items", "finished"), ("body", "finished"), ("later", "finished")),
    ]


def test_each_call_of_a_decorated_function_is_a_step(here: Repo) -> None:
    with gitexp.start() as run:

        @run.step("double")
        def double(number: int) -> int:
            return 2 * number

        @run.step("later")
        async def later(number: int) -> int:
            with run.step("within"):
                await asyncio.sleep(0)
            return number

        assert (double(2), double(number=3)) == (4, 6)
        assert double.__name__ == "double"
        assert asyncio.run(later(5)) == 5
    told = [_told(one) for one in gitexp.get_run(run.name).steps]
    assert told == [
        *(("double", "finished", None),) * 2,
        ("later", "finished", None),
        ("within", "finished", 3),
    ]


def test_a_step_that_raises_is_failed_and_what_it_raised_goes_on(here: Repo) -> None:
    with gitexp.start() as run:

        @run.step("bad", outputs=["half", "none"], keep=True)
        def bad() -> None:
            _write(str(here.path / "half"), "half")
            raise ValueError(f"no rows in {here.path}/half, key sk-proj-{'a1B2' * 12}")

        with pytest.raises(ValueError, match="no rows"):
            bad()
        with pytest.raises(SystemExit), run.step("well"):
            sys.exit(0)
    stored = gitexp.get_run(run.name)
    broken, well = stored.steps
    assert (broken.status, broken.error and broken.error[:25]) == ("failed", "ValueError: no rows in ha")
    assert "sk-proj" not in str(broken.error)
    assert [one.path for one in broken.outputs] == ["half"]
    assert (well.status, well.error) == ("finished", None)
    assert (stored.status, stored.artifacts) == ("finished", ())


def test_nothing_raises_for_what_cannot_be_recorded(here: Repo) -> None:
    run = gitexp.start()
    gone = run.step("gone", outputs="nowhere")
    with pytest.warns(GitExpWarning, match="has not made 'nowhere'"):
        gone(len)("")
    with run:
        with run.step("odd", inputs=3, outputs={"x": {"y": object()}}) as step:  # type: ignore[arg-type,dict-item]
            pass
        step.use("late", 1)
        with run.step(" \n"):
            pass
    assert [one.name for one in gitexp.get_run(run.name).steps] == ["gone", "odd"]
    with run.step("too late"):
        pass


def test_a_strict_run_raises_but_never_hides_what_the_block_raised(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        with pytest.raises(NotFound, match="has not made"), run.step("gone", outputs="nowhere"):
            pass
        with pytest.raises(UsageError, match="needs a name"), run.step(""):
            pass
        with pytest.raises(KeyError, match="mine"), run.step("bad", outputs=3):  # type: ignore[arg-type]
            raise KeyError("mine")
        with run.step("after"):
            pass
    assert [_told(one) for one in gitexp.get_run(run.name).steps] == [
        ("gone", "finished", None),
        ("bad", "failed", None),
        ("after", "finished", None),
    ]


def test_checkpoints_have_the_steps_so_far_and_who_goes_on_keeps_them(here: Repo) -> None:
    with gitexp.start() as run, run.step("first"):
        checkpoint = run.checkpoint()
        assert [_told(one) for one in gitexp.get_run(run.name).steps] == [("first", "unfinished", None)]
    assert checkpoint
    assert [one.status for one in gitexp.get_run(checkpoint).steps] == ["unfinished"]
    with gitexp.start(resume=run.name) as again, again.step("second"):
        pass
    assert [_told(one) for one in gitexp.get_run(run.name).steps] == [
        ("first", "finished", None),
        ("second", "finished", None),
    ]
    with gitexp.start(fork=run.name) as fork:
        pass
    assert gitexp.get_run(fork.name).steps == ()
    here.fsck()


def test_a_killed_run_and_a_child_that_joined(here: Repo) -> None:
    child = "import gitexp\nrun = gitexp.start()\nwith run.step('of a child'): pass\nrun.finish()\n"
    code = (
        "import gitexp, os, signal, subprocess, sys\nrun = gitexp.start()\n"
        "with run.step('outer', inputs='README'):\n"
        f"    subprocess.run([sys.executable, '-c', {child!r}], check=True,\n"
        "        env={**os.environ, 'GITEXP_RUN': str(run.folder)})\n"
        "    if not os.fork():\n"
        "        with run.step('of a fork'): os._exit(0)\n"
        "    os.wait()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    _write(str(here.path / "README"), "read me")
    done = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    sweep(Repository.open())
    stored = gitexp.get_run("@")
    assert stored.status == "crashed"
    assert {_told(one) for one in stored.steps} == {
        ("outer", "unfinished", None),
        ("of a child", "finished", None),
        ("of a fork", "unfinished", 1),
    }
    assert [one.path for one in stored.steps[0].inputs] == ["README"]
    here.fsck()


def test_where_nothing_is_recorded_a_step_does_nothing(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with gitexp.start() as run, run.step("silent", outputs="nowhere") as step:
        assert run.name is None
        step.use("x", 1)
    assert "refs/exp" not in here.git("for-each-ref")
