"""What is said of calls of models and tools without looking at any; `model/trace.py` has them."""

from __future__ import annotations

from enum import Enum
from typing import Final

KIND: Final = "spans"
"""The kind of the artifacts that hold them."""


class Content(str, Enum):
    """What of the texts in spans is kept: what was asked, answered, and given to tools."""

    ARTIFACT = "artifact"
    """All of it, in the artifact; nothing of it ever goes into git."""
    HASHES = "hashes"
    """The hash in place of each text."""
    NONE = "none"


SUMS: Final = {
    "calls": "llm.calls",
    "failed": "llm.failed",
    "in": "llm.tokens.in",
    "out": "llm.tokens.out",
    "cached": "llm.tokens.cached",
    "reasoning": "llm.tokens.reasoning",
    "cost": "llm.cost",
    "sec": "llm.sec",
    "tools": "llm.tools",
    "tool_errors": "llm.tools.failed",
}
"""What is summed over the calls of a run -> the metric that it becomes."""
