"""What is asked of which run, and how well records answer; made up, without a repository."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.model.completeness import Field, Gap, Level, assess
from gitexp.model.record import Artifact, Code, How, Input, Pin, Record, Status
from gitexp.model.roles import ROLES
from gitexp.model.run_steps import RunStep
from gitexp.ops.audit.fields import Facts, fields_of
from tests.ops.audit.records import BASE, OID, SEEN, TREE, info, record

ALWAYS = {"code", "command", "env", "hardware", "seeds", "dataset"}
OF_EVALUATIONS = {"model", "prompt", "grader", "retriever", "tools", "settings", "evaluation"}


def fields(one: Record, **changes: Any) -> dict[str, Field]:
    facts = Facts(one, **{"kept": lambda _: True, **changes})
    return {field.name: field for field in fields_of(facts)}


def test_a_plain_run_is_not_asked_for_what_it_cannot_have() -> None:
    found = fields(record())
    assert found.keys() == ALWAYS
    assert {name for name, one in found.items() if one.things} == {"code", "command", "env", "hardware"}
    assert {name for name, one in found.items() if one.needed} == {"code", "env", "dataset"}


@pytest.mark.parametrize(
    "changes",
    [
        {"one": record(), "suites": ["qa"]},
        {"one": record(Input("settings", "decoding", value={"temperature": 0.7}))},
    ],
)
def test_an_evaluation_is_asked_for_every_role(changes: dict[str, Any]) -> None:
    assert fields(**changes).keys() == ALWAYS | OF_EVALUATIONS


def test_settings_that_anything_has_make_no_evaluation() -> None:
    found = fields(record(Input("settings", "trainer", value={"batch": 8})))
    assert found.keys() == ALWAYS | {"settings"}


def test_nothing_is_asked_of_the_command_of_what_was_not_executed() -> None:
    found = fields(record(info=info(status=Status.CAPTURED, command=())))
    assert found.keys() == ALWAYS - {"command"}


def test_parents_params_and_other_roles_count_where_they_are() -> None:
    one = record(
        Input("x-judge", "gpt"),
        info=info(parents=("calm-fox-aaaaaa",)),
        params={"lr": 0.1, "opt": {"name": "adam"}},
        artifacts=(Artifact("model.pt", OID, 3), Artifact("log.csv", OID, 3)),
    )
    found = fields(one, lost=["model.pt"])
    assert found.keys() == ALWAYS | {"x-judge", "parent", "params", "artifacts"}
    assert found["x-judge"].pin is Pin.NAMED
    assert [thing.name for thing in found["params"].things] == ["lr", "opt.name"]
    assert found["artifacts"].unkept == ("model.pt",)


def test_what_is_required_is_asked_for_and_may_be_stated_to_be_none() -> None:
    found = fields(record(Input("prompt", "none", none=True)), require=["prompt", "seeds", "x-judge"])
    assert (found["prompt"].none, found["prompt"].required) == (True, True)
    assert found["seeds"].is_waited_for
    assert [gap.field for gap in assess(found.values()).forbidden] == ["seeds", "x-judge"]


@pytest.mark.parametrize(
    ("one", "pin"),
    [
        (record(), Pin.REVISION),
        (record(env={**SEEN, "lock_files": {"uv.lock": "aa"}}), Pin.CONTENT),
        (record(env={**SEEN, "lock_files": {"requirements.txt": "aa"}}), Pin.REVISION),
        (record(env={**SEEN, "lock_files": {"Cargo.lock": "aa"}}, requirements=""), Pin.REVISION),
        (record(requirements=""), Pin.NAMED),
        (record(env={}, requirements=""), None),
        (record(env={"lock_files": "odd", "platform": []}, requirements=""), None),
    ],
)
def test_the_environment(one: Record, pin: Pin | None) -> None:
    assert fields(one)["env"].pin is pin


@pytest.mark.parametrize(
    ("one", "known"),
    [
        (record(env={"seeds": {"numpy": {"seed": 1}, "random": {"state": "ab"}}}), {"numpy"}),
        (record(env={"seeds": {"random": {"state": "ab"}}}), set()),
        (record(env={"seeds": [1]}), set()),
        (
            record(params={"seed": 3, "model": {"random_state": 4}, "seeds": None}),
            {"seed", "model.random_state"},
        ),
        (
            record(info=info(command=("python", "t.py", "--seed", "1", "--manual-seed=2"))),
            {"--seed", "--manual-seed"},
        ),
        (record(info=info(command=("python", "t.py", "seed=1"))), {"seed"}),
        (record(info=info(command=("seed", "seed/x"))), set()),
        (record(Input("seeds", "seeds", value={"numpy": 1})), {"seeds"}),
        (record(Input("seed", "0", value=0)), {"0"}),
        # A generator that was not seeded.
        (record(Input("seeds", "numpy", value=None), Input("seeds", "torch", value={"torch": None})), set()),
        (record(Input("seeds", "seeds", value={"random": 1, "numpy": [3, None]}), params={"seed": 3}), set()),
        (record(env={"seeds": {"numpy": {"seed": None}}}), set()),
    ],
)
def test_seeds(one: Record, known: set[str]) -> None:
    assert {thing.name for thing in fields(one)["seeds"].things} == known


@pytest.mark.parametrize(
    ("one", "stale", "pin"),
    [
        (record(), False, Pin.CONTENT),
        (record(), True, None),
        (record(info=info(source="import")), False, Pin.REVISION),
        (record(info=info(source="import", code=Code(TREE, BASE, dirty=True))), False, Pin.NAMED),
        (record(info=info(source="import", code=Code(TREE))), False, None),
        (record(info=info(code=Code(TREE))), False, Pin.CONTENT),
    ],
)
def test_the_code(one: Record, stale: bool, pin: Pin | None) -> None:
    assert fields(one, stale=stale)["code"].pin is pin


def test_files_that_were_read_stand_for_a_dataset_that_nobody_spoke_of() -> None:
    read = [
        Input("file", path, path, OID, 3, how=How.OBSERVED)
        for path in ("data/a.csv", "params.yaml", "lib/model.py")
    ]
    large = Input("untracked", "big.bin", "big.bin", OID, 3, how=How.OBSERVED)
    found = fields(record(*read, large))
    assert [one.name for one in found["dataset"].things] == ["data/a.csv", "big.bin"]
    assert found["dataset"].pin is Pin.CONTENT
    assert len(found["file"].things) == 3
    spoken = fields(record(*read, Input("dataset", "mnist")))
    assert [one.name for one in spoken["dataset"].things] == ["mnist"]
    none = fields(record(*read, Input("dataset", "none", none=True)))
    assert (none["dataset"].none, none["dataset"].things) == (True, ())


def test_the_examples_of_an_evaluation_stand_for_its_dataset() -> None:
    log = Artifact("logs/a.eval", OID, 3, kind="eval-log")
    read = Input("file", "data/a.csv", "data/a.csv", OID, 3, how=How.OBSERVED)
    # The examples may have nothing to do with a file that was read.
    assert fields(record(read), suites=["qa"])["dataset"].kept is False
    assert fields(record(), suites=["qa"], texts=["qa"])["dataset"].kept
    assert fields(record(), suites=["qa"])["dataset"].kept is False
    assert fields(record(artifacts=(log,)), suites=["qa"])["dataset"].kept
    assert fields(record(artifacts=(log,)), suites=["qa"], lost=[log.path])["dataset"].kept is False


def test_what_a_log_tells_of_is_in_that_log() -> None:
    told = Input("dataset", "qa", value={"digest": f"sha256:{OID}"}, how=How.ASSUMED)
    log = Artifact("logs/a.eval", OID, 3, kind="eval-log")
    own = fields(record(told, artifacts=(log,)), kept=lambda _: False)
    assert own["dataset"].kept is False
    imported = record(told, artifacts=(log,), info=info(source="import"))
    assert fields(imported, kept=lambda _: False)["dataset"].kept


def test_what_a_step_reads_from_outside_is_an_input() -> None:
    raw, made = (Input("file", name, name, OID, 3) for name in ("raw.csv", "tokens.csv"))
    steps = (
        RunStep("tokenize", "2026-11-23T18:05:00Z", inputs=(raw,), outputs=(made,)),
        RunStep("train", "2026-11-23T18:05:00Z", inputs=(made, raw)),
    )
    found = fields(record(steps=steps))
    assert [one.name for one in found["dataset"].things] == ["raw.csv"]
    assert len(fields(record(raw, steps=steps))["file"].things) == 1


INPUTS = st.builds(
    Input,
    st.sampled_from((*ROLES, "file", "x-judge")),
    st.text(min_size=1, max_size=5),
    path=st.none() | st.just("data/a.csv"),
    oid=st.none() | st.just(OID),
    value=st.none()
    | st.text(max_size=3)
    | st.dictionaries(st.sampled_from(["temperature", "a"]), st.integers()),
    pin=st.none() | st.sampled_from(Pin),
    none=st.booleans(),
)


@given(st.lists(INPUTS, max_size=6), st.randoms())
def test_the_order_of_inputs_does_not_matter(inputs: list[Input], random: Any) -> None:
    def assessed(ones: list[Input]) -> tuple[Level, float, tuple[Gap, ...]]:
        found = assess(fields(record(*ones)).values())
        return found.level, found.score, found.gaps

    assert assessed(inputs) == assessed(random.sample(inputs, len(inputs)))


@given(st.lists(INPUTS, max_size=6), st.data())
def test_a_firmer_pin_never_makes_it_less(inputs: list[Input], data: st.DataObject) -> None:
    firmer = [replace(one, pin=Pin.CONTENT) if data.draw(st.booleans()) else one for one in inputs]
    old, new = (assess(fields(record(*ones)).values()) for ones in (inputs, firmer))
    assert new.level >= old.level
    assert new.score >= old.score - 1e-12
