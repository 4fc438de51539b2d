"""`.gitexp.yaml`: what the people who work on a repository share about recording and looking."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitexp.formats.audit_settings import Audit
from gitexp.model.calls import Content
from gitexp.model.noise import Noise, noise_of

if TYPE_CHECKING:
    from gitexp.errors import BrokenFile
    from gitexp.formats.declared import Declared
    from gitexp.formats.settings_source import Source
    from gitexp.model.gate import GateSettings

# What reads the file is imported where there is one.
FILE = ".gitexp.yaml"

DEFAULT_VIEW = "default"
"""The view that is used where none is asked for."""

_KEYS = (
    *("params", "metrics", "outputs", "never_capture", "redact", "variables"),
    *("goals", "noise", "isolated", "views", "guard", "inputs", "capture"),
    *("audit", "traces", "gates"),
)
_GUARD_KEYS = ("large", "pointers", "conflicts", "secrets", "stale", "nan")
_CAPTURE_KEYS = ("when", "strict")
_WHEN = ("changed", "always", "never")
_TRACES_KEYS = ("content",)
_VIEW_KEYS = ("query", "sort", "columns", "group_by", "limit")


@dataclass(frozen=True, slots=True)
class View:
    """A list of runs that has a name; its parts are written in the query language."""

    name: str
    query: str = ""
    sort: str | None = None
    columns: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """What is refused when it is about to be committed."""

    large: bool = True
    """Files that are too large for git."""
    pointers: bool = True
    """Git LFS pointers to nothing."""
    conflicts: bool = True
    """Params files and records with the marks of a conflict."""
    secrets: bool = True
    """Params files that hold what looks like a secret."""
    stale: bool = True
    """A record of other code."""
    nan: bool = False
    """Results that are NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Which commits are recorded as runs."""

    when: str = "changed"
    """`changed`: those that change params or results; `always`, or `never`."""
    strict: bool = False
    """Whether a commit is refused while inputs are missing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a repository; every one may be left out of the file."""

    params: tuple[str, ...] = ()
    """Params files, relative to the root."""
    metrics: tuple[str, ...] = ()
    """Metrics and series files, relative to the root."""
    outputs: tuple[str, ...] = ()
    """Files and folders to keep as artifacts."""
    never_capture: tuple[str, ...] = ()
    """Patterns of files that are never captured."""
    redact: tuple[str, ...] = ()
    """Names of params and variables whose values are secret."""
    variables: tuple[str, ...] = ()
    """Environment variables to record besides the usual ones."""
    goals: Mapping[str, str] = field(default_factory=dict)
    """Metric -> `min` or `max`: which way is better."""
    noise: Mapping[str, Noise] = field(default_factory=dict)
    """Metric -> how far a repetition may be off."""
    link: tuple[str, ...] | None = None
    """Ignored paths that an isolated run gets links to; None for all of them."""
    views: Mapping[str, View] = field(default_factory=dict)
    """Lists of runs by their names."""
    guard: Guard = Guard()
    """What git exp hook guard refuses."""
    inputs: Mapping[str, tuple[Declared, ...]] = field(default_factory=dict)
    """Role -> what results depend on."""
    capture: Capture = Capture()
    """What git exp hook capture records."""
    audit: Audit = field(default_factory=Audit)
    """How complete runs have to be."""
    traces: Content = Content.ARTIFACT
    """What of the texts in spans is kept."""
    gates: Mapping[str, GateSettings] = field(default_factory=dict)
    """What git exp gate asks of a run, by the name of the gate."""
    unknown: tuple[BrokenFile, ...] = ()
    """What stands in the file and is no setting: for each a complaint, with the nearest one as hint."""


def parse(data: bytes) -> Settings:
    """The settings in the bytes of `.gitexp.yaml`. Raises BrokenFile with line and column."""
    from gitexp.formats import audit_settings
    from gitexp.formats.declared import declared
    from gitexp.formats.settings_source import Source

    source = Source.read(data)
    source.check((), _KEYS)
    source.check(("isolated",), ("link",))
    source.check(("guard",), _GUARD_KEYS)
    source.check(("capture",), _CAPTURE_KEYS)
    source.check(("traces",), _TRACES_KEYS)
    return Settings(
        params=_paths(source, "params"),
        metrics=_paths(source, "metrics"),
        outputs=_paths(source, "outputs"),
        never_capture=source.texts("never_capture"),
        redact=source.texts("redact"),
        variables=source.texts("variables"),
        goals=_goals(source),
        noise={metric: _noise(source, metric) for metric in source.mapping("noise")},
        link=source.texts("isolated", "link") if "link" in source.mapping("isolated") else None,
        views={name: _view(source, name) for name in source.mapping("views")},
        guard=_guard(source),
        inputs={role: declared(source, role) for role in source.mapping("inputs")},
        capture=Capture(
            source.choice("capture", "when", words=_WHEN), source.flag("capture", "strict", default=False)
        ),
        audit=audit_settings.audit(source),
        traces=Content(source.choice("traces", "content", words=[one.value for one in Content])),
        gates=_gates(source),
        unknown=tuple(source.unknown),
    )


def _paths(source: Source, *path: str) -> tuple[str, ...]:
    """As git spells them, whose paths they are compared with."""
    return tuple(posixpath.normpath(text) if text else text for text in source.texts(*path))


def _goals(source: Source) -> dict[str, str]:
    goals: dict[str, str] = {}
    for metric, goal in source.mapping("goals").items():
        if goal not in ("min", "max"):
            raise source.broken(
                ("goals", metric), f"the goal of {metric!r} is {goal!r}", hint="use min or max"
            )
        goals[metric] = str(goal)
    return goals


def _guard(source: Source) -> Guard:
    flags = {key: source.flag("guard", key, default=True) for key in _GUARD_KEYS if key != "nan"}
    return Guard(**flags, nan=source.choice("guard", "nan", words=("allow", "forbid")) == "forbid")


def _noise(source: Source, metric: str) -> Noise:
    found = source.value("noise", metric)
    try:
        return noise_of(found)
    except ValueError:
        raise source.broken(
            ("noise", metric),
            f"the noise of {metric!r} is {found!r}",
            hint="use a number such as 0.002, or a share such as 1%",
        ) from None


def _gates(source: Source) -> dict[str, GateSettings]:
    if not source.mapping("gates"):
        return {}
    from gitexp.formats.gate_settings import gate_settings  # only where a project has any

    return {name: gate_settings(source, name) for name in source.mapping("gates")}


def _view(source: Source, name: str) -> View:
    path = ("views", name)
    source.check(path, _VIEW_KEYS)
    view = View(
        name,
        query=source.text(*path, "query") or "",
        sort=source.text(*path, "sort"),
        columns=source.texts(*path, "columns"),
        group_by=source.texts(*path, "group_by"),
        limit=source.count(*path, "limit"),
    )
    for key in ("query", "limit"):
        if name == DEFAULT_VIEW and source.value(*path, key) is not None:
            raise source.broken(
                (*path, key),
                f"the view {DEFAULT_VIEW!r} may have no {key}, because git exp ls lists all runs",
                hint="give the view another name: git exp ls --view NAME",
            )
    return view


__all__ = ["DEFAULT_VIEW", "FILE", "Capture", "Guard", "Noise", "Settings", "View", "parse"]
