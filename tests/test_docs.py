"""The documentation says what the program does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import click
import pytest

import gitexp
from docs import generate, sessions
from gitexp import errors
from gitexp.cli import exit_codes, topics
from gitexp.cli.group import COMMANDS, cli
from gitexp.formats.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])


@pytest.mark.parametrize("name", sorted(generate.reference()))
def test_the_reference_is_what_the_program_says(name: str) -> None:
    committed = (DOCS / "reference" / name).read_text()
    assert committed == generate.reference()[name], "run: python -m docs.generate"


def test_no_page_of_the_reference_is_left_over() -> None:
    assert {path.name for path in (DOCS / "reference").iterdir()} == generate.reference().keys()


@pytest.mark.parametrize("name", sessions.PAGES)
def test_the_sessions_of_a_page_have_the_form_of_what_is_printed(name: str) -> None:
    committed = (ROOT / name).read_text()
    assert any(told.command.startswith("git exp run") for told in sessions.sessions(committed))
    fresh = sessions.replayed(committed)
    assert sessions.form(committed) == sessions.form(fresh), "run: python -m docs.generate"


def test_every_page_with_a_session_is_replayed() -> None:
    # The errors of the language have a test of their own: tests/query/test_page.py.
    pages = {page for page in PAGES if "\n```console\n" in page.read_text()} - {DOCS / "query.md"}
    assert pages == {ROOT / name for name in sessions.PAGES}


def test_the_form_keeps_what_is_said_and_drops_what_changes() -> None:
    text = "```console\n$ git exp show slow-{0}\nslow-{0} finished ({1})\n{2} loss 0.25\n```\n"
    one, other = text.format("aaaaaa", "3s ago", "0a1b2c3"), text.format("bbbbbb", "now", "9f8e7d6")
    assert sessions.form(one) == sessions.form(other)
    for old, new in (("0.25", "0.26"), ("finished", "failed"), ("show", "diff"), ("slow", "fast")):
        assert sessions.form(one) != sessions.form(one.replace(old, new))


@pytest.mark.parametrize(
    ("block", "printed"),
    [
        ("$ echo right\nwrong\n", "$ echo right\nright\n"),
        (
            "$ for word in a b; do\n>   echo $word\n> done\n",
            "$ for word in a b; do\n>   echo $word\n> done\na\nb\n",
        ),
        ("$ true\n$ cat there\n", "$ true\n$ cat there\nhello\n"),
        ("$ echo a\n$ echo b\n", "$ echo a\na\n\n$ echo b\nb\n"),
    ],
)
def test_a_session_is_what_its_commands_print(block: str, printed: str) -> None:
    page = "<!-- file: there -->\n```text\nhello\n```\n\n```console\n{}```\n"
    assert sessions.replayed(page.format(block)) == page.format(printed)


def test_a_command_that_fails_is_no_session_unless_its_error_is_shown() -> None:
    page = "<!-- file: there -->\n```text\nhello\n```\n\n```console\n$ git exp show none\n{}```\n"
    assert "error: " in sessions.replayed(page.format("error: any\n"))
    with pytest.raises(RuntimeError):
        sessions.replayed(page.format(""))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained(name: str) -> None:
    page = (DOCS / "reference" / "commands.md").read_text()
    part = page.split(f"\n## git exp {name}\n")[1].split("\n## ")[0]
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, f"{name} {param.opts}"
            for spelling in param.opts:
                assert re.search(rf"(?<![\w-]){re.escape(spelling)}(?![\w-])", part), f"{name} {spelling}"


def test_every_exit_code_is_explained() -> None:
    page = (DOCS / "reference" / "exit-codes.md").read_text()
    raised = {
        kind.exit_code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if hasattr(kind, "exit_code")
    }
    constants = {
        value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)
    }
    assert {1, 2, 3, 128} <= raised
    assert raised | constants == exit_codes.MEANINGS.keys()
    for code in exit_codes.MEANINGS:
        assert f"- `{code}`:" in page
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.GitExpError):
            assert name in page


def test_every_exported_name_is_explained() -> None:
    page = (DOCS / "reference" / "python.md").read_text()
    for name in gitexp.__all__:
        if name != "__version__":
            assert f"\n## gitexp.{name}\n" in page
            assert inspect.getdoc(getattr(gitexp, name)), name


@pytest.mark.parametrize("kind", [gitexp.Run, gitexp.RecordedRun])
def test_every_method_has_a_docstring(kind: type) -> None:
    for name, member in vars(kind).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            assert member.__doc__, name


def test_every_setting_that_is_read_is_explained() -> None:
    source = "\n".join(
        path.read_text() for path in (ROOT / "gitexp").rglob("*.py") if path.name != "topics.py"
    )
    read = set(re.findall(r"""["'](exp\.[a-zA-Z]+)["']""", source))
    explained = {word for keys, _ in topics.SETTINGS for word in keys.split(", ") if word.startswith("exp.")}
    assert "exp.maxBlob" in read
    assert read == explained


def test_every_shared_setting_is_explained() -> None:
    fields = {name if name != "link" else "isolated.link" for name in Settings.__dataclass_fields__}
    fields.remove("unknown")
    assert fields == {key for key, _ in topics.SHARED_SETTINGS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_commands_that_set_everything_up_stand_once() -> None:
    lines = [line.strip() for line in (ROOT / "README.md").read_text().splitlines()]
    for command in ("pip install '.[demo]' && git exp demo", "pip install -e '.[test]' && pytest"):
        assert lines.count(command) == 1


def test_every_dependency_is_accounted_for() -> None:
    table = (ROOT / "README.md").read_text().split("## Dependencies")[1]
    project = (ROOT / "pyproject.toml").read_text()
    listed = project.split("\ndependencies = [")[1].split("]")[0]
    names = re.findall(r'"([\w.-]+?)[>=]', listed)
    assert "click" in names
    for name in names:
        assert f"| [{name}](" in table
