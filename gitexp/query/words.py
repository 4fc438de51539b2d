"""The words of the language: names that are built in, and what a literal means."""

from __future__ import annotations

import re
from math import inf, nan
from typing import Final

from gitexp.query.times import span_seconds

RUN, PARAMS, METRICS, INPUTS, ENV = "run", "params", "metrics", "inputs", "env"
BARE: Final = ""
"""The space of a key that is written without one: a param's or a metric's, whichever there is."""

SPACES: Final = {
    "params": PARAMS,
    "param": PARAMS,
    "metrics": METRICS,
    "metric": METRICS,
    "inputs": INPUTS,
    "input": INPUTS,
    "env": ENV,
}
AGGREGATES: Final = ("last", "best", "best_step", "min", "max", "mean", "step")
TIMES: Final = ("started", "ended")
SPANS: Final = ("duration", "age")
HASHES: Final = ("commit", "tree", "base")
FLAGS: Final = ("star", "dirty")
NEVER_RUN: Final = ("draft", "captured")
"""The statuses of what no command was executed for."""
STATUSES: Final = ("running", "finished", "failed", "killed", "crashed", *NEVER_RUN)
AUDIT: Final = "audit"
"""The level of completeness, `E0` to `E4`."""
RUN_FIELDS: Final = (
    *("name", "id", "status", "title", "group", "note", "tag", "baseline", "parent", "command"),
    *("exit_code", "signal", AUDIT),
    *TIMES,
    *SPANS,
    *HASHES,
    *FLAGS,
)
ALIASES: Final = {"tags": "tag", "baselines": "baseline", "parents": "parent", "starred": "star"}
KEYWORDS: Final = ("and", "or", "not", "in", "contains")
FOREIGN: Final = {"&&": "and", "||": "or", "&": "and", "|": "or"}
"""What other languages write -> the keyword; where a key is expected they are refused."""

OPERATORS: Final = ("<", "<=", ">", ">=", "=", "!=", "~", "!~")

_WORD = re.compile(r"""[^\s()\[\],<>=!~"'\\]+""")
_INT = re.compile(r"[+-]?[0-9]{1,300}", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]{0,300})?|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,9})?", re.ASCII
)
_CONSTANTS: Final[dict[str, bool | float | None]] = {
    "true": True,
    "false": False,
    "null": None,
    "none": None,
    "nan": nan,
    ".nan": nan,
    "inf": inf,
    ".inf": inf,
    "+inf": inf,
    "-inf": -inf,
    "-.inf": -inf,
}


def meaning(text: str) -> bool | int | float | str | None:
    """What a word without quotes means: a number, true, false, null, or itself."""
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def is_key(text: str) -> bool:
    """Whether a word without quotes and without a space can be a key: `30m` is one that a blank cut off."""
    return isinstance(meaning(text), str) and span_seconds(text) is None


def is_word(text: str) -> bool:
    """Whether `text` can be written without quotes."""
    return _WORD.fullmatch(text) is not None and text.lower() not in (*KEYWORDS, *FOREIGN)


def in_quotes(text: str) -> str:
    """`text` as it is written in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
