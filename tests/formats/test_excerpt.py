"""Long files of a record, short enough to be compared."""

from __future__ import annotations

import pytest

from gitexp.errors import BrokenRecord
from gitexp.formats import series
from gitexp.formats.excerpt import MAX_SIZE, is_series, of_series, of_text
from gitexp.model.history import Row


def csv(*rows: dict[str, object]) -> bytes:
    (data,) = series.encode([Row(step, 1.0, values) for step, values in enumerate(rows)])  # type: ignore[arg-type]
    return data


def test_few_rows_are_shown_as_they_are() -> None:
    data = csv({"loss": 1.5}, {"loss": 0.5})
    assert is_series(data)
    assert "\n".join(of_series(data)) + "\n" == data.decode()


def test_of_many_rows_it_is_told_how_each_metric_went() -> None:
    rows: list[dict[str, object]] = [{"loss": 100 - step} for step in range(50)]
    rows[3] = {"loss": float("nan"), "word": "x", "acc": 0.5}
    assert list(of_series(csv(*rows))) == [
        "rows: 50, steps 0 to 49",
        "acc: 1 values, first 0.5, last 0.5, min 0.5, max 0.5",
        "loss: first 100, last 51, min 51, max 100",
        "word: 1 values, first x, last x",
    ]


@pytest.mark.parametrize("data", [b"step,time\n1\n", b"step,time," + b"x" * MAX_SIZE])
def test_what_is_no_series_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenRecord):
        list(of_series(data))


def test_of_a_long_text_the_ends_are_shown() -> None:
    text = "".join(f"line {number}\n" for number in range(1000))
    found = list(of_text(text.encode()))
    assert found[0] == "line 0"
    assert found[200] == "(600 lines left out)"
    assert found[-1] == "line 999"
    assert len(found) == 401
    assert list(of_text(b"a\n\nb")) == ["a", "", "b"]
    assert list(of_text(b"")) == []
