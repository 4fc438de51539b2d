"""Functions that were told as inputs, a grader say: where they stand in the code of the runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gitexp.errors import GitExpError
from gitexp.formats.identity import identity
from gitexp.formats.python_code import lines_of
from gitexp.model.record import Input
from gitexp.ops.read import StoredRun
from gitexp.ops.why.contents import MAX_TEXT

_MAIN = "__main__"
_MOST_FILES = 20
"""Files of code that are looked into."""


class Function(NamedTuple):
    """What an input says of itself that is a function."""

    module: str
    name: str
    """Qualified: `Grader.grade`."""
    shape: str

    def may_be_in(self, path: str) -> bool:
        """Whether a module of that name may be the file: a script has the name of none."""
        module = self.module.replace(".", "/")
        ends = (f"/{module}.py", f"/{module}/__init__.py")
        return path.endswith(".py") and (self.module == _MAIN or f"/{path}".endswith(ends))


class Place(NamedTuple):
    path: str
    text: str


def function_of(one: Input) -> Function | None:
    """The function that an input is; None for anything else."""
    if not isinstance(one.value, Mapping) or one.oid is not None:
        return None
    symbol, shape = one.value.get("symbol"), one.value.get("ast")
    if not isinstance(symbol, str) or not isinstance(shape, str):
        return None
    module, _, name = symbol.partition(":")
    return Function(module, name, shape.removeprefix("sha256:"))


def place_of(run: StoredRun, one: Input, paths: Sequence[str]) -> Place | None:
    """The function that an input is, where one of the files at `paths` has it just as it was."""
    function = function_of(one)
    if function is None:
        return None
    wanted = [path for path in paths if function.may_be_in(path)][:_MOST_FILES]
    try:
        found = run.repo.reader.blobs([(run.commit, path) for path in wanted])
    except GitExpError:
        return None
    for path, data in zip(wanted, found, strict=True):
        lines = _lines_of(function, data)
        if lines is not None and data is not None:
            return Place(path, "\n".join(_decoded(data).split("\n")[lines.start : lines.stop]))
    return None


def changed_functions(olds: Iterable[Input], news: Iterable[Input]) -> tuple[list[Function], list[Function]]:
    """The functions of two runs that the other does not have: each told as a change of its own."""
    before, after = ({identity(one): one for one in each} for each in (olds, news))
    return list(_but(before, after)), list(_but(after, before))


def without(data: bytes, path: str, functions: Iterable[Function]) -> str:
    """The text of a file, of each of these functions that stands in it no more than a line."""
    lines: list[str | None] = [*_decoded(data).split("\n")]
    for function in functions:
        found = _lines_of(function, data) if function.may_be_in(path) else None
        if found is not None:
            lines[found.start : found.stop] = [f"# {function.name}", *[None] * (len(found) - 1)]
    return "\n".join(line for line in lines if line is not None)


def _but(mine: Mapping[str, Input], its: Mapping[str, Input]) -> Iterator[Function]:
    return (one for key in mine.keys() - its.keys() if (one := function_of(mine[key])) is not None)


def _lines_of(function: Function, data: bytes | None) -> range | None:
    if data is None or len(data) > MAX_TEXT:
        return None
    return lines_of(_decoded(data), function.name, function.shape)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
