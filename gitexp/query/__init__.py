"""The query language: which runs, and in which order; values in, values out.

`parse("params.lr < 1e-3 and tag:baseline").matches(subject)` asks one run, `parse_order("-acc")` sorts many.
"""

from __future__ import annotations

from gitexp.query.keys import Keys, bind, bind_order, known_keys
from gitexp.query.parser import parse, parse_order
from gitexp.query.query import Query
from gitexp.query.sorting import Order, in_order, sort_key
from gitexp.query.subject import Subject
from gitexp.query.tree import Comparison, Field, Junction, Literal, Not

__all__ = [
    "Comparison",
    "Field",
    "Junction",
    "Keys",
    "Literal",
    "Not",
    "Order",
    "Query",
    "Subject",
    "bind",
    "bind_order",
    "in_order",
    "known_keys",
    "parse",
    "parse_order",
    "sort_key",
]
