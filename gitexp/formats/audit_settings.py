"""`audit` in `.gitexp.yaml`: how complete the runs of a project have to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import UsageError

if TYPE_CHECKING:
    from gitexp.formats.settings_source import Source
    from gitexp.model.completeness import Least

_KEY = "audit"


@dataclass(frozen=True, slots=True)
class Audit:
    """What a run is not to be without."""

    require: tuple[str, ...] = ()
    """Roles, and other words of the audit, that must be there or stated to be none."""
    min: Least | None = None
    """How complete a run has to be."""

    @property
    def demands(self) -> bool:
        """Whether a run can fall short."""
        return bool(self.require) or self.min is not None


def audit(source: Source) -> Audit:
    """Raises BrokenFile."""
    source.check((_KEY,), ("require", "min"))
    if not source.mapping(_KEY):
        return Audit()
    from gitexp.model.completeness import least_of  # only where a project asks for it

    found = source.value(_KEY, "min")
    try:
        least = None if found is None else least_of(found)
    except UsageError as error:
        raise source.broken((_KEY, "min"), error.message, hint=error.hint) from None
    return Audit(tuple(dict.fromkeys(source.texts(_KEY, "require"))), least)
