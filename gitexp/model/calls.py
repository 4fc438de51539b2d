"""What is said of calls of models and tools without looking at any; `model/trace.py` has them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gitexp.model.record import Artifact

KIND: Final = "spans"
"""The kind of the artifacts that hold them."""


class Content(str, Enum):
    """What of the texts in spans is kept: what was asked, answered, and given to tools."""

    ARTIFACT = "artifact"
    """All of it, in the artifact; nothing of it ever goes into git."""
    HASHES = "hashes"
    """The hash in place of each text."""
    NONE = "none"


def strictest(*wanted: Content | None) -> Content:
    """What leaves least of the texts: whoever asks for less to be kept is heard. None asks for nothing."""
    return max((one for one in wanted if one is not None), key=list(Content).index, default=Content.ARTIFACT)


def kept_of(artifacts: Iterable[Artifact]) -> Content:
    """What the artifacts of a run have kept of its texts."""
    told = [one.metadata.get("content") for one in artifacts if one.kind == KIND]
    return strictest(*(one for one in Content if one.value in told))


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
