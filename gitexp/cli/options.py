"""Options that more than one command has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _checked_tags(context: click.Context, option: click.Parameter, tags: tuple[str, ...]) -> tuple[str, ...]:
    """What could not be given to `git exp tag` is no tag here either."""
    from gitexp.model.labels import check_tag

    for tag in tags:
        check_tag(tag)
    return tags


_LABELS = (
    click.option("--name", metavar="NAME", help="Words that the run's name begins with."),
    click.option("--group", metavar="GROUP", help="The group that the run belongs to."),
    click.option(
        "--tag",
        "tags",
        metavar="TAG",
        multiple=True,
        callback=_checked_tags,
        help="A tag of the run. May be repeated.",
    ),
    click.option("--note", metavar="TEXT", help="A note on the run."),
)
_FILES = (
    click.option(
        "--param-file",
        "param_files",
        metavar="FILE",
        multiple=True,
        help="A params file: YAML, JSON or TOML. May be repeated. Without it params.yaml and the like are "
        "found.",
    ),
    click.option(
        "--metrics-file",
        "metrics_files",
        metavar="FILE",
        multiple=True,
        help="A file that results are read from: YAML, JSON or TOML for metrics, JSON lines or CSV for "
        "series. May be repeated. Without it metrics.json and the like are found.",
    ),
    click.option(
        "--output",
        "outputs",
        metavar="PATH",
        multiple=True,
        help="A file or folder to keep as an artifact. May be repeated.",
    ),
)
_USES = click.option(
    "--use",
    "uses",
    metavar="ROLE=WHAT",
    multiple=True,
    help="An input: a path, a value, or none where there is none of that role: --use dataset=data/train.csv "
    "--use model=org/name --use retriever=none. May be repeated.",
)
_QUIET = click.option("-q", "--quiet", is_flag=True, help="Do not say the run's name at the end.")


dry_run_option = click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")
cluster_option = click.option(
    "--cluster", metavar="TAG", help="Examples with the same TAG are not independent."
)


def metrics_option(help: str) -> Callable[[F], F]:
    """`-m METRIC`, which may be repeated."""
    return click.option("-m", "--metric", "metrics", metavar="METRIC", multiple=True, help=help)


def limit_option(help: str) -> Callable[[F], F]:
    """`--limit N` of a list of examples."""
    return click.option("--limit", type=click.IntRange(min=0), default=10, metavar="N", help=help)


def recording_options(function: F) -> F:
    """The options of a command that records: labels, files, `-q`."""
    for option in reversed((*_LABELS, *_FILES, _USES, _QUIET)):
        function = option(function)
    return function


class BareOptions(click.Command):
    """A command with options whose value may be left out, and otherwise follows a `=`, as git has them."""

    bare: ClassVar[Mapping[str, str]] = {"--color": "always", "--watch": "2"}
    """Option -> the value that it has without one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        whole = [f"{one}={self.bare[one]}" if one in self.bare else one for one in args[:end]]
        return super().parse_args(ctx, [*whole, *args[end:]])
