"""Which way a metric is better."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LESS: Final = frozenset(
    """loss error err perplexity ppl nll mse rmse mae mape smape wer cer ter logloss brier ece fid bpb bpc
    regret divergence kl latency toxicity""".split()
)
_MORE: Final = frozenset(
    """acc accuracy f1 auc auroc auprc score reward precision recall sensitivity specificity bleu rouge chrf
    meteor map ndcg mrr iou miou dice psnr ssim r2 mcc kappa throughput""".split()
)
_TURNED: Final = frozenset(("neg", "negative", "negated", "minus", "inverse"))
"""Beside a word that says which way is better these say nothing clear: `neg_mean_squared_error`."""
DETAILS: Final = (".se", ".n")
"""How names of metrics end that tell of another one how sure it is."""
_WORD: Final = re.compile(r"[a-z]+[0-9]*")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def goal_of(metric: str, goals: Mapping[str, str]) -> str | None:
    """`min` or `max`: what `goals` says, else what the words of the name say; None where nothing does."""
    if metric in goals:
        return goals[metric]
    if metric.endswith(DETAILS):
        return None
    words = set(_WORD.findall(_CAMEL.sub(" ", metric).lower()))
    words |= {word.rstrip("0123456789") for word in words}
    if words & _TURNED:
        return None
    less, more = bool(words & _LESS), bool(words & _MORE)
    if less is more:
        return None
    return "min" if less else "max"
