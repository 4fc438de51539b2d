"""Records as files: every record comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.errors import BrokenRecord, NewerFormat
from gitexp.formats import record as files
from gitexp.formats.canonical import dump
from gitexp.formats.canonical_reader import load
from gitexp.formats.record_fields import input_path
from gitexp.model.names import RunId, RunName
from gitexp.model.record import (
    Artifact,
    Code,
    Failure,
    How,
    Input,
    Keep,
    Pin,
    Record,
    Results,
    Resumption,
    RunInfo,
    Status,
)
from gitexp.model.reproduction import Fate, InputChange, Measured, Reproduction, Verdict
from gitexp.model.values import Digest, Oid

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = st.text("abcdefgh-_ 0129é", min_size=1, max_size=12)
oids = st.text("0123456789abcdef", min_size=40, max_size=40).map(Oid)
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map(Digest)
sizes = st.integers(0, 2**53)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
times = st.integers(0, 10**10).map(lambda number: f"2026-11-23T18:05:{number % 60:02}.{number % 1000:03}Z")

reproductions = st.builds(
    Reproduction,
    name=st.just(RunName("calm-cat-aaaaaa")),
    commit=oids,
    verdict=st.sampled_from(Verdict),
    on=st.none() | oids,
    metrics=st.dictionaries(
        words,
        st.builds(
            Measured,
            verdict=st.sampled_from(Verdict),
            old=scalars,
            new=scalars,
            tolerance=st.none() | st.floats(min_value=0, allow_infinity=False),
            how=st.none() | text,
        ),
        max_size=2,
    ),
    inputs=st.dictionaries(
        text,
        st.builds(InputChange, fate=st.sampled_from(Fate), old=values, new=values),
        max_size=2,
    ),
)
paths = st.lists(st.text("ab c\u00e9-", min_size=1, max_size=5), max_size=2).map(tuple)
infos = st.builds(
    RunInfo,
    id=st.just(RunId("abcdefghijklmnop")),
    name=st.just(RunName("brave-otter-3f2ak7")),
    status=st.sampled_from(Status),
    started=times,
    ended=st.none() | times,
    exit_code=st.none() | st.integers(-128, 255),
    signal=st.none() | st.just("SIGTERM"),
    failure=st.none() | st.builds(Failure, type=words, message=text, traceback=text),
    command=st.lists(text, max_size=3).map(tuple),
    cwd=words,
    code=st.builds(Code, tree=oids, base=st.none() | oids, dirty=st.booleans()),
    results=st.builds(Results, metrics=paths, outputs=paths),
    parents=st.lists(words, max_size=2).map(tuple),
    resumed=st.lists(st.builds(Resumption, at=times, commit=oids, kept=sizes, rows=sizes), max_size=2).map(
        tuple
    ),
    title=st.none() | text,
    group=st.none() | text,
    tags=st.sets(words, max_size=3).map(lambda tags: tuple(sorted(tags))),
    note=st.none() | text,
    star=st.booleans(),
    lost=sizes,
    earlier_params=st.dictionaries(words, st.lists(values, max_size=2), max_size=2),
    reproduction=st.none() | reproductions,
)
inputs = st.builds(
    Input,
    role=words,
    name=text,
    path=st.none() | words,
    oid=st.none() | digests,
    size=st.none() | sizes,
    value=values,
    how=st.sampled_from(How),
    pin=st.none() | st.sampled_from(Pin),
    none=st.booleans(),
    seen=st.dictionaries(words, values, max_size=2),
    suites=st.lists(words, max_size=2).map(tuple),
)
artifacts = st.builds(
    Artifact,
    path=st.text("abc", min_size=1, max_size=5),
    oid=digests,
    size=sizes,
    kind=st.none() | words,
    metadata=st.dictionaries(words, values, max_size=2),
    keep=st.none()
    | st.builds(
        Keep,
        rules=words,
        name=st.text("abc", min_size=1, max_size=5),
        number=sizes,
        values=st.dictionaries(
            words, st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=2
        ),
    ),
)
records = st.builds(
    Record,
    info=infos,
    params=st.dictionaries(words, values, max_size=4),
    metrics=st.dictionaries(words, scalars, max_size=4),
    inputs=st.lists(inputs, max_size=3).map(lambda found: tuple(sorted(found, key=lambda one: one.role))),
    env=st.dictionaries(words, values, max_size=3),
    artifacts=st.lists(artifacts, max_size=3, unique_by=lambda one: one.path).map(
        lambda found: tuple(sorted(found, key=lambda one: one.path))
    ),
    requirements=st.just("") | st.just("numpy==2.0\n"),
)


@given(records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    written = files.encode(record)
    back = files.decode(written, name="x")
    assert files.encode(back) == written
    assert back == record


@given(records)
def test_the_same_record_gives_the_same_bytes(record: Record) -> None:
    assert files.encode(copy.deepcopy(record)) == files.encode(record)


junk = (
    st.none() | st.booleans() | st.integers() | st.floats() | text | st.lists(text, max_size=2) | st.just({})
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += _places(item, (*path, key))
    return found


@given(records, st.data(), junk)
def test_what_is_not_a_record_is_refused_by_name(record: Record, data: st.DataObject, other: Any) -> None:
    written = files.encode(record)
    name = data.draw(st.sampled_from(sorted(set(written) - {files.REQUIREMENTS})))
    value = load(written[name], what=name)
    places = _places(value)
    if places:
        *way, last = data.draw(st.sampled_from(places))
        inside: Any = value
        for key in way:
            inside = inside[key]
        inside[last] = other
    try:
        files.decode({**written, name: dump(value)}, name="brave")  # type: ignore[arg-type]
    except (BrokenRecord, NewerFormat) as error:
        assert "brave" in error.message  # noqa: PT017


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("started", "garbage"),
        (
            "resumed",
            [{"at": "2026-11-23T18:05:00.000Z", "commit": "a" * 40, "kept": float("inf"), "rows": 1}],
        ),
        ("results", ["a"]),
        ("results", {"metrics": "a"}),
        ("lost", -1),
        ("tags", [1]),
        ("title", 5),
        ("code", {"tree": "x"}),
        ("format", True),
    ],
)
def test_wrong_fields_are_told(key: str, value: Any) -> None:
    info = files.info_value(files.decode_info(_run(), name="x"))
    files.decode_info(dump(info), name="x")
    with pytest.raises(BrokenRecord):
        files.decode_info(dump({**info, key: value}), name="x")


def test_a_newer_format_is_not_guessed_at() -> None:
    with pytest.raises(NewerFormat) as caught:
        files.decode_info(b"format: 2\n", name="x")
    assert caught.value.hint == "pip install -U gitexp"


@pytest.mark.parametrize("path", ["../../x", "/etc/passwd", ".git/config", "a/../b", "a\\b", "con"])
def test_paths_of_artifacts_are_safe_when_read(path: str) -> None:
    value = {path: {"oid": f"sha256:{'a' * 64}", "size": 1}}
    with pytest.raises(BrokenRecord):
        files.decode({files.RUN: _run(), files.ARTIFACTS: dump(value)}, name="x")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../b", "\\a", "", "a\nb"])
def test_paths_of_results_that_lead_elsewhere_are_not_read(path: str) -> None:
    info = files.info_value(files.decode_info(_run(), name="x"))
    found = files.decode_info(
        dump({**info, "results": {"metrics": [path, "a/b"], "outputs": [path]}}), name="x"
    )
    assert found.results == Results(metrics=("a/b",))


def _run() -> bytes:
    code = Code(Oid("a" * 40))
    info = RunInfo(
        RunId("abcdefghijklmnop"),
        RunName("brave-otter-3f2ak7"),
        Status.FINISHED,
        "2026-11-23T18:05:00.000Z",
        code,
    )
    return dump(files.info_value(info))


def test_params_are_kept_within_what_can_be_read() -> None:
    info = files.decode_info(_run(), name="x")
    long = Record(info, params={"text": "x" * (3 << 20), "lr": 0.1})
    back = files.decode(files.encode(long), name="x")
    assert back.params["lr"] == 0.1
    assert str(back.params["text"]).endswith(f"… ({3 << 20} characters)")
    many = Record(info, params={f"k{number}": "x" * (1 << 20) for number in range(20)})
    assert len(files.decode(files.encode(many), name="x").params) == 20


@pytest.mark.parametrize(
    "path", [".git", ".git/config", "a/.GIT/x", "git~1/x", "a\\.git\\x", "../x", "/x", "a//b"]
)
def test_no_input_leads_outside_or_into_git(path: str) -> None:
    assert input_path(path) is None


@pytest.mark.parametrize("path", [".gitignore", "a/.github/b", "con", "data/digits.csv"])
def test_inputs_may_be_called_as_they_like(path: str) -> None:
    assert input_path(path) == path
