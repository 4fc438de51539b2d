from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gitexp.errors import UnknownKey
from gitexp.model.evaluation import Direction, Guess, Kind, Metric, Result, State, Suite
from gitexp.ops.evaluations.comparable import unscored
from gitexp.ops.evaluations.comparing import compare, few_clusters
from gitexp.ops.evaluations.costs import costs, ratio_interval
from gitexp.ops.evaluations.directions import with_goals
from gitexp.ops.evaluations.slicing import slices
from tests.ops.evaluations.suites import suite

OLD = {"cap-fr": [1, 1], "cap-jp": [1, 1], "cap-pe": [1, 1], "mul": [0, 1], "sum-1": [1, 1], "sum-2": [1, 0]}
NEW = {"cap-fr": [0, 0], "cap-jp": [1, 1], "cap-pe": [1, 1], "mul": [0, 1], "sum-1": [1, 1], "sum-2": [1, 1]}
TOPICS = {name: name.split("-")[0] for name in OLD}


def one(old: Suite, new: Suite, **options):
    (found,) = compare(old, new, **options).metrics
    return found


def test_two_epochs_of_six_questions():
    found = one(suite(OLD), suite(NEW))
    assert (found.old, found.new) == (pytest.approx(5 / 6), pytest.approx(0.75))
    assert found.effect.mean == pytest.approx(-1 / 12)
    assert found.effect.se == pytest.approx(0.2007, abs=1e-4)
    assert found.interval() == pytest.approx((-0.5992, 0.4326), abs=1e-4)
    assert found.p == pytest.approx(0.695, abs=1e-3)
    assert found.test == "t, df 5"
    assert (found.wins, found.losses, found.ties) == (1, 1, 4)
    assert found.epochs == (2, 2)


def test_regressions_come_first_and_the_worst_of_them_first():
    old = suite({"a": [1], "b": [0.5], "c": [0], "d": [1]}, metric=Metric("f1"))
    new = suite({"a": [0.8], "b": [0], "c": [1], "d": [1]}, metric=Metric("f1"))
    assert [(change.pair.old.id, round(change.gain, 3)) for change in one(old, new).changes] == [
        ("b", -0.5),
        ("a", -0.2),
        ("c", 1.0),
    ]


def test_improvements_are_in_order_too():
    found = one(
        suite({f"q{n}": [0.5] for n in range(9)}, metric=Metric("f1")),
        suite({f"q{n}": [0.6 + 0.1 * (n == 5)] for n in range(9)}, metric=Metric("f1")),
    )
    ids = [change.pair.old.id for change in found.improvements]
    assert ids == ["q5", "q0", "q1", "q2", "q3", "q4", "q6", "q7", "q8"]


def test_a_metric_where_less_is_better_gains_by_falling():
    less = Metric("errors", Kind.COUNT, Direction.MIN)
    found = one(suite({"a": [3], "b": [5]}, metric=less), suite({"a": [1], "b": [5]}, metric=less))
    assert (found.old, found.new) == (4, 3)
    assert found.effect.mean == 1
    assert (found.wins, found.losses) == (1, 0)


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (0, None),
        (2, None),
        (3, "3 of 100 answers of the new run are errors without a score"),
        (6, "only 94 of 100 examples have a value in both runs"),
    ],
)
def test_what_only_one_side_answered_makes_nothing_better(lost, told):
    """By the numbers that a gate has where nothing else is said."""
    old = suite({f"q{n:02}": [1] for n in range(100)})
    failed = [replace(row, scores={}, state=State.ERROR) for row in old.results[:lost]]
    new = replace(old, results=(*failed, *old.results[lost:]))
    assert unscored(old, new, one(old, new)) == told
    assert unscored(new, old, one(new, old)) == (told and told.replace("new", "old"))
    # What both failed at is in neither mean.
    assert unscored(new, new, one(new, new)) is None


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_right_and_wrong_answers(pairs):
    old = suite({f"q{number:02}": [float(a)] for number, (a, _) in enumerate(pairs)})
    new = suite({f"q{number:02}": [float(b)] for number, (_, b) in enumerate(pairs)})
    found = one(old, new)
    wins, losses = pairs.count((False, True)), pairs.count((True, False))
    assert (found.wins, found.losses, found.ties) == (wins, losses, len(pairs) - wins - losses)
    assert found.test == "McNemar mid-p"
    if wins + losses:
        exact = stats.binomtest(wins, wins + losses, 0.5).pvalue
        at = stats.binom.pmf(min(wins, losses), wins + losses, 0.5)
        assert found.p == pytest.approx(1.0 if wins == losses else exact - at)
    else:
        assert found.p is None


def test_the_unpaired_error_is_the_one_without_pairs():
    old, new = suite(OLD), suite(NEW)
    a = [np.mean(values) for values in OLD.values()]
    b = [np.mean(values) for values in NEW.values()]
    expected = np.sqrt(np.var(a, ddof=1) / 6 + np.var(b, ddof=1) / 6)
    assert one(old, new).unpaired_se == pytest.approx(expected)


def test_steps_of_an_ordinal_scale_count_by_their_direction():
    judge = Metric("judge", Kind.ORDINAL, range=(1, 5))
    old = suite({f"q{n}": [3] for n in range(8)}, metric=judge)
    new = suite({f"q{n}": [4 if n else 1] for n in range(8)}, metric=judge)
    found = one(old, new)
    assert found.test == "sign test"
    assert found.p == pytest.approx(stats.binomtest(7, 8, 0.5).pvalue)


@pytest.mark.parametrize(
    ("metric", "old", "new"),
    [
        (None, [1, 1], [0, 0]),
        (Metric("f1"), [0.575], [0.075]),
    ],
)
def test_what_all_changed_by_the_same_is_told_by_the_sign_test(metric, old, new):
    names = [f"q{n:02}" for n in range(20)]
    found = one(
        suite(dict.fromkeys(names, old), metric=metric),
        suite(dict.fromkeys(names, new), metric=metric),
    )
    assert found.effect.se is None
    assert found.p == pytest.approx(stats.binomtest(0, 20, 0.5).pvalue)
    assert found.verdict(found.p) == "worse"
    assert one(suite({"a": [1, 1]}), suite({"a": [0, 0]})).verdict(1.0) == "not significant"


@pytest.mark.parametrize(("clusters", "p"), [(1, None), (2, 2**-39), (20, 2**-19)])
def test_what_all_clusters_changed_by(clusters, p):
    """By clusters where there are enough of them; of a single one nothing is known."""
    names = {f"q{n:02}": f"c{n % clusters}" for n in range(40)}
    old = suite({name: [1, 1] for name in names}, clusters=names)
    found = one(old, suite({name: [0, 0] for name in names}, clusters=names))
    assert found.p == (p and pytest.approx(p))
    assert found.verdict(found.p) == ("worse" if p else "unknown")


@pytest.mark.parametrize(
    ("metric", "new", "told"),
    [
        (Metric("m", Kind.BINARY), 7, "0 or 1"),
        (Metric("m", Kind.BINARY), 0.5, "0 or 1"),
        (Metric("m", Kind.BINARY, range=(0, 1)), 7, "0 to 1"),
        # Which may be what was seen of it.
        (Metric("m", Kind.BINARY, range=(0, 1)), 0.5, None),
        (Metric("m", Kind.BINARY, range=(0, 1), seen=True), 7, None),
        (Metric("m", range=(0, 1)), 1.5, "0 to 1"),
        (Metric("m", Kind.COUNT), 1.5, "a whole number from 0 on"),
        (Metric("m"), 7, None),
    ],
)
def test_scores_that_cannot_be_are_not_compared(metric, new, told):
    old = suite({f"q{n:02}": [n % 2] for n in range(40)}, metric=metric)
    other = suite({f"q{n:02}": [new if n < 10 else 1] for n in range(40)}, metric=replace(metric, range=None))
    found = one(old, other)
    why = told and f"10 of 40 scores of the new run are not {told}, as the old one has it: {new:g}"
    assert unscored(old, other, found) == why
    if metric.kind is Kind.BINARY and why is None:
        assert found.test == "t, df 39"
    low, high = found.interval()
    assert low <= found.effect.mean <= high


def test_of_a_metric_of_which_nobody_tells_which_way_is_better_none_is():
    metric = Metric("length", guess=Guess.NOBODY)
    old = suite({f"q{n:02}": [n] for n in range(40)}, metric=metric)
    new = suite({f"q{n:02}": [n / 2] for n in range(40)}, metric=metric)
    found = one(old, new)
    assert found.verdict(found.p) == "changed"
    assert (found.regressions, found.improvements, found.losses, len(found.changes)) == ([], [], 39, 39)
    # Unless the project says it later.
    for goals in ({"length": "min"}, {"qa/length": "min", "length": "max"}):
        told = one(replace(old, meta=with_goals(old.meta, goals)), new)
        assert (told.verdict(told.p), len(told.improvements)) == ("better", 39)
    said = suite({"a": [1]}, metric=Metric("length", direction=Direction.MAX))
    assert with_goals(said.meta, {"length": "min"}) == said.meta


def test_few_clusters_are_told_and_not_used():
    old, new = suite(OLD, clusters=TOPICS), suite(NEW, clusters=TOPICS)
    found = one(old, new)
    assert found.clustered.clusters == 3
    assert few_clusters(found)
    assert found.best_estimate is found.effect
    assert found.test == "t, df 5"


def test_enough_clusters_are_used():
    names = {f"q{n:02}": f"c{n % 12}" for n in range(48)}
    old = suite({name: [0.0] for name in names}, clusters=names)
    new = suite({name: [float(int(names[name][1:]) % 2)] for name in names}, clusters=names)
    found = one(old, new)
    assert found.test == "t, clustered, df 11"
    assert found.best_estimate is found.clustered
    assert found.clustered.se > found.effect.se


def test_clusters_can_be_those_of_a_tag():
    old, new = suite(OLD, clusters=TOPICS), suite(NEW, clusters=TOPICS)
    assert compare(old, new, cluster="topic").cluster == "topic"
    with pytest.raises(UnknownKey, match="no example has a tag 'subject'"):
        compare(old, new, cluster="subject")


def test_a_metric_that_a_side_lacks_is_refused():
    with pytest.raises(UnknownKey, match="no metric 'f1' in both"):
        compare(suite(OLD), suite(NEW), metrics=["f1"])


def test_nothing_differs():
    found = one(suite({"a": [1], "b": [0]}), suite({"a": [1], "b": [0]}))
    assert found.changes == ()
    assert found.interval() is None
    assert found.p is None
    assert found.detectable() is None


def test_an_interval_stays_within_what_is_possible():
    narrow = Metric("match", Kind.BINARY, range=(0, 1))
    found = one(suite({"a": [1], "b": [0]}, metric=narrow), suite({"a": [0], "b": [1]}, metric=narrow))
    assert found.interval() == (-1, 1)


def test_answers_that_failed_are_missing_or_nothing():
    old = suite({"a": [1], "b": [1]})
    broken = Suite(old.meta, old.examples, (Result("a", 1, {"match": 1}), Result("b", 1, {}, State.ERROR)))
    found = one(old, broken)
    assert (found.effect.n, found.missing) == (1, 1)


def test_slices_are_compared_on_their_own():
    comparison = compare(suite(OLD, clusters=TOPICS), suite(NEW, clusters=TOPICS))
    (parts,) = slices(comparison, "topic", None).values()
    assert [(part.value, part.compared.effect.n, part.compared.new) for part in parts] == [
        ("cap", 3, pytest.approx(2 / 3)),
        ("mul", 1, 0.5),
        ("sum", 2, 1),
    ]
    with pytest.raises(UnknownKey, match="no example of suite 'qa' has a tag 'subject'") as caught:
        slices(comparison, "subject", None)
    assert caught.value.hint == "one of topic"


def test_the_key_of_clusters_is_a_tag_as_well():
    bare = [replace(one, tags={}) for one in suite(OLD, clusters=TOPICS).examples]
    old, new = (replace(suite(scores, clusters=TOPICS), examples=tuple(bare)) for scores in (OLD, NEW))
    comparison = compare(old, new, cluster="topic")
    assert comparison.metrics[0].clustered.clusters == 3
    (parts,) = slices(comparison, "topic", None).values()
    assert [part.value for part in parts] == ["cap", "mul", "sum"]


def test_what_is_seen_in_one_of_many_slices_allows_for_the_others():
    names = {f"{slice}{n:02}": slice for slice in "ab" for n in range(12)}
    old = suite({name: [1] for name in names}, clusters=names)
    new = suite({name: [float(name[0] == "a" or n % 3 == 0)] for n, name in enumerate(names)}, clusters=names)
    (parts,) = slices(compare(old, new), "topic", None).values()
    assert [part.compared.p for part in parts] == [None, pytest.approx(2**-8)]
    new = suite({name: [float(n % 3 == 0)] for n, name in enumerate(names)}, clusters=names)
    (parts,) = slices(compare(old, new), "topic", None).values()
    assert [part.p for part in parts] == pytest.approx([2**-8, 2**-8])


def test_what_would_be_needed():
    found = one(suite(OLD), suite(NEW))
    assert found.detectable() == pytest.approx(0.56, abs=0.01)
    assert found.needed(0.05) == pytest.approx(759, abs=3)


def test_costs_are_compared_pair_by_pair():
    usage = {name: {"in": 10.0, "sec": 1.0} for name in OLD}
    dearer = {name: {"in": 12.0, "sec": 2.0, "out": 3.0} for name in OLD}
    old, new = suite(OLD, usage=usage), suite(NEW, usage=dearer)
    tokens, seconds = costs(old, new, compare(old, new).matched.common)
    assert (tokens.name, tokens.old, tokens.new, tokens.n) == ("in", 10, 12, 6)
    assert tokens.ratio == pytest.approx(1.2)
    assert tokens.interval == pytest.approx((1.2, 1.2))
    assert (seconds.name, seconds.ratio) == ("sec", 2)


def test_whatever_was_counted_costs_are_told_or_left_out():
    amounts = (1.7e308, 0, -1.0, 5e-324)
    for kind, before, after in product(("cost", "sec"), amounts, amounts):
        old = suite(OLD, usage={id: {kind: before} for id in OLD} | {"mul": {kind: 1.0}})
        new = suite(OLD, usage={id: {kind: after} for id in OLD})
        (found,) = costs(old, new, compare(old, new).matched.common)
        assert found.ratio is None or np.isfinite(found.ratio)
        assert found.interval is None or found.ratio > 0


def test_seconds_are_medians_and_so_is_what_is_told_of_them():
    """One answer that hung is no reason to call the others slow, nor quick."""
    old = suite(OLD, usage={name: {"sec": 1.0 if at else 90.0} for at, name in enumerate(sorted(OLD))})
    new = suite(NEW, usage={name: {"sec": 1.2} for name in OLD})
    (found,) = costs(old, new, compare(old, new).matched.common)
    assert (found.old, found.new, found.ratio) == (1.0, 1.2, pytest.approx(1.2))
    assert found.interval[0] <= found.ratio <= found.interval[1]


@pytest.mark.parametrize("kind", ["cost", "sec"])
def test_drawn_and_approximate_intervals_agree(kind):
    random = np.random.default_rng(3)
    cost = random.lognormal(0, 1, 400)
    old = suite(
        {f"q{n:03}": [1] for n in range(400)}, usage={f"q{n:03}": {kind: cost[n]} for n in range(400)}
    )
    more = cost * random.lognormal(0.1, 0.3, 400)
    new = suite(
        {f"q{n:03}": [1] for n in range(400)}, usage={f"q{n:03}": {kind: more[n]} for n in range(400)}
    )
    pairs = compare(old, new).matched.common
    (whole,), (few,) = costs(old, new, pairs), costs(old, new, pairs[:299])
    assert whole.interval[0] == pytest.approx(few.interval[0], rel=0.1)
    assert whole.interval[1] == pytest.approx(few.interval[1], rel=0.1)
    assert whole.interval[0] < whole.ratio < whole.interval[1]


def test_a_pair_that_is_there_twice_tells_what_it_tells_once():
    random = np.random.default_rng(5)
    before, after = random.lognormal(0, 1, 30), random.lognormal(0, 1, 30)
    once = ratio_interval(before, after, clusters=range(30))
    assert ratio_interval([*before, *before], [*after, *after], clusters=[*range(30)] * 2) == pytest.approx(
        once
    )
    assert ratio_interval(before, after, clusters=[0] * 30) is None


def test_costs_that_go_up_and_down_together_raise_no_false_alarm():
    """20 clusters of 10 examples whose cost is the same on the whole: 5 % of the intervals may miss that."""
    random, clusters = np.random.default_rng(7), np.repeat(np.arange(20), 10)
    missed = np.zeros(2)
    for _ in range(300):
        before = random.lognormal(0, 0.3, 200)
        after = before * np.repeat(random.lognormal(0, 0.3, 20), 10) / np.exp(0.3**2 / 2)
        for at, groups in enumerate((list(clusters), [*range(200)])):
            low, high = ratio_interval(list(before), list(after), clusters=groups)
            missed[at] += not low <= 1 <= high
    assert 0.02 < missed[0] / 300 < 0.09
    assert missed[1] / 300 > 0.3


@pytest.mark.parametrize("size", [10, 30])
@pytest.mark.parametrize("kind", ["cost", "sec"])
def test_clusters_that_differ_make_what_is_known_of_costs_less(kind, size):
    """Drawn and approximate alike; nine clusters are too few, and examples then stand for themselves."""
    random, count = np.random.default_rng(11), 15 * size
    cost = random.lognormal(0, 0.2, count)
    more = cost * np.repeat(random.lognormal(0, 0.4, 15), size)
    names = [f"q{n:03}" for n in range(count)]

    def interval(clusters):
        sides = [
            suite({name: [1] for name in names}, usage={f"q{n:03}": {kind: x} for n, x in enumerate(amounts)})
            for amounts in (cost, more)
        ]
        pairs = compare(*sides).matched.common
        (found,) = costs(*sides, pairs, clusters)
        assert found.interval[0] < found.ratio < found.interval[1]
        return found.interval[1] - found.interval[0]

    alone = interval(None)
    assert interval({name: at // size for at, name in enumerate(names)}) > 1.5 * alone
    assert interval({name: at % 9 for at, name in enumerate(names)}) == alone
