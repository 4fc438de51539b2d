"""The manual: one page for each command, made from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import click

from gitexp.cli import exit_codes, topics
from gitexp.cli.group import COMMANDS, HELP_NAMES, cli


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Verbatim:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms and what they mean."""

    items: tuple[tuple[str, str], ...]


Block: TypeAlias = Paragraph | Verbatim | Definitions


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    """`git-exp`, `git-exp-run`."""
    sections: tuple[Section, ...]


_STATUS = {"run": exit_codes.RUN, "gate": exit_codes.GATE}
"""Of commands whose exit codes are not those of all."""


def pages() -> list[Page]:
    """Every page of the manual."""
    return [main_page(), *(command_page(name) for name in COMMANDS)]


def main_page() -> Page:
    """The page of `git exp` itself."""
    context = _context(cli, "git exp")
    summary, *described = _blocks(cli)
    return Page(
        "git-exp",
        (
            _name("git-exp", summary),
            _synopsis("git exp [--no-pager] COMMAND [ARGUMENTS]"),
            Section("DESCRIPTION", (summary, *described)),
            Section("COMMANDS", (Definitions(tuple(_summaries())),)),
            Section("OPTIONS", (_options(cli, context),)),
            Section("RUNS", (Paragraph(topics.RUNS), Definitions(topics.RUN_FORMS))),
            Section("CONFIGURATION", (Paragraph(topics.CONFIGURATION), Definitions(topics.SETTINGS))),
            Section("SHARED SETTINGS", (Paragraph(topics.SHARED), Definitions(topics.SHARED_SETTINGS))),
            Section("ENVIRONMENT", (Definitions(topics.VARIABLES),)),
            Section("EXIT STATUS", (_codes(), Paragraph(exit_codes.RUN), Paragraph(exit_codes.GATE))),
            Section("FILES", (Definitions(topics.FILES),)),
            _see_also("git-exp"),
        ),
    )


def command_page(name: str) -> Page:
    """The page of one command."""
    context = _context(cli, "git exp")
    command = cli.get_command(context, name)
    assert command is not None
    summary, *described = _blocks(command)
    examples = [block for block in described if _is_example(block)]
    own = _context(command, name, context)
    sections = [
        _name(f"git-exp-{name}", summary),
        _synopsis(" ".join(["git exp", name, *command.collect_usage_pieces(own)])),
        Section("DESCRIPTION", (summary, *(block for block in described if block not in examples))),
        Section("OPTIONS", (_options(command, own),)),
    ]
    if isinstance(command, click.Group):
        sections += _subcommands(name, command, own)
    if examples:
        sections.append(Section("EXAMPLES", tuple(_without_heading(block) for block in examples)))
    status = Paragraph(_STATUS.get(name, "As for git exp: see git-exp(1)."))
    return Page(
        f"git-exp-{name}", (*sections, Section("EXIT STATUS", (status,)), _see_also(f"git-exp-{name}"))
    )


def _subcommands(name: str, group: click.Group, context: click.Context) -> Iterator[Section]:
    """A section for each command of a group: how it is called, what it does, its options and examples."""
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        own = _context(command, word, context)
        synopsis = " ".join(["git exp", name, word, *command.collect_usage_pieces(own)])
        title = f"{name} {word}".upper()
        yield Section(title, (Verbatim((synopsis,)), *_blocks(command), _options(command, own)))


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    return click.Context(command, parent, name, help_option_names=HELP_NAMES["help_option_names"])


def _name(name: str, summary: Block) -> Section:
    assert isinstance(summary, Paragraph)
    return Section("NAME", (Paragraph(f"{name} - {summary.text.rstrip('.')}"),))


def _synopsis(text: str) -> Section:
    return Section("SYNOPSIS", (Verbatim((text,)),))


def _see_also(name: str) -> Section:
    others = [page for page in ("git-exp", *(f"git-exp-{command}" for command in COMMANDS)) if page != name]
    return Section("SEE ALSO", (Paragraph(", ".join(f"{page}(1)" for page in (*others, "git"))),))


def _summaries() -> Iterator[tuple[str, str]]:
    context = _context(cli, "git exp")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        summary = _blocks(command)[0]
        assert isinstance(summary, Paragraph)
        yield f"git exp {name}", summary.text


def _codes() -> Definitions:
    return Definitions(tuple((str(code), meaning) for code, meaning in exit_codes.MEANINGS.items()))


def _options(command: click.Command, context: click.Context) -> Definitions:
    return Definitions(
        tuple(
            (_option_term(param), param.help or "")
            for param in command.get_params(context)
            if isinstance(param, click.Option)
        )
    )


def _option_term(option: click.Option) -> str:
    value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
    return ", ".join(f"{spelling}{value}" for spelling in sorted(option.opts, key=len))


def _blocks(command: click.Command) -> Sequence[Block]:
    """The help text of a command; `\\b` marks what is to stay as it is, as click has it."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return [
        Verbatim(tuple(text.split("\n")[1:])) if text.startswith("\b") else Paragraph(" ".join(text.split()))
        for text in paragraphs
    ]


def _is_example(block: Block) -> bool:
    return isinstance(block, Verbatim) and block.lines[0].startswith("Example")


def _without_heading(block: Block) -> Verbatim:
    assert isinstance(block, Verbatim)
    return Verbatim(tuple(line.strip() for line in block.lines[1:]))
