"""Which way a metric is better."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LESS: Final = {
    "loss",
    "error",
    "err",
    "perplexity",
    "ppl",
    "nll",
    "mse",
    "rmse",
    "mae",
    "mape",
    "wer",
    "cer",
}
_MORE: Final = {
    "acc",
    "accuracy",
    "f1",
    "auc",
    "auroc",
    "score",
    "reward",
    "precision",
    "recall",
    "bleu",
    "map",
}
_WORD: Final = re.compile(r"[a-z]+[0-9]?")


def goal_of(metric: str, goals: Mapping[str, str]) -> str | None:
    """`min` or `max`: what `goals` says, else what the words of the name say; None where nothing does."""
    if metric in goals:
        return goals[metric]
    words = set(_WORD.findall(metric.lower()))
    less, more = bool(words & _LESS), bool(words & _MORE)
    if less is more:
        return None
    return "min" if less else "max"
