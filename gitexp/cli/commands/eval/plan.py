"""`git exp eval plan`."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.cli.render.table import Column
    from gitexp.ops.evaluations.planning import Plan, Planned


@click.command("plan")
@click.argument("suite")
@click.option(
    "--detect",
    metavar="D",
    type=click.FloatRange(min=0, min_open=True),
    required=True,
    help="The difference of a metric that should be found.",
)
@click.option(
    "--power",
    metavar="P",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.8,
    help="How likely it should be found (0.8).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(session: Session, suite: str, detect: float, power: float, as_json: bool) -> None:
    """Tell how many examples it takes to see a difference.

    It is reckoned from how much the newest runs of SUITE differed from one another, example by example, each
    held against the one before. Shown are for each metric how many examples there are, how widely the
    differences of examples are spread (their standard deviation), the least difference that so many examples
    are able to see, and how many would see D. Where examples were answered in several epochs stands also what
    more epochs would do: they take away the noise of answers, and nothing else.

    "See" is to find it at a level of 5 %, two-sided, as git exp eval diff does.

    \b
    Examples:
      git exp eval plan tinyqa --detect 0.02
      git exp eval plan tinyqa --detect 0.05 --power 0.9 --json
    """
    from gitexp.cli.session import warn
    from gitexp.errors import UsageError
    from gitexp.model.evaluation import check_suite
    from gitexp.ops.evaluations.planning import plan
    from gitexp.ops.read import list_all

    if not isfinite(detect):
        raise UsageError(f"--detect {detect} is no difference", hint="git exp eval plan SUITE --detect 0.05")
    with session.repository() as repo:
        planned = plan(list_all(repo).runs, check_suite(suite), detect, power)
        for error in planned.broken:
            warn(error)
        if as_json:
            _put_json(planned, suite, detect, power)
        else:
            _put(planned, suite, detect, power)


def _put_json(planned: Planned, suite: str, detect: float, power: float) -> None:
    from gitexp.cli.json_output import put_json, strict

    metrics = {one.metric: _value(one) for one in planned.plans}
    put_json(strict({"suite": suite, "detect": detect, "power": power, "metrics": metrics}))


def _value(one: Plan) -> dict[str, Any]:
    return {
        "examples": one.examples,
        "pairs": one.pairs,
        "variance": one.variance,
        "noise": one.noise,
        "options": [
            {"epochs": option.epochs, "detectable": option.detectable, "needed": option.examples}
            for option in one.options
        ],
    }


def _put(planned: Planned, suite: str, detect: float, power: float) -> None:
    from gitexp.cli.render.paint import Paint
    from gitexp.cli.render.table import table

    pairs = max(one.pairs for one in planned.plans)
    told = f"{pairs} pair{'s' * (pairs != 1)} of runs"
    click.echo(f"{suite}: what finds {detect:g} with a power of {power:.4g}, by {told}")
    click.echo("\n".join(table(list(_columns(planned)), Paint(False), indent="  ")))
    unknown = [one.options[0].epochs for one in planned.plans if one.noise is None]
    if any(epochs > 1 for epochs in unknown):
        click.echo("what more epochs would do is not known: runs with equal seeds share their noise")
    if 1 in unknown:
        click.echo("whether more epochs would help is known once examples are answered more than once")


def _columns(planned: Planned) -> Iterator[Column]:
    from gitexp.cli.render.table import Column
    from gitexp.cli.safe_text import safe

    rows = [(one, option) for one in planned.plans for option in one.options]
    first = [option is one.options[0] for one, option in rows]
    yield Column("METRIC", [safe(one.metric) if at else "" for (one, _), at in zip(rows, first, strict=True)])
    yield Column(
        "NOW", [str(one.examples) if at else "" for (one, _), at in zip(rows, first, strict=True)], right=True
    )
    spreads = [f"{one.variance**0.5:.3g}" if at else "" for (one, _), at in zip(rows, first, strict=True)]
    yield Column("SPREAD", spreads, right=True)
    yield Column("EPOCHS", [str(option.epochs) for _, option in rows], right=True)
    yield Column("DETECTABLE", [f"{option.detectable:.3g}" for _, option in rows], right=True)
    needed = ["-" if option.examples is None else str(option.examples) for _, option in rows]
    yield Column("NEEDED", needed, right=True)
