"""Secrets that a file gives to names: a variable of the environment, or a param that its run has masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gitexp.formats.secret_names import Suspicion, suspicion
from gitexp.formats.secret_shapes import MASK
from gitexp.formats.secret_values import believed
from gitexp.model.values import Value

_VARIABLE = re.compile(
    r"""[ \t]*(?:export[ \t]+)?([A-Z][A-Z0-9_]{2,80})=["']?([^\s"'$<>{}]{8,512})["']?[ \t]*"""
)
_PARAMS = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".properties", ".env")


def masked_names(params: Mapping[str, Value]) -> list[str]:
    """The last parts of the names of params whose values a record has masked."""
    found: list[str] = []
    for name, value in params.items():
        if isinstance(value, Mapping):
            found += masked_names(value)
        elif value == MASK:
            found.append(name.rpartition(".")[2])
    return found


def assigned(path: str, text: str, masked: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The numbers of the lines in which a file gives a secret to a name, and what is told of them."""
    param = _param(masked) if masked and path.endswith(_PARAMS) else None
    if param is None and "=" not in text:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if param is not None and (found := param.match(line)) and found[2] != MASK:
            yield number, f"the value of {found[1]!r}, which is masked in the record"
        elif (found := _VARIABLE.fullmatch(line)) and _is_secret(found[1], found[2]):
            yield number, f"the value of {found[1]}"


def _param(names: Sequence[str]) -> re.Pattern[str]:
    """A line that gives one of the names a value of its own, as YAML, JSON, TOML and their kin write it."""
    any_name = "|".join(map(re.escape, sorted(set(names))))
    return re.compile(rf"""\s*(?:-\s+)?["']?({any_name})["']?\s*[:=]\s*["']?([^\s"',#]{{4,}})""")


def _is_secret(name: str, value: str) -> bool:
    level = suspicion(name)
    return level is Suspicion.SURE and believed(level, value)
