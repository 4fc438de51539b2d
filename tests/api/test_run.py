"""Recording from Python, in the process that starts the run."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import hashlib
import math
import os
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import gitexp
from gitexp.api.warning import GitExpWarning
from gitexp.errors import GitExpError, NotARepository, UsageError
from gitexp.model.record import Input, Pin
from tests.gitrepo import Repo


@pytest.fixture
def here(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    return repo


def test_context_manager_records_a_finished_run(here: Repo) -> None:
    with gitexp.start("first", params={"lr": 0.1, "model": {"depth": 3}}) as run:
        for step in range(3):
            run.log({"loss": 1 / (step + 1)}, step=step)
    stored = gitexp.get_run(run.name)
    assert stored.status == "finished"
    assert stored.params == {"lr": 0.1, "model": {"depth": 3}}
    assert stored.metrics == {"loss": 1 / 3}
    assert stored.series("loss").values == [1.0, 0.5, 1 / 3]
    assert stored.commit == run.commit == here.git("rev-parse", f"exp/{run.name}")
    assert here.git("rev-parse", f"exp/{run.name}^") == here.git("rev-parse", "HEAD")
    here.fsck()


def test_name_has_the_slug_and_a_suffix(here: Repo) -> None:
    with gitexp.start("My Idea!") as run:
        pass
    assert run.name is not None
    assert run.name.startswith("my-idea-")
    assert len(run.name) == len("my-idea-") + 6


def test_a_plain_run_is_finished_by_hand_and_only_once(here: Repo) -> None:
    run = gitexp.start()
    run.log({"a": 1})
    run.finish()
    commit = run.commit
    assert run.status == "finished"
    run.finish()
    run.log({"a": 2})
    assert run.commit == commit
    assert gitexp.get_run(run.name).metrics == {"a": 1}


def test_exception_makes_it_failed_and_goes_on(here: Repo) -> None:
    run = gitexp.start()
    assert run.status == "running"
    with pytest.raises(ZeroDivisionError), run:
        _ = 1 / 0
    assert run.status == "failed"
    info = gitexp.get_run(run.name).info
    assert info.status == "failed"
    assert info.failure is not None
    assert info.failure.type == "ZeroDivisionError"
    assert "_ = 1 / 0" in info.failure.traceback
    assert str(here.path.parent) not in info.failure.traceback


def test_system_exit_and_keyboard_interrupt(here: Repo) -> None:
    with pytest.raises(SystemExit), gitexp.start("exits") as run:
        raise SystemExit(3)
    info = gitexp.get_run(run.name).info
    assert (info.status, info.exit_code) == ("failed", 3)
    with pytest.raises(SystemExit), gitexp.start("well") as run:
        raise SystemExit(0)
    assert gitexp.get_run(run.name).status == "finished"
    with pytest.raises(KeyboardInterrupt), gitexp.start("stopped") as run:
        raise KeyboardInterrupt
    info = gitexp.get_run(run.name).info
    assert (info.status, info.signal) == ("killed", "SIGINT")


def test_decorated_function_is_a_run_at_each_call(here: Repo) -> None:
    @gitexp.start
    def train(lr: float, epochs: int = 2) -> float:
        gitexp.log({"loss": lr * epochs})
        return lr

    @gitexp.start(name="tuned", tags=["x"])
    def tune(lr: float) -> None:
        gitexp.log({"loss": lr})

    assert [run.name for run in gitexp.runs()] == []
    assert train(0.5) == 0.5
    tune(0.25)
    tune(0.125)
    newest, middle, oldest = gitexp.runs()
    assert oldest.name.startswith("train-")
    assert oldest.params == {"lr": 0.5, "epochs": 2}
    assert (middle.metrics, newest.metrics) == ({"loss": 0.25}, {"loss": 0.125})
    assert newest.tags == ("x",)
    assert newest.name.startswith("tuned-")


def test_steps_in_any_order_two_axes_and_late_metrics_come_back_as_written(here: Repo) -> None:
    with gitexp.start() as run:
        for step in (5, 3, 3, 7):
            run.log({"train/step": step, "loss": float(step)}, step=step)
        run.log({"infer/step": 1, "acc": 0.5}, step=2.5)
        run.log({"late": True})
    rows = list(gitexp.get_run(run.name).history().rows())
    assert [row.step for row in rows] == [5, 3, 3, 7, 2.5, 3]
    assert rows[4].values == {"infer/step": 1, "acc": 0.5}
    assert rows[5].values == {"late": True}
    assert gitexp.get_run(run.name).series("loss").steps == [5, 3, 3, 7]
    assert gitexp.get_run(run.name).series("loss").latest().steps == [3, 5, 7]


def test_rows_without_step_count_up(here: Repo) -> None:
    with gitexp.start() as run:
        run.log({"a": 1})
        run.log({"a": 2})
        run.log({"a": 3}, step=10)
        run.log({"a": 4})
    assert gitexp.get_run(run.name).series("a").steps == [0, 1, 10, 11]


def test_steps_that_are_not_finite_count_as_rows(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for step in (4, math.nan, math.inf, None):
            run.log({"a": 1}, step=step)
        assert run.rows == 4
    assert list(gitexp.get_run(run.name).series("a").steps)[::3] == [4, 5]


def test_threads_get_steps_of_their_own(here: Repo) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with gitexp.start() as run:
            threads = [
                threading.Thread(target=lambda: [run.log({"a": 1}) for _ in range(500)]) for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    assert sorted(gitexp.get_run(run.name).series("a").steps) == list(range(2000))


def test_a_row_after_the_end_is_warned_of_once(here: Repo) -> None:
    run = gitexp.start()
    run.finish()
    with pytest.warns(GitExpWarning, match="it has ended") as told:
        [run.log({"a": number}) for number in range(2)]
    assert len(told) == 1


def test_numbers_are_exact(here: Repo) -> None:
    values = [0.1, -0.0, 5e-324, 1e308, math.inf, -math.inf, 2**63, 1e-05]
    with gitexp.start() as run:
        for value in values:
            run.log({"x": value})
        run.log({"x": math.nan})
    back = list(gitexp.get_run(run.name).series("x").values)
    assert [repr(value) for value in back] == [*map(repr, values), "nan"]
    assert math.isnan(gitexp.get_run(run.name).metrics["x"])  # type: ignore[arg-type]


class Optimizer(enum.Enum):
    ADAM = "adam"


@dataclasses.dataclass
class Config:
    lr: float
    path: Path


def test_params_of_every_sort(here: Repo) -> None:
    namespace = argparse.Namespace(batch=np.int64(32), optimizer=Optimizer.ADAM)
    with gitexp.start(params=Config(1e-3, Path("data/x"))) as run:
        run.log_params(namespace)
        run.params["dtype"] = np.float32
        run.params["weights"] = np.array([1.0, 2.0])
        assert run.params.lr == 1e-3
        assert run.params["batch"] == 32
    assert gitexp.get_run(run.name).params == {
        "lr": 1e-3,
        "path": "data/x",
        "batch": 32,
        "optimizer": "adam",
        "dtype": "numpy.float32",
        "weights": [1.0, 2.0],
    }


def test_params_without_limits(here: Repo) -> None:
    many = {f"k{i}": {"v": i} for i in range(5000)}
    with gitexp.start(params={"text": "x" * 1_000_000, **many}) as run:
        pass
    params = gitexp.get_run(run.name).params
    assert len(params["text"]) == 1_000_000  # type: ignore[arg-type]
    assert params["k4999"] == {"v": 4999}


def test_a_param_logged_again_keeps_both_values(here: Repo) -> None:
    with gitexp.start(params={"lr": 0.1}) as run:
        run.log_params({"lr": 0.2})
        run.log_params({"lr": 0.2})
    stored = gitexp.get_run(run.name)
    assert stored.params == {"lr": 0.2}
    assert stored.info.earlier_params == {"lr": [0.1]}


def test_summary_wins_over_the_last_row(here: Repo) -> None:
    with gitexp.start() as run:
        run.log({"acc": 0.5})
        run.summary["acc"] = np.float64(0.9)
        run.log({"acc": 0.6, "val": {"f1": 0.1}})
    assert gitexp.get_run(run.name).metrics == {"acc": 0.9, "val.f1": 0.1}


def test_labels(here: Repo) -> None:
    with gitexp.start(tags=["a", "b"], group="g", note="old", title="T") as run:
        run.tag("c")
        run.untag("a")
        run.note("two\nlines")
    info = gitexp.get_run(run.name).info
    assert (info.tags, info.group, info.note, info.title) == (("b", "c"), "g", "two\nlines", "T")


def test_inputs_by_role(here: Repo) -> None:
    here.write("data/train.csv", "1,2\n")
    with gitexp.start() as run:
        run.use("dataset", "data/train.csv")
        run.use("dataset", Path("data"), name="all")
        run.use("model", "gpt-x")
        run.use("seed", 7)
        run.use("retriever", None)
        run.use("prompt", "word " * 20_000, name="long")
        run.use("model", {"name": "org/m", "dtype": "bf16"}, revision="0e9e39f")
        run.use("model", "unset", revision="")
    by_name = {(one.role, one.name): one for one in gitexp.get_run(run.name).inputs}
    file = by_name["dataset", "train.csv"]
    assert (file.path, file.size) == ("data/train.csv", 4)
    assert file.oid == hashlib.sha256(b"1,2\n").hexdigest()
    assert by_name["dataset", "all"].oid is not None
    assert by_name["model", "gpt-x"].value == "gpt-x"
    assert by_name["seed", "7"].value == 7
    assert by_name["retriever", "none"] == Input("retriever", "none", none=True)
    long = by_name["prompt", "long"].value
    text = ("word " * 20_000).encode()
    assert isinstance(long, dict)
    assert (long["digest"], long["size"]) == (f"sha256:{hashlib.sha256(text).hexdigest()}", len(text))
    told = {"name": "org/m", "dtype": "bf16", "revision": "0e9e39f"}
    assert by_name["model", "org/m"] == Input("model", "org/m", value=told, pin=Pin.REVISION)
    assert by_name["model", "unset"] == Input("model", "unset", value="unset")


def test_artifacts_small_ones_in_git_large_ones_by_pointer(here: Repo) -> None:
    here.git("config", "exp.maxBlob", "1k")
    here.write("out/a.txt", "small")
    here.write("out/sub/b.bin", b"\0" * 5000)
    with gitexp.start() as run:
        run.log_artifact("out")
        run.log_artifact(b"bytes", "raw.bin", kind="model", metadata={"epoch": 3})
        run.log_text("prompt text", "prompt.txt")
    ref = f"exp/{run.name}:.exp/artifacts"
    assert here.git("show", f"{ref}/out/a.txt") == "small"
    assert here.git("show", f"{ref}/raw.bin") == "bytes"
    assert here.git("show", f"{ref}/prompt.txt") == "prompt text"
    assert here.git("show", f"{ref}/out/sub/b.bin").startswith(
        "version https://git-lfs.github.com/spec/v1\noid sha256:"
    )
    assert here.git("show", f"{ref}/.gitattributes") == "/out/sub/b.bin filter=lfs diff=lfs merge=lfs -text"
    by_path = {one.path: one for one in gitexp.get_run(run.name).artifacts}
    large = by_path["out/sub/b.bin"]
    stored = here.path / ".git/lfs/objects" / large.oid[:2] / large.oid[2:4] / large.oid
    assert stored.read_bytes() == b"\0" * 5000
    assert (by_path["raw.bin"].kind, by_path["raw.bin"].metadata) == ("model", {"epoch": 3})


def test_an_artifact_is_called_by_its_path(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.write("sub/ck pt/e 1.bin", "1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x.bin").write_text("x")
    monkeypatch.chdir(here.path / "sub")
    with gitexp.start() as run:
        run.log_artifact("ck pt/e 1.bin")
        run.log_artifact("ck pt/")
        run.log_artifact(here.path / "sub/ck pt/e 1.bin", "best.bin")
        run.log_artifact(elsewhere / "x.bin")
    paths = [one.path for one in gitexp.get_run(run.name).artifacts]
    assert sorted(paths) == ["best.bin", "sub/ck pt/e 1.bin", "x.bin"]


def test_code_is_that_of_the_start(here: Repo) -> None:
    here.write("train.py", "before\n")
    with gitexp.start() as run:
        here.write("train.py", "after\n")
    assert here.git("show", f"exp/{run.name}:train.py") == "before"
    assert gitexp.get_run(run.name).info.code.dirty


def test_running_run_is_visible_with_what_it_logged(here: Repo) -> None:
    run = gitexp.start("live")
    run.log({"loss": 0.5})
    stored = gitexp.get_run(run.name)
    assert (stored.status, stored.metrics) == ("running", {"loss": 0.5})
    assert stored.series("loss").values == [0.5]
    run.finish()


def test_nested_threaded_and_several_runs(here: Repo) -> None:
    outer = gitexp.start("outer")
    inner = gitexp.start("inner")
    gitexp.log({"x": 1})
    inner.finish()
    gitexp.log({"x": 2})

    def work(number: int) -> None:
        with gitexp.start(f"thread{number}"):
            for _ in range(20):
                gitexp.log({"n": number})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outer.finish()
    by_slug = {run.name.rpartition("-")[0]: run for run in gitexp.runs()}
    assert by_slug["outer"].metrics == {"x": 2}
    assert by_slug["inner"].metrics == {"x": 1}
    assert by_slug["inner"].info.parents == (outer.name,)
    for number in range(4):
        assert by_slug[f"thread{number}"].series("n").values == [number] * 20


def test_threads_share_the_run_of_their_process(here: Repo) -> None:
    with gitexp.start() as run:
        threads = [
            threading.Thread(target=lambda k=k: [gitexp.log({f"k{k}": i}) for i in range(50)])
            for k in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    stored = gitexp.get_run(run.name)
    assert all(stored.series(f"k{k}").values == list(range(50)) for k in range(4))


def test_other_ranks_get_a_silent_run(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    with gitexp.start(params={"lr": 1}) as run:
        run.log({"a": 1})
        run.params["b"] = 2
        run.summary["c"] = 3
        run.log_artifact(b"x", "x")
        run.log_text("t")
        run.use("dataset", "x")
        run.tag("t")
        run.note("n")
        run.checkpoint()
        assert run.checkpoint() is None
    assert (run.name, run.commit, run.status, gitexp.runs()) == (None, None, None, [])
    with gitexp.start(all_ranks=True) as run:
        run.log({"a": 1})
    assert [stored.name for stored in gitexp.runs()] == [run.name]


@pytest.mark.parametrize("variable", ["SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"])
def test_rank_zero_records(here: Repo, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "0")
    with gitexp.start() as run:
        pass
    assert gitexp.get_run(run.name).status == "finished"


def test_nothing_raises_into_the_training_loop_but_one_warning(here: Repo) -> None:
    run = gitexp.start()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.log_artifact("missing.bin")
        run.log({"a": 1}, step="x")  # type: ignore[arg-type]
        run.log_artifact(b"x", "../../etc/passwd")
    assert [one.category for one in caught] == [gitexp.GitExpWarning]
    assert "missing.bin" in str(caught[0].message)
    run.log({"a": 1})
    run.finish()
    assert gitexp.get_run(run.name).metrics == {"a": 1}


def test_strict_raises(here: Repo) -> None:
    with gitexp.start(strict=True) as run, pytest.raises(GitExpError, match=r"missing\.bin"):
        run.log_artifact("missing.bin")


def test_warnings_as_errors_do_not_end_the_training(here: Repo) -> None:
    with gitexp.start() as run:
        run.log_artifact("missing.bin")


def test_checkpoints_are_a_branch(here: Repo) -> None:
    with gitexp.start() as run:
        run.log({"a": 1})
        first = run.checkpoint()
        assert first == run.commit
        run.log({"a": 2})
        second = gitexp.checkpoint()
        assert first != second == run.commit
        run.log({"a": 3})
    assert here.git("log", "--format=%H", f"exp/{run.name}").split() == [
        run.commit,
        second,
        first,
        here.git("rev-parse", "HEAD"),
    ]
    assert gitexp.get_run(first).series("a").values == [1]
    assert gitexp.get_run(second).metrics == {"a": 2}
    assert gitexp.get_run(run.name).series("a").values == [1, 2, 3]
    # Only new chunks are added: the first one is the same object in all three commits.
    chunks = {
        here.git("rev-parse", f"{commit}:.exp/series/00000.csv") for commit in (first, second, run.commit)
    }
    assert len(chunks) == 1
    here.fsck()


def test_resume_from_the_end(here: Repo) -> None:
    with gitexp.start(params={"lr": 1}) as run:
        run.log({"a": 1})
    tip = run.commit
    with gitexp.start(resume=run.name) as again:
        assert again.params == {"lr": 1}
        again.log({"a": 2}, step=1)
    assert again.name == run.name
    stored = gitexp.get_run(run.name)
    assert stored.series("a").values == [1, 2]
    assert stored.metrics == {"a": 2}
    assert here.git("rev-parse", f"exp/{run.name}^") == tip
    here.fsck()


def test_resume_from_a_checkpoint_keeps_the_abandoned_rows_in_history(here: Repo) -> None:
    with gitexp.start() as run:
        run.log({"a": 1}, step=1)
        run.checkpoint()
        checkpoint = run.commit
        run.log({"a": 2}, step=2)
        run.log({"a": 3}, step=3)
    with gitexp.start(resume=checkpoint) as again:
        again.log({"a": 20}, step=2)
    stored = gitexp.get_run(run.name)
    assert stored.series("a").values == [1, 20]
    assert [row["a"] for row in stored.history()] == [1, 2, 3, 20]
    assert again.name == run.name


def test_fork_is_a_run_of_its_own(here: Repo) -> None:
    with gitexp.start(params={"lr": 1}) as run:
        run.log({"a": 1})
        run.log_artifact(b"w", "weights.bin")
    with gitexp.start("forked", fork=run.name, params={"lr": 2}) as forked:
        forked.log({"a": 5})
    stored = gitexp.get_run(forked.name)
    assert stored.params == {"lr": 2}
    assert stored.series("a").values == [1, 5]
    assert stored.info.parents == (run.name,)
    assert here.git("show", f"exp/{forked.name}:.exp/artifacts/weights.bin") == "w"
    parents = here.git("log", "-1", "--format=%P", f"exp/{forked.name}").split()
    assert parents == [here.git("rev-parse", "HEAD"), run.commit]
    assert gitexp.get_run(run.name).series("a").values == [1]


def test_resume_and_fork_at_once_is_refused(here: Repo) -> None:
    with pytest.raises(UsageError):
        gitexp.start(resume="a", fork="b")


def test_module_functions_work_on_the_active_run(here: Repo) -> None:
    with gitexp.start() as run:
        gitexp.log({"a": 1})
        gitexp.log_params({"p": 1})
        gitexp.summary({"s": 2})
        gitexp.log_artifact(b"x", "x.bin")
        gitexp.log_text("t")
        gitexp.use("model", "m")
        gitexp.tag("t")
        gitexp.note("n")
        gitexp.checkpoint()
        assert gitexp.active_run() is run
        gitexp.finish()
    stored = gitexp.get_run("@")
    assert (stored.metrics, stored.params, stored.tags) == ({"a": 1, "s": 2}, {"lr": 0.1, "p": 1}, ("t",))
    assert {one.path for one in stored.artifacts} == {"x.bin", "text.txt"}


def test_without_a_run_module_functions_say_so(here: Repo) -> None:
    with pytest.raises(GitExpError, match="no run is active") as caught:
        gitexp.log({"a": 1})
    assert caught.value.hint == "run = gitexp.start()"


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotARepository) as caught:
        gitexp.start()
    assert caught.value.hint == "git init"


def test_the_environment_variable_is_as_before(here: Repo) -> None:
    with gitexp.start():
        assert "GITEXP_RUN" in os.environ
    assert "GITEXP_RUN" not in os.environ


def test_runs_may_end_in_any_order(here: Repo) -> None:
    first, second = gitexp.start(), gitexp.start()
    first.finish()
    assert os.environ["GITEXP_RUN"] == str(second.folder)
    second.finish()
    assert "GITEXP_RUN" not in os.environ
    gitexp.start().finish()
    assert len(gitexp.runs()) == 3


def test_environment_is_captured(here: Repo) -> None:
    with gitexp.start() as run:
        pass
    stored = gitexp.get_run(run.name)
    assert stored.env["interpreter"]["version"] == ".".join(map(str, sys.version_info[:3]))  # type: ignore[index, call-overload]
    requirements = here.git("show", f"exp/{run.name}:.exp/requirements.txt")
    assert "numpy==" in requirements


def test_secrets_are_masked(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "tok-1234567890abcdef")
    with gitexp.start(params={"api_key": "k-987654321", "url": "tok-1234567890abcdef"}) as run:
        run.log_text("the token is tok-1234567890abcdef")
    assert gitexp.get_run(run.name).params == {"api_key": "***", "url": "***"}
    objects = here.git("cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert "tok-1234567890abcdef" not in objects
    assert "k-987654321" not in objects


def test_import_is_cheap() -> None:
    import subprocess

    heavy = "numpy", "pygit2", "dulwich", "ruamel", "click", "deepdiff", "tomlkit", "dataclasses", "json"
    code = f"import sys, gitexp; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_says_nothing_of_this_machine(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    script = str(here.path / "src" / "train.py")
    data = str(Path.home() / "data" / "x.csv")
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, script, "--data", data, "--lr", "1"])
    with gitexp.start() as run:
        pass
    name = os.path.basename(sys.executable)
    command = gitexp.get_run(run.name).info.command
    assert command == (name, "src/train.py", "--data", "~/data/x.csv", "--lr", "1")
