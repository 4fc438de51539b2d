"""Completion in real shells: each script is sourced, keys are typed, and the line is looked at."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from gitexp.cli.completion import bash
from gitexp.cli.completion.words import RUNS, TRASH, Values, described
from gitexp.cli.group import COMMANDS, cli
from tests.cli.program import Program
from tests.gitrepo import Repo

NAMES = ("brave-otter-3f2ak7", "brave-lynx-9qwe2m", "calm-cat-aaaaaa")
HOSTILE = (
    "brave-$(touch${IFS}pwned)",
    "brave-`touch\tpwned`".replace("\t", "${IFS}"),
    "brave-;touch",
    "brave-É",
)
SHELLS = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
GIT_COMPLETION = [
    path
    for path in (
        "/usr/share/bash-completion/completions/git",
        "/usr/share/git/completion/git-completion.bash",
        "/usr/share/git-core/contrib/completion/git-completion.bash",
        "/usr/local/share/bash-completion/completions/git",
    )
    if os.path.exists(path)
][:1]

Complete = Callable[..., list[str]]


@pytest.fixture
def named(repo: Repo) -> Repo:
    """A repository with runs of these names, one archived, one in the trash, and refs that somebody else
    made up."""
    head = repo.git("rev-parse", "HEAD")
    for name in (*NAMES, *HOSTILE):
        repo.git("update-ref", f"refs/exp/{name}", head)
    repo.git("update-ref", "refs/exp-trash/gone-cow-bbbbbb", head)
    repo.git("update-ref", "refs/exp-baseline/main-2", head)
    repo.write(".git/exp/archived-names", "dusty-box-cccccc\ndusty$(touch pwned)\n")
    return repo


@pytest.fixture
def scripts(exp: Program, tmp_path: Path) -> Path:
    """A folder with the scripts, and a `git-exp` that must never be started."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    for shell in ("bash", "zsh", "fish"):
        said = exp("completion", shell)
        assert (said.code, said.err) == (0, "")
        (folder / shell).write_text(said.out)
    program = folder / "git-exp"
    program.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(folder / 'started'))}\n")
    program.chmod(0o755)
    return folder


@pytest.fixture
def complete(named: Repo, scripts: Path) -> Complete:
    """What bash offers for the last of some words, called as readline calls it."""

    def offered(*words: str, source: str = "", function: str = "__git_exp_alone") -> list[str]:
        code = f"""
            set -o pipefail
            {source and f"source {shlex.quote(source)}"}
            source {shlex.quote(str(scripts / "bash"))}
            COMP_WORDS=({shlex.join(words)}) COMP_CWORD={len(words) - 1}
            COMP_LINE={shlex.quote(" ".join(words))} COMP_POINT=${{#COMP_LINE}}
            {function}
            for word in ${{COMPREPLY[@]+"${{COMPREPLY[@]}}"}}; do printf '%s\\0' "$word"; done
        """
        done = subprocess.run(
            ["bash", "--norc", "-c", code], cwd=named.path, env=named.environ, capture_output=True, text=True
        )
        assert done.stderr == ""
        return [one for one in done.stdout.split("\0") if one]

    return offered


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("sh",), ["show "]),
        (("nothing",), []),
        (("--no",), ["--no-pager "]),
        (("--no-pager", "sho"), ["show "]),
        (("show", "bra"), ["brave-lynx-9qwe2m ", "brave-otter-3f2ak7 "]),
        (("show", "--json", "brave-o"), ["brave-otter-3f2ak7 "]),
        (("show", "exp/cal"), ["exp/calm-cat-aaaaaa "]),
        (("show", "refs/exp/cal"), ["refs/exp/calm-cat-aaaaaa "]),
        (("show", "be"), ["best "]),
        (("show", "dus"), ["dusty-box-cccccc "]),
        (("show", "exp/dus"), ["exp/dusty-box-cccccc "]),
        (("restore", "dus"), []),
        (("show", "gone"), []),
        (("show", "b*"), []),
        (("show", "$(touch pwned)"), []),
        (("show", "--js"), ["--json "]),
        (("diff", "calm-cat-aaaaaa", "brave-l"), ["brave-lynx-9qwe2m "]),
        (("run", "--resume", "cal"), ["calm-cat-aaaaaa "]),
        (
            (
                "run",
                "--resume=cal",
            ),
            ["calm-cat-aaaaaa "],
        ),
        (("run", "--resume", "=", "cal"), ["calm-cat-aaaaaa "]),
        (("run", "--", "--re"), []),
        (("run", "--name", "sh"), []),
        (("ls", "dura"), ["duration "]),
        (("ls", "par"), ["params.", "parent "]),
        (("ls", "--sort", "dura"), ["duration "]),
        (("help", "sho"), ["show "]),
        (("completion", ""), ["bash ", "zsh ", "fish "]),
        (("completion", "z"), ["zsh "]),
        (("baseline", "s"), ["set ", "show "]),
        (("baseline", "show", "ma"), ["main-2 "]),
        (("report", "--base", "ma"), ["main-2 "]),
        (("show", "main"), []),
        (("nocommand", "x"), []),
    ],
)
def test_bash_offers(complete: Complete, words: tuple[str, ...], offered: list[str], named: Repo) -> None:
    assert sorted(complete("git-exp", *words)) == sorted(offered)
    assert not (named.path / "pwned").exists()
    for source in GIT_COMPLETION:
        # Everything that git exp does not complete is git's business there.
        within = complete("git", "exp", *words, source=source, function="__git_wrap__git_main")
        assert sorted(within) == sorted(offered)


@pytest.mark.parametrize("source", GIT_COMPLETION)
def test_below_git_its_own_options_count(complete: Complete, named: Repo, source: str) -> None:
    def offered(*words: str) -> list[str]:
        return complete(*words, source=source, function="__git_wrap__git_main")

    assert offered("git", "-C", ".", "exp", "show", "calm") == ["calm-cat-aaaaaa "]
    assert offered("git", "--git-dir=.git", "exp", "show", "calm") == ["calm-cat-aaaaaa "]
    assert offered("git", "-C", "/", "exp", "show", "calm") == []


def test_every_command_and_option_is_in_the_script(complete: Complete) -> None:
    assert complete("git-exp", "") == [f"{name} " for name in COMMANDS]
    options = complete("git-exp", "run", "-")
    command = cli.get_command(click.Context(cli), "run")
    assert command is not None
    long = {one for param in command.params for one in param.opts if one.startswith("--")}
    assert {option.strip() for option in options} == {*long, "--help"}


def test_what_arguments_are_is_known_from_how_they_are_declared() -> None:
    for one in described(cli):
        if one.name in ("show", "diff", "logs"):
            assert one.values == Values(RUNS)
    group = click.Group(commands={"restore": click.Command("restore", params=[click.Argument(["run"])])})
    assert described(group)[1].values == Values(TRASH)
    assert "'restore ') kind=trash ;;" in bash.script(described(group))


def test_a_shell_has_to_be_named(exp: Program) -> None:
    assert (exp("completion").code, exp("completion", "tcsh").code) == (2, 2)
    assert exp("completion").err.splitlines()[0] == "error: missing argument 'bash|zsh|fish'"
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in exp("completion", "tcsh").err


def _start(shell: str, scripts: Path) -> tuple[list[str], list[str]]:
    """How to start a shell that reads no one's settings, and what to type first."""
    script = shlex.quote(str(scripts / shell))
    if shell == "bash":
        git = [f"source {path}" for path in GIT_COMPLETION]
        return ["bash", "--norc", "--noprofile", "-i"], [*git, f"source {script}"]
    if shell == "zsh":
        setup = "autoload -Uz compinit; compinit -D -u; bindkey -e; zstyle ':completion:*' insert-tab false"
        return ["zsh", "-f", "-i"], [setup, f"source {script}"]
    return ["fish", "--private", "--no-config"], [f"source {script}"]


class Typist:
    """A shell in a terminal of its own."""

    def __init__(self, shell: str, repo: Repo, scripts: Path) -> None:
        argv, first = _start(shell, scripts)
        environ = {
            **repo.environ,
            **{"TERM": "dumb", "PS1": "$ ", "COLUMNS": "200", "LINES": "50"},
            "PATH": f"{scripts}:{repo.environ['PATH']}",
        }
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(repo.path)
            os.execvpe(argv[0], argv, environ)
        for line in first:
            self._type(f"{line}\r")
        self._ready()

    def completed(self, text: str) -> str:
        """The line that Tab makes of `text`."""
        # To the beginning, "echo :", to the end, ":", and return.
        self._type(f"{text}\t\x01echo :'\x05':\r")
        return self._until(r"[\r\n]:((?:(?!\x1b)[^\r\n])*?) ?:[\r\n]")

    def close(self) -> None:
        self._type("\x03exit\r")
        os.close(self._terminal)
        os.waitpid(self.pid, 0)

    def _ready(self) -> None:
        self._type("echo read''y\r")
        self._until(r"[\r\n](ready)[\r\n]")

    def _type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def _until(self, pattern: str) -> str:
        seen, end = "", time.monotonic() + 30
        while time.monotonic() < end:
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            seen += os.read(self._terminal, 65536).decode(errors="replace")
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>()][0-9A-B]?|\x1b\][^\x07]*\x07", "", seen)
            found = re.findall(pattern, plain)
            if found:
                return str(found[-1])
        raise AssertionError(f"nothing like {pattern} in {seen!r}")


@pytest.fixture
def typist(request: pytest.FixtureRequest, named: Repo, scripts: Path) -> Iterator[Typist]:
    one = Typist(request.param, named, scripts)
    yield one
    one.close()


@pytest.mark.parametrize("typist", SHELLS, indirect=True)
def test_in_a_terminal(typist: Typist, named: Repo, scripts: Path) -> None:
    lines = {
        "git exp show calm": "git exp show calm-cat-aaaaaa",
        "git exp sho": "git exp show",
        "git exp show dus": "git exp show dusty-box-cccccc",
        "git exp show --js": "git exp show --json",
        "git exp show brave-o": "git exp show brave-otter-3f2ak7",
        "git-exp show calm": "git-exp show calm-cat-aaaaaa",
        "git-exp ls dura": "git-exp ls duration",
        "git-exp run --resume calm": "git-exp run --resume calm-cat-aaaaaa",
        "git-exp completion z": "git-exp completion zsh",
        "git exp help sho": "git exp help show",
        "git exp report --base mai": "git exp report --base main-2",
        "git exp baseline unset mai": "git exp baseline unset main-2",
        "git exp show brave-$": "git exp show brave-$",
    }
    assert {line: typist.completed(line) for line in lines} == lines
    assert not (named.path / "pwned").exists()
    assert not (scripts / "started").exists(), "Python would have been started"
