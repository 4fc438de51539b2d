"""Tables of evaluations as files: every suite comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord, InvalidName, NewerFormat
from gitexp.formats import eval_files
from gitexp.formats.canonical_json import short_hash, to_json
from gitexp.model.evaluation import (
    Direction,
    Example,
    Kind,
    Meta,
    Metric,
    OnError,
    Output,
    Regrading,
    Result,
    Source,
    State,
    Suite,
    Text,
    Usage,
    check_suite,
    suite_name,
)

LABELS = st.text("abXY019-_./@é日 :\"'{}[]#", min_size=1, max_size=8)
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.dictionaries(LABELS, NUMBERS, max_size=4)
HASHES = st.binary(max_size=4).map(lambda data: short_hash(data.hex()))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXT
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
METRICS = st.builds(
    Metric,
    LABELS,
    st.sampled_from(Kind),
    st.sampled_from(Direction),
    st.none() | st.tuples(st.integers(-9, 0), st.floats(0, 9)),
    st.none() | TEXT,
)
METAS = st.builds(
    Meta,
    st.sampled_from(["qa", "tiny_QA-2.0"]),
    st.lists(METRICS, max_size=4, unique_by=lambda one: one.name).map(
        lambda ones: tuple(sorted(ones, key=lambda one: one.name))
    ),
    on_error=st.sampled_from(OnError),
    cluster=st.none() | LABELS,
    source=st.none()
    | st.builds(Source, TEXT, st.none() | TEXT, st.none() | st.just("ab" * 32), st.none() | TEXT),
    warnings=st.lists(TEXT, max_size=3).map(tuple),
    reported=st.dictionaries(TEXT, NUMBERS | TEXT, max_size=3),
    history=st.lists(
        st.builds(
            *(Regrading, TEXT, TEXT, st.just("ab" * 20), st.integers(0, 9)),
            st.dictionaries(TEXT, NUMBERS, max_size=2),
        ),
        max_size=2,
    ).map(tuple),
)


@st.composite
def suites(draw: st.DrawFn) -> Suite:
    ids = sorted(draw(st.sets(LABELS, max_size=3)))
    keys = [(one, epoch) for one in ids for epoch in sorted(draw(st.sets(st.integers(0, 99), max_size=2)))]
    tags = st.dictionaries(LABELS, LABELS | st.booleans() | NUMBERS, max_size=3)
    optional, cluster = st.none() | HASHES, st.none() | LABELS
    return Suite(
        draw(METAS),
        tuple(Example(one, draw(HASHES), draw(optional), draw(cluster), draw(tags)) for one in ids),
        tuple(Result(*key, draw(SCORES), draw(st.sampled_from(State))) for key in keys),
        tuple(Usage(*key, draw(st.fixed_dictionaries({"in": NUMBERS}))) for key in keys),
        tuple(Output(*key, draw(JSON), *(draw(st.none() | TEXT) for _ in range(3))) for key in keys),
        tuple(Text(one, draw(JSON), draw(JSON)) for one in ids),
    )


SUITE = Suite(
    Meta("qa", (Metric("match", Kind.BINARY),), cluster="topic"),
    (Example("a", "0" * 16, "1" * 16, "geo", {"topic": "geo"}), Example("b", "2" * 16)),
    (Result("a", 1, {"match": 1}), Result("a", 2, {}, State.TIMEOUT), Result("b", 1, {"match": 0.5})),
    (Usage("a", 1, {"in": 38, "sec": 1.2}),),
)
FILES = eval_files.encode(SUITE)


def decode(**changed: bytes) -> Suite:
    files = {("meta.yaml" if key == "meta" else f"{key}.jsonl"): data for key, data in changed.items()}
    return eval_files.decode("qa", FILES | files, what="run 'r': .exp/eval/qa")


@given(suites())
def test_a_suite_comes_back_as_it_was_and_gives_the_same_bytes(suite: Suite) -> None:
    files = eval_files.encode(suite)
    again = eval_files.decode(suite.name, files, what="eval")
    assert again == suite
    assert eval_files.encode(again) == files


@given(suites(), st.randoms())
def test_the_order_of_rows_means_nothing(suite: Suite, random: object) -> None:
    shuffled = {}
    for table in ("examples", "results", "usage", "outputs", "texts"):
        rows = list(getattr(suite, table))
        random.shuffle(rows)  # type: ignore[attr-defined]
        shuffled[table] = tuple(rows)
    assert eval_files.encode(replace(suite, **shuffled)) == eval_files.encode(suite)


def test_the_text_is_what_the_format_says() -> None:
    assert FILES["examples.jsonl"] == (
        b'{"c":"geo","id":"a","tags":{"topic":"geo"},"x":"0000000000000000","y":"1111111111111111"}\n'
        b'{"id":"b","x":"2222222222222222"}\n'
    )
    assert FILES["scores.jsonl"] == (
        b'{"ep":1,"id":"a","s":{"match":1}}\n'
        b'{"ep":2,"id":"a","s":{},"st":"timeout"}\n'
        b'{"ep":1,"id":"b","s":{"match":0.5}}\n'
    )
    assert FILES["usage.jsonl"] == b'{"ep":1,"id":"a","in":38,"sec":1.2}\n'
    assert FILES["meta.yaml"].decode().splitlines() == [
        "format: 1",
        "suite: qa",
        "examples: 2",
        "epochs: 2",
        "errors: 1",
        "metrics:",
        "  match:",
        "    kind: binary",
        "    direction: max",
        "reducer: mean",
        "on_error: exclude",
        "cluster: topic",
    ]


def test_the_hash_of_an_input_is_that_of_its_canonical_json() -> None:
    assert to_json({"b": [1, 1.0], "a": "é"}) == '{"a":"é","b":[1,1.0]}'
    assert short_hash("Capital of France?") == "117e482caabcf0e8"
    with pytest.raises(ValueError):
        short_hash(float("nan"))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"scores": b'{"ep":1,"id":"a","s":{}}\n{"ep":1,"id":"a","s":{}}\n'},
            "scores.*, line 2: .* twice",
        ),
        ({"scores": b'{"ep":1,"id":"b","s":{}}\n{"ep":1,"id":"a","s":{}}\n'}, "line 2: .* out of order"),
        ({"scores": b'{"ep":1,"id":"c","s":{}}\n'}, "scores.jsonl, line 1: no example 'c'"),
        ({"scores": b'{"ep":1,"id":"a","s":{"m":NaN}}\n'}, "line 1: 'm' is not a finite number"),
        ({"scores": b'{"ep":1,"id":"a","s":{"m":"1"}}\n'}, "line 1: 'm' is not a finite number"),
        ({"scores": b'{"ep":1,"id":"a","s":{"m":%d}}\n' % 2**64}, "line 1: 'm' is not a finite number"),
        ({"scores": b'{"ep":1,"id":"a","s":{"m":true}}\n'}, "line 1: 'm' is not a finite number"),
        ({"scores": b'{"ep":1,"id":"a","s":{},"st":"fine"}\n'}, "line 1: unknown state 'fine'"),
        ({"scores": b'{"ep":-1,"id":"a","s":{}}\n'}, "line 1: -1 is not an epoch"),
        ({"scores": b'{"ep":1,"id":"a"}\n'}, "line 1: no 's'"),
        ({"scores": b'{"ep":1,"id":"a","s":{}}'}, "the last line has no end"),
        ({"scores": b"[]\n"}, "line 1: not a JSON object and nothing more"),
        ({"scores": b"[" * 100_000}, "the last line has no end"),
        ({"scores": b"[" * 60_000 + b"\n"}, "line 1: "),
        ({"scores": b" " * 70_000 + b"\n"}, "line 1: more than 65536 bytes"),
        ({"examples": b'{"id":"a","x":"00"}\n'}, "examples.jsonl, line 1: 'x' or 'y' is not a hash"),
        ({"examples": b'{"id":"a\\u001b","x":"0000000000000000"}\n'}, "line 1: invalid id"),
        ({"examples": b'{"id":7,"x":"0000000000000000"}\n'}, "line 1: invalid id 7"),
        ({"examples": b'\xff{"id":"a"}\n'}, "line 1: "),
        ({"usage": b'{"ep":1,"id":"a","in":"many"}\n'}, "usage.jsonl, line 1: 'in' is not a finite number"),
        ({"meta": b"suite: qa\n"}, "meta.yaml: no format version"),
        ({"meta": b"format: 1\nsuite: other\n"}, "is of the suite 'other'"),
        ({"meta": b"format: 1\nsuite: ../x\n"}, "invalid suite"),
        ({"meta": b"format: 1\nsuite: qa\nmetrics:\n  m:\n    kind: odd\n"}, "odd"),
        ({"meta": b"format: 1\nsuite: qa\nmetrics:\n  m:\n    range: [1]\n"}, "range"),
    ],
)
def test_what_is_no_table_is_told_with_file_and_line(files: dict[str, bytes], told: str) -> None:
    assert decode() == SUITE
    with pytest.raises(BrokenRecord, match=f"run 'r': .exp/eval/qa/.*{told}"):
        decode(**files)


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(NewerFormat, match="format 2 is newer") as caught:
        decode(meta=b"format: 2\nsuite: qa\n")
    assert caught.value.hint == "pip install -U gitexp"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".git", "-x", "con", "aux.txt", "a.", "é", "x" * 101])
def test_what_no_folder_may_be_called_is_no_suite(name: str) -> None:
    with pytest.raises(InvalidName):
        check_suite(name)


@given(st.text(max_size=120))
def test_every_name_of_a_task_makes_a_name_of_a_suite(text: str) -> None:
    assert check_suite(suite_name(text))


def test_a_row_that_is_in_no_good_state_counts_by_the_policy_on_errors() -> None:
    assert list(SUITE.values("match")) == [(("a", 1), 1), (("b", 1), 0.5)]
    zero = replace(SUITE, meta=replace(SUITE.meta, on_error=OnError.ZERO))
    assert list(zero.values("match")) == [(("a", 1), 1), (("a", 2), 0), (("b", 1), 0.5)]


ROWS = st.dictionaries(
    st.sampled_from(["id", "ep", "x", "y", "c", "s", "st", "tags", "in", "output"]),
    JSON | HASHES | st.just("a"),
    max_size=6,
)
ENCODED = ROWS.map(lambda row: to_json(row).encode("utf-8", "replace"))
LINES = st.lists(st.binary(max_size=20) | ENCODED, max_size=3)


@given(st.sampled_from(["examples", "scores", "usage", "outputs", "texts"]), LINES)
def test_whatever_a_table_of_others_is_like_it_is_read_or_refused(table: str, lines: list[bytes]) -> None:
    try:
        suite = decode(**{table: b"".join(line + b"\n" for line in lines)})
    except BrokenRecord:
        return
    assert eval_files.decode("qa", eval_files.encode(suite), what="again") == suite
