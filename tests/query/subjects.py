"""Runs made of a mapping, and strategies for queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from gitexp.model.history import MISSING
from gitexp.query import Comparison, Field, Junction, Not
from gitexp.query.tree import literal
from gitexp.query.words import BARE, ENV, INPUTS, METRICS, OPERATORS, PARAMS, RUN

NOW = 1_800_000_000.0


@dataclass
class Made:
    """A run with these values by `space.key`, or `space.key.aggregate`."""

    values: Mapping[str, Any] = field(default_factory=dict)
    now: float = NOW

    def get(self, field: Field) -> Any:
        key = f"{field.space}.{field.key}" + (f"@{field.aggregate}" if field.aggregate else "")
        return self.values.get(key, MISSING)

    def keys(self, space: str) -> Iterable[str]:
        return [
            key.partition(".")[2] for key in self.values if key.startswith(f"{space}.") and "@" not in key
        ]


def made(**values: Any) -> Made:
    """A run with these params."""
    return Made({f"params.{key}": value for key, value in values.items()})


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from(["", "a", "ab", "1", "true", "nan"]),
)
keys = st.one_of(
    st.sampled_from(["a", "b", "acc.max", "name", "in", "1", "params.a", "a:b"]), st.text(min_size=1)
)
literals = st.builds(
    lambda text, quoted: literal(text, quoted=quoted),
    st.one_of(
        st.text(), st.sampled_from(["1", "-1e-3", ".5", "nan", "-inf", "true", "null", "or", "3d", "a b"])
    ),
    st.booleans(),
)
fields = st.one_of(
    st.builds(Field, st.sampled_from([PARAMS, METRICS, INPUTS, ENV, BARE]), keys),
    st.builds(Field, st.just(RUN), st.sampled_from(["name", "title", "note", "tag", "star", "exit_code"])),
)
conditions = st.one_of(
    # Any text is a value, but not any text is a pattern.
    st.builds(
        lambda field, operator, value: Comparison(field, operator, (value,)),
        fields,
        st.sampled_from([one for one in OPERATORS if "~" not in one] + ["contains"]),
        literals,
    ),
    st.builds(
        lambda field, values: Comparison(field, "in", tuple(values)), fields, st.lists(literals, max_size=3)
    ),
    st.builds(lambda field: Comparison(field, "has"), fields),
)
expressions = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(
            lambda word, parts: Junction(word, tuple(parts)),
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
    ),
    max_leaves=8,
)
