"""What of a call of a model a record may tell: names, numbers and settings that are known to be such.

A record is published: a path or an address tells of a machine and who it belongs to, any other text may be
something that was said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from gitexp.formats.canonical_json import digest
from gitexp.formats.span_content import is_hash
from gitexp.model.values import Value

SETTINGS = frozenset(
    """temperature top_p top_k min_p n best_of stop stop_sequences logit_bias max_tokens max_completion_tokens
    max_output_tokens presence_penalty frequency_penalty reasoning reasoning_effort thinking verbosity text
    response_format output_config tool_choice parallel_tool_calls max_tool_calls service_tier logprobs
    top_logprobs truncation repetition_penalty""".split()
)
"""Parameters whose values are told as they are; the clients' hook has the same."""
_NEVER = frozenset(
    "model seed stream user safety_identifier metadata messages prompt input instructions system".split()
)
"""What is no setting, or says who asks and what for."""
_FREE = frozenset(("stop", "stop_sequences"))
"""Settings that are texts of their own."""
_MOST = 64
"""Settings of one call."""
_MOST_TEXT = 200
_ELSEWHERE = "elsewhere"
_ADDRESS = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://([^/\\?#]*)([^?#]*).*", re.DOTALL)
_ABSOLUTE = re.compile(
    r"(?i)(?:[\\/]{2}[^\\/]*|[a-z]:(?=[\\/])|~[^\\/]*|\.\.(?=[\\/])|(?=[\\/]))(.*)", re.DOTALL
)
_WORD = re.compile(r"[\w.:+-]{1,60}", re.ASCII)
_PROVIDER = re.compile(r"(?i)[a-z][a-z0-9_-]{0,39}|(?:aws|azure|gcp|ibm)\.[a-z0-9_.]{1,39}")
"""Those of OpenTelemetry, and words; with a dot in it, it may be a host."""
_FINGERPRINT = re.compile(r"fp_\w{1,60}|[0-9a-f-]{8,64}", re.ASCII)


def portable_name(text: str) -> str:
    """A name as it is; of a path on a machine, or an address, the last part."""
    address = _ADDRESS.fullmatch(text)
    found = None if address else _ABSOLUTE.fullmatch(text)
    if not address and not found:
        return text
    path = address[3] if address else found[1] if found else ""
    last = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    return last if last.strip(".") else _ELSEWHERE


def provider_name(text: str) -> str:
    """Who answers; of a host no more than that it is another one."""
    return text if _PROVIDER.fullmatch(text) else "other"


def fingerprint(text: str) -> str:
    """What tells one make of a service from the next; by its hash where it may tell more than that."""
    return text if not text or _FINGERPRINT.fullmatch(text) or is_hash(text) else _hash(text)


def settings_of(requested: Mapping[str, Value]) -> dict[str, Value]:
    """What a call was to be done with, by the parameters of its request."""
    kept = sorted(key for key in requested if key.partition(".")[0] not in _NEVER)
    return {key: _setting(key, requested[key]) for key in kept[:_MOST]}


def _setting(key: str, value: Value) -> Value:
    if value is None or isinstance(value, (bool, int, float)) or is_hash(value):
        return value
    known = key.partition(".")[0]
    plain = not isinstance(value, str) or known in _FREE or _WORD.fullmatch(value)
    short = len(json.dumps(value)) <= _MOST_TEXT
    return value if known in SETTINGS and plain and short else _hash(value)


def _hash(value: Value) -> str:
    try:
        return f"sha256:{digest(value)}"
    except ValueError:  # NaN, which JSON does not have
        return f"sha256:{digest(json.dumps(value, sort_keys=True))}"
