"""`inputs` in `.gitexp.yaml`: what results depend on, as the people of a project write it down."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.formats.inputs import NONE
from gitexp.model.values import Value

if TYPE_CHECKING:
    from gitexp.formats.settings_source import Source

_KEY = "inputs"
_HINT = "write a path, a mapping of name, revision, path or value, or none"


@dataclass(frozen=True, slots=True)
class Declared:
    """One input; without a path and a value it is the statement that there is none."""

    path: str | None = None
    """Relative to the root of the working tree."""
    value: Value = None
    name: str | None = None
    revision: str | None = None

    @property
    def none(self) -> bool:
        return self.path is None and self.value is None


def declared(source: Source, role: str) -> tuple[Declared, ...]:
    """The inputs of a role. Raises BrokenFile."""
    found = source.value(_KEY, role)
    if found is None or found is False:
        return ()
    if found == NONE:
        return (Declared(),)
    each = found if isinstance(found, list) else [found]
    return tuple(_one(source, role, item) for item in each)


def _one(source: Source, role: str, item: Value) -> Declared:
    if isinstance(item, Mapping):
        return _of_mapping(source, role, item)
    if isinstance(item, str) and item and item != NONE:
        return Declared(path=posixpath.normpath(item))
    if isinstance(item, (int, float)) and not isinstance(item, bool):
        return Declared(value=item)
    raise source.broken((_KEY, role), f"an input of {role!r} is {item!r:.80}", hint=_HINT)


def _of_mapping(source: Source, role: str, item: Mapping[str, Value]) -> Declared:
    texts = {key: item.get(key) for key in ("name", "revision", "path")}
    # A commit of digits alone is a number to YAML.
    told = {key: str(value) for key, value in texts.items() if isinstance(value, (str, int)) and value != ""}
    if not item or len(told) != sum(value is not None for value in texts.values()):
        raise source.broken((_KEY, role), f"an input of {role!r} is {dict(item)!r:.80}", hint=_HINT)
    path, name, revision = told.get("path"), told.get("name"), told.get("revision")
    if path is not None:
        return Declared(posixpath.normpath(path), name=name, revision=revision)
    value = item.get("value", {**item, **told})
    return Declared(value=value, name=name, revision=revision if "value" in item else None)
