"""Records made up, without a repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitexp.model.names import RunName
from gitexp.model.record import Code, Input, Record, RunInfo, Status
from gitexp.model.values import Digest, Oid

OID = Digest("5b" * 32)
TREE, BASE = Oid("ab" * 20), Oid("cd" * 20)
SEEN: Mapping[str, Any] = {"cpu": {"count": 2}, "platform": {"system": "Linux"}}


def info(**changes: Any) -> RunInfo:
    told = {"command": ("python", "train.py"), "status": Status.FINISHED, **changes}
    code = told.pop("code", Code(TREE, BASE))
    return RunInfo(
        id="a" * 16, name=RunName("brave-otter-3f2ak7"), started="2026-11-23T18:05:00Z", code=code, **told
    )  # type: ignore[arg-type]


def record(*inputs: Input, **changes: Any) -> Record:
    told = {"info": info(), "env": SEEN, "requirements": "numpy==2.0\n", **changes}
    return Record(inputs=inputs, **told)
