"""Whatever a user logs, as plain values: told by its shape, so that no package of theirs is imported.

Attributes are looked up on the type, because proxies and mocks claim to have every one.
"""

from __future__ import annotations

import base64
import datetime
import json
import math
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence, Set, ValuesView
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

from gitexp.model.values import Scalar, Value

MAX_ELEMENTS: Final = 1000
"""Arrays, tensors and ranges with more elements are described instead of listed."""
MAX_DEPTH: Final = 60
_MAX_REPR = 1000
_MAX_INT_BITS = 14_000  # Python refuses to write longer ones in decimal.
_EXACT = frozenset({bool, float, str, type(None)})
_NUMBERS = frozenset({int, float})
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_TEXTUAL = frozenset({"decimal", "fractions", "uuid", "ipaddress", "zoneinfo"})
_NUMERIC_PACKAGES = frozenset({"numpy", "torch", "jax", "jaxlib", "tensorflow", "ml_dtypes"})
_NAMESPACES = frozenset({("argparse", "Namespace"), ("types", "SimpleNamespace")})


def plain(value: object) -> Value:
    """`value` as exact builtin scalars, lists and string-keyed dicts; never raises.

    Arrays of one element become that element. Enums become their values, paths posix text, dates ISO
    text, bytes text or base64, classes and functions their qualified names, sets sorted lists; objects
    with fields become dicts. What is too large, too deep, cyclic or unknown becomes its `repr`.
    """
    return _plain(value, ())


def flatten_metrics(values: Mapping[str, object]) -> dict[str, Scalar]:
    """`values` with nested mappings flattened to dotted names; a list becomes its JSON text."""
    if _NUMBERS.issuperset(map(type, values.values())) and all(type(name) is str for name in values):
        return dict(values)  # type: ignore[arg-type]
    flat: dict[str, Scalar] = {}
    converted = plain(values)
    if isinstance(converted, dict):
        _flatten(converted, "", flat)
    return flat


def _flatten(values: Mapping[str, Value], prefix: str, into: dict[str, Scalar]) -> None:
    for name, value in values.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{name}.", into)
        elif isinstance(value, list):
            into[prefix + name] = json.dumps(value)
        else:
            into[prefix + name] = value  # type: ignore[assignment]


def _plain(value: object, above: tuple[int, ...]) -> Value:
    """`above` are the ids of the objects that `value` is inside of."""
    kind = type(value)
    if kind in _EXACT:
        return value  # type: ignore[return-value]
    if id(value) in above or len(above) >= MAX_DEPTH:
        return _describe(value)
    try:
        return _convert(value, (*above, id(value)))
    except Exception:  # noqa: BLE001 - any code of the user's may run here, and logging must go on
        return _describe(value)


def _convert(value: Any, above: tuple[int, ...]) -> Value:
    kind = type(value)
    if isinstance(value, Enum):
        return _plain(value.value, above)
    if isinstance(value, (int, float, str)):
        return _exact(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _text_of(bytes(value))
    if hasattr(kind, "shape") and hasattr(kind, "dtype"):
        return _array(value, above)
    text = _text(value, kind)
    if text is not None:
        return text
    if kind.__module__.startswith("omegaconf."):
        return _plain(_container(value), above)
    if hasattr(kind, "model_dump"):
        return _plain(value.model_dump(), above)
    if hasattr(kind, "__fields__") and hasattr(kind, "dict"):
        return _plain(value.dict(), above)  # pydantic 1
    members = _members(value, kind)
    if members is not None:
        return {_key(key): _plain(member, above) for key, member in members}
    items = _items(value)
    if items is not None:
        return [_plain(item, above) for item in items]
    if hasattr(kind, "item"):
        return _plain(value.item(), above)
    return _describe(value)


def _exact(value: int | float | str) -> Scalar:
    """The builtin value inside of a subclass of int, float or str."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float.__float__(value)
    number = int.__int__(value)
    return hex(number) if number.bit_length() > _MAX_INT_BITS else number


def _text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _text(value: Any, kind: type) -> Value:
    """What is best said in one word; None where `value` is no such thing."""
    package = kind.__module__.partition(".")[0]
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, os.PathLike):
        return _plain(os.fspath(value), ())
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return _qualified(value)
    if package in _TEXTUAL or (package in _NUMERIC_PACKAGES and "dtype" in kind.__name__.lower()):
        return str(value)
    if kind.__name__ == "device" and package in _NUMERIC_PACKAGES:
        return str(value)
    return None


def _array(value: Any, above: tuple[int, ...]) -> Value:
    """An array, tensor or scalar of a numeric package."""
    size = math.prod(value.shape)
    if size > MAX_ELEMENTS:
        shape = tuple(int(length) for length in value.shape)
        return f"{_qualified(type(value))}(shape={shape}, dtype={value.dtype})"
    if not hasattr(type(value), "tolist"):
        return _plain(value.numpy(), above)
    content = value.tolist()
    while size == 1 and isinstance(content, list):
        content = content[0]
    # An extended float has no builtin twin, and gives itself.
    return float(content) if type(content) is type(value) else _plain(content, above)


def _container(config: Any) -> Any:
    """An OmegaConf node as builtin containers, interpolations resolved where they can be."""
    to_container = sys.modules["omegaconf"].OmegaConf.to_container
    try:
        return to_container(config, resolve=True)
    except Exception:  # noqa: BLE001 - a resolver is the user's code
        return to_container(config, resolve=False)


def _members(value: Any, kind: type) -> Iterable[tuple[Any, Any]] | None:
    """Name and value of each field, where `value` has fields."""
    if isinstance(value, Mapping) or (hasattr(kind, "keys") and hasattr(kind, "__getitem__")):
        return [(key, value[key]) for key in value.keys()]  # noqa: SIM118 - not all iterate over keys
    if is_dataclass(value):
        names = [field.name for field in fields(value)]
    elif hasattr(kind, "__attrs_attrs__"):
        names = [attribute.name for attribute in kind.__attrs_attrs__]
    elif isinstance(value, tuple) and hasattr(kind, "_fields"):
        names = list(kind._fields)
    elif any((parent.__module__, parent.__name__) in _NAMESPACES for parent in kind.__mro__):
        names = list(vars(value))
    else:
        return None
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def _items(value: Any) -> Iterable[Any] | None:
    """The items of a collection, those of a set in a stable order; None where `value` is none."""
    if isinstance(value, range) and len(value) > MAX_ELEMENTS:
        return None
    if isinstance(value, Set):
        return _sorted(value)
    return value if isinstance(value, (Sequence, ValuesView)) else None


def _sorted(items: Collection[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return sorted(items, key=lambda item: (type(item).__name__, repr(item)))


def _key(key: object) -> str:
    if isinstance(key, Enum):
        key = key.value
    return str.__str__(key) if isinstance(key, str) else str(key)


def _qualified(value: Any) -> str:
    module = getattr(value, "__module__", None)
    name = str(value.__qualname__)
    return name if module in (None, "builtins") else f"{module}.{name}"


def _describe(value: object) -> str:
    """The `repr` of `value` without its address, cut to a bearable length."""
    try:
        text = _ADDRESS.sub("", repr(value))
    except Exception:  # noqa: BLE001 - the user's `__repr__`
        return f"<{_qualified(type(value))}>"
    return text if len(text) <= _MAX_REPR else text[:_MAX_REPR] + "…"
