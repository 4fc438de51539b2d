"""Which keys there are, and what a query means by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitexp.query.fault import fault, nearest, quoted
from gitexp.query.query import Query
from gitexp.query.sorting import Order
from gitexp.query.subject import Subject
from gitexp.query.tree import Comparison, Expression, Field, Junction, Not
from gitexp.query.words import AGGREGATES, BARE, METRICS, PARAMS, RUN, RUN_FIELDS


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of all runs."""

    spaces: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Space -> its dotted keys; a space that is not there is not checked."""

    def has(self, space: str, key: str) -> bool:
        """Whether a run has `key`, or keys below it, or a metric that it is an aggregate of."""
        known = self.spaces.get(space)
        if known is None or key in known:
            return True
        name, _, last = key.rpartition(".")
        if space == METRICS and last in AGGREGATES and name in known:
            return True
        return any(one.startswith(f"{key}.") for one in known)


def known_keys(subjects: Iterable[Subject], fields: Iterable[Field]) -> Keys:
    """The keys of the runs in the spaces that `fields` need to be bound."""
    wanted = {field.space for field in fields} - {RUN}
    # A bare key is a param or a metric; and one that is neither there may be in the other.
    spaces = {*(wanted - {BARE}), *((PARAMS, METRICS) if wanted & {BARE, PARAMS, METRICS} else ())}
    found: dict[str, set[str]] = {space: set() for space in spaces}
    for subject in subjects:
        for space, keys in found.items():
            keys.update(subject.keys(space))
    return Keys(found)


def bind(query: Query, keys: Keys) -> Query:
    """`query` with every key in its space. Raises QueryError for one that is unknown, or that is two things.

    `has:` may ask for what no run has.
    """
    if query.expression is None:
        return query
    return Query(_bound(query.expression, keys, query.text), query.text)


def bind_order(orders: Sequence[Order], keys: Keys) -> tuple[Order, ...]:
    """As `bind`, of the keys to sort by."""
    return tuple(replace(order, field=_bound_field(order.field, keys, order.text)) for order in orders)


def _bound(expression: Expression, keys: Keys, text: str) -> Expression:
    if isinstance(expression, Not):
        return Not(_bound(expression.part, keys, text))
    if isinstance(expression, Junction):
        return Junction(expression.word, tuple(_bound(part, keys, text) for part in expression.parts))
    if expression.operator == "has":
        return expression
    return Comparison(_bound_field(expression.field, keys, text), expression.operator, expression.values)


def _bound_field(one: Field, keys: Keys, text: str) -> Field:
    if one.space == RUN or (one.space != BARE and keys.has(one.space, one.key)):
        return one
    if one.space != BARE:
        raise _unknown(one, keys, text)
    spaces = [space for space in (PARAMS, METRICS) if keys.has(space, one.key)]
    if len(spaces) == 1:
        return replace(one, space=spaces[0])
    if not spaces:
        raise _unknown(one, keys, text)
    param, metric = (str(replace(one, space=space)) for space in spaces)
    raise fault(
        f"{quoted(one.key)} is a param and a metric", text, one.place, hint=f"write {param} or {metric}"
    )


def _unknown(one: Field, keys: Keys, text: str) -> Exception:
    return fault(f"unknown key {quoted(str(one))}", text, one.place, hint=_hint(one, keys))


def _hint(one: Field, keys: Keys) -> str | None:
    elsewhere = [
        space for space in (PARAMS, METRICS) if space != one.space and one.key in keys.spaces.get(space, ())
    ]
    if elsewhere:
        return f"did you mean {str(Field(elsewhere[0], one.key))!r}?"
    if one.space != BARE:
        near = nearest(one.key, keys.spaces.get(one.space, ()))
        return f"did you mean {str(Field(one.space, near))!r}?" if near else None
    homes = {key: space for space in (METRICS, PARAMS) for key in keys.spaces.get(space, ())}
    homes |= dict.fromkeys(RUN_FIELDS, RUN)
    spelled = {str(Field(space, key)): key for key, space in homes.items()}
    # `paramslr` is near to a key only as that is written in full.
    near = nearest(one.key, homes) or spelled.get(nearest(one.key, spelled) or "")
    if near:
        return f"did you mean {str(Field(homes[near], near))!r}?"
    if "." in one.key:
        return None
    return f"for runs with such a tag write tag:{one.key}, for such a name name ~ {one.key}"
