"""A score, and how it differs from another one, as `git exp why` shows it."""

from __future__ import annotations

from collections.abc import Iterator

from gitexp.cli.render.eval_difference import WORDS, clusters_text, counts_text, uncertainty
from gitexp.cli.render.paint import VERDICT, Paint
from gitexp.cli.render.values import delta_text, metric_text
from gitexp.cli.safe_text import safe
from gitexp.ops.evaluations.comparing import SAME
from gitexp.ops.why.asking import Why
from gitexp.ops.why.effect import NOT_COMPARABLE, Effect
from gitexp.statistics.estimate import FEWEST_CLUSTERS


def score_text(found: Why, paint: Paint) -> Iterator[str]:
    """The metric with its uncertainty."""
    score = found.score
    if score is None:
        yield "it has no metric"
        return
    error = f" ± {score.se:.4g} SE" if score.se else ""
    yield f"{paint('bold', safe(score.key))}  {metric_text(score.value)}{error}{_told_of(found)}"
    if found.spread is not None and found.spread.n > 1:
        one = found.spread
        std = f" ± {one.std:.4g}" if one.std is not None else ""
        yield f"{one.n} runs that differ in nothing, or in seeds alone: {one.mean:.6g}{std}"
    elif score.se is None:
        yield paint("dim", "how sure it is, is not known: no examples, and no repeated run")


def _told_of(found: Why) -> str:
    score = found.score
    assert score is not None
    if score.suite is None or score.mean is None:
        return f"  ({score.n} examples)" if score.n is not None else ""
    parts = [f"{score.mean.n} examples"]
    if score.suite.epochs > 1:
        parts.append(f"{score.suite.epochs} epochs")
    if score.mean.clusters is not None:
        by = f" by {safe(score.suite.meta.cluster)}" if score.suite.meta.cluster else ""
        few = ", too few to go by" if score.mean.clusters < FEWEST_CLUSTERS else ""
        parts.append(f"{score.mean.clusters} cluster{'' if score.mean.clusters == 1 else 's'}{by}{few}")
    parts.append(f"{score.suite.errors} errors")
    missing = len(score.suite.examples) - score.mean.n
    if missing:
        parts.append(f"{missing} without a value")
    return f"  ({', '.join(parts)})"


def effect_rows(one: Effect, paint: Paint) -> Iterator[str]:
    """Whether the two can be compared, the difference, and how sure it is."""
    if not one.comparable:
        yield paint("red", f"not comparable: {' and '.join(one.obstacles)}")
    if one.compared is None:
        yield from _plain_rows(one)
        return
    found = one.compared
    if not one.comparable:
        which = "common, unchanged examples" if one.differing else "examples that both have a value of"
        yield f"over the {found.effect.n} {which}:"
    delta = paint(VERDICT.get(one.verdict), f"{found.delta:+.4g}")
    yield f"{found.old:.4f} -> {found.new:.4f}  {delta}  {_meaning(one)}"
    if found.changes:
        yield uncertainty(found)
        yield from clusters_text(found)
    if found.metric.doubt is not None:
        yield found.metric.doubt
    lacking = f"; {found.missing} without a value" if found.missing else ""
    yield f"{counts_text(found)}{lacking}"


def effect_text(one: Effect) -> str:
    """The same in a few words."""
    if one.compared is not None:
        interval = one.compared.delta_interval()
        ends = f"  [{interval[0]:+.4g}, {interval[1]:+.4g}]" if interval else ""
        told = f"{one.compared.delta:+.4g}{ends}  {'' if one.verdict == NOT_COMPARABLE else _meaning(one)}"
    elif one.comparable:
        told = f"{_delta(one)}  {_meaning(one)}".strip()
    else:
        told = ""
    return told if one.comparable else f"{told}  not comparable: {', '.join(one.obstacles)}".strip()


def _plain_rows(one: Effect) -> Iterator[str]:
    if one.measured is None:
        old = "(none)" if one.old is None else metric_text(one.old)
        yield f"{old} -> {metric_text(one.new)}"
    elif not one.comparable:
        # The difference of what was measured otherwise is no effect.
        yield f"{metric_text(one.old)} and {metric_text(one.new)}, by other measures"
    else:
        yield f"{metric_text(one.old)} -> {metric_text(one.new)}  {_delta(one)}  {_meaning(one)}".rstrip()


def _delta(one: Effect) -> str:
    return delta_text(one.old, one.new)


def _meaning(one: Effect) -> str:
    if one.compared is not None:
        return WORDS.get(one.verdict, one.verdict)
    found = one.measured
    if found is None or one.verdict == SAME:
        return "the same" if found else ""
    if found.tolerance is None:
        return ""
    side = "within" if found.verdict.reproduced else "beyond"
    center = "" if one.center is None else f"{one.center:.6g} "
    return f"{side} noise ({center}± {found.tolerance:.4g}: {found.how})"
