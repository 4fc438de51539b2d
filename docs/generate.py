"""Writes what can be taken from the program itself: docs/reference/ and the sessions in the pages.

Run `python -m docs.generate` after a change of commands, settings, exit codes or the Python API; a test
fails where the files and the program differ.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gitexp
from docs.sessions import PAGES, form, replayed
from gitexp import errors
from gitexp.api.values import Params, Summary
from gitexp.cli import exit_codes, topics
from gitexp.cli.manual import Block, Definitions, Page, Paragraph, pages

ROOT = Path(__file__).parents[1]
NOTICE = "<!-- Written by docs/generate.py from the program itself; change that. -->\n\n"


def reference() -> dict[str, str]:
    """File name below docs/reference/ -> its text."""
    return {
        "commands.md": NOTICE + "\n".join(_page(page) for page in pages()),
        "exit-codes.md": NOTICE + _exit_codes(),
        "python.md": NOTICE + _python(),
        "settings.md": NOTICE + _settings(),
    }


def _page(page: Page) -> str:
    title = page.name.replace("git-exp-", "git exp ").replace("git-exp", "git exp")
    parts = [f"# {title}\n" if title == "git exp" else f"## {title}\n"]
    for section in page.sections:
        if section.title in ("NAME", "SEE ALSO") or not any(_markdown(block) for block in section.blocks):
            continue
        if section.title not in ("SYNOPSIS", "DESCRIPTION"):
            parts.append(f"**{section.title.capitalize()}**\n")
        parts += [f"{_markdown(block)}\n" for block in section.blocks]
    return "\n".join(parts)


def _markdown(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Definitions):
        return "\n".join(f"- `{term}`: {text}" for term, text in block.items)
    return "\n".join(["```", *block.lines, "```"])


def _settings() -> str:
    tables = (
        ("git config", topics.CONFIGURATION, topics.SETTINGS),
        (".gitexp.yaml", topics.SHARED, topics.SHARED_SETTINGS),
        ("Environment", "Variables that are looked at.", topics.VARIABLES),
        ("Places", "Where things are kept.", topics.FILES),
    )
    parts = ["# Settings\n"]
    for title, text, items in tables:
        parts += [f"## {title}\n", f"{text}\n", _markdown(Definitions(tuple(items))) + "\n"]
    return "\n".join(parts)


def _exit_codes() -> str:
    codes = tuple((str(code), meaning) for code, meaning in exit_codes.MEANINGS.items())
    tree = (errors.__doc__ or "").partition("\n\n")[2].rstrip("\n")
    return (
        f"# Exit codes\n\n{_markdown(Definitions(codes))}\n\n{exit_codes.RUN}\n\n{exit_codes.GATE}\n\n"
        "## Errors in Python\n\nEach has a `message`, may have a `hint`, and stands for the exit code in "
        f"brackets.\n\n```\n{tree}\n```\n"
    )


def _python() -> str:
    parts = ["# Python\n", "`import gitexp`, and then:\n"]
    for name in sorted(gitexp.__all__, key=lambda name: (name[0].isupper(), name)):
        thing = getattr(gitexp, name)
        if not callable(thing):
            continue
        parts.append(f"## gitexp.{name}\n")
        # People get runs and series from functions instead of making them.
        if not inspect.isclass(thing):
            parts.append(f"```python\n{name}{_signature(thing)}\n```\n")
        parts.append(f"{_docstring(thing)}\n")
        if inspect.isclass(thing) and (members := list(_members(thing))):
            parts.append("\n".join(members) + "\n")
    return "\n".join(parts)


def _members(kind: type) -> Iterator[str]:
    held = {"params": Params, "summary": Summary} if kind is gitexp.Run else {}
    for name, value in held.items():
        yield f"- `.{name}`: {_docstring(value)}"
    for one in dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ():
        yield f"- `.{one.name}`: `{one.type}`"
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"- `.{name}`: {_docstring(member) or '`' + _returned(member.fget) + '`'}"
        elif inspect.isfunction(member):
            told = " ".join(_docstring(member).split())
            yield f"- `.{name}{_signature(member, own=True)}`" + (f": {told}" if told else "")


class _Words(str):
    """An annotation, shown as it is written."""

    def __repr__(self) -> str:
        return str(self)


def _signature(thing: Any, *, own: bool = False) -> str:
    written = inspect.signature(thing)
    parameters = [
        one.replace(annotation=_words(one.annotation))
        for one in list(written.parameters.values())[1 if own else 0 :]
    ]
    return str(inspect.Signature(parameters, return_annotation=_words(written.return_annotation)))


def _words(annotation: Any) -> Any:
    return _Words(annotation) if isinstance(annotation, str) else annotation


def _returned(function: Any) -> str:
    return str(inspect.signature(function).return_annotation)


def _docstring(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__ or "")


def main() -> None:
    """Writes the files."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    for name, text in reference().items():
        (folder / name).write_text(text, "utf-8")
    for name in PAGES:
        page = ROOT / name
        text = page.read_text("utf-8")
        fresh = replayed(text)
        # A page of the same form stays: new names and times alone are no change.
        if form(text) != form(fresh):
            page.write_text(fresh, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
