"""What was done in several ways during a run, as the value of one input: all of them, marked `mixed`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from gitexp.formats.canonical_json import digest
from gitexp.model.record import Pin
from gitexp.model.values import Value

_DATED = re.compile(r".*[-@](?:\d{4}-\d{2}-\d{2}|20\d{6})")
"""A model's name with the day of its snapshot."""
_MOST = 16
"""Ways that are listed one by one; of more there are only their number and a hash."""


def pin_of_model(name: str) -> Pin:
    """How firmly a model is known by the name that it is called by."""
    return Pin.REVISION if _DATED.fullmatch(name) else Pin.NAMED


def different(values: Iterable[Value]) -> list[Value]:
    """The different ones, in an order that does not depend on which was first."""
    found = {json.dumps(one, sort_keys=True): one for one in values}
    return [found[key] for key in sorted(found)]


def mixed(ways: Sequence[Value]) -> Value:
    """The only way, or all of them."""
    if len(ways) == 1:
        return ways[0]
    if len(ways) <= _MOST:
        return {"mixed": list(ways)}
    return {
        "mixed": len(ways),
        "digest": f"sha256:{digest([json.dumps(one, sort_keys=True) for one in ways])}",
    }


def hashed(hashes: Sequence[Value]) -> dict[str, Value]:
    """What is known by its hash: `sha256:…`."""
    if len(hashes) == 1:
        return {"digest": hashes[0]}
    return {"mixed": len(hashes), "digest": f"sha256:{digest(list(hashes))}"}


def bounded(values: Sequence[Value]) -> Value:
    """The only value, or the first of all of them."""
    if len(values) == 1:
        return values[0]
    return list(values[:_MOST]) + ([f"and {len(values) - _MOST} more"] if len(values) > _MOST else [])
