"""Scripts with places for what is known only when they are printed."""

from __future__ import annotations

from collections.abc import Mapping


def filled(script: str, parts: Mapping[str, str]) -> str:
    """`script` with each `@NAME@` replaced by the part of that name."""
    for name, part in parts.items():
        script = script.replace(f"@{name}@", part)
    return script
