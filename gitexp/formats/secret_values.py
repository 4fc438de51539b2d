"""Whether a value under a suspicious name is a secret, and not a switch, a placeholder, a piece of text."""

from __future__ import annotations

import re

from gitexp.formats.secret_names import Suspicion, words

_SWITCHES = words(
    """true false yes no on off none null nil undefined auto default unset required optional disabled
    enabled basic digest bearer oauth oauth2 str string int bool bytes"""
)
# `${HF_TOKEN}`, `$HF_TOKEN`, `%TOKEN%`, `{{ secret }}`, `<your key>`, `os.environ["X"]`, `***`, `...`
_REFERENCE = re.compile(
    r"\$\{[^}]*\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%|\{\{.*\}\}|<[^<>]*>|(?:os\.(?:environ|getenv)|getenv|env)[.(\[:].*|[*.]+",
    re.DOTALL,
)
_TEXT = re.compile(
    r"[\[(|{@].*|[+-]?[0-9.]{1,5}|.*\s.*|(?:~|\.{1,2})?/[\w.-]+/.*|[\w./-]+\.(?:txt|json|ya?ml|py)", re.DOTALL
)
_LOOKED_AT = 300


def believed(level: Suspicion, value: str) -> bool:
    """Whether `value` under a name of this suspicion has to be masked."""
    if level is Suspicion.NONE or not value.strip():
        return False
    start = value[:_LOOKED_AT]
    if start.lower() in _SWITCHES or _REFERENCE.fullmatch(start):
        return False
    if level is Suspicion.SURE:
        return True
    if _TEXT.fullmatch(start):
        return False
    return level is Suspicion.LIKELY or looks_random(start)


def looks_random(value: str) -> bool:
    """Letters mixed with digits, or `user:password`, or longer than words are."""
    if len(value) >= 20:
        return True
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return len(value) >= 6 and (mixed or ":" in value)
