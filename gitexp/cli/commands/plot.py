"""`git exp plot`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from gitexp.cli.options import metrics_option
from gitexp.cli.session import Session

if TYPE_CHECKING:
    from gitexp.ops.curves import Axis, Drawing
    from gitexp.ops.read import StoredRun
    from gitexp.repo import Repository

MOST_RUNS = 50
_PANELS, _PANELS_IN_FILES = 4, 24
_LARGEST, _SMALL = 20, 12


@click.command("plot")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@metrics_option(
    "A metric to draw, or a pattern as 'val/*'. May be repeated. Without it those that tell most."
)
@click.option("--where", metavar="QUERY", help="Draw the runs that QUERY asks for, as git exp ls has it.")
@click.option(
    "-x",
    "axis",
    type=click.Choice(["step", "time", "relative"]),
    default="step",
    help="What to draw them by: the step, the time, or the time since the run's start.",
)
@click.option(
    "--smooth",
    metavar="WEIGHT",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="Smooth by an exponential moving average: 0.6, say. Images keep the curve as it is behind it.",
)
@click.option("--log-y", is_flag=True, help="Make the y axis logarithmic.")
@click.option(
    "--html", metavar="FILE", help="Write a page with interactive plots that opens offline. - is stdout."
)
@click.option("--svg", metavar="FILE", help="Write an SVG image. - is stdout.")
@click.option("--png", metavar="FILE", help="Write a PNG image. - is stdout.")
@click.pass_obj
def command(
    session: Session,
    /,
    runs: tuple[str, ...],
    metrics: tuple[str, ...],
    where: str | None,
    axis: Axis,
    smooth: float,
    log_y: bool,
    **files: str | None,
) -> None:
    """Draw the series of runs, in the terminal or as files.

    One plot for each metric, all runs in it. RUN is written as for git exp show; without one the latest run
    is drawn. NaN and infinities are gaps, what a resumed run abandoned is left out, and of a live run
    everything that was logged so far is drawn. Several files can be written at once.

    Files need more packages: pip install 'gitexp[plot]'.

    \b
    Examples:
      git exp plot
      git exp plot @ @~1 -m loss --smooth 0.6 --log-y
      git exp plot --where 'tag:paper' -m 'val/*' --html curves.html
      git exp plot brave-otter --svg - > loss.svg
    """
    from gitexp.cli.session import note
    from gitexp.ops.curves import draw

    wanted = {kind: target for kind, target in files.items() if target is not None}
    _check(wanted)
    with session.repository() as repo:
        chosen = _chosen(repo, runs, where)
        drawing = draw(
            chosen,
            metrics,
            axis=axis,
            smoothing=smooth,
            log_y=log_y,
            most=_PANELS_IN_FILES if wanted else _PANELS,
            labels=[_label(run) for run in chosen],
        )
        for notice in drawing.notices:
            note(notice)
        if wanted:
            _write_files(drawing, wanted)
        else:
            _put(session, repo, drawing)


def _chosen(repo: Repository, texts: Sequence[str], where: str | None) -> list[StoredRun]:
    from gitexp.errors import NotFound, UsageError
    from gitexp.ops.resting import run_of

    named = [run_of(repo, text) for text in texts or (() if where is not None else ("@",))]
    if where is not None:
        from gitexp.ops.read import list_all
        from gitexp.ops.select import Selection

        named += Selection(where).of(list_all(repo).runs)
    runs = list({(run.name, run.commit): run for run in named}.values())
    if not runs:
        raise NotFound("no run matches", hint="git exp ls")
    if len(runs) > MOST_RUNS:
        raise UsageError(f"plot draws up to {MOST_RUNS} runs, not {len(runs)}", hint="git exp ls QUERY")
    return runs


def _label(run: StoredRun) -> str:
    """Its name; where git brought its record elsewhere, whether that is stale."""
    from gitexp.cli.session import note_stale

    return f"{run.name} (stale)" if not run.own and note_stale(run) else run.name


def _check(wanted: Mapping[str, str]) -> None:
    import sys

    from gitexp.errors import UsageError

    on_stdout = [kind for kind, target in wanted.items() if target == "-"]
    if len(on_stdout) > 1:
        raise UsageError("only one file can go to stdout", hint=f"--{on_stdout[1]} FILE")
    if on_stdout == ["png"] and sys.stdout.isatty():
        raise UsageError("an image cannot be shown in a terminal", hint="--png FILE")


def _put(session: Session, repo: Repository, drawing: Drawing) -> None:
    from gitexp.cli.render.terminal_plot import Paper, terminal_plot
    from gitexp.cli.screen import look, put

    screen = look(repo.config, session.environ, use_pager=session.use_pager)
    lines = _lines(session.environ) - len(drawing.runs) - 3
    height = max(_SMALL, min(_LARGEST, lines)) if len(drawing.panels) == 1 else _SMALL
    paper = Paper(screen.width or 80, height, screen.colour, not _shows_braille())
    put("\n".join(terminal_plot(drawing, paper)) + "\n", screen, session.environ)


def _lines(environ: Mapping[str, str]) -> int:
    import os
    import sys

    if environ.get("LINES", "").isdigit():
        return int(environ["LINES"])
    try:
        return os.get_terminal_size(sys.stdout.fileno()).lines
    except OSError:
        return 24


def _shows_braille() -> bool:
    import sys

    try:
        "\u28ff│".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _write_files(drawing: Drawing, wanted: Mapping[str, str]) -> None:
    from gitexp.cli.file_output import write_file
    from gitexp.cli.session import say
    from gitexp.errors import GitExpError

    made: dict[str, bytes] = {}
    for kind in wanted:
        try:
            made[kind] = _maker(kind)(drawing)
        except ImportError as error:
            raise GitExpError(
                f"--{kind} needs the package {error.name!r}", hint="pip install 'gitexp[plot]'"
            ) from None
    for kind, target in wanted.items():
        write_file(target, made[kind])
        if target != "-":
            say(f"wrote {target}")


def _maker(kind: str) -> Callable[[Drawing], bytes]:
    if kind == "html":
        from gitexp.cli.render.plot_page import plot_page

        return plot_page
    from gitexp.cli.render.plot_image import image

    return lambda drawing: image(drawing, "svg" if kind == "svg" else "png")
