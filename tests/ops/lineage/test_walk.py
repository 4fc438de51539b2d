"""What is above and below a run or a content: by contents, by steps, by what runs come from."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gitexp.artifacts.folders import identity
from gitexp.index.row import Row
from gitexp.model.lineage import Lineage, Used
from gitexp.model.record import How, Input
from gitexp.ops.lineage.traces import EMPTY, MAX_MAKERS, trace
from gitexp.ops.lineage.walk import Start, walk
from tests.ops.lineage.rows import name, row, sha, step, used

PIPELINE = (
    row("prep", 0, "raw", "clean"),
    row("train", 10, "clean", "model log"),
    row("eval", 20, [used("model", "model"), used("test")], "scores"),
    row("other", 30, "clean", ""),
)


def _of_run(rows: Sequence[Row], slug: str, **options: object) -> Lineage:
    both = {"up": True, "down": True, **options}
    return walk(trace(rows), Start(slug, run=name(slug)), **both)  # type: ignore[arg-type]


def _of_content(rows: Sequence[Row], content: str) -> Lineage:
    return walk(trace(rows), Start(content, oid=sha(content)), up=True, down=True)


def _slugs(places: object) -> list[str]:
    return [one.run.removesuffix("-aaaaaa") for one in places]  # type: ignore[attr-defined]


def _links(found: Lineage) -> list[tuple[str, ...]]:
    return sorted((*_slugs([one.made, one.used]), one.made.path) for one in found.links)


def test_an_evaluation_leads_to_the_training_and_on_to_the_preparation() -> None:
    found = _of_run(PIPELINE, "eval")
    assert _slugs(found.above) == ["eval", "train", "prep"]
    assert _slugs(found.below) == ["eval"]
    assert _links(found) == [("prep", "train", "clean"), ("train", "eval", "model")]
    assert [(one.oid, *_slugs([one.at])) for one in found.sources] == [
        (sha("test"), "eval"),
        (sha("raw"), "prep"),
    ]
    assert [one.oid for one in found.unused] == [sha("scores")]


def test_the_preparation_leads_down_to_all_that_rests_on_it() -> None:
    found = _of_run(PIPELINE, "prep")
    assert _slugs(found.below) == ["prep", "train", "other", "eval"]
    assert [one.at.path for one in found.unused] == ["log", "scores"]
    only = _of_run(PIPELINE, "prep", up=False)
    assert (only.above, only.below) == ({}, found.below)


def test_a_content_has_those_who_made_it_and_those_who_used_it() -> None:
    found = _of_content(PIPELINE, "clean")
    assert _slugs(found.makers) == ["prep"]
    assert _slugs(found.users) == ["train", "other"]
    assert (_slugs(found.above), _slugs(found.below)) == (["prep"], ["train", "other", "eval"])


def test_no_further_than_the_depth_that_was_asked_for() -> None:
    found = _of_run(PIPELINE, "eval", depth=1)
    assert _slugs(found.above) == ["eval", "train"]
    assert _slugs(found.cut) == ["train"]
    assert _of_run(PIPELINE, "eval", depth=3).cut == frozenset()


def test_all_who_made_it_before_are_told_the_earliest_first() -> None:
    rows = (
        *(row("late", 50, "", "clean"), row("again", 5, "", "clean")),
        *(row("first", 1, "", "clean"), row("user", 10, "clean")),
    )
    found = _of_run(rows, "user")
    assert [one.made.run for one in found.links] == [name("first"), name("again")]
    # Who made it again later was no source, and nobody's who used it before.
    assert _of_run(rows, "late").links == []
    assert _slugs(_of_content(rows, "clean").makers) == ["first", "again", "late"]
    # Where all seem to be later, the clocks tell nothing.
    assert [one.made.run for one in _of_run((rows[0], rows[3]), "user").links] == [name("late")]


def test_of_very_many_makers_the_earliest_are_taken() -> None:
    makers = [row(f"r{at}", at, "", "x") for at in range(MAX_MAKERS + 20)]
    found = _of_run([*makers, row("user", 1000, "x")], "user")
    assert _slugs([one.made for one in found.links]) == [f"r{at}" for at in range(MAX_MAKERS)]


def test_circles_end() -> None:
    rows = (row("a", 0, "x y", "y x"), row("b", 0, "y", "x", parents=["a"]), row("c", 0, "c", "c"))
    assert _slugs(_of_run(rows, "a").above) == ["a", "b"]
    assert _slugs(_of_run(rows, "b").below) == ["b", "a"]
    assert _slugs(_of_content(rows, "x").above) == ["a", "b"]
    # What goes in and comes out again is no source of itself.
    assert _of_run(rows, "c").links == []


def test_nothing_at_all_joins_nobody() -> None:
    empty = Input("dataset", "none.csv", "none.csv", EMPTY, 0)
    rows = (row("a", 0, "", {"empty": ""}), row("b", 1, [empty]))
    assert _of_run(rows, "b").links == []


def test_a_folder_that_was_used_is_the_folder_of_artifacts() -> None:
    folder = identity([(sha("m"), "m"), (sha("n"), "deep/n")])
    whole = Input("model", "model", "got", folder, 2)
    rows = (
        row("train", 0, "", {"ckpt/m": "m", "ckpt/deep/n": "n", "log": "log"}),
        row("eval", 1, [whole]),
        row("part", 2, "n"),
    )
    found = _of_run(rows, "train")
    assert _links(found) == [("train", "eval", "ckpt/"), ("train", "part", "ckpt/deep/n")]
    # Of what stands in a folder that was used nothing is left over.
    assert [one.at.path for one in found.unused] == ["log"]
    assert _slugs(_of_content(rows, "n").users) == ["part", "eval"]


def test_a_fork_has_not_made_what_it_has_of_its_origin() -> None:
    rows = (
        row("base", 0, "", "model"),
        row("fork", 5, "", "model more", parents=["base"]),
        row("fork-of-fork", 10, "", "model more", parents=["fork"]),
        row("again", 15, "", "model", parents=["base"], reproduces="base"),
        row("user", 20, "model more"),
    )
    found = _of_run(rows, "user")
    assert _links(found) == [
        ("again", "user", "model"),
        ("base", "user", "model"),
        ("fork", "user", "more"),
    ]
    assert [(one.kind.value, *one[1:]) for one in found.kin] == [
        ("reproduced", name("base"), name("again")),
        ("parent", name("base"), name("fork")),
    ]
    # One that was started inside of another one, while that went on, may have made it.
    nested = (row("outer", 0, "", "model", runs=True), row("inner", 1, "", "model", parents=["outer"]))
    assert _slugs(_of_content(nested, "model").makers) == ["outer", "inner"]


def test_a_parent_that_is_not_here_is_told_and_not_followed() -> None:
    found = _of_run((row("child", 0, parents=["gone"]),), "child")
    assert [one.old for one in found.kin] == [name("gone")]
    assert _slugs(found.above) == ["child"]


STEPS = (
    row(
        "prep",
        0,
        "raw",
        "clean",
        steps=[
            step("clean", "raw", "clean"),
            step("all", "clean", "report"),
            step("tokenize", "clean", "tokens", within=2),
            step("other", "names", "lists"),
        ],
    ),
    row("train", 10, "tokens", "model"),
    row("sort", 10, "lists", "sorted"),
)


def test_a_step_joins_a_later_step_of_its_run_and_other_runs() -> None:
    found = _of_run(STEPS, "train")
    assert _slugs(found.above) == ["train", *["prep"] * 2]
    steps = [(one.made.step, one.used.step) for one in found.links]
    told = [(made and made.name, used and used.name) for made, used in steps]
    assert told == [("tokenize", None), ("clean", "all"), ("clean", "tokenize")]
    # What other steps used has nothing to do with it.
    assert [one.oid for one in found.sources] == [sha("raw")]
    assert [one.oid for one in _of_run(STEPS, "sort").sources] == [sha("names")]


def test_a_step_is_not_made_of_what_the_one_around_it_makes_in_the_end() -> None:
    steps = [step("outer", "", "x"), step("inner", "x", "", within=1), step("after", "x")]
    links = _of_run((row("a", 0, steps=steps),), "a").links
    assert [one.used.step and one.used.step.name for one in links] == ["after"]


def test_down_from_a_content_only_what_its_step_made() -> None:
    found = _of_content(STEPS, "names")
    assert _slugs(found.below) == ["prep", "sort"]
    assert _slugs(_of_content(STEPS, "raw").below) == ["prep", "prep", "prep", "train"]


def test_steps_of_one_run_are_no_further_away() -> None:
    assert _slugs(_of_run(STEPS, "train", depth=2).above) == ["train", "prep", "prep"]
    assert _slugs(_of_run(STEPS, "train", depth=1).above) == ["train", "prep"]


def test_what_a_run_read_of_its_own_making_is_neither_made_by_others_nor_a_source() -> None:
    seen = used("out", "file", How.OBSERVED)
    rows = (row("a", 0, "", "out"), row("b", 5, [seen], "out"), row("c", 5, [used("out")], "out"))
    found = _of_run(rows, "b", down=False)
    assert (found.links, found.sources) == ([], [])
    # What was declared was there before.
    assert _slugs([one.made for one in _of_run(rows, "c", down=False).links]) == ["a", "b"]


def test_what_lay_there_and_was_replaced_was_not_used() -> None:
    there = [used("x", "untracked", How.OBSERVED)]
    rows = (
        *(row("a", 0, "", {"x": "x"}), row("b", 5, there, {"x": "x2"}), row("c", 5, there, {"in/x": "x3"})),
        *(row("d", 5, there, {"other": "x4"}), row("e", 5, "x", {"x": "x5"})),
    )
    assert _slugs([one.used for one in _of_run(rows, "a").links]) == ["d", "e"]


contents = st.lists(st.sampled_from("abcdef"), max_size=3, unique=True).map(" ".join)
graphs = st.lists(st.tuples(contents, contents), min_size=1, max_size=7)


@given(graphs, st.data())
def test_it_is_what_following_each_content_again_and_again_gives(
    drawn: list[tuple[str, str]], data: st.DataObject
) -> None:
    rows = [row(f"r{at}", at * 10, inputs, made) for at, (inputs, made) in enumerate(drawn)]
    start = data.draw(st.integers(0, len(drawn) - 1))

    def makers(at: int) -> set[int]:
        others = [n for n in range(len(drawn)) if n != at]
        found: set[int] = set()
        for one in drawn[at][0].split():
            made = [n for n in others if one in drawn[n][1].split()]
            found |= set([n for n in made if n <= at] or made)
        return found

    def reached(ways: dict[int, set[int]]) -> set[str]:
        met, more = {start}, [start]
        while more:
            fresh = ways[more.pop()] - met
            met |= fresh
            more += fresh
        return {name(f"r{at}") for at in met}

    up = {at: makers(at) for at in range(len(drawn))}
    down = {at: {n for n in up if at in up[n]} for at in up}
    found = _of_run(rows, f"r{start}")
    assert {one.run for one in found.above} == reached(up)
    assert {one.run for one in found.below} == reached(down)
    for link in found.links:
        assert link.oid in {sha(one) for one in drawn[int(link.used.run[1])][0].split()}
        assert isinstance(link.used, Used)
