from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from gitexp.errors import UnknownKey
from gitexp.model.history import MISSING
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.values import Digest, Oid
from gitexp.ops.compare import (
    UNKNOWN,
    Comparison,
    Line,
    Measure,
    Side,
    compare,
    differing,
    is_noise,
    only_metrics,
    path_text,
    side_of,
)

INFO = RunInfo(
    RunId("a" * 16), RunName("a-aaaaaa"), Status.FINISHED, "2026-01-01T00:00:00.000Z", Code(Oid("1" * 40))
)
OLD = Record(
    INFO,
    params={"lr": 0.1, "m": {"a.b": 1}},
    metrics={"acc": 0.5},
    inputs=(Input("dataset", "d", "d.csv", Digest("a" * 64), 3), Input("seed", "s", value=1)),
    env={"platform": {"system": "Linux"}},
    requirements="numpy==1.0\nscipy==1.0\n",
)


def records(*ones: Record, everything: bool = False) -> Comparison:
    return compare([side_of(one) for one in ones], everything=everything)


def test_nothing() -> None:
    found = records(OLD, OLD)
    assert not found.differs
    assert (found.params, found.metrics, found.inputs, found.packages, found.env) == ((), (), (), (), ())


def test_everything_that_differs() -> None:
    new = Record(
        replace(INFO, code=Code(Oid("2" * 40))),
        params={"m": {"a.b": 2}, "new": []},
        metrics={"acc": 0.75, "loss": 1},
        inputs=(Input("dataset", "d", "d.csv", Digest("b" * 64), 3), Input("seed", "s", value=1)),
        env={"platform": {"system": "Darwin"}},
        requirements="numpy==2.0\nscipy==1.0\nx @ git+https://a/b@c\n",
    )
    found = records(OLD, new)
    assert found.differs
    assert found.code == (False, True)
    assert found.params == (
        Line("lr", (0.1, MISSING)),
        Line("m.a\\.b", (1, 2)),
        Line("new", (MISSING, [])),
    )
    assert found.metrics == (
        Measure("acc", (0.5, 0.75), "max", True),
        Measure("loss", (MISSING, 1), "min", True),
    )
    assert found.inputs == (Line("dataset d.csv", (f"sha256:{'a' * 64}", f"sha256:{'b' * 64}")),)
    assert found.packages == (Line("numpy", ("1.0", "2.0")), Line("x", (MISSING, "git+https://a/b@c")))
    assert found.env == (Line("platform.system", ("Linux", "Darwin")),)


def test_everything_at_all() -> None:
    found = records(OLD, replace(OLD, params={"lr": 0.2, "m": {"a.b": 1}}), everything=True)
    assert found.params == (Line("lr", (0.1, 0.2)), Line("m.a\\.b", (1, 1)))
    assert [line.differs for line in found.params] == [True, False]
    assert found.packages == (Line("numpy", ("1.0", "1.0")), Line("scipy", ("1.0", "1.0")))
    assert found.differs
    assert not records(OLD, OLD, everything=True).differs


def test_many_sides_stand_next_to_each_other() -> None:
    new = replace(OLD, params={"lr": 0.2, "m": {"a.b": 1}, "l": [{"k": 1}]})
    found = records(OLD, OLD, new, replace(new, requirements="numpy==3\nscipy==1.0\n"))
    assert found.params == (
        Line("l", (MISSING, MISSING, [{"k": 1}], [{"k": 1}])),
        Line("lr", (0.1, 0.1, 0.2, 0.2)),
    )
    assert found.packages == (Line("numpy", ("1.0", "1.0", "1.0", "3")),)
    assert found.code == (False, False, False, False)
    same = records(OLD, OLD, OLD, everything=True)
    assert same.params == (Line("lr", (0.1, 0.1, 0.1)), Line("m.a\\.b", (1, 1, 1)))


def test_packages_that_are_not_known_of_one_run_are_counted() -> None:
    found = records(replace(OLD, requirements=""), OLD)
    assert found.packages == (Line("packages", (MISSING, 2)),)
    other = replace(OLD, requirements="numpy==2\n")
    assert records(OLD, replace(OLD, requirements=""), other).packages == (
        Line("numpy", ("1.0", UNKNOWN, "2")),
        Line("scipy", ("1.0", UNKNOWN, MISSING)),
    )


def test_a_part_that_was_not_recorded_is_no_difference() -> None:
    bare = Side(OLD.info.code.tree, OLD.params)
    assert not compare([side_of(OLD), bare]).differs
    other = side_of(replace(OLD, metrics={"acc": 0.75}))
    found = compare([side_of(OLD), bare, other])
    assert found.metrics == (Measure("acc", (0.5, UNKNOWN, 0.75), "max", True),)
    assert found.metrics[0].best == (2,)


def test_what_is_another_in_each_run_is_noise() -> None:
    env = {"seeds": {"numpy": {"state": "a"}, "torch": {"seed": 1}}, "variables": {"SLURM_JOB_ID": "1"}}
    new = {"seeds": {"numpy": {"state": "b"}, "torch": {"seed": 1}}, "variables": {"SLURM_JOB_ID": "2"}}
    found = records(replace(OLD, env=env), replace(OLD, env=new))
    assert (found.env, found.differs) == ((), False)
    found = records(replace(OLD, env=env), replace(OLD, env=new), everything=True)
    assert [line.key for line in found.env] == [
        "seeds.numpy.state",
        "seeds.torch.seed",
        "variables.SLURM_JOB_ID",
    ]
    assert not found.differs
    new["seeds"]["torch"]["seed"] = 2  # type: ignore[index]
    assert records(replace(OLD, env=env), replace(OLD, env=new)).differs
    assert not is_noise("seeds.numpy.seed")
    assert not is_noise("variables.SLURM_NTASKS")


def test_which_is_better() -> None:
    loss = Measure("loss", (0.5, 0.25, 0.75, nan, MISSING, 0.25), "min")
    assert loss.best == (1, 5)
    verdicts = [loss.verdict(index) for index in range(6)]
    assert verdicts == [None, "better", "worse", None, None, "better"]
    assert Measure("acc", (0.5, 0.75), "max").verdict(1) == "better"
    assert Measure("n", (1, 2)).verdict(1) is None
    assert Measure("n", (1, 2)).best == ()
    assert Measure("acc", (1, 1), "max").best == ()
    assert Measure("acc", (1, "1"), "max").best == ()
    assert Measure("acc", (True, 1), "max").best == ()


def test_goals_of_the_settings_come_first() -> None:
    sides = [
        Side(Oid("1" * 40), {}, {"loss": 1, "speed": 1, "acc": 1}),
        Side(Oid("1" * 40), {}, {"loss": 2, "speed": 2}),
    ]
    found = compare(sides, goals={"loss": "max", "speed": "max"})
    told = {one.key: (one.goal, one.guessed, one.best) for one in found.metrics}
    assert told == {"acc": ("max", True, ()), "loss": ("max", False, (1,)), "speed": ("max", False, (1,))}
    assert found.guessed == ()
    assert compare(sides).guessed == ("loss",)


def test_only_some_metrics() -> None:
    sides = [Side(Oid("1" * 40), {"a": i}, {"loss": i, "acc": i, "same": 1}) for i in range(2)]
    found = only_metrics(compare(sides), ["acc", "same"], sides)
    assert [one.key for one in found.metrics] == ["acc"]
    assert found.params
    with pytest.raises(UnknownKey) as caught:
        only_metrics(compare(sides), ["los"], sides)
    assert (caught.value.message, caught.value.hint) == ("no run has a metric 'los'", "-m loss")


def test_keys_that_differ_among_many() -> None:
    assert differing([{"a": 1, "b": 1}, {"a": 1, "b": 1.0}, {"a": 1, "b": 1}]) == ["b"]
    assert differing([{"a": float("nan")}, {"a": float("nan")}]) == []
    assert differing([{"a": 1}, {}]) == ["a"]
    assert differing([{"b": 1, "a": 1}]) == ["a", "b"]
    assert differing([]) == []


def test_paths() -> None:
    assert path_text(("a", "b.c", 0, "d", 1)) == "a.b\\.c[0].d[1]"
