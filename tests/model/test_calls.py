"""What of the texts in spans is kept, where several have a say."""

from __future__ import annotations

import pytest

from gitexp.model.calls import KIND, Content, kept_of, strictest
from gitexp.model.record import Artifact
from gitexp.model.values import Digest, Value

ALL, HASHES, NONE = Content


@pytest.mark.parametrize(
    ("wanted", "found"),
    [((), ALL), ((None, ALL), ALL), ((HASHES, ALL), HASHES), ((None, HASHES, NONE, ALL), NONE)],
)
def test_whoever_wants_least_is_heard(wanted: tuple[Content | None, ...], found: Content) -> None:
    assert strictest(*wanted) is found
    assert strictest(*reversed(wanted)) is found


@pytest.mark.parametrize(
    ("told", "found"),
    [([], ALL), (["hashes", "artifact"], HASHES), (["none"], NONE), ([["none"], 7, None, {}], ALL)],
)
def test_a_run_tells_what_it_has_kept(told: list[Value], found: Content) -> None:
    artifacts = [
        Artifact(f"traces/{at}", Digest("0" * 64), 1, KIND, {"content": one}) for at, one in enumerate(told)
    ]
    other = Artifact("x", Digest("0" * 64), 1, "model", {"content": "none"})
    assert kept_of([*artifacts, other]) is found
