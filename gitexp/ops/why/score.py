"""The score that is asked about, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from gitexp.errors import GitExpError, UnknownKey
from gitexp.model.eval_summary import Mean, mean_of
from gitexp.model.evaluation import Metric, Suite
from gitexp.model.values import Scalar, as_float
from gitexp.ops.evaluations.directions import doubt
from gitexp.ops.evaluations.reading import all_suite_names, briefs, read_suites
from gitexp.ops.goals import DETAILS
from gitexp.ops.headline import deciding, leading_first
from gitexp.ops.read import StoredRun
from gitexp.query.fault import nearest


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of a run."""

    key: str
    """Its name in `metrics.yaml`: `qa/match`, `acc`."""
    value: Scalar
    suite: Suite | None = None
    """The table that it is the mean of; None where there is none, or it cannot be read."""
    metric: Metric | None = None
    """What the table says of it."""
    mean: Mean | None = None
    se: float | None = None
    """The standard error over examples: of the table, else as it was noted; None where it is not known."""
    n: int | None = None

    @property
    def suite_name(self) -> str | None:
        """The suite that it is of, as its name tells."""
        return self.key.partition("/")[0] if self.suite is not None or self.n is not None else None


def score_of(run: StoredRun, text: str | None) -> Score | None:
    """The metric that `text` means, else the one that says most; None where the run has no number.

    Raises UnknownKey.
    """
    metrics = run.record.metrics
    key = leading(metrics, run.repo.settings.goals, _declared(run)) if text is None else named(metrics, text)
    return None if key is None else score_at(run, key)


def score_at(run: StoredRun, key: str) -> Score:
    """The metric with that name; what is damaged of its table is remarked."""
    metrics = run.record.metrics
    value = metrics.get(key)
    suite_name, slash, name = key.partition("/")
    if slash:
        try:
            suite = next(iter(read_suites(run, [suite_name])), None) if _has(run, suite_name) else None
        except GitExpError as error:
            run.repo.remark(f"the examples of run '{run.name}' cannot be shown: {error.message}")
            suite = None
        metric = suite.metric(name) if suite else None
        mean = mean_of(suite, name) if suite and metric else None
        if mean is not None:
            return Score(key, mean.value, suite, metric, mean, mean.se, mean.n)
    return Score(key, value, se=_error(metrics.get(f"{key}.se")), n=_count(metrics.get(f"{key}.n")))


def _declared(run: StoredRun) -> list[str]:
    """The metrics of its evaluations, those first of which the run said which way they are better."""
    try:
        metas = [one.meta for one in briefs(run)]
    except GitExpError as error:
        run.repo.remark(f"the evaluations of run '{run.name}' cannot be shown: {error.message}")
        return []
    found = {f"{meta.suite}/{one.name}": one for meta in metas for one in meta.metrics}
    return sorted(leading_first(found), key=lambda key: doubt(found[key]))


def leading(
    metrics: Mapping[str, Scalar], goals: Mapping[str, str], evaluated: Sequence[str] = ()
) -> str | None:
    """The metric to ask about where none is named.

    The first one that has a goal; else one of an evaluation, in the order of `evaluated`; else the one whose
    name says most.
    """
    numbers = [key for key, value in metrics.items() if _number(value) is not None]
    first = [
        *(key for key in goals if key in numbers),
        *(key for key in evaluated if key in numbers),
        *(key for key in leading_first(numbers) if f"{key}.n" in metrics),
        *deciding(metrics, goals),
        *(key for key in leading_first(numbers) if not key.endswith(DETAILS)),
    ]
    return first[0] if first else None


def named(metrics: Mapping[str, Scalar], text: str) -> str:
    """The metric called so, or the only one of an evaluation that is. Raises UnknownKey."""
    if text in metrics:
        return text
    below = sorted(key for key in metrics if key.endswith(f"/{text}"))
    if len(below) == 1:
        return below[0]
    if below:
        raise UnknownKey(f"several metrics are called {text!r}", hint=_one_of(below))
    near = nearest(text, set(metrics))
    known = leading_first(key for key in metrics if not key.endswith(DETAILS))
    hint = f"did you mean {near!r}?" if near else _one_of(known) if known else "the run has none"
    raise UnknownKey(f"no metric {text!r}", hint=hint)


def _one_of(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return f"one of {', '.join(keys[:5])}{more}"


def _has(run: StoredRun, suite: str) -> bool:
    return suite in all_suite_names(run)


def _number(value: Scalar) -> float | None:
    return as_float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _error(value: Scalar) -> float | None:
    """What can be a standard error: whoever wrote the record may have written anything."""
    found = _number(value)
    return found if found is not None and 0 <= found < inf else None


def _count(value: Scalar) -> int | None:
    return value if type(value) is int and value > 0 else None
