"""Looks at packages that the program has imported already; never imports one."""

from __future__ import annotations

from collections.abc import Mapping

_FAILURES = (
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    AssertionError,
)


def lookup(modules: Mapping[str, object], module: str, path: str) -> object:
    """The attribute at the dotted `path` of `module`, or None where either is missing."""
    value = modules.get(module)
    for name in path.split("."):
        if value is None:
            return None
        try:
            value = getattr(value, name, None)
        except _FAILURES:  # a lazily loaded attribute that cannot be loaded
            return None
    return value


def call(modules: Mapping[str, object], module: str, path: str) -> object:
    """What the function at `path` returns without arguments, or None where it is missing or fails."""
    function = lookup(modules, module, path)
    if not callable(function):
        return None
    try:
        result: object = function()
    except _FAILURES:
        return None
    return result
