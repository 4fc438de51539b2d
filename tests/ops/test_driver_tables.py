"""Tables of evaluations as the merge driver merges them."""

from __future__ import annotations

import json

import pytest

from gitexp.errors import BrokenFile, BrokenRecord
from gitexp.formats import eval_files
from gitexp.formats.eval_lines import shown
from gitexp.ops.drivers.lines import Texts
from gitexp.ops.drivers.tables import is_table, merge
from tests.ops.evaluations.suites import suite

SCORES = ".exp/eval/qa/scores.jsonl"


def table(**scores: float) -> bytes:
    return eval_files.encode(suite({id: [score] for id, score in scores.items()}))["scores.jsonl"]


def conflicting(texts: Texts) -> bytes | None:
    """As `git merge-file` where lines collide."""
    return None


def test_which_files_are_tables() -> None:
    for path in (SCORES, ".exp/eval/qa/meta.yaml", ".exp/eval/qa/texts.jsonl"):
        assert is_table(path)
    for path in (
        "scores.jsonl",
        ".exp/eval/qa/new.jsonl",
        ".exp/eval/scores.jsonl",
        ".exp/a/eval/qa/meta.yaml",
    ):
        assert not is_table(path)


def test_shards_are_joined() -> None:
    texts = Texts(b"", table(a=1, c=0), table(b=1, d=0))
    assert merge(SCORES, texts, conflicting) == table(a=1, b=1, c=0, d=0)


def test_of_two_runs_with_the_same_examples_ours_stays() -> None:
    for other in (table(a=0, c=0), table(a=1, c=1, d=1), table(a=0)):
        texts = Texts(b"", table(a=1, c=0), other)
        assert merge(SCORES, texts, conflicting) == texts.ours


def test_scores_that_were_corrected_here_and_there_are_merged() -> None:
    texts = Texts(table(a=1, b=0, c=1), table(a=0, b=0, c=1), table(a=1, b=1))
    assert merge(SCORES, texts, conflicting) == table(a=0, b=1)


def test_a_row_in_conflict_is_all_that_the_three_texts_differ_in() -> None:
    texts = Texts(table(a=1, b=0, c=1), table(a=0, b=0, c=0), table(a=1, b=1, c=0.5))
    assert merge(SCORES, texts, conflicting) == Texts(
        table(a=0, b=1, c=1), table(a=0, b=1, c=0), table(a=0, b=1, c=0.5)
    )
    # Of shards too, where both have a row.
    texts = Texts(b"", table(a=1, b=0), table(b=1, c=1))
    assert merge(SCORES, texts, conflicting) == Texts(
        table(a=1, c=1), table(a=1, b=0, c=1), table(a=1, b=1, c=1)
    )
    with pytest.raises(BrokenFile, match="cannot be marked"):
        merge(SCORES, texts, lambda those: b"merged")


def test_rows_are_equal_however_they_are_spelled_and_keep_what_a_newer_gitexp_wrote() -> None:
    spaced = b'{"s": {"match": 1}, "ep": 1, "id": "a", "later": 2}\n'
    canonical = b'{"ep":1,"id":"a","later":2,"s":{"match":1}}\n'
    found = merge(SCORES, Texts(b"", spaced + table(b=0), canonical + table(c=0)), conflicting)
    assert isinstance(found, bytes)
    assert [json.loads(line)["id"] for line in found.splitlines()] == ["a", "b", "c"]
    assert b'"later"' in found


@pytest.mark.parametrize(
    "bad",
    [
        b"not json\n",
        b'{"ep":1,"id":"b","s":{"match":NaN}}\n',
        b'{"ep":1,"id":"b","s":{"match":1}}\n' * 2,
        b'{"ep":1,"id":"b","s":{"match":1}}\r\n',
        b'{"ep":1,"id":"b","s":{"match":1}}',
        b'{"ep":1,"id":"' + b"b" * (64 << 10) + b'","s":{}}\n',
        b'{"ep":1,"id":"b","s":{"match":1}}\n{"ep":1,"id":"a","s":{"match":1}}\n',
        b"<<<<<<< ours\n",
        b"[" * 100_000 + b"\n",
        b"\xff\n",
    ],
)
def test_what_is_no_table_is_left_to_git(bad: bytes) -> None:
    for texts in (
        Texts(b"", bad, table(a=1)),
        Texts(b"", table(a=1), bad),
        Texts(bad, table(a=1), table(a=0)),
    ):
        with pytest.raises(BrokenRecord):
            merge(SCORES, texts, conflicting)


def test_text_that_is_not_a_number_is_left_to_git() -> None:
    bad = b'{"ep":1,"id":"b","output":NaN}\n'
    with pytest.raises(BrokenRecord, match="line 1"):
        merge(".exp/eval/qa/outputs.jsonl", Texts(b"", bad, b""), conflicting)


def test_what_both_say_of_a_suite_is_merged_and_else_ours_stays_or_git_decides() -> None:
    one, other = (
        eval_files.encode(suite({id: [score, 0.25][:number]}))["meta.yaml"]
        for id, score, number in (("a", 1, 1), ("b", 0.5, 2))
    )
    path = ".exp/eval/qa/meta.yaml"
    found = merge(path, Texts(b"", one, other), conflicting)
    assert isinstance(found, bytes)
    assert b"examples" not in found
    assert eval_files.decode_meta("qa", found, what="it").metrics[0].name == "match"
    worse = other.replace(b"direction: max", b"direction: min")
    assert merge(path, Texts(b"", one, worse), conflicting) == one
    zero, last, least = (
        one.replace(b"on_error: exclude", b"on_error: zero"),
        *(one.replace(b"reducer: mean", b"reducer: " + word) for word in (b"max", b"min")),
    )
    assert merge(path, Texts(one, zero, one), conflicting) == zero
    with pytest.raises(BrokenFile):
        merge(path, Texts(one, last, least), conflicting)


def test_a_table_for_people_stands_in_columns_that_few_rows_move() -> None:
    lines = list(shown("scores.jsonl", table(a=1, b=0.25)))
    assert lines == ["id      ep      match", "a       1       1", "b       1       0.25"]
    assert list(shown("scores.jsonl", table(a=1, c4567=0.25)))[:2] == lines[:2]
    rows = b'{"id":"a","input":"one\\ntwo","target":["x"]}\n'
    assert list(shown("texts.jsonl", rows)) == ["a", "  input: one", "  input: two", '  target: ["x"]']
    tagged = b'{"c":"k","id":"a","tags":{"topic":"geo"},"x":"0123456789abcdef"}\n'
    assert next(shown("examples.jsonl", tagged)).split() == ["id", "c", "tag", "topic", "x"]
