"""Levels, shares and gaps, of fields made up."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import UsageError
from gitexp.model.completeness import (
    WEIGHTS,
    Completeness,
    Fault,
    Field,
    Gap,
    Least,
    Level,
    Thing,
    assess,
    least_of,
    percent,
)
from gitexp.model.record import Pin

NAMES = (*WEIGHTS, "x-judge", "sandbox", "file")
THINGS = st.builds(Thing, st.sampled_from(["a", "b", "c"]), st.sampled_from(Pin), st.booleans())
FIELDS = st.lists(
    st.builds(
        Field,
        st.sampled_from(NAMES),
        st.lists(THINGS, max_size=3).map(tuple),
        needed=st.booleans(),
        required=st.booleans(),
        none=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.name,
)


def known(name: str, pin: Pin = Pin.CONTENT, *, kept: bool = True, needed: bool = True) -> Field:
    return Field(name, (Thing(name, pin, kept),), needed=needed)


def not_lower(new: Completeness, old: Completeness) -> bool:
    return new.level >= old.level and new.score >= old.score - 1e-12


@given(FIELDS, st.booleans(), st.randoms())
def test_the_order_of_fields_and_things_does_not_matter(
    fields: list[Field], again: bool, random: Random
) -> None:
    found = assess(fields, repeated=again)
    others = [replace(one, things=tuple(random.sample(one.things, len(one.things)))) for one in fields]
    random.shuffle(others)
    other = assess(others, repeated=again)
    assert (found.level, found.score, found.gaps) == (other.level, other.score, other.gaps)


@given(FIELDS, st.booleans(), st.data())
def test_better_evidence_never_makes_it_less(fields: list[Field], again: bool, data: st.DataObject) -> None:
    old = assess(fields, repeated=again)
    better = [_better(one, data) for one in fields]
    assert not_lower(assess(better, repeated=again), old)
    assert not_lower(assess(fields, repeated=True), old)


def _better(one: Field, data: st.DataObject) -> Field:
    """Some of its things better known, and one more that is as well known as can be, or the first of all."""
    stronger = tuple(
        Thing(each.name, data.draw(st.sampled_from(list(Pin)[: list(Pin).index(each.pin) + 1])), kept)
        for each in one.things
        for kept in [each.kept or data.draw(st.booleans())]
    )
    if not one.things and not one.none:
        return replace(one, things=tuple(data.draw(st.lists(THINGS, max_size=2))))
    more = (Thing("more", Pin.CONTENT),) if one.things and data.draw(st.booleans()) else ()
    return replace(one, things=stronger + more)


@given(FIELDS)
def test_a_statement_that_there_is_none_never_makes_it_less(fields: list[Field]) -> None:
    stated = [one if one.things else replace(one, none=True) for one in fields]
    assert not_lower(assess(stated), assess(fields))


@given(FIELDS)
def test_a_level_is_what_its_gaps_say(fields: list[Field]) -> None:
    found = assess(fields)
    held = [one.level for one in found.gaps if one.level is not None]
    assert found.level == min(held) - 1
    assert 0 <= found.score <= 1
    assert [one.required for one in found.gaps] == sorted((one.required for one in found.gaps), reverse=True)


@pytest.mark.parametrize(
    ("fields", "level", "told"),
    [
        ([], Level.E3, "run is not repeated"),
        ([known("code"), Field("model")], Level.E0, "model missing"),
        ([known("code"), known("model", Pin.NAMED)], Level.E1, "model is only named"),
        ([known("code"), known("seeds", Pin.INFERRED)], Level.E1, "seeds are only inferred"),
        ([known("code"), known("model", Pin.REVISION, kept=False)], Level.E2, "model is not kept"),
        ([known("code"), known("env", Pin.REVISION)], Level.E3, "run is not repeated"),
        ([known("code"), Field("retriever", none=True)], Level.E3, "run is not repeated"),
        # What levels do not wait for costs score alone.
        (
            [known("code"), Field("seeds", needed=False), Field("hardware", needed=False)],
            Level.E3,
            "run is not repeated; seeds, hardware missing",
        ),
        ([known("model", Pin.NAMED), known("prompt", Pin.NAMED)], Level.E1, "model, prompt are only named"),
    ],
)
def test_levels(fields: list[Field], level: Level, told: str) -> None:
    found = assess(fields)
    assert (found.level, found.in_short) == (level, told)


def test_what_is_required_is_waited_for_and_comes_first() -> None:
    fields = [known("code"), Field("dataset"), Field("hardware", needed=False, required=True)]
    found = assess(fields)
    assert found.gaps[0] == Gap("hardware", Fault.MISSING, level=Level.E1, required=True)
    assert [one.field for one in found.forbidden] == ["hardware"]
    assert not found.meets(None)
    stated = assess([known("code"), Field("hardware", required=True, none=True)])
    assert stated.meets(None)


def test_the_share_is_weighted() -> None:
    fields = [known("model", Pin.NAMED), known("seeds"), Field("hardware"), Field("tools", none=True)]
    assert assess(fields).score == pytest.approx((3 * 0.4 + 1.5) / (3 + 1.5 + 0.5))
    # The weakest of a role counts.
    mixed = Field("dataset", (Thing("a", Pin.CONTENT), Thing("b", Pin.NAMED)))
    assert assess([mixed]).score == pytest.approx(0.4)
    assert str(assess([known("code"), known("model", Pin.NAMED)])) == "E1 (70 %): model is only named"


def test_a_repetition_is_the_last_step() -> None:
    assert assess([known("code")], repeated=True).level is Level.E4
    assert assess([known("code")], repeated=True).gaps == ()
    assert assess([known("code")], repeated=None).in_short == "repetitions are not looked for"
    assert assess([known("code", kept=False)], repeated=True).level is Level.E2


def test_one_hundred_percent_is_said_of_nothing_less() -> None:
    assert (percent(1.0), percent(0.9999), percent(0.7), percent(0.29)) == ("100 %", "99 %", "70 %", "29 %")


@pytest.mark.parametrize(
    ("value", "least"),
    [
        ("E2", Least(level=Level.E2)),
        ("e4", Least(level=Level.E4)),
        (0.8, Least(score=0.8)),
        ("80%", Least(score=0.8)),
        ("80 %", Least(score=0.8)),
        (1, Least(score=1.0)),
        ("0", Least(score=0.0)),
    ],
)
def test_what_can_be_asked_for(value: object, least: Least) -> None:
    assert least_of(value) == least


@pytest.mark.parametrize(
    "value", ["E5", "E", "", "high", "80", 1.5, -0.1, "nan", "inf", True, None, ["E2"], "%"]
)
def test_what_cannot_be_asked_for(value: object) -> None:
    with pytest.raises(UsageError) as caught:
        least_of(value)
    assert caught.value.hint == "use E0 to E4, or a share such as 0.8"


def test_meeting() -> None:
    found = assess([known("code"), known("model", Pin.NAMED)])
    assert found.meets(None)
    assert found.meets(least_of("E1"))
    assert not found.meets(least_of("E2"))
    assert found.meets(least_of(0.7))
    assert not found.meets(least_of(0.71))
