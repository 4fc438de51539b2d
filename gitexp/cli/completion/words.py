"""What can stand where on the command line, as the commands declare it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import click

from gitexp.query.words import KEYWORDS, RUN_FIELDS, SPACES

RUNS, TRASH, BASELINES, QUERY, FILES, COMMANDS, WORDS, TEXT = (
    *("runs", "trash", "baselines", "query", "files", "commands", "words", "text"),
)
"""Kinds of values: names of runs, of removed ones, of baselines (and a few words), a query, paths, our
commands, a few words, any text."""

QUERY_WORDS: Final = (
    *RUN_FIELDS,
    *(f"{space}." for space in sorted(set(SPACES.values()))),
    *(word for word in KEYWORDS if word != "in"),
)
RUN_WORDS: Final = ("best", "@")
"""What can stand for a run beside names."""

_FROM_TRASH: Final = ("restore",)
_OF_BASELINES: Final = ("baseline",)
_BASELINE: Final = ("BASE", "BASELINE")
_RUN: Final = re.compile(r"\bRUN\b|^A B\b")
_CHOICE: Final = re.compile(r"[a-z][a-z-]*(\|[a-z][a-z-]*)+")
_FILE: Final = re.compile(r"\b(FILE|PATH|FOLDER|CMD)\b")


class Values(NamedTuple):
    """What an option or the arguments of a command are."""

    kind: str
    words: tuple[str, ...] = ()
    """Those to choose from, of the kinds WORDS and BASELINES."""


class Option(NamedTuple):
    spellings: tuple[str, ...]
    help: str
    values: Values | None
    """None for a flag."""

    @property
    def shown(self) -> tuple[str, ...]:
        """The long spellings, where there are any: they say what they do."""
        return tuple(one for one in self.spellings if one.startswith("--")) or self.spellings


class Command(NamedTuple):
    name: str
    """Empty for `git exp` itself."""
    help: str
    options: tuple[Option, ...]
    values: Values


def described(group: click.Group) -> list[Command]:
    """The program itself, then its commands."""
    context = click.Context(group, info_name="git exp", **group.context_settings)
    found = [_described("", group, context)]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            found.append(_described(name, command, click.Context(command, parent=context)))
    return found


def _described(name: str, command: click.Command, context: click.Context) -> Command:
    options = [_option(one) for one in command.get_params(context) if isinstance(one, click.Option)]
    if name and isinstance(command, click.Group):
        return _described_group(name, command, context, options)
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    # Of several arguments the first one is completed.
    values = _values(arguments[0], name) if arguments else Values(TEXT)
    return Command(name, command.get_short_help_str(70).rstrip("."), tuple(options), values)


def _described_group(
    name: str, group: click.Group, context: click.Context, options: Sequence[Option]
) -> Command:
    """Its commands are offered as words, with the options of all of them."""
    below = {spelling: one for one in options for spelling in one.spellings}
    words = group.list_commands(context)
    for word in words:
        command = group.get_command(context, word)
        if command is not None:
            for one in _described(word, command, click.Context(command, parent=context)).options:
                known = below.get(one.spellings[-1], one)
                both = known._replace(values=_either(known.values, one.values))
                below = {**dict.fromkeys(one.spellings, one), **below, **dict.fromkeys(known.spellings, both)}
    kept = tuple(dict.fromkeys(below.values()))
    values = Values(BASELINES if name in _OF_BASELINES else WORDS, tuple(words))
    return Command(name, group.get_short_help_str(70).rstrip("."), kept, values)


def _either(one: Values | None, other: Values | None) -> Values | None:
    """What an option can be in one command or in another, where both take words."""
    if one is None or other is None or not one.kind == other.kind == WORDS:
        return one
    return Values(WORDS, tuple(dict.fromkeys((*one.words, *other.words))))


def _option(option: click.Option) -> Option:
    values = None if option.is_flag or option.count else _values(option, "")
    shown = (option.help or "").partition(". ")[0].partition(";")[0].rstrip(".")
    return Option((*option.opts, *option.secondary_opts), shown, values)


def _values(param: click.Parameter, command: str) -> Values:
    if isinstance(param.type, click.Choice):
        return Values(WORDS, tuple(map(str, param.type.choices)))
    shown = param.metavar or ""
    if _CHOICE.fullmatch(shown):
        return Values(WORDS, tuple(shown.split("|")))
    if param.name in ("run", "runs") or _RUN.search(shown):
        return Values(TRASH if command in _FROM_TRASH else RUNS)
    if shown in _BASELINE:
        return Values(BASELINES)
    if param.name == "query" or "QUERY" in shown or shown in ("KEY", "KEYS"):
        return Values(QUERY)
    if _FILE.search(shown) or isinstance(param.type, (click.Path, click.File)):
        return Values(FILES)
    return Values(COMMANDS) if "COMMAND" in shown else Values(TEXT)
