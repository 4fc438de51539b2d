"""What a program in Python does, as one hash that layout, comments and docstrings do not change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from hashlib import sha256

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def fingerprint(source: bytes | str) -> str | None:
    """The sha256 of its syntax tree, the same under each Python that parses it; None where ours does not.

    Code that it imports is not seen.
    """
    try:
        tree = ast.parse(source)
        return sha256("\n".join(_shape(tree)).encode("utf-8", "surrogatepass")).hexdigest()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _shape(node: ast.AST) -> Iterator[str]:
    """Node and fields in their order. Those without a value are left out: a newer Python adds some."""
    yield f"({type(node).__name__}"
    for name, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        if (
            name == "body"
            and isinstance(node, _DOCUMENTED)
            and ast.get_docstring(node, clean=False) is not None
        ):
            values = values[1:]
        for one in values:
            if isinstance(one, ast.AST):
                yield name
                yield from _shape(one)
            elif one is not None:
                yield f"{name} {one!r}"
    yield ")"
