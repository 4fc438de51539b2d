"""The inputs of a suite where Every Eval Ever has a place for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gitexp.formats.ordering import without_none
from gitexp.interop.eee.words import texts
from gitexp.model.evaluation import Suite, is_score
from gitexp.model.record import Input
from gitexp.model.roles import DATASET, PROMPT, SEEDS, SETTINGS

_NUMBERS = ("temperature", "top_p", "top_k")
_SOURCES = {"hf_dataset": ("hf_repo", "hf_split", "samples_number"), "url": ("url",)}


def source_data(inputs: Sequence[Input], suite: Suite) -> dict[str, Any]:
    """The dataset: by its hash, unless it was said where it comes from."""
    one = _of(inputs, DATASET, suite)
    value = one.value if one and isinstance(one.value, Mapping) else {}
    kind = str(value.get("source_type"))
    known = {key: value.get(key) for key in _SOURCES.get(kind, ())}
    whole = "url" not in known or bool(known["url"])
    apart = ("dataset_name", "source_type", *known) if whole else ()
    name = value.get("dataset_name")
    return {
        "dataset_name": name if isinstance(name, str) else suite.name,
        "source_type": kind if known and whole else "other",
        **(without_none(known) if whole else {}),
        "additional_details": texts({key: item for key, item in value.items() if key not in apart}),
    }


def generation_config(inputs: Sequence[Input], suite: Suite, command: str | None) -> dict[str, Any]:
    """Settings, seeds and the prompt's template; what has no field of its own is a detail."""
    settings, prompt, seeds = (_of(inputs, role, suite) for role in (SETTINGS, PROMPT, SEEDS))
    told = dict(settings.value) if settings and isinstance(settings.value, Mapping) else {}
    arguments = {key: told.pop(key) for key in _NUMBERS if is_score(told.get(key))}
    most = told.get("max_tokens")
    if type(most) is int and most > 0:
        arguments["max_tokens"] = told.pop("max_tokens")
    template = prompt.value.get("template") if prompt and isinstance(prompt.value, Mapping) else None
    arguments |= without_none(
        {"prompt_template": template if isinstance(template, str) else None, "execution_command": command}
    )
    if seeds and isinstance(seeds.value, Mapping):
        told |= {"seed" if key == "api" else f"seed.{key}": item for key, item in seeds.value.items()}
    found = {"generation_args": arguments, "additional_details": texts(told)}
    return {key: value for key, value in found.items() if value}


def _of(inputs: Sequence[Input], role: str, suite: Suite) -> Input | None:
    """The input of a suite, by its name; else the only one of its role."""
    each = [one for one in inputs if one.role == role and not one.none]
    own = [one for one in each if one.name == suite.name]
    return own[0] if own else each[0] if len(each) == 1 else None
