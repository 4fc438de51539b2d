"""Functions as the value of an input: what they are called, and what they do."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from gitexp.formats.python_code import fingerprint
from gitexp.model.values import Value


def function_value(function: Callable[..., Any]) -> dict[str, Value]:
    """Its symbol, and the hash of its syntax where its source can be had; what it calls is not seen."""
    module, name = (getattr(function, key, None) for key in ("__module__", "__qualname__"))
    told: dict[str, Value] = {"kind": "code", "symbol": f"{module}:{name or type(function).__qualname__}"}
    try:
        shape = fingerprint(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):
        shape = None
    return told | (shape_value(shape) or {})


def shape_value(shape: str | None) -> dict[str, Value] | None:
    """The hash of a syntax tree under the key that says so."""
    return {"ast": f"sha256:{shape}"} if shape else None
