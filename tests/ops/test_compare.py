from __future__ import annotations

from dataclasses import replace

from gitexp.model.history import MISSING
from gitexp.model.names import RunId, RunName
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.values import Digest, Oid
from gitexp.ops.compare import Change, compare, differing, path_text

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


def test_nothing() -> None:
    found = compare(OLD, OLD)
    assert not found.differs
    assert (found.params, found.metrics, found.inputs, found.packages, found.env) == ((), (), (), (), ())


def test_everything_that_differs() -> None:
    new = Record(
        replace(INFO, code=Code(Oid("2" * 40))),
        params={"m": {"a.b": 2}, "new": []},
        metrics={"acc": 0.75, "loss": 1},
        inputs=(Input("dataset", "d", "d.csv", Digest("b" * 64), 3), Input("seed", "s", value=1)),
        env={"platform": {"system": "Darwin"}},
        requirements="numpy==2.0\nscipy==1.0\n",
    )
    found = compare(OLD, new)
    assert found.differs
    assert found.code
    assert found.params == (
        Change("lr", 0.1, MISSING),
        Change("m.a\\.b", 1, 2),
        Change("new", MISSING, []),
    )
    assert found.metrics == (Change("acc", 0.5, 0.75), Change("loss", MISSING, 1))
    assert found.inputs == (Change("dataset d.csv", f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"),)
    assert found.packages == (Change("numpy", "1.0", "2.0"),)
    assert found.env == (Change("platform.system", "Linux", "Darwin"),)


def test_everything_at_all() -> None:
    found = compare(OLD, replace(OLD, params={"lr": 0.2, "m": {"a.b": 1}}), everything=True)
    assert found.params == (Change("lr", 0.1, 0.2), Change("m.a\\.b", 1, 1))
    assert [change.differs for change in found.params] == [True, False]
    assert found.packages == (Change("numpy", "1.0", "1.0"), Change("scipy", "1.0", "1.0"))
    assert found.differs
    assert not compare(OLD, OLD, everything=True).differs


def test_packages_that_are_not_known_of_one_run_are_counted() -> None:
    found = compare(replace(OLD, requirements=""), OLD)
    assert found.packages == (Change("packages", MISSING, 2),)


def test_keys_that_differ_among_many() -> None:
    assert differing([{"a": 1, "b": 1}, {"a": 1, "b": 1.0}, {"a": 1, "b": 1}]) == ["b"]
    assert differing([{"a": float("nan")}, {"a": float("nan")}]) == []
    assert differing([{"a": 1}, {}]) == ["a"]
    assert differing([{"b": 1, "a": 1}]) == ["a", "b"]
    assert differing([]) == []


def test_paths() -> None:
    assert path_text(("a", "b.c", 0, "d", 1)) == "a.b\\.c[0].d[1]"
