"""Why a run is not as complete as it has to be."""

from __future__ import annotations

from gitexp.errors import GitExpError
from gitexp.model.completeness import Completeness, Least


def shortfall(what: str, found: Completeness, least: Least | None) -> GitExpError | None:
    """The error, with what mends the first gap as hint; None where the run is as complete as that."""
    if found.meets(least):
        return None
    mend = found.gaps[0].mend if found.gaps else ""
    if found.forbidden:
        listed = ", ".join(one.field for one in found.forbidden)
        told = f"{what} is without {listed}, which .gitexp.yaml requires"
    else:
        told = f"{what} is {found}, where {least} is asked for"
    return GitExpError(told, hint=mend or None)
