"""The roles that an input can have; any other word is one as well."""

from __future__ import annotations

MODEL, PROMPT, DATASET, GRADER, RETRIEVER = "model", "prompt", "dataset", "grader", "retriever"
TOOLS, SETTINGS, SEEDS, SANDBOX = "tools", "settings", "seeds", "sandbox"

ROLES = (MODEL, PROMPT, DATASET, GRADER, RETRIEVER, TOOLS, SETTINGS, SEEDS, SANDBOX)
"""What a score may depend on besides code and environment, in the order in which people ask for it."""

NAMED = (MODEL, GRADER, RETRIEVER, TOOLS, SANDBOX)
"""Those that people know by a name more often than by a file."""

_CLOSE = 0.8
"""How alike a word is to a role that it misspells."""

FILE = "file"
"""A file that the run read and nobody spoke of."""
UNTRACKED = "untracked"
"""A file that the snapshot left out because it is large."""


def misspelt(role: str) -> str | None:
    """The role that is meant by a word so close to it, in a sentence; None for any other word."""
    if role in (*ROLES, FILE, UNTRACKED, "seed") or role.startswith("x-"):
        return None
    from difflib import get_close_matches  # few words need it

    close = get_close_matches(role.lower(), ROLES, 1, _CLOSE)
    return f"{role!r} is no role that gitexp asks for: did you mean {close[0]!r}?" if close else None
