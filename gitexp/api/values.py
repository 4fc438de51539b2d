"""The params and the summary of a run, as training code reads and sets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from gitexp.errors import UsageError
from gitexp.formats.plain import flatten_metrics, plain
from gitexp.model.values import Scalar

if TYPE_CHECKING:
    from gitexp.api.run import Run


class Params(MutableMapping[str, Any]):
    """The params of a run; setting one records it."""

    def __init__(self, run: Run, values: dict[str, Any]) -> None:
        self._run = run
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise TypeError("a param that was recorded stays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(key) from None

    def __repr__(self) -> str:
        return repr(self._values)

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Record several params at once."""
        new = {**as_mapping(other or {}), **as_mapping(more)}
        _merge(self._values, new)
        self._run._record_params(new)


class Summary(MutableMapping[str, Scalar]):
    """The one number per metric; what is set here wins over the last logged value."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._values: dict[str, Scalar] = {}

    def __getitem__(self, key: str) -> Scalar:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        raise TypeError("a metric that was recorded stays")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def update(self, other: Any = (), /, **more: Any) -> None:
        """Record several values at once."""
        new = flatten_metrics({**dict(other), **more})
        self._values.update(new)
        self._run._record_summary(new)


def as_mapping(value: Any) -> dict[str, Any]:
    """The named values that `value` holds. Raises UsageError."""
    made = plain(value)
    if not isinstance(made, dict):
        raise UsageError(f"{type(value).__name__} holds no named values", hint="give a mapping")
    return made


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        else:
            into[key] = value


def as_step(step: Any) -> int | float:
    """`step` as a number. Raises UsageError."""
    value = plain(step)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"invalid step {value!r}", hint="use a number")
    return value
