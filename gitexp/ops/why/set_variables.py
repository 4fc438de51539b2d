"""Environment variables that two runs had otherwise, as a command line sets them."""

from __future__ import annotations

import re
import shlex

from gitexp.formats.making import changed
from gitexp.ops.repro.variables import deciding_variables, repeated_variables
from gitexp.ops.why.explaining import Two
from gitexp.ops.why.makings import HASH_SEED

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SECTION = "variables."


def only_variables(two: Two) -> bool:
    """Whether variables are all that the environments of the two have otherwise."""
    keys = changed(*(making.env for making in two.makings))
    return bool(keys) and all(key.startswith(_SECTION) for key in keys)


def assigned(two: Two, *, new: bool) -> str | None:
    """What stands before a command that is to have those of the old run, or of the new one: `A=1 `.

    Empty where none is another one. None where one is masked, or decides which programs run: nobody is told
    to set that on the word of a record.
    """
    repo = two.old.repo
    known = [deciding_variables(repo, record.env) for record in two.records]
    wanted, settable = known[new], repeated_variables(repo, two.records[new].env)
    names = sorted({*known[0], *known[1]} - {HASH_SEED})
    names = [name for name in names if known[0].get(name) != known[1].get(name)]
    if any(not _NAME.fullmatch(name) or wanted.get(name) != settable.get(name) for name in names):
        return None
    unset = [f"-u {name}" for name in names if name not in wanted]
    words = [*(["env", *unset] if unset else []), *_assignments(names, wanted)]
    return "".join(f"{word} " for word in words)


def _assignments(names: list[str], values: dict[str, str]) -> list[str]:
    return [f"{name}={shlex.quote(values[name])}" for name in names if name in values]
