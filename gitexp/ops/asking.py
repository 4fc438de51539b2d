"""Columns that are asked for by their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gitexp import query
from gitexp.model.missing import Missing
from gitexp.model.values import Value
from gitexp.ops.read import StoredRun
from gitexp.ops.select import RunSubject
from gitexp.query import Field
from gitexp.query.columns import ColumnKey, bind_columns, parse_columns
from gitexp.query.evaluation import look_up
from gitexp.query.words import BARE, RUN

_ALL = Field(BARE, "all")
_LABELS: Final = (
    *("name", "status", "started", "ended", "duration", "title", "group", "tag", "star", "note"),
    *("exit_code", "command", "base", "commit"),
)


class Asked(NamedTuple):
    """One key that was asked for, and what many runs have there."""

    field: Field
    found: Sequence[Value | Missing]
    differs: bool = True

    @property
    def space(self) -> str:
        return self.field.space

    @property
    def key(self) -> str:
        """With the aggregate, if it asks for one."""
        return f"{self.field.key}.{self.field.aggregate}" if self.field.aggregate else self.field.key

    def values(self) -> Sequence[Value | Missing]:
        return self.found


class Choice(NamedTuple):
    """The columns of a list."""

    keys: tuple[ColumnKey, ...]
    defaults: bool
    """Whether the default columns are shown as well."""
    everything: bool
    """Whether all that there is is shown."""


def parse_choice(text: str) -> Choice:
    """`lr,acc` for these alone, `+lr,acc` for more than the default ones, `all`. Raises QueryError."""
    keys = parse_columns(text)
    wanted = tuple(key for key in keys if not _is_all(key))
    return Choice(wanted, keys[0].added or not wanted, len(wanted) < len(keys))


def asked_columns(
    choice: Choice, runs: Sequence[StoredRun], everything: Sequence[StoredRun], now: float
) -> list[Asked]:
    """The columns of `runs`; a key must be one that a run of `everything` has. Raises QueryError."""
    subjects = [RunSubject(run, now) for run in runs]
    fields = bound_fields(choice.keys, everything, now)
    if choice.everything:
        labels = [Field(RUN, key) for key in _LABELS]
        fields = [*labels, *(field for field in fields if field not in labels)]
    return [Asked(field, [look_up(subject, field) for subject in subjects]) for field in fields]


def labels(keys: Sequence[str], runs: Sequence[StoredRun], now: float) -> list[Asked]:
    """Columns of what is known of every run: `name`, `status` and so on."""
    subjects = [RunSubject(run, now) for run in runs]
    fields = [Field(RUN, key) for key in keys]
    return [Asked(field, [subject.get(field) for subject in subjects]) for field in fields]


def bound_fields(keys: Sequence[ColumnKey], runs: Sequence[StoredRun], now: float) -> list[Field]:
    """The fields that keys mean, if one of `runs` has them. Raises QueryError."""
    if not runs or not keys:
        return [key.field for key in keys]
    known = query.known_keys([RunSubject(run, now) for run in runs], [key.field for key in keys])
    return bind_columns(tuple(keys), known)


def _is_all(key: ColumnKey) -> bool:
    return key.field == _ALL and key.spelling == "all"
