"""What a program in Python does, as one hash that layout, comments and docstrings do not change."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from hashlib import sha256
from textwrap import dedent
from typing import TypeAlias

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
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


def lines_of(source: str, name: str, shape: str) -> range | None:
    """The lines, from 0 on, of the function with that qualified name and fingerprint; None where it has none.

    Its decorators are part of it.
    """
    try:
        tree = ast.parse(source)
        # Others split at form feeds as well, and then count other lines than the parser does.
        lines = source.split("\n")
        for node in _definitions(tree, [part for part in name.split(".") if part != "<locals>"]):
            start = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
            found = range(start, node.end_lineno or node.lineno)
            if fingerprint(dedent("\n".join(lines[start : found.stop]))) == shape:
                return found
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return None


def _definitions(tree: ast.AST, names: Sequence[str]) -> Iterator[Definition]:
    """What is defined under these names, each within the one before it."""
    for node in ast.walk(tree):
        if isinstance(node, Definition) and names and node.name == names[0]:
            if len(names) == 1:
                yield node
            else:
                yield from _definitions(ast.Module(node.body, []), names[1:])


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
