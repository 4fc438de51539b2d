"""Artifacts as `artifacts.yaml` and the journal have them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitexp.formats import record_fields as fields
from gitexp.formats.ordering import key_sorted, without_none
from gitexp.model.record import Artifact, Keep
from gitexp.model.values import Value


def artifacts_value(artifacts: tuple[Artifact, ...]) -> dict[str, Value]:
    """Path -> what is known of the file, sorted by path."""
    return {one.path: artifact_value(one) for one in sorted(artifacts, key=lambda a: a.path)}


def artifact_value(one: Artifact) -> dict[str, Value]:
    value: dict[str, Value] = {
        "oid": f"sha256:{one.oid}",
        "size": one.size,
        "kind": one.kind,
        "metadata": key_sorted(one.metadata) or None,
        "keep": _keep_value(one.keep) if one.keep else None,
    }
    return without_none(value)


def _keep_value(keep: Keep) -> dict[str, Value]:
    value: dict[str, Value] = {"rules": keep.rules, "name": keep.name, "number": keep.number}
    return {**value, "values": key_sorted(keep.values)} if keep.values else value


def artifact_from(path: str, value: Mapping[str, Any]) -> Artifact:
    return Artifact(
        path=fields.artifact_path(fields.text(path)),
        oid=fields.digest(value["oid"]),
        size=fields.count(value["size"]),
        kind=fields.text_or_none(value.get("kind")),
        metadata=fields.mapping(value.get("metadata")),
        keep=_keep_from(value.get("keep")),
    )


def _keep_from(value: object) -> Keep | None:
    if value is None:
        return None
    one = fields.mapping(value)
    return Keep(
        rules=fields.text(one["rules"]),
        name=fields.artifact_path(fields.text(one["name"])),
        number=fields.count(one["number"]),
        values={
            fields.text(key): fields.number(item) for key, item in fields.mapping(one.get("values")).items()
        },
    )


def artifacts_from(value: Mapping[str, Any]) -> tuple[Artifact, ...]:
    return tuple(artifact_from(path, fields.mapping(one)) for path, one in value.items())
