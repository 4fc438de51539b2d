import math

import pytest

from gitexp.errors import BrokenFile
from gitexp.formats.results import metrics, series
from gitexp.model.history import Row
from tests.formats.values import exact


def test_metrics_are_flattened():
    text = '{"eval": {"loss": 0.25, "acc": 1, "per.class": {"a": NaN}}, '
    text += '"best": true, "tag": "x", "l": [1], "n": null}'
    expected = {
        "eval.loss": 0.25,
        "eval.acc": 1,
        "eval.per.class.a": math.nan,
        "best": True,
        "tag": "x",
        "n": None,
    }
    assert exact(metrics("m.json", text.encode())) == exact(expected)
    assert metrics("m.yaml", b"loss: 1e-3\nacc: {top1: .5}\n") == {"loss": 1e-3, "acc.top1": 0.5}
    assert metrics("m.toml", b"loss = 1e-3\n[acc]\ntop1 = 0.5\n") == {"loss": 1e-3, "acc.top1": 0.5}
    assert metrics("m.yaml", b"") == {}


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "+NAN"])
def test_nan_is_read_however_it_is_spelled(text):
    assert math.isnan(metrics("m.json", f'{{"a": "{text}"}}'.encode())["a"])
    assert math.isnan(series("m.csv", f"a\n{text}\n".encode())[0].values["a"])


@pytest.mark.parametrize("text", ["inf", "Infinity", "+Inf", "INF", "-inf", "-Infinity"])
def test_infinities_are_read_however_they_are_spelled(text):
    value = -math.inf if text.startswith("-") else math.inf
    assert metrics("m.json", f'{{"a": "{text}"}}'.encode())["a"] == value
    assert series("m.csv", f"a\n{text}\n".encode())[0].values["a"] == value
    assert series("m.jsonl", f'{{"a": "{text}"}}\n'.encode())[0].values["a"] == value


def test_series_of_json_lines():
    text = (
        '{"epoch": 0, "step": 10, "train": {"loss": 1.5, "hist": [1]}, "timestamp": 5.5}\n\n'
        '{"step": 9, "train": {"loss": NaN}, "timestamp": "2026-01-01T00:00:00Z", "note": "x"}\r\n'
        '{"eval": true, "step": 11}\n'
    )
    assert exact(rows(series("a.jsonl", text.encode(), default_time=7.0))) == exact(
        [
            [10, 5.5, {"epoch": 0, "train.loss": 1.5}],
            [9, 1767225600.0, {"train.loss": math.nan, "note": "x"}],
            [11, 7.0, {"eval": True}],
        ]
    )


def test_series_of_tables():
    text = b'\xef\xbb\xbfepoch,loss, name,time\r\n1,1e-3,"a, b",1.5\r\n2,,"line\nbreak",2\r\n\r\n3,0.5\r\n'
    assert exact(rows(series("a.csv", text))) == exact(
        [
            [1, 1.5, {"loss": 1e-3, "name": "a, b"}],
            [2, 2.0, {"name": "line\nbreak"}],
            [3, 0.0, {"loss": 0.5}],
        ]
    )
    assert rows(series("a.tsv", b"step\tok\n0.5\tTrue\n")) == [[0.5, 0.0, {"ok": True}]]


def test_rows_without_a_step_are_numbered():
    assert rows(series("a.csv", b"loss\n3\n2\n")) == [[0, 0.0, {"loss": 3}], [1, 0.0, {"loss": 2}]]
    assert rows(series("a.ndjson", b'{"loss": 3}\n{"loss": 2}')) == [
        [0, 0.0, {"loss": 3}],
        [1, 0.0, {"loss": 2}],
    ]


def test_what_is_no_step_or_time_stays_a_value():
    assert rows(series("a.csv", b"step,time,x\nlast,soon,1\n")) == [
        [None, 0.0, {"step": "last", "time": "soon", "x": 1}]
    ]


def test_empty_files_have_no_rows():
    for path in ("a.csv", "a.tsv", "a.jsonl"):
        assert series(path, b"") == []
    assert series("a.csv", b"step,loss\n") == []


def test_a_last_line_that_was_cut_is_left_out():
    assert len(series("a.jsonl", b'{"loss": 3}\n{"lo')) == 1


@pytest.mark.parametrize(
    ("path", "data", "place"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": }\n{"a": 2}\n', "line 2, column 7: "),
        ("a.jsonl", b'{"a": 1}\n{"lo\n', "line 2, column 2: "),
        ("a.jsonl", b"[1]\n", "line 1, column 1: a row must be an object"),
        ("a.jsonl", b'{"a": ' + b"9" * 5000 + b"}\n", "line 1: "),
        ("a.jsonl", b'{"a":' * 100_000 + b"\n", "line 1"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "line 3, column 3: 3 cells under 2 names"),
        ("a.csv", b"a,a\n1,2\n", "line 1, column 2: the name 'a' stands here twice"),
        ("a.csv", b'a\n"x"y\n', "line 2: "),
        ("a.csv", b"a\n" + b"x" * 200_000 + b"\n", "line 2: "),
        ("a.csv", b"a\n\xff\n", "line 2, column 1: not UTF-8"),
        ("a.txt", b"", ""),
        ("a.json", b"[1]", ""),
    ],
)
def test_broken_files_are_named_with_the_place(path, data, place):
    with pytest.raises(BrokenFile) as caught:
        (metrics if path == "a.json" else series)(path, data)
    assert f"{path!r}" in caught.value.message
    assert place in caught.value.message


def rows(found: list[Row]) -> list[list]:
    return [[row.step, row.time, dict(row.values)] for row in found]
