"""pre-commit and prek, which call hooks that a file in the repository lists."""

from __future__ import annotations

import re
from pathlib import Path

from gitexp.ops.hooks.table import HOOKS

CONFIGS = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml")
"""Where they look, at the root of the working tree."""
_ID = re.compile(r"""^[^#\n]*\bid["']?\s*[:=]\s*["']?exp-([a-z]+)\b""", re.MULTILINE)
_LARGEST = 1 << 20


def listed(top: Path) -> frozenset[str]:
    """Those of our hooks that the repository has a framework call."""
    found: set[str] = set()
    for name in CONFIGS:
        try:
            with (top / name).open("rb") as file:
                text = file.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            continue
        found.update(_ID.findall(text))
    return frozenset(found & HOOKS.keys())


def lines(names: list[str]) -> list[str]:
    """What has a framework call our hooks, to be put into CONFIGS[0]."""
    called = [f"- {{id: exp-{name}, name: git exp hook {name}, {_entry(name)}}}" for name in names]
    return ["- repo: local", "  hooks:", *(f"  {one}" for one in called)]


def _entry(name: str) -> str:
    stages = ", ".join(HOOKS[name].git_hooks)
    # The one file name that is passed is that of the message.
    filenames = "true" if "commit-msg" in HOOKS[name].git_hooks else "false"
    # What is refused is not to be recorded either.
    last = ", fail_fast: true" if name == "guard" else ""
    return (
        f"entry: git-exp hook {name}, language: system, stages: [{stages}], always_run: true, "
        f"pass_filenames: {filenames}{last}"
    )
