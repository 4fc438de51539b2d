"""The params that a run began with, and others that are held against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitexp.formats.assignment import flatten
from gitexp.model.values import Value, same
from gitexp.ops.read import StoredRun
from gitexp.repo import Repository


def began_with(run: StoredRun, params: Mapping[str, Value]) -> bool:
    """Whether the run began with these params; it may have logged more of them while it went on."""
    known = flatten(run.record.params)
    earlier: Mapping[str, Sequence[Value]] = run.info.earlier_params
    first: dict[str, Any] = {**known, **{key: values[0] for key, values in earlier.items() if values}}
    return all(key in first and same(first[key], value) for key, value in flatten(params).items())


def redacted(repo: Repository, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Params with what is secret masked as recording masks it: else they would differ from recorded ones."""
    masked = repo.redactor.knowing(values).params(values)
    assert isinstance(masked, Mapping)
    return masked
