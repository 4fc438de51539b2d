"""The roles that an input can have; any other word is one as well."""

from __future__ import annotations

MODEL, PROMPT, DATASET, GRADER, RETRIEVER = "model", "prompt", "dataset", "grader", "retriever"
TOOLS, SETTINGS, SEEDS, SANDBOX = "tools", "settings", "seeds", "sandbox"

ROLES = (MODEL, PROMPT, DATASET, GRADER, RETRIEVER, TOOLS, SETTINGS, SEEDS, SANDBOX)
"""What a score may depend on besides code and environment, in the order in which people ask for it."""

NAMED = (MODEL, GRADER, RETRIEVER, TOOLS, SANDBOX)
"""Those that people know by a name more often than by a file."""

FILE = "file"
"""A file that the run read and nobody spoke of."""
UNTRACKED = "untracked"
"""A file that the snapshot left out because it is large."""
