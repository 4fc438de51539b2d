"""Prompts that a program read from a file: what was told to a model, and the file, are one thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gitexp.formats.canonical_json import digest
from gitexp.model.record import How, Input
from gitexp.model.roles import FILE, PROMPT
from gitexp.ops.read import StoredRun
from gitexp.ops.why.contents import text_of

_MOST_FILES, _MOST_BYTES = 20, 1 << 16
"""What is looked into."""


def read_prompts(run: StoredRun, inputs: Sequence[Input]) -> dict[str, Input]:
    """The hash of a prompt that a client of a model was seen to send -> the file that was read for it."""
    hashes = set(map(_sent, inputs)) - {None}
    if not hashes:
        return {}
    files = [one for one in inputs if one.role == FILE and one.path and (one.size or 0) <= _MOST_BYTES]
    found: dict[str, Input] = {}
    for one in files[:_MOST_FILES]:
        text = text_of(run, one)
        found |= {sent: one for sent in _told(text or "") if sent in hashes}
    return found


def joined(inputs: Sequence[Input], files: Mapping[str, Input]) -> tuple[Input, ...]:
    """The inputs with each such prompt at the place of its file, which is no input of its own then."""
    paths = {one.path for one in files.values()}
    kept = [one for one in inputs if one.role != FILE or one.path not in paths]
    return tuple(_at(one, files.get(_sent(one) or "")) for one in kept)


def _at(prompt: Input, file: Input | None) -> Input:
    if file is None:
        return prompt
    return replace(prompt, name=file.name, path=file.path, oid=file.oid, size=file.size, value=None)


def _sent(one: Input) -> str | None:
    """The hash of a prompt that was seen; None of anything else."""
    value = one.value
    if one.role != PROMPT or one.how is not How.OBSERVED or one.path or not isinstance(value, Mapping):
        return None
    found = value.get("digest")
    return found if isinstance(found, str) else None


def _told(text: str) -> Iterator[str]:
    """What the hash of a prompt with this text alone is, as a client that is watched tells it."""
    for one in dict.fromkeys((text, text.strip(), text.rstrip("\n"))):
        yield f"sha256:{digest([digest(one)])}"
