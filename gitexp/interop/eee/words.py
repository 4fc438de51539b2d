"""What reading and writing Every Eval Ever share: its version, and where it holds what only gitexp knows.

https://github.com/evaleval/every_eval_ever, `eval.schema.json` and `instance_level_eval.schema.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gitexp.formats.record_fields import FAULTS
from gitexp.interop.source import mapping

NAME = "eee"
VERSION = "0.3.0"
"""What is written; what is read is of this one and older."""
SAMPLES = "_samples.jsonl"
"""How the name of a file of samples ends; before that it is the name of its document."""
UNKNOWN = "unknown"
"""The schema's own word where it wants one."""

PREFIX = "gitexp."
"""Of keys in the details and the metadata, which may be any texts."""
RUN, COMMIT, TITLE, ENDED = f"{PREFIX}run", f"{PREFIX}commit", f"{PREFIX}title", f"{PREFIX}ended"
CODE, DIRTY = f"{PREFIX}code", f"{PREFIX}dirty"
INPUTS, UNSCORED = f"{PREFIX}inputs", f"{PREFIX}unscored"
"""As JSON: the inputs of the run; answers without a score, which the schema has no place for."""
SUITES, METRIC = f"{PREFIX}suites", f"{PREFIX}metric"
"""As JSON: what `meta.yaml` says of each suite, and of the metric."""
X, Y, EPOCH, STATE = f"{PREFIX}x", f"{PREFIX}y", f"{PREFIX}epoch", f"{PREFIX}state"
CLUSTER, TAGS, WHY = f"{PREFIX}cluster", f"{PREFIX}tags", f"{PREFIX}why"
TYPED = f"{PREFIX}json"
"""Which of input, target and output are JSON, where the schema has texts alone."""
USAGE = f"{PREFIX}usage"

TOKENS_IN, TOKENS_OUT = "input_tokens", "output_tokens"
MORE_TOKENS = {"cached": "input_tokens_cache_read", "reasoning": "reasoning_tokens"}
"""What a sample calls the tokens of an answer, by our own words."""


def details_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What gitexp, or somebody else, wrote of the whole where the schema has no place for it."""
    return mapping(mapping(document.get("source_metadata")).get("additional_details"))


def parsed(found: Mapping[str, Any], key: str) -> Any:
    """The JSON in the text under `key`; None where there is none."""
    value = found.get(key)
    try:
        return json.loads(value) if isinstance(value, str) else None
    except FAULTS:
        return None


def told(value: Any) -> str:
    """`value` as JSON in a text; what stands in a record of others may be no number that JSON has."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def texts(found: Mapping[str, Any]) -> dict[str, str]:
    """`found` as details can hold it: what is no text as JSON; what is not known is left out."""
    return {
        key: value if isinstance(value, str) else told(value)
        for key, value in found.items()
        if value is not None
    }
