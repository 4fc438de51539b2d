"""A lineage as the plain values that `--format json` shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitexp.cli.json_output import strict
from gitexp.cli.render.lineage_words import Runs
from gitexp.formats.record import info_value
from gitexp.model.lineage import Lineage, Made, Place, Used
from gitexp.ops.read import StoredRun


def lineage_value(found: Lineage, runs: Runs, depth: int | None) -> dict[str, Any]:
    """Every key is always there."""
    sides = {"above": _names(found.above), "below": _names(found.below), "cut": _names(found.cut)}
    return strict(
        {
            "start": {"text": found.label, "run": found.run, "oid": _oid(found.oid)},
            "up": found.up,
            "down": found.down,
            "depth": depth,
            "runs": [
                {**_run(runs[name]), **{side: name in those for side, those in sides.items()}}
                for name in {**sides["above"], **sides["below"]}
            ],
            "made_by": [_at(one) for one in found.makers],
            "used_by": [_at(one) for one in found.users],
            "links": [
                {"oid": _oid(one.oid), "made": _at(one.made), "used": _at(one.used)} for one in found.links
            ],
            "kin": [{**one._asdict(), "kind": one.kind.value} for one in found.kin],
            "sources": [{"oid": _oid(one.oid), "used": _at(one.at)} for one in found.sources],
            "unused": [{"oid": _oid(one.oid), "made": _at(one.at)} for one in found.unused],
        }
    )


def _oid(oid: str | None) -> str | None:
    return f"sha256:{oid}" if oid else None


def _at(one: Made | Used) -> dict[str, Any]:
    return {**one._asdict(), "step": one.step._asdict() if one.step else None}


def _run(run: StoredRun) -> dict[str, Any]:
    info = info_value(run.info)
    told = {key: info.get(key) for key in ("status", "started", "ended", "title", "group")}
    return {"name": run.name, "commit": run.commit, **told}


def _names(places: Iterable[Place]) -> dict[str, None]:
    return dict.fromkeys(place.run for place in places)
