"""What was asked of models, and seeds, as inputs."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitexp.formats.identity import identity, pin_of
from gitexp.model.record import How, Pin
from gitexp.ops.observing.calls import call_inputs, seed_input

SHA = "sha256:" + "a" * 64


def fact(**told: Any) -> dict[str, Any]:
    return {"provider": "openai", "model": "m", **told}


def test_one_model_asked_in_one_way() -> None:
    seen = {"response_model": "m-1", "system_fingerprint": "fp_1", "more": "no"}
    facts = [fact(settings={"temperature": 0}), fact(tools=SHA), fact(prompt=SHA), fact(seen=seen)]
    found = {one.role: one for one in call_inputs(facts)}
    assert found["model"].value == {"name": "m", "provider": "openai"}
    assert found["model"].seen == {"response_model": "m-1", "system_fingerprint": "fp_1"}
    assert pin_of(found["model"]) is Pin.NAMED
    assert found["settings"].value == {"temperature": 0}
    assert identity(found["prompt"]) == identity(found["tools"]) == SHA
    assert {one.how for one in found.values()} == {How.OBSERVED}


def test_several_ways_are_mixed_whichever_came_first() -> None:
    ways = [fact(settings={"temperature": number / 10}) for number in range(20)]
    few, same = ({one.role: one for one in call_inputs(each)} for each in (ways[:3], ways[2::-1]))
    assert few["settings"].value == {"mixed": [{"temperature": number / 10} for number in range(3)]}
    assert few == same
    many = {one.role: one.value for one in call_inputs(ways)}["settings"]
    assert isinstance(many, dict)
    assert (many["mixed"], str(many["digest"])[:7]) == (20, "sha256:")
    answers = [fact(seen={"response_model": name}) for name in "ba"]
    assert [one.seen for one in call_inputs(answers)] == [{"response_model": ["a", "b"]}]


def test_what_tells_of_a_machine_or_a_person_is_not_told() -> None:
    seen = {"response_model": "/home/ada/m/llama-7b", "system_fingerprint": "ada-laptop.corp.internal"}
    model = {"provider": "laptop.corp", "model": "/home/ada/models/llama-7b"}
    facts = [{**model, "settings": {"user": "ada", "text": "for ada", "n": 2}}, {**model, "seen": seen}]
    found = list(call_inputs(facts))
    assert [(one.role, one.name) for one in found] == [("model", "llama-7b"), ("settings", "llama-7b")]
    assert not any(word in repr(found) for word in ("ada", "home", "corp", "laptop"))


def test_what_was_not_all_noted_is_inferred() -> None:
    found = {one.role: one for one in call_inputs([fact(prompt=SHA), fact(more="prompt"), fact(tools=SHA)])}
    assert pin_of(found["prompt"]) is Pin.INFERRED
    assert pin_of(found["tools"]) is Pin.CONTENT


def test_seeds() -> None:
    seeds = [("python", 1), ("numpy", 2), ("numpy", None)]
    [one] = seed_input(seeds, [fact(seed=7), fact(seed=7)])
    assert one.value == {"python": 1, "numpy": [2, None], "api": 7}
    assert list(seed_input([], [])) == []
    [many] = seed_input([("python", number) for number in range(40)], [])
    assert many.value == {"python": [*range(16), "and 24 more"]}


def test_no_calls_are_no_inputs() -> None:
    assert list(call_inputs([])) == []


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["provider", "settings", "tools", "prompt", "seen", "seed", "more"]), ANY
        )
    )
)
def test_facts_of_any_type_do_no_harm(facts: list[dict[str, Any]]) -> None:
    told = [{**one, "model": "m"} for one in facts]
    for one in (*call_inputs(told), *seed_input([], told)):
        identity(one)
