"""The steps of a run, for `git exp show`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitexp.cli.render.times import duration_text
from gitexp.cli.render.values import cut
from gitexp.cli.safe_text import safe
from gitexp.model.record import Input
from gitexp.model.run_steps import RunStep, StepStatus

_WIDEST, _WIDEST_FILES = 40, 60
_SHOWN = 3
_INDENT = "  "


def step_table(steps: Sequence[RunStep], left_out: int, *, live: bool) -> list[tuple[str, ...]]:
    """Each step with how it stands, how long it took, and what it read and made; inner ones are indented."""
    depths: list[int] = []
    rows: list[tuple[str, ...]] = []
    for one in steps:
        depths.append(0 if one.within is None else depths[one.within - 1] + 1)
        rows.append(
            (
                cut(_INDENT * min(depths[-1], 8) + safe(one.name), _WIDEST),
                _status(one, live),
                "" if one.seconds is None else duration_text(one.seconds),
                cut(_flow(one), _WIDEST_FILES),
                cut(safe(one.error or ""), _WIDEST),
            )
        )
    return [*rows, (f"and {left_out} more", "", "", "", "")] if left_out else rows


def _status(one: RunStep, live: bool) -> str:
    return "running" if live and one.status is StepStatus.UNFINISHED else one.status.value


def _flow(one: RunStep) -> str:
    """`raw.csv → train.csv, test.csv`."""
    read, made = _names(one.inputs), _names(one.outputs)
    return f"{read} → {made}".lstrip() if made else read


def _names(files: Iterable[Input]) -> str:
    names = list(dict.fromkeys(safe(one.path or one.name) for one in files))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
