"""A merge as the plain values that `--json` shows."""

from __future__ import annotations

from typing import Any

from gitexp.cli.json_output import strict
from gitexp.formats.assignment import join_key
from gitexp.model.missing import MISSING
from gitexp.ops.merging.conflicts import Conflicts
from gitexp.ops.merging.merge import Merged


def merge_value(merged: Merged) -> dict[str, Any]:
    """What became of it: `status` is `draft`, `exists` or `conflict`; without a name it was a dry run."""
    draft = merged.draft
    status = "conflict" if draft is None else "exists" if draft.existing else "draft"
    return strict(
        {
            "status": status,
            "runs": [run.name for run in merged.runs],
            "name": draft.name if draft else None,
            "commit": draft.commit if draft else None,
            "code": {"tree": draft.record.info.code.tree, "base": draft.record.info.code.base}
            if draft
            else None,
            "params": [
                {
                    "key": join_key(one.key),
                    "base": _value(one.base),
                    "value": _value(one.value),
                    "missing": _missing(base=one.base, value=one.value),
                    "runs": list(one.by),
                }
                for one in merged.params
            ],
            "files": [{"path": one.path, "runs": list(one.by)} for one in merged.paths],
            "notices": list(draft.notices) if draft else [],
            "conflicts": _conflicts(merged.conflicts) if merged.conflicts else None,
        }
    )


def _conflicts(found: Conflicts) -> dict[str, Any]:
    names = [one.name for one in found.contenders]
    return {
        "runs": [
            {
                "name": one.name,
                "author": {"name": one.author.name, "email": one.author.email},
                "effect": one.effect,
            }
            for one in found.contenders
        ],
        "params": [
            {
                "key": join_key(one.key),
                "file": one.file,
                "base": _value(one.base),
                "values": dict(zip(names, map(_value, one.values), strict=True)),
                "missing": _missing(base=one.base, **dict(zip(names, one.values, strict=True))),
            }
            for one in found.keys
        ],
        "files": [
            {"path": one.path, "runs": {name: fate.what for name, fate in zip(names, one.fates, strict=True)}}
            for one in found.files
        ],
    }


def _value(value: Any) -> Any:
    return None if value is MISSING else value


def _missing(**values: Any) -> list[str]:
    return [name for name, value in values.items() if value is MISSING]
