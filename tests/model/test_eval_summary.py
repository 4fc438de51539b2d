"""Means over examples, how sure they are, and passes in k epochs."""

from __future__ import annotations

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitexp.model.eval_summary import mean, pass_all, pass_at, summary_metrics
from gitexp.model.evaluation import Example, Meta, Metric, Result, Suite

SCORES = st.floats(-1e6, 1e6)
VALUES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2), st.lists(SCORES, min_size=1, max_size=4), min_size=1
)
PASSES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2),
    st.lists(st.sampled_from([0, 1]), min_size=1, max_size=6),
    min_size=1,
)


@given(VALUES)
def test_the_mean_is_that_of_the_means_of_the_examples(values: dict[str, list[float]]) -> None:
    means = [np.mean(one) for one in values.values()]
    found = mean(values, {})
    assert found is not None
    assert found.value == pytest.approx(np.mean(means), rel=1e-9, abs=1e-9)
    assert found.n == len(values)
    if len(means) == 1:
        assert found.se is None
    else:
        assert found.se == pytest.approx(np.std(means, ddof=1) / sqrt(len(means)), rel=1e-9, abs=1e-9)


@given(VALUES, st.data())
def test_the_clustered_error_is_that_of_the_formula(
    values: dict[str, list[float]], data: st.DataObject
) -> None:
    clusters = {example: data.draw(st.sampled_from("xyz"), label=example) for example in values}
    found = mean(values, clusters)
    assert found is not None
    means = {example: float(np.mean(one)) for example, one in values.items()}
    middle = np.mean(list(means.values()))
    sums = [sum(means[e] - middle for e in values if clusters[e] == name) for name in set(clusters.values())]
    count = len(sums)
    assert found.clusters == count
    if count == 1:
        assert found.se is None
    else:
        expected = sqrt(count / (count - 1) * sum(one * one for one in sums)) / len(values)
        assert found.se == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(VALUES)
def test_clusters_of_one_example_each_are_no_clusters(values: dict[str, list[float]]) -> None:
    alone, apart = mean(values, {}), mean(values, {example: example for example in values})
    assert alone is not None
    assert apart is not None
    if alone.se is None:
        assert apart.se is None
    else:
        assert apart.se == pytest.approx(alone.se, rel=1e-9, abs=1e-9)


def test_an_example_without_a_cluster_is_one_of_its_own() -> None:
    values: dict[str, list[float | int]] = {"a": [0], "b": [1], "c": [1]}
    found = mean(values, {"a": "x", "b": "x"})
    assert found is not None
    assert found.clusters == 2


def test_nothing_has_no_mean_and_what_is_too_large_no_end() -> None:
    assert mean({}, {}) is None
    found = mean({"a": [1.7e308, 1.7e308], "b": [1.5e308]}, {})
    assert found is not None
    assert (found.value, found.se) == (pytest.approx(1.6e308), float("inf"))
    clustered = mean({"a": [1.7e308], "b": [-1.7e308], "c": [-1.7e308]}, {"b": "x", "c": "x"})
    assert clustered is not None
    assert clustered.se == float("inf")


@given(PASSES, st.integers(1, 6))
def test_passes_are_those_of_every_choice_of_k_answers(values: dict[str, list[int | float]], k: int) -> None:
    at: list[float] = []
    every: list[float] = []
    for found in values.values():
        chosen = list(combinations(found, k))
        if chosen:
            at.append(sum(any(one) for one in chosen) / len(chosen))
            every.append(sum(all(one) for one in chosen) / len(chosen))
    if at:
        assert pass_at(values, k) == pytest.approx(np.mean(at))
        assert pass_all(values, k) == pytest.approx(np.mean(every))
    else:
        assert (pass_at(values, k), pass_all(values, k)) == (None, None)


def test_what_a_suite_adds_to_the_metrics() -> None:
    suite = Suite(
        Meta("qa", (Metric("m"), Metric("none"))),
        (Example("a", "0" * 16), Example("b", "1" * 16)),
        (Result("a", 1, {"m": 1}), Result("a", 2, {"m": 0}), Result("b", 1, {"m": 1})),
    )
    assert summary_metrics(suite) == {"qa/m": 0.75, "qa/m.n": 2, "qa/m.se": 0.25}
