"""The page of `git exp why`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from gitexp.cli.render.markdown_text import code, preformatted
from gitexp.cli.render.paint import STATUS, Paint
from gitexp.cli.render.table import Cell, Column, table
from gitexp.cli.render.values import cut, metric_text
from gitexp.cli.render.why_changes import change_rows
from gitexp.cli.render.why_effect import effect_rows, effect_text, score_text
from gitexp.cli.render.why_sources import source_rows, value_rows
from gitexp.cli.safe_text import safe
from gitexp.cli.screen import Screen
from gitexp.formats.making import PARAMS, Cause
from gitexp.model.roles import SEEDS
from gitexp.ops.why.asking import Why
from gitexp.ops.why.comparing import Against
from gitexp.ops.why.neighbours import Beyond

_INDENT = "  "
_MOST_ROLES, _LONGEST = 15, 200
_NOTHING = (
    "there is nothing to compare it with: no parent, and no earlier run of the same data and grader; "
    "--vs RUN names one"
)


def why_page(found: Why, screen: Screen) -> list[str]:
    """The score, what made it, what changed, and what other runs show of that."""
    paint = Paint(screen.colour)
    status = found.record.info.status
    lines = [f"run {paint('bold', found.run.name)}  {paint(STATUS[status], status.value)}"]
    lines += [_INDENT + line for line in score_text(found, paint)]
    lines += ["", paint("bold", "Produced by"), *_sources(found, paint, screen)]
    if found.completeness is not None:
        told = cut(safe(str(found.completeness)), _LONGEST)
        lines.append(_INDENT + paint("dim", f"completeness {told}: git exp audit {found.run.name}"))
    if found.against is None:
        return [*lines, "", *_nothing(found)]
    lines += _against(found, found.against, paint, screen)
    around = list(_neighbours(found, paint, screen))
    if around:
        lines += [
            "",
            paint("bold", "Runs that differ in one thing alone, and the effect from there to this run"),
            *around,
        ]
    if found.beyond is not None and (found.beyond.neighbours or found.beyond.unseen):
        old = found.against.chosen.run.name
        told = f"Runs that differ from {old} in one thing alone, and the effect from it to there"
        lines += ["", paint("bold", told), *_beyond(found.beyond, paint, screen)]
    return [*lines, *_apart(found, paint)]


def why_markdown(found: Why) -> list[str]:
    """The same page for a pull request."""
    heading = f"### Why {code(found.run.name)} has its score"
    return [heading, "", *preformatted(why_page(found, Screen()))]


def cause_text(one: Cause) -> str:
    """`prompt`, `param lr`, `settings temperature`."""
    role = "param" if one.role == PARAMS else cut(safe(one.role), 40)
    return role if one.key is None else f"{role} {cut(safe(one.key), 40)}"


def together(found: Why, against: Against) -> str | None:
    """What it means that several things changed at once, or nothing but seeds, or that not all is known."""
    count = len(against.known)
    if list(against.causes) == [Cause(SEEDS)]:
        return "nothing but seeds differs: such a difference is chance"
    if count == 1 and len(against.causes) > 1:
        unknown = _several([cause_text(one) for one in against.causes if not one.known], ", ")
        known = cause_text(against.known[0])
        return f"{known} alone is known to differ; not known to be the same: {unknown}"
    if count < 2:
        return None
    between = [one.near.run.name for one in found.neighbours if one.step]
    if between:
        return f"{count} inputs changed together; {between[0]} stands between, and tells them apart"
    return f"{count} inputs changed together: the effect cannot be assigned to one"


def luck_text(found: Why) -> str | None:
    """How much being the best of many is worth."""
    against, score = found.against, found.score
    if against is None or score is None or against.chosen.best_of < 2:
        return None
    told = f"the best of {against.chosen.best_of} runs owes some of that to luck"
    se = score.se or (found.spread.std if found.spread else None)
    factor = f"{against.chosen.luck:.2f}"
    if not se:
        return f"{told}: about {factor} standard errors are to be expected"
    return f"{told}: about {factor} × {se:.4g} = {against.chosen.luck * se:.4g} is to be expected"


def _nothing(found: Why) -> Iterator[str]:
    """That nothing is compared, and which command compares all the same."""
    yield _NOTHING
    if (others := found.unlike) and found.score:
        are = "run has" if others.runs == 1 else "runs have"
        command = f"git exp why {found.run.name} {shlex.quote(found.score.key)} --vs {others.first}"
        yield f"{others.runs} {are} the metric, of other data or by another grader: {safe(command)}"


def _apart(found: Why, paint: Paint) -> Iterator[str]:
    """The command that tells causes apart, or why there is none."""
    if not found.separate and not found.inseparable:
        return
    yield ""
    yield paint("bold", "To tell the causes apart")
    if found.foreign:
        told = f"read first what somebody else recorded: git exp repro {found.foreign} -n"
        yield _INDENT + paint("yellow", told)
    yield _INDENT + safe(found.separate or f"there is no command: {found.inseparable}")


def _sources(found: Why, paint: Paint, screen: Screen) -> list[str]:
    """Both tables with roles of one width."""
    rows, values = source_rows(found.sources), value_rows(found.sources)
    width = max((len(row[0]) for row in [*rows, *values]), default=0)
    for row in [*rows, *values]:
        row[0] = row[0].ljust(width)
    return [*_rows(rows, paint, screen), *_rows(values, paint, screen)]


def _against(found: Why, against: Against, paint: Paint, screen: Screen) -> Iterator[str]:
    yield ""
    old = against.chosen.run.name
    yield f"{paint('bold', 'Compared with')} {old}, {safe(against.chosen.how)}"
    if against.effect is not None and found.score is not None:
        yield from (_INDENT + line for line in effect_rows(against.effect, paint))
    if told := luck_text(found):
        yield _INDENT + paint("yellow", told)
    yield ""
    if not against.explained:
        yield "nothing is known to differ: what else there is, is chance or was not recorded"
    else:
        yield paint("bold", "Changed")
        for one in against.explained[:_MOST_ROLES]:
            yield from change_rows(one, paint, screen)
        if len(against.explained) > _MOST_ROLES:
            yield f"{_INDENT}and {len(against.explained) - _MOST_ROLES} more"
    if against.same:
        yield _INDENT + paint(
            "dim", f"the same: {_several([cut(safe(one), 40) for one in against.same], ', ')}"
        )
    if warning := together(found, against):
        yield _INDENT + paint("yellow", warning)


def _beyond(found: Beyond, paint: Paint, screen: Screen) -> Iterator[str]:
    rows = [
        [
            one.near.run.name,
            cause_text(one.near.cause),
            metric_text(one.effect.new),
            effect_text(one.effect),
        ]
        for one in found.neighbours
    ]
    yield from _rows(rows, paint, screen)
    if found.more:
        yield f"{_INDENT}and {found.more} more"
    if found.unseen:
        yield _INDENT + paint("dim", _unseen(found.unseen))


def _unseen(count: int) -> str:
    return f"{count} runs of other code were not looked at"


def _neighbours(found: Why, paint: Paint, screen: Screen) -> Iterator[str]:
    rows = []
    for one in found.neighbours:
        name, cause, told = one.near.run.name, cause_text(one.near.cause), effect_text(one.effect)
        rows.append([name, cause, metric_text(one.effect.old), told])
        if one.step is not None and found.against is not None:
            old = found.against.chosen.run.name
            cause, told = cause_text(one.step.cause), effect_text(one.step.effect)
            rows.append([f"  {old} to it", cause, metric_text(one.step.effect.old), told])
    yield from _rows(rows, paint, screen)
    if found.more_neighbours:
        yield f"{_INDENT}and {found.more_neighbours} more"
    if found.alone:
        causes = _several([cause_text(one) for one in found.alone], " or ")
        yield _INDENT + paint("dim", f"none that differs in {causes} alone")
    if found.unseen:
        yield _INDENT + paint("dim", _unseen(found.unseen))


def _several(texts: Sequence[str], between: str) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(texts) - _MOST_ROLES} more" if len(texts) > _MOST_ROLES else ""
    return between.join(texts[:_MOST_ROLES]) + more


def _rows(rows: Sequence[Sequence[str]], paint: Paint, screen: Screen) -> list[str]:
    if not rows:
        return []
    columns = [Column("", [Cell(row[at]) for row in rows]) for at in range(len(rows[0]))]
    return [
        cut(line.rstrip(), screen.width) for line in table(columns, paint, headings=False, indent=_INDENT)
    ]
