"""What to type, or to write, so that the next run has no such gap."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitexp.formats.secret_shapes import MASK
from gitexp.model.completeness import (
    ARTIFACTS,
    CODE,
    COMMAND,
    ENV,
    EVALUATION,
    HARDWARE,
    PARAMS,
    PARENT,
    Fault,
    Gap,
)
from gitexp.model.record import Input, Record, Status
from gitexp.model.roles import FILE, MODEL, RETRIEVER, SANDBOX, SEEDS, SETTINGS, TOOLS, UNTRACKED
from gitexp.ops.evaluations.files import LOG_KIND

_SEEN = (CODE, COMMAND, HARDWARE, PARENT)
"""What gitexp sees by itself of every run that it is there for."""
_UNSAID: Mapping[str, str] = {
    MODEL: "{name: NAME, revision: REVISION}",
    SETTINGS: "{temperature: TEMPERATURE, max_tokens: MAX_TOKENS}",
    **dict.fromkeys((RETRIEVER, TOOLS, SANDBOX), "none"),
}
"""Role -> what is said of it where nothing was; of the others a path."""
_REVISED = (MODEL, RETRIEVER, TOOLS, SANDBOX)
"""Roles of what others keep: a revision pins it."""

_SCALAR = re.compile(r"[A-Za-z][A-Za-z0-9./_-]*|-?[0-9]+(\.[0-9]+)?")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9./_-]*")
"""A name that is itself in a flow mapping, too."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the mend of a gap depends on besides the gap."""

    record: Record
    large: int
    """Bytes from which on a file does not belong into git."""
    has_remote: bool = False
    """Whether there is anybody to ask."""
    asked: bool = False
    """Whether they were."""


def mend(gap: Gap, case: Case) -> str:
    """One line; empty where nothing helps."""
    if case.record.info.status is Status.DRAFT and gap.fault is not Fault.UNKEPT:
        return f"git exp run --draft {case.record.info.name}"  # what it will rest on is not known before
    if gap.fault is Fault.UNREPEATED:
        return f"git exp repro {case.record.info.name}" if case.record.info.command else ""
    if gap.fault is Fault.UNSOUGHT:
        return f"git exp audit {case.record.info.name}"
    if gap.field == ARTIFACTS:
        return _fetched(case)
    if gap.field == PARAMS:
        return _again(case, "--param-file params.yaml")
    if gap.field == SEEDS:
        return _seeded(case)
    if gap.field == EVALUATION:
        return f"git exp eval import LOG --attach {case.record.info.name}"
    if gap.field == ENV and case.record.info.source is None:
        return "python -m pip freeze > requirements-lock.txt"
    if gap.field in (*_SEEN, ENV):
        return _watched() if case.record.info.source else _again(case)
    if gap.fault is Fault.UNKEPT:
        return _kept(gap, case)
    return _said(gap.field, _wanted(gap, case), case)


def _wanted(gap: Gap, case: Case) -> str:
    """What is to be said of a role, besides what was said of it."""
    if gap.fault is Fault.MISSING:
        return _UNSAID.get(gap.field, "PATH")
    if gap.field in _REVISED:
        name = gap.things[0] if gap.things and _PLAIN.fullmatch(gap.things[0]) else "NAME"
        return f"{{name: {name}, {_besides(gap, case)}revision: REVISION}}"
    return "PATH"


def _besides(gap: Gap, case: Case) -> str:
    """What the input says of itself beside its name, where that is all plain."""
    ones = [one for one in case.record.inputs if one.role == gap.field and one.name in gap.things]
    found = [one.value for one in ones]
    value = found[0] if len(found) == 1 and isinstance(found[0], Mapping) else {}
    told = {key: one for key, one in value.items() if key != "name"}
    plain = {key: one if isinstance(one, str) else json.dumps(one) for key, one in told.items()}
    is_plain = all(_PLAIN.fullmatch(key) and _SCALAR.fullmatch(one) for key, one in plain.items())
    return "".join(f"{key}: {one}, " for key, one in plain.items()) if is_plain else ""


def _said(role: str, what: str, case: Case) -> str:
    info = case.record.info
    if info.status is Status.CAPTURED:
        key = role if _PLAIN.fullmatch(role) else json.dumps(role)
        return f"inputs: {{{key}: {what}}}  # in .gitexp.yaml"
    use = f"--use {shlex.quote(f'{role}={what}')}"
    if info.source is None:
        return _again(case, use)
    # On top of it: nothing that was imported or said before is lost.
    return f"git exp eval import --attach {info.name} {use}"


def _watched() -> str:
    """What another tool did is seen where it runs as a command of gitexp."""
    return "git exp run -- CMD && git exp eval import LOG --attach @"


def _seeded(case: Case) -> str:
    """In the program where that speaks with gitexp, else beside its command."""
    info = case.record.info
    if info.command or info.source is not None or info.status is Status.CAPTURED:
        return _said(SEEDS, "SEED", case)
    return 'run.use("seeds", {"python": 1})'


def _again(case: Case, options: str = "") -> str:
    """The command that made the run, with more options."""
    command = case.record.info.command
    whole = bool(command) and not any(MASK in word for word in command)
    words = ["git exp run", options, "--", shlex.join(command) if whole else "CMD"]
    return " ".join(word for word in words if word)


def _kept(gap: Gap, case: Case) -> str:
    if case.record.info.source is not None:
        # What a log tells of is in that log; a file that was named later is in no commit of the run.
        return _fetched(case) if any(one.kind == LOG_KIND for one in case.record.artifacts) else ""
    lacking = _lacking(gap, case)
    one = lacking[0] if lacking else None
    if one is None or one.oid is None:
        return _said(gap.field, "PATH", case)
    if case.has_remote and not case.asked:
        return f"git exp audit {case.record.info.name} --remote"
    if one.path is None:
        # What lies outside has to come in first.
        return f"cp FILE . && {_said(gap.field, 'FILE', case)}"
    path = _paths_like(one, lacking, case.large)
    if one.size is not None and one.size >= case.large:
        return f"git lfs track {path} && git add .gitattributes {path}"
    if case.record.info.status is Status.CAPTURED:
        return f"git add -f {path}"
    again = _again(case) if one.role in (FILE, UNTRACKED) else _said(one.role, one.path, case)
    return f"git add -f {path} && {again}"


def _lacking(gap: Gap, case: Case) -> list[Input]:
    """The inputs that the gap is about."""
    roles = (gap.field, FILE, UNTRACKED)
    return [one for one in case.record.inputs if (one.path or one.name) in gap.things and one.role in roles]


def _paths_like(first: Input, lacking: Sequence[Input], large: int) -> str:
    """All that are mended as the first one is: as large, or as small."""
    is_large = (first.size or 0) >= large
    paths = [one.path for one in lacking if one.path and one.oid and ((one.size or 0) >= large) is is_large]
    return shlex.join(dict.fromkeys(paths))


def _fetched(case: Case) -> str:
    name = case.record.info.name
    if case.asked or not case.has_remote:
        return f"git exp push {name}  # where it was made"
    return f"git exp audit {name} --remote"
