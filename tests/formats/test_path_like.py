"""Texts that look like the path of a file."""

from __future__ import annotations

import pytest

from gitexp.formats.path_like import looks_like_path


@pytest.mark.parametrize(
    "text",
    [
        "data/train.csv",
        "data/train",
        "data/",
        "train.csv",
        "TRAIN.CSV",
        "data/train set.csv",
        "a.made",
        "a/b",
    ],
)
def test_paths(text: str) -> None:
    assert looks_like_path("dataset", text)


@pytest.mark.parametrize(
    "text",
    [
        *("squad", "v1.2", "", ".", "Answer yes/no.", "Use Node.js", "Look at train.csv", "Answer.\n"),
        *("a/\x1b[31m.csv", "s3://bucket/train.csv", "a/" * 200, "line/one\nline/two.csv"),
    ],
)
def test_texts_and_names(text: str) -> None:
    assert not looks_like_path("dataset", text)


def test_what_is_mostly_called_by_a_name() -> None:
    paths = ["out/model.pt", "grade.py", "llama.gguf"]
    names = ["org/name", "gpt-4.1", "evals.graders:exact", "meta/llama-3.1", "a judge/b.py", "./model"]
    for role in ("model", "grader", "retriever", "tools", "sandbox"):
        assert [one for one in [*paths, *names] if looks_like_path(role, one)] == paths
