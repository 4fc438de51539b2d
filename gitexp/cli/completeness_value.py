"""The completeness of a run as the plain values that `--json` shows."""

from __future__ import annotations

from typing import Any

from gitexp.model.completeness import Completeness, Field, Gap


def completeness_value(found: Completeness) -> dict[str, Any]:
    """Level, score between 0 and 1, each field and each gap."""
    return {
        "level": str(found.level),
        "score": found.score,
        "fields": {one.name: _field(one) for one in found.fields},
        "gaps": [_gap(one) for one in found.gaps],
    }


def _field(one: Field) -> dict[str, Any]:
    """`pin` is null where nothing is known; `none` is the statement that there is none."""
    return {
        "pin": one.pin.value if one.pin else None,
        "kept": one.kept if one.things else None,
        "needed": one.needed or one.required,
        "required": one.required,
        "none": not one.counts,
        "weight": one.weight,
        "things": [{"what": each.name, "pin": each.pin.value, "kept": each.kept} for each in one.things],
    }


def _gap(one: Gap) -> dict[str, Any]:
    """`level` is the lowest that cannot be reached with it, null where it costs score alone."""
    return {
        "field": one.field,
        "fault": one.fault.value,
        "things": list(one.things),
        "level": str(one.level) if one.level is not None else None,
        "required": one.required,
        "mend": one.mend or None,
    }
