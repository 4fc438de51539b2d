"""What a record tells of the submodules of the code that ran."""

from __future__ import annotations

from collections.abc import Mapping

from gitexp.model.values import Value


def altered(env: Value) -> list[str]:
    """The submodules, by path, whose files were not those of their commits: no record has what ran there."""
    known = env.get("submodules") if isinstance(env, Mapping) else None
    each = known.items() if isinstance(known, Mapping) else ()
    return sorted(path for path, one in each if isinstance(one, Mapping) and one.get("dirty") is True)
