"""Fields that Every Eval Ever requires and a run may know nothing of: told by who exports it, or said to be
unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitexp.errors import UsageError
from gitexp.interop.eee.words import UNKNOWN

_SOURCE, _MODEL, _LIBRARY = "source_metadata", "model_info", "eval_library"
ORGANIZATION = f"{_SOURCE}.source_organization_name"
RELATIONSHIP = f"{_SOURCE}.evaluator_relationship"
MODEL_ID, DEVELOPER = f"{_MODEL}.id", f"{_MODEL}.developer"
DEPLOYMENT = f"{_MODEL}.additional_details.deployment_type"
AVAILABILITY = f"{_MODEL}.additional_details.model_availability"
LIBRARY, LIBRARY_VERSION = f"{_LIBRARY}.name", f"{_LIBRARY}.version"
FIELDS: Mapping[str, tuple[str, ...]] = {
    ORGANIZATION: (),
    RELATIONSHIP: ("first_party", "third_party", "collaborative", "other"),
    MODEL_ID: (),
    DEVELOPER: (),
    DEPLOYMENT: ("self_deployed", "externally_managed", UNKNOWN),
    AVAILABILITY: ("open_weights", "closed_weights", UNKNOWN),
    LIBRARY: (),
    LIBRARY_VERSION: (),
}
"""What can be told, and the words that the schema has for it; none where any text will do."""


@dataclass(slots=True)
class Fields:
    """What was told, and what remained unknown."""

    told: Mapping[str, str]
    unknown: list[str] = field(default_factory=list)
    """A sentence for each, that begins with the field."""

    def __post_init__(self) -> None:
        for name, value in self.told.items():
            _check(name, value)

    def required(self, name: str, known: str | None = None, instead: str = UNKNOWN) -> str:
        """What is told or known of the field; `instead` where that is nothing, which is said."""
        found = self.told.get(name) or known
        if found is None:
            self.note(name, f"not known, {instead!r} is written")
        return found or instead

    def note(self, name: str, what: str) -> None:
        self.unknown.append(f"{name}: {what}")


def _check(name: str, value: str) -> None:
    if name not in FIELDS:
        raise UsageError(f"no field {name!r} can be told", hint=f"one of {', '.join(FIELDS)}")
    if not value or (FIELDS[name] and value not in FIELDS[name]):
        raise UsageError(f"{name} cannot be {value!r}", hint=f"{name}={'|'.join(FIELDS[name]) or 'TEXT'}")
