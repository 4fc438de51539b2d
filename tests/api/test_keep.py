"""Checkpoints that are kept by rules while a run goes on."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gitexp
from gitexp.api.warning import GitExpWarning
from gitexp.ops.collect import collect
from gitexp.repo import Repository
from tests.api.test_processes import python
from tests.gitrepo import Repo, init
from tests.reliability.checks import next_command

SIZE = 3000


def data(number: int) -> bytes:
    return number.to_bytes(4, "big") * (SIZE // 4)


def in_store(repo: Repo, number: int) -> bool:
    return any((repo.path / ".git/lfs/objects").rglob(hashlib.sha256(data(number)).hexdigest()))


def stored(repo: Repo, count: int = 20) -> list[int]:
    """Which of the checkpoints have their bytes in the store."""
    return [number for number in range(count) if in_store(repo, number)]


def paths(name: str = "@") -> list[str]:
    return sorted(one.path for one in gitexp.get_run(name).artifacts)


def log(run: gitexp.Run, number: int, keep: str, folder: str = "ckpt/", **metrics: float) -> None:
    if metrics:
        run.log(metrics)
    run.log_artifact(data(number), f"{folder}{number}.pt", kind="checkpoint", keep=keep)


def test_the_best_and_the_last_stay_and_the_bytes_of_the_rest_go(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        run.log_artifact(data(19), "model.bin")
        for number, loss in enumerate((5.0, 1.0, float("nan"), 3.0, 2.0, float("inf"))):
            log(run, number, "best:1,last:2", loss=loss)
    assert paths() == ["ckpt/1.pt", "ckpt/4.pt", "ckpt/5.pt", "model.bin"]
    assert stored(here) == [1, 4, 5, 19]
    listed = here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}:.exp/artifacts").split()
    assert listed == [".gitattributes", *paths()]
    (best,) = (one for one in gitexp.get_run().artifacts if one.path == "ckpt/1.pt")
    assert best.keep is not None
    assert (best.keep.rules, best.keep.number, best.keep.values) == ("best:1,last:2", 2, {"loss": 1.0})
    assert list((here.path / ".git/exp/dropped").iterdir()) == []
    assert list((here.path / ".git/lfs/tmp").iterdir()) == []
    here.fsck()


def test_what_is_best_is_the_goal_of_the_named_or_the_main_metric(here: Repo) -> None:
    here.write(".gitexp.yaml", "goals: {cost: min, reach: max}\n")
    with gitexp.start(strict=True) as run:
        for number, (cost, reach, acc) in enumerate(((3, 1, 9), (1, 2, 1), (2, 3, 5))):
            run.log({"cost": cost, "reach": reach, "acc": acc})
            for rule in ("best:1", "best:reach:1", "best:acc:1", "best:cost:1,best:acc:1"):
                log(run, number, rule, f"{rule.replace(':', '-')}/")
    assert paths() == [
        *("best-1/1.pt", "best-acc-1/0.pt", "best-cost-1,best-acc-1/0.pt", "best-cost-1,best-acc-1/1.pt"),
        "best-reach-1/2.pt",
    ]


def test_nonsense_is_told_and_costs_no_checkpoint(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        with pytest.raises(
            gitexp.GitExpError, match=r"invalid rule 'best' in 'best'; artifact 'ckpt/0\.pt' is kept"
        ):
            log(run, 0, "best")
        with pytest.raises(
            gitexp.GitExpError, match="which way metric 'thing' is better is not known"
        ) as told:
            log(run, 0, "best:thing:1")
        assert told.value.hint == "write into .gitexp.yaml: goals: {thing: max}"
    assert paths() == ["ckpt/0.pt"]


def test_where_no_metric_decides_the_newest_stay_and_the_end_says_so(here: Repo) -> None:
    run = gitexp.start()
    for number in range(3):
        log(run, number, "best:1", thing=float(number))
    with pytest.warns(GitExpWarning, match="no metric said which 'ckpt' are best, so the newest were kept"):
        run.finish()
    assert paths() == ["ckpt/2.pt"]


def test_groups_do_not_touch_each_other_nor_what_has_no_rules(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for number in range(3):
            log(run, number, "last:1", "a/")
            log(run, number, "last:2", "b/")
            run.log_artifact(data(number), f"a/plain-{number}.pt")
            run.log_artifact(data(number), f"top-{number}.pt", kind="x", keep="last:1")
            run.log_artifact(data(number), f"other-{number}.pt", kind="y", keep="last:1")
    assert paths() == [
        *("a/2.pt", "a/plain-0.pt", "a/plain-1.pt", "a/plain-2.pt", "b/1.pt", "b/2.pt"),
        *("other-2.pt", "top-2.pt"),
    ]
    assert stored(here) == [0, 1, 2]  # the plain ones still need them


def test_a_folder_is_one_checkpoint(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for number in range(3):
            folder = here.path / "out"
            (folder / "deep").mkdir(parents=True, exist_ok=True)
            (folder / "model.pt").write_bytes(data(2 * number))
            (folder / f"deep/{number}.pt").write_bytes(data(2 * number + 1))
            run.log_artifact("out", f"ckpt/step-{number}", keep="last:1")
            (folder / f"deep/{number}.pt").unlink()
        assert paths() == ["ckpt/step-2/deep/2.pt", "ckpt/step-2/model.pt"]
        run.log_artifact("out", "ckpt/step-2", keep="last:1")
    assert paths() == ["ckpt/step-2/model.pt"]
    assert stored(here) == [4]


def test_one_name_that_is_logged_again_and_again_is_one_checkpoint(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for number in range(4):
            run.log_artifact(data(number), "ckpt/last.pt", keep="last:2")
        log(run, 7, "last:2")
    assert paths() == ["ckpt/7.pt", "ckpt/last.pt"]
    assert stored(here) == [3, 7]


def test_a_name_that_was_let_go_of_is_free_again(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        log(run, 0, "last:1")
        log(run, 1, "last:1")
        run.log_artifact(data(2), "ckpt/0.pt/part", kind="x")
        log(run, 3, "last:1")
    assert paths() == ["ckpt/0.pt/part", "ckpt/3.pt"]


def test_what_a_checkpoint_commit_holds_stays(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        log(run, 0, "last:1")
        middle = run.checkpoint()
        log(run, 1, "last:1")
        log(run, 2, "last:1")
    assert middle
    assert paths() == ["ckpt/2.pt"]
    assert paths(middle) == ["ckpt/0.pt"]
    assert stored(here) == [0, 2]
    assert gitexp.get_run(middle).read_artifact("ckpt/0.pt") == data(0)
    with Repository.open() as opened:
        collect(opened)
    assert stored(here) == [0, 2]


def test_what_anything_else_needs_stays(here: Repo, environ: dict[str, str], tmp_path: Path) -> None:
    """A pointer that was there before its bytes, another run, and one that is being recorded."""
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data(0)).hexdigest()}\n"
    )
    here.commit("pointer", {"model.bin": f"{pointer}size {SIZE}\n"})
    other = gitexp.start("other")
    with gitexp.start("keeping", strict=True) as run:
        log(run, 0, "last:1")
        log(run, 1, "last:1")
        other.log_artifact(data(1), "same.bin")
        log(run, 2, "last:1")
        log(run, 3, "last:1")
    assert paths(str(run.name)) == ["ckpt/3.pt"]
    assert stored(here) == [0, 1, 3]
    other.finish()
    with Repository.open() as opened:
        collect(opened)
    assert stored(here) == [0, 1, 3]
    assert gitexp.get_run("other").read_artifact("same.bin") == data(1)


@pytest.mark.parametrize("whose", ["another live run", "the run itself"])
def test_damaged_bytes_that_are_put_right_stay_where_they_are_needed(here: Repo, whose: str) -> None:
    run = gitexp.start("keeping", strict=True)
    other = gitexp.start("other", strict=True) if whose == "another live run" else run
    other.log_artifact(data(0), "same.bin")
    (path,) = (found for found in (here.path / ".git/lfs/objects").rglob("*") if found.is_file())
    path.chmod(0o600)
    path.write_bytes(b"damaged" + data(0)[7:])
    log(run, 0, "last:1")
    log(run, 1, "last:1")
    assert stored(here) == [0, 1]
    other.finish()
    assert gitexp.get_run(other.name).read_artifact("same.bin") == data(0)
    run.finish()


def test_what_the_run_itself_has_elsewhere_stays(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        folder = here.path / "out"
        (folder / "step").mkdir(parents=True)
        for path in ("one.pt", "step/two.pt"):
            (folder / path).write_bytes(data(0))
        run.log_artifact("out", "ckpt/a", keep="last:1")
        run.log_artifact("out/step", "ckpt/a", keep="last:1")  # the first file of the two is no more
    assert (paths(), stored(here)) == (["ckpt/a/two.pt"], [0])


def test_bytes_that_were_there_before_are_left_to_gc(here: Repo) -> None:
    with Repository.open() as opened:
        opened.store.add_bytes(data(0))
    with gitexp.start(strict=True) as run:
        log(run, 0, "last:1")
        log(run, 1, "last:1")
    assert (paths(), stored(here)) == (["ckpt/1.pt"], [0, 1])
    with Repository.open() as opened:
        assert collect(opened, dry_run=True).bytes["artifacts"] == SIZE
        assert collect(opened).bytes["artifacts"] == SIZE
    assert stored(here) == [1]
    assert list((here.path / ".git/exp/dropped").iterdir()) == []


def test_what_a_dead_run_let_go_of_is_freed_by_gc(here: Repo) -> None:
    code = """
import gitexp, os
from gitexp.artifacts.store import ArtifactStore
ArtifactStore.withdraw = lambda self, oid, mark: os._exit(9)
run = gitexp.start(strict=True)
for number in range(3):
    run.log_artifact(number.to_bytes(4, "big") * 750, f"ckpt/{number}.pt", keep="last:1")
"""
    python(code, check=False)
    assert stored(here) == [0, 1]
    with Repository.open() as opened:
        collect(opened)
    assert gitexp.get_run("@").status == "crashed"
    assert paths() == ["ckpt/1.pt"]
    assert stored(here) == [1]
    here.fsck()


def test_a_resumed_run_goes_on_choosing_among_what_it_has(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for number, loss in enumerate((1.0, 5.0, 4.0)):
            log(run, number, "best:1,last:1", loss=loss)
    assert paths() == ["ckpt/0.pt", "ckpt/2.pt"]
    with gitexp.start(resume=run.name, strict=True) as again:
        log(again, 3, "best:1,last:1", loss=2.0)
        log(again, 4, "best:1,last:1", loss=3.0)
    assert paths() == ["ckpt/0.pt", "ckpt/4.pt"]
    listed = here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}:.exp/artifacts").split()
    assert listed == [".gitattributes", *paths()]
    assert stored(here) == [0, 2, 4]  # the commit before has the second
    here.fsck()


def test_a_fork_leaves_what_it_comes_from_alone(here: Repo) -> None:
    with gitexp.start("one", strict=True) as run:
        for number in range(3):
            log(run, number, "last:2")
    with gitexp.start("two", fork=run.name, strict=True) as other:
        log(other, 3, "last:2")
    assert paths(str(run.name)) == ["ckpt/1.pt", "ckpt/2.pt"]
    assert paths(str(other.name)) == ["ckpt/2.pt", "ckpt/3.pt"]
    assert stored(here) == [1, 2, 3]


def test_processes_that_log_to_one_run_choose_together(here: Repo) -> None:
    run = gitexp.start(strict=True)
    os.environ["GITEXP_RUN"] = str(run.folder)
    try:
        for number in range(4):
            loss = (3, 1, 4, 2)[number]
            python(
                f"import gitexp\nrun = gitexp.start(strict=True)\nrun.log({{'loss': {loss}}})\n"
                f"run.log_artifact(({number}).to_bytes(4, 'big') * 750, 'ckpt/{number}.pt', keep='best:1')"
            )
            assert paths(str(run.name)) == [f"ckpt/{(0, 1, 1, 1)[number]}.pt"]
    finally:
        del os.environ["GITEXP_RUN"]
    run.finish()
    assert paths() == ["ckpt/1.pt"]
    with Repository.open() as opened:
        collect(opened)
    assert stored(here) == [1]


def test_what_another_process_put_in_its_place_is_not_let_go_of(here: Repo) -> None:
    """Two processes log one name at once: the row of one lets go of what the other did not know yet."""
    with gitexp.start(strict=True) as run:
        run.log_artifact(b"new", "ckpt/last.pt", keep="last:1")
        run._live().writer.append(["d", 0.0, {"path": "ckpt/last.pt", "oid": f"sha256:{'0' * 64}"}])
        run._live().writer.append(["d", 0.0, {"path": "ckpt/none.pt", "oid": f"sha256:{'0' * 64}"}])
    assert paths() == ["ckpt/last.pt"]


def test_small_checkpoints_go_as_well(here: Repo) -> None:
    with gitexp.start(strict=True) as run:
        for number in range(3):
            run.log_artifact(b"%d" % number, f"ckpt/{number}.pt", keep="last:1")
    assert here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}:.exp/artifacts") == "ckpt/2.pt"


def test_rows_that_come_after_the_end_may_let_go_as_well(here: Repo) -> None:
    """A child that outlives the program goes on logging; its rows are added to the run."""
    run = gitexp.start(strict=True)
    log(run, 0, "last:1")
    assert run.folder
    joined = f"import gitexp, os, time\nos.environ['GITEXP_RUN'] = {str(run.folder)!r}\n"
    joined += "run = gitexp.start(strict=True)\nprint('joined', flush=True)\ninput()\n"
    joined += "run.log_artifact((1).to_bytes(4, 'big') * 750, 'ckpt/1.pt', keep='last:1')\n"
    with subprocess.Popen(
        [sys.executable, "-c", joined], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "joined\n"
        run.finish()
        child.communicate("go\n")
    next_command(here)
    assert paths() == ["ckpt/1.pt"]
    listed = here.git("ls-tree", "-r", "--name-only", f"exp/{run.name}:.exp/artifacts").split()
    assert listed == [".gitattributes", "ckpt/1.pt"]
    assert 0 in stored(here)  # the commit before has it
    here.fsck()


steps = st.lists(
    st.tuples(
        st.sampled_from(["loss", "acc", "none"]),
        st.sampled_from([1.0, 2.0, 3.0, float("nan"), float("-inf")]),
        st.booleans(),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, rules=st.sampled_from(["last:2", "best:loss:2", "best:acc:1,last:1", "best:loss:1"]))
def test_what_stays_is_what_the_rules_say_of_all_that_was_logged(
    tmp_path_factory: pytest.TempPathFactory,
    environ: dict[str, str],
    steps: list[tuple[str, float, bool]],
    rules: str,
) -> None:
    repo = init(tmp_path_factory.mktemp("keep") / "repo", environ)
    repo.commit("first", {"a": "a"})
    repo.git("config", "exp.maxBlob", "1k")
    metric = {"best:loss:2": "loss", "best:acc:1,last:1": "acc", "best:loss:1": "loss"}.get(rules)
    before, known, held = os.getcwd(), {}, set()
    os.chdir(repo.path)
    try:
        with warnings.catch_warnings(), gitexp.start() as run:
            warnings.simplefilter("ignore")  # where nothing said which are best
            last = float("nan")
            for number, (name, value, commit) in enumerate(steps):
                run.log({name: value})
                last = value if name == metric else last
                run.log_artifact(data(number), f"ckpt/{number}.pt", keep=rules)
                known[number] = last
                if commit:
                    run.checkpoint()
                    held |= expected(known, rules)
            run.note("done")
        left = expected(known, rules)
        assert paths(str(run.name)) == [f"ckpt/{number}.pt" for number in sorted(left)]
        assert stored(repo) == sorted(left | held)
    finally:
        os.chdir(before)


def expected(known: dict[int, float], rules: str) -> set[int]:
    sign = -1 if "acc" in rules else 1
    best = sorted(
        known,
        key=lambda n: (not abs(known[n]) < float("inf"), sign * known[n] if abs(known[n]) < 9 else 0, -n),
    )
    last = sorted(known, reverse=True)
    chosen: set[int] = set()
    for rule in rules.split(","):
        chosen |= set((best if rule.startswith("best") else last)[: int(rule[-1])])
    return chosen
