"""git's own config file of a repository, where what it says has to be known without asking git."""

from __future__ import annotations

import re
from pathlib import Path


def written(config: Path, *signs: str) -> dict[str, str]:
    """The last value of each `section.key`, whatever the subsection, as written in this one file.

    Empty where none of `signs` is in its text: hardly any repository has what is asked for here.
    Raises OSError.
    """
    found: dict[str, str] = {}
    section = ""
    text = config.read_text("utf-8", "surrogateescape")
    if not any(sign in text.lower() for sign in signs):
        return found
    for line in text.split("\n"):
        header = re.match(r'\s*\[\s*([\w.-]+)(?:\s+"(?:[^"\\]|\\.)*")?\s*\](.*)', line)
        if header:
            section, line = header[1].lower(), header[2]
        setting = re.match(r"\s*([A-Za-z][\w-]*)\s*(?:=\s*(.*?))?\s*(?:[#;].*)?$", line)
        if setting:
            found[f"{section}.{setting[1].lower()}"] = (setting[2] or "true").strip('"')
    return found
