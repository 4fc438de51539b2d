"""The rows of suites as one flat table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gitexp.model.evaluation import Suite

FIXED = ("suite", "id", "epoch", "state", "x", "y", "cluster")
TEXTS = ("input", "target", "output", "answer", "why", "error")


def flat_rows(suites: Sequence[Suite]) -> Iterator[dict[str, Any]]:
    """A row for each answer: what it is, `tag.NAME`, `score.NAME`, `usage.NAME`, and what text there is."""
    for suite in suites:
        examples = {one.id: one for one in suite.examples}
        usage = {one.key: one.values for one in suite.usage}
        outputs = {one.key: one for one in suite.outputs}
        texts = {one.id: one for one in suite.texts}
        for row in suite.results:
            one, said, text = examples[row.id], outputs.get(row.key), texts.get(row.id)
            fixed = (suite.name, row.id, row.epoch, row.state.value, one.x, one.y, one.cluster)
            told = {name: getattr(said, name, None) for name in TEXTS[2:]}
            told |= {name: getattr(text, name, None) for name in TEXTS[:2]}
            yield {
                **dict(zip(FIXED, fixed, strict=True)),
                **{f"tag.{name}": value for name, value in one.tags.items()},
                **{f"score.{name}": value for name, value in row.scores.items()},
                **{f"usage.{name}": value for name, value in usage.get(row.key, {}).items()},
                **{name: told[name] for name in TEXTS if told[name] is not None},
            }


def columns_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The columns of a table of `rows`: what each row has first, then the others sorted by kind and name."""
    names = {name for row in rows for name in row}
    kinds = ("tag.", "score.", "usage.")
    rest = [sorted(name for name in names if name.startswith(kind)) for kind in kinds]
    return [*FIXED, *(name for part in rest for name in part), *(name for name in TEXTS if name in names)]
