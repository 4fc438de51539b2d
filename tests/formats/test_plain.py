from __future__ import annotations

import argparse
import dataclasses
import datetime
import enum
import math
import subprocess
import sys
from collections import OrderedDict, deque, namedtuple
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import MagicMock
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from pydantic import BaseModel, RootModel, SecretStr

from gitexp.formats.plain import MAX_ELEMENTS, flatten_metrics, plain
from tests.formats.test_rows import same


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Word(str):
    def __str__(self) -> str:
        return "not this"


class Count(int):
    pass


class Point(NamedTuple):
    x: int
    y: np.float32


@dataclasses.dataclass
class Inner:
    path: Path


@dataclasses.dataclass
class Config:
    inner: Inner
    colour: Colour = Colour.RED
    unset: int = dataclasses.field(init=False)


class Model(BaseModel):
    lr: float
    level: Level
    token: SecretStr
    parts: list[Path]


class Namespace(argparse.Namespace):
    pass


class Slotted:
    __attrs_attrs__ = (SimpleNamespace(name="a"), SimpleNamespace(name="b"))
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = Word("x")
        self.b = {1}


class ModelV1:
    __fields__ = ("rate",)

    def dict(self) -> dict[str, Any]:
        return {"rate": np.float64(0.5)}


class Tensor:
    """As torch's: what it is made of can only be asked for by methods."""

    def __init__(self, *content: float) -> None:
        self._content = list(content)

    shape = property(lambda self: (len(self._content),))
    dtype = "torch.float32"

    def tolist(self) -> list[float]:
        return self._content


class Boxed:
    def item(self) -> np.int64:
        return np.int64(7)


class ConfigDict:
    """A mapping that is not registered as one."""

    def keys(self) -> Iterator[str]:
        return iter(["a"])

    def __getitem__(self, key: str) -> int:
        return {"a": 1}[key]


def function() -> None: ...


Old = namedtuple("Old", "a b")

CASES: list[tuple[object, object]] = [
    (True, True),
    (None, None),
    ("text", "text"),
    (2**70, 2**70),
    (1 << 20_000, hex(1 << 20_000)),
    (Word("x"), "x"),
    (Count(3), 3),
    (Colour.RED, "red"),
    (Level.HIGH, 3),
    (Path("a") / "b", "a/b"),
    (PureWindowsPath("a\\b"), "a/b"),
    (datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc), "2026-01-02T03:04:00+00:00"),
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (datetime.timedelta(minutes=1), 60.0),
    (Decimal("0.10"), "0.10"),
    (Fraction(1, 3), "1/3"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (b"text", "text"),
    (bytearray(b"\xff"), "/w=="),
    (1 + 2j, "(1+2j)"),
    ((1, (2,)), [1, [2]]),
    ({"b", "a"}, ["a", "b"]),
    (frozenset([2, "x", 1]), [1, 2, "x"]),
    (range(3), [0, 1, 2]),
    (range(10**9), "range(0, 1000000000)"),
    (deque([1]), [1]),
    ({"a": 1}.values(), [1]),
    (OrderedDict(a=OrderedDict(b=1)), {"a": {"b": 1}}),
    ({1: "x", (1, 2): "y", None: "z", Colour.RED: 1}, {"1": "x", "(1, 2)": "y", "None": "z", "red": 1}),
    (Old(1, 2), {"a": 1, "b": 2}),
    (Point(1, np.float32(0.5)), {"x": 1, "y": 0.5}),
    (Config(Inner(Path("d/e"))), {"inner": {"path": "d/e"}, "colour": "red"}),
    (argparse.Namespace(lr=0.1), {"lr": 0.1}),
    (Namespace(lr=0.1), {"lr": 0.1}),
    (SimpleNamespace(a=SimpleNamespace(b=1)), {"a": {"b": 1}}),
    (Slotted(), {"a": "x", "b": [1]}),
    (ModelV1(), {"rate": 0.5}),
    (RootModel[list[Path]]([Path("a")]), ["a"]),
    (ConfigDict(), {"a": 1}),
    (Boxed(), 7),
    (Tensor(1.5), 1.5),
    (Tensor(1.5, 2.5), [1.5, 2.5]),
    (Tensor(*[0.0] * 1001), f"{__name__}.Tensor(shape=(1001,), dtype=torch.float32)"),
    (int, "int"),
    (datetime.date, "datetime.date"),
    (len, "len"),
    (math.sqrt, "math.sqrt"),
    (function, f"{__name__}.function"),
    (Config, f"{__name__}.Config"),
    (np.float64(0.1), 0.1),
    (np.float32(0.1), float(np.float32(0.1))),
    (np.longdouble(0.5), 0.5),
    (np.float64("-inf"), -math.inf),
    (np.int64(-(2**63)), -(2**63)),
    (np.uint64(2**64 - 1), 2**64 - 1),
    (np.bool_(True), True),
    (np.str_("é"), "é"),
    (np.datetime64("2026-01-02"), "2026-01-02"),
    (np.array(5), 5),
    (np.array([[5.5]]), 5.5),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array([None, Path("a")], dtype=object), [None, "a"]),
    (np.array([]), []),
    (np.zeros((100, 11), dtype=np.int8), "numpy.ndarray(shape=(100, 11), dtype=int8)"),
    (np.ma.masked_array([1, 2], mask=[False, True]), [1, None]),
    (np.dtype("float32"), "float32"),
    (np.float32, "numpy.float32"),
    (np.linspace, "numpy.linspace"),
    (
        Model(lr=1, level=Level.HIGH, token=SecretStr("s3cret"), parts=[Path("a")]),
        {"lr": 1.0, "level": 3, "token": "SecretStr('**********')", "parts": ["a"]},
    ),
    (
        OmegaConf.create({"lr": 0.1, "twice": {"rate": "${lr}"}, "sizes": [1, "${lr}"], "todo": "???"}),
        {"lr": 0.1, "twice": {"rate": 0.1}, "sizes": [1, 0.1], "todo": "???"},
    ),
    (OmegaConf.create({"a": "${nowhere}"}), {"a": "${nowhere}"}),
    (OmegaConf.structured(Inner(Path("x"))), {"path": "x"}),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[type(value).__name__ for value, _ in CASES])
def test_it_becomes_this(value: object, expected: object) -> None:
    assert same(plain(value), expected)
    assert same(plain({"in": [value]}), {"in": [expected]})


def test_nan_of_every_kind_is_a_float() -> None:
    for value in (np.float64("nan"), np.float16("nan"), np.array([math.nan])):
        assert same(plain(value), math.nan)


class Hostile:
    """Raises from everything that anyone could ask it for."""

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("hostile")

    __repr__ = __str__ = __len__ = __iter__ = __getitem__ = keys = item = tolist = model_dump = _raise
    shape = dtype = __class__ = property(_raise)


class HostileMapping(dict[str, int]):
    def keys(self) -> Any:
        raise RuntimeError("hostile")


def test_nothing_that_an_object_does_gets_out() -> None:
    assert plain(Hostile()) == f"<{__name__}.Hostile>"
    assert plain([1, Hostile()]) == [1, f"<{__name__}.Hostile>"]
    assert plain(HostileMapping(a=1)) == "{'a': 1}"


def test_a_mock_is_not_taken_for_a_tensor() -> None:
    assert isinstance(plain(MagicMock(name="loss")), str)


def test_an_unknown_object_has_no_address() -> None:
    assert plain(object()) == "<object object>"
    assert plain(lambda: 0) == f"{__name__}.test_an_unknown_object_has_no_address.<locals>.<lambda>"
    assert len(str(plain(SimpleNamespace))) < 100


def test_cycles_and_bottomless_depth_end() -> None:
    cycle: dict[str, Any] = {"a": 1}
    cycle["self"] = [cycle]
    assert plain(cycle) == {"a": 1, "self": ["{'a': 1, 'self': [{...}]}"]}
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    depth, value = 0, plain(deep)
    while isinstance(value, list):
        depth, value = depth + 1, value[0]
    assert depth == 60
    assert isinstance(value, str)
    while deep:  # Or freeing it would overflow the stack of old Pythons.
        deep = deep[0]


def test_the_same_object_twice_is_no_cycle() -> None:
    shared = {"a": 1}
    assert plain([shared, shared]) == [shared, shared]


def test_long_text_and_many_keys_are_kept() -> None:
    params = {f"key{i}": {"nested": Word("x" * 100)} for i in range(10_000)}
    assert plain({"text": "x" * 1_000_000, **params})["text"] == "x" * 1_000_000  # type: ignore[index,call-overload]
    assert len(plain(params)) == 10_000  # type: ignore[arg-type]


def test_arrays_are_listed_up_to_a_limit() -> None:
    assert len(plain(np.zeros(MAX_ELEMENTS))) == MAX_ELEMENTS  # type: ignore[arg-type]
    assert plain(np.zeros(MAX_ELEMENTS + 1)) == "numpy.ndarray(shape=(1001,), dtype=float64)"


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TREES = st.recursive(LEAVES, lambda kids: st.lists(kids) | st.dictionaries(st.text(), kids), max_leaves=20)


@given(TREES)
def test_plain_values_stay_as_they_are(value: Any) -> None:
    assert same(plain(value), value)


def test_no_package_is_imported() -> None:
    code = "import sys, gitexp.formats.plain as p; p.plain({'a': [1.5, object()]}); print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "gitexp.formats.plain" in modules
    assert not {"numpy", "pydantic", "omegaconf", "attr"} & set(modules)


@pytest.mark.parametrize(
    ("values", "flat"),
    [
        ({"loss": 0.5, "n": 3}, {"loss": 0.5, "n": 3}),
        ({"loss": np.float32(0.5), "ok": np.True_, "none": None}, {"loss": 0.5, "ok": True, "none": None}),
        ({"train": {"loss": 1, "top": {5: 0.5}}, "s": "x"}, {"train.loss": 1, "train.top.5": 0.5, "s": "x"}),
        ({"train/acc.top1": Tensor(0.25)}, {"train/acc.top1": 0.25}),
        ({1: 0.5}, {"1": 0.5}),
        ({"hist": [1, 2.5]}, {"hist": "[1, 2.5]"}),
        ({"empty": {}}, {}),
        ({}, {}),
    ],
)
def test_metrics_are_flattened(values: Any, flat: dict[str, Any]) -> None:
    assert same(flatten_metrics(values), flat)
    assert flatten_metrics(values) is not values
